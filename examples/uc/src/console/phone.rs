//! The telephone without a terminal and without a client: keys and news come in, requests go out.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use uc_model::{CallId, Conversation, Redacted};
use uc_session::CallStatus;

use super::{
    offer::{Act, Key},
    popup::{Entry, Popup, Request},
    scene::{Person, Scene},
};
use crate::control::Control;

/// What the person sees and has chosen.
#[derive(Debug, Default)]
pub(super) struct Phone {
    scene: Scene,
    focus: Panel,
    /// The call that the person has chosen; rows move.
    call: Option<CallId>,
    rows: BTreeMap<Panel, usize>,
    popup: Option<Popup>,
    notice: Option<Redacted<String>>,
    now: Duration,
    connected_at: BTreeMap<CallId, Duration>,
}

/// A part of the screen with rows to choose from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Panel {
    Calls,
    #[default]
    People,
    Favourites,
    Conversations,
}

/// What comes in.
#[derive(Debug)]
pub(super) enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The client knows this now.
    Scene(Box<Scene>),
    /// Whom a text finds.
    Found {
        text: Redacted<String>,
        people: Vec<Person>,
    },
    /// Something to tell the person.
    Notice(Redacted<String>),
    /// So much time has passed since the start.
    Time(Duration),
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Effect {
    /// Ask this of the client.
    Ask(Request),
    /// Sign out and end.
    Quit,
}

impl Phone {
    /// Takes something in; gives what is to be done about it.
    pub(super) fn handle(&mut self, input: Input) -> Option<Effect> {
        match input {
            Input::Key(key) => return self.press(key),
            Input::Scene(scene) => self.show(*scene),
            Input::Found { text, people } => {
                if let Some(Popup::Entry(entry)) = &mut self.popup {
                    entry.show(&text, people);
                }
            }
            Input::Notice(text) => self.notice = Some(text),
            Input::Time(now) => self.now = now,
        }
        None
    }

    pub(super) const fn scene(&self) -> &Scene {
        &self.scene
    }

    pub(super) const fn focus(&self) -> Panel {
        self.focus
    }

    pub(super) const fn popup(&self) -> Option<&Popup> {
        self.popup.as_ref()
    }

    pub(super) fn notice(&self) -> &str {
        self.notice.as_ref().map_or("", |notice| notice.expose())
    }

    /// How long a call has been connected, as seen here.
    pub(super) fn talked(&self, call: &CallId) -> Option<Duration> {
        let since = self.connected_at.get(call)?;
        Some(self.now.saturating_sub(*since))
    }

    /// The row that is chosen in a panel.
    pub(super) fn row(&self, panel: Panel) -> usize {
        let row = match panel {
            Panel::Calls => {
                let mut calls = self.scene.calls.iter();
                calls.position(|status| Some(&status.call.id) == self.call.as_ref())
            }
            _ => self.rows.get(&panel).copied(),
        };
        let last = self.length(panel).saturating_sub(1);
        row.unwrap_or_default().min(last)
    }

    pub(super) fn selected_call(&self) -> Option<&Arc<CallStatus>> {
        self.scene.calls.get(self.row(Panel::Calls))
    }

    pub(super) fn selected_conversation(&self) -> Option<&Arc<Conversation>> {
        let row = self.row(Panel::Conversations);
        self.scene.conversations.get(row)
    }

    /// Whom the panel in use has chosen.
    pub(super) fn selected_person(&self) -> Option<&Person> {
        let row = self.row(self.focus);
        match self.focus {
            Panel::People => self.scene.people.get(row),
            Panel::Favourites => {
                let groups = self.scene.favourites.iter();
                groups.flat_map(|(_, members)| members).nth(row)
            }
            Panel::Calls | Panel::Conversations => None,
        }
    }

    fn show(&mut self, scene: Scene) {
        let connected = scene.calls.iter().filter(|status| status.is_connected());
        let connected: Vec<_> = connected.map(|status| &status.call.id).collect();
        self.connected_at.retain(|call, _| {
            let known = |status: &Arc<CallStatus>| status.call.id == *call;
            scene.calls.iter().any(known)
        });
        for call in connected {
            self.connected_at.entry(call.clone()).or_insert(self.now);
        }
        let gone = |call: &CallId| scene.calls.iter().all(|status| status.call.id != *call);
        if self.popup.as_ref().and_then(Popup::call).is_some_and(gone) {
            self.popup = None;
        }
        self.scene = scene;
    }

    fn length(&self, panel: Panel) -> usize {
        match panel {
            Panel::Calls => self.scene.calls.len(),
            Panel::People => self.scene.people.len(),
            Panel::Favourites => {
                let groups = self.scene.favourites.iter();
                groups.map(|(_, members)| members.len()).sum()
            }
            Panel::Conversations => self.scene.conversations.len(),
        }
    }

    fn press(&mut self, key: KeyEvent) -> Option<Effect> {
        self.notice = None;
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return (key.code == KeyCode::Char('c')).then_some(Effect::Quit);
        }
        match self.popup.take() {
            Some(popup) => self.press_in(popup, key.code).map(Effect::Ask),
            None => self.press_outside(key.code),
        }
    }

    fn press_outside(&mut self, code: KeyCode) -> Option<Effect> {
        let key = match code {
            KeyCode::Char(key) => Key::Char(key.to_ascii_lowercase()),
            KeyCode::Enter => Key::Enter,
            KeyCode::Tab => {
                self.focus = self.focus.next();
                return None;
            }
            KeyCode::BackTab => {
                self.focus = self.focus.next().next().next();
                return None;
            }
            _ => {
                self.choose(moved(code, self.row(self.focus), self.length(self.focus))?);
                return None;
            }
        };
        let offer = self.offers().into_iter().find(|offer| offer.key == key);
        match offer?.act {
            Act::Ask(request) => Some(Effect::Ask(request)),
            Act::Quit => Some(Effect::Quit),
            Act::Open(popup) => self.open(popup).map(Effect::Ask),
        }
    }

    fn choose(&mut self, row: usize) {
        match self.focus {
            Panel::Calls => {
                let status = self.scene.calls.get(row);
                self.call = status.map(|status| status.call.id.clone());
            }
            panel => {
                self.rows.insert(panel, row);
            }
        }
    }

    fn open(&mut self, mut popup: Popup) -> Option<Request> {
        let request = match &mut popup {
            Popup::Presence(row) => {
                let own = self.scene.presence.as_ref().map(|own| own.state);
                let mut choices = self.scene.presence_choices.iter();
                *row = choices
                    .position(|state| Some(*state) == own)
                    .unwrap_or_default();
                None
            }
            Popup::Conversation(id) => {
                let mut all = self.scene.conversations.iter();
                let known = all.find(|known| known.id == *id);
                let unread = known.is_some_and(|known| known.unread > 0);
                unread.then(|| Request::Read(id.clone()))
            }
            Popup::Entry(_) | Popup::Keys { .. } | Popup::Redial(_) => None,
        };
        self.popup = Some(popup);
        request
    }

    /// A key while something lies over the screen; Esc takes it away.
    fn press_in(&mut self, popup: Popup, code: KeyCode) -> Option<Request> {
        if code == KeyCode::Esc {
            return None;
        }
        match popup {
            Popup::Entry(entry) => self.press_in_entry(entry, code),
            Popup::Keys { call, sent } => self.press_in_keys(call, sent, code),
            Popup::Presence(row) => {
                let choices = &self.scene.presence_choices;
                if code == KeyCode::Enter {
                    return choices.get(row).copied().map(Request::Presence);
                }
                let row = moved(code, row, choices.len()).unwrap_or(row);
                self.popup = Some(Popup::Presence(row));
                None
            }
            Popup::Redial(row) => {
                let numbers = &self.scene.redial;
                if code == KeyCode::Enter {
                    let number = numbers.get(row)?.as_str().to_owned();
                    return Some(Request::Call(number.into()));
                }
                let row = moved(code, row, numbers.len()).unwrap_or(row);
                self.popup = Some(Popup::Redial(row));
                None
            }
            Popup::Conversation(id) => {
                if code == KeyCode::Enter {
                    let mut all = self.scene.conversations.iter();
                    let number = &all.find(|known| known.id == id)?.number;
                    return Some(Request::Call(number.as_str().to_owned().into()));
                }
                self.popup = Some(Popup::Conversation(id));
                None
            }
        }
    }

    fn press_in_entry(&mut self, mut entry: Entry, code: KeyCode) -> Option<Request> {
        let mut text = entry.text.expose().clone();
        let request = match code {
            KeyCode::Enter => match entry.chosen() {
                Some(number) => return Some(entry.purpose.request(number)),
                None => None,
            },
            KeyCode::Char(typed) => {
                text.push(typed);
                Some(entry.set(text))
            }
            KeyCode::Backspace => {
                text.pop();
                Some(entry.set(text))
            }
            _ => {
                let row = moved(code, entry.row, entry.choices().len());
                entry.row = row.unwrap_or(entry.row);
                None
            }
        };
        self.popup = Some(Popup::Entry(entry));
        request
    }

    fn press_in_keys(
        &mut self,
        call: CallId,
        sent: Redacted<String>,
        code: KeyCode,
    ) -> Option<Request> {
        let key = match code {
            KeyCode::Enter => return None,
            KeyCode::Char(key) => Some(key.to_ascii_uppercase()),
            _ => None,
        };
        let key = key.filter(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D'));
        let mut sent = sent.into_inner();
        sent.extend(key);
        let request = key.map(|key| {
            let keys = Control::Keys(key.to_string().into());
            Request::Control(call.clone(), keys)
        });
        self.popup = Some(Popup::Keys {
            call,
            sent: sent.into(),
        });
        request
    }
}

impl Panel {
    const fn next(self) -> Self {
        match self {
            Self::Calls => Self::People,
            Self::People => Self::Favourites,
            Self::Favourites => Self::Conversations,
            Self::Conversations => Self::Calls,
        }
    }
}

/// The row that a key chooses among so many; `None` where it chooses none.
fn moved(code: KeyCode, row: usize, length: usize) -> Option<usize> {
    let last = length.checked_sub(1)?;
    match code {
        KeyCode::Up => Some(row.saturating_sub(1)),
        KeyCode::Down => Some((row + 1).min(last)),
        KeyCode::Home => Some(0),
        KeyCode::End => Some(last),
        _ => None,
    }
}
