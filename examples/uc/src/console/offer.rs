//! What the keys do now: the same list is shown at the bottom and obeyed.

use std::sync::Arc;

use uc_model::{Action, CallId};
use uc_session::{CallStatus, Sound};

use super::{
    phone::{Panel, Phone},
    popup::{Popup, Purpose, Request},
};
use crate::control::Control;

/// A key, what it is called at the bottom, and what it does.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub(super) key: Key,
    pub(super) label: &'static str,
    pub(super) act: Act,
}

/// A key of the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Char(char),
    Enter,
}

/// What a key does.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Ask(Request),
    Open(Popup),
    Quit,
}

impl Phone {
    /// What the keys do now, in the order in which they are shown.
    pub(super) fn offers(&self) -> Vec<Offer> {
        let mut offers = self.call_offers();
        offers.extend(self.enter_offer());
        offers.push(offer('d', "dial", Act::Open(Popup::dial())));
        if !self.scene().redial.is_empty() {
            offers.push(offer('e', "redial", Act::Open(Popup::Redial(0))));
        }
        if !self.scene().presence_choices.is_empty() {
            offers.push(offer('p', "presence", Act::Open(Popup::Presence(0))));
        }
        offers.push(offer('q', "quit", Act::Quit));
        offers
    }

    fn call_offers(&self) -> Vec<Offer> {
        let mut offers = Vec::new();
        let mut add = |key, label, call: Option<&CallId>, control: Control| {
            offers.extend(call.map(|call| {
                let act = Act::Ask(Request::Control(call.clone(), control));
                offer(key, label, act)
            }));
        };
        add('a', "answer", self.able(Action::Answer), Control::Answer);
        add('r', "reject", self.able(Action::Reject), Control::Reject);
        add('h', "hang up", self.able(Action::Clear), Control::HangUp);
        match self.able(Action::Hold) {
            Some(call) => add('o', "hold", Some(call), Control::Hold),
            None => add(
                'o',
                "retrieve",
                self.able(Action::Retrieve),
                Control::Retrieve,
            ),
        }
        if let Some(status) = self.first(|status| has_sound(status)) {
            let (label, muted) = match status.muted {
                true => ("unmute", false),
                false => ("mute", true),
            };
            add('m', label, Some(&status.call.id), Control::Mute(muted));
        }
        let keys = self.able(Action::SendDigits).map(|call| Popup::Keys {
            call: call.clone(),
            sent: String::new().into(),
        });
        offers.extend(keys.map(|keys| offer('k', "keys", Act::Open(keys))));
        let deflect = self.able(Action::Deflect).cloned().map(Purpose::Deflect);
        offers.extend(deflect.map(|to| offer('b', "pass on", Act::Open(Popup::entry(to)))));
        offers
    }

    /// What Enter does with the row that is chosen.
    fn enter_offer(&self) -> Option<Offer> {
        let (label, act) = match self.focus() {
            Panel::Calls => {
                let status = self.selected_call()?;
                let (label, control) = match status.allowed_actions() {
                    able if able.has(Action::Answer) => ("answer", Control::Answer),
                    able if able.has(Action::Retrieve) => ("retrieve", Control::Retrieve),
                    _ => return None,
                };
                let request = Request::Control(status.call.id.clone(), control);
                (label, Act::Ask(request))
            }
            Panel::People | Panel::Favourites => {
                let number = self.selected_person()?.number.as_ref()?;
                let number = number.as_str().to_owned().into();
                ("call", Act::Ask(Request::Call(number)))
            }
            Panel::Conversations => {
                let known = self.selected_conversation()?;
                let popup = Popup::Conversation(known.id.clone());
                ("read", Act::Open(popup))
            }
        };
        Some(Offer {
            key: Key::Enter,
            label,
            act,
        })
    }

    /// The call of which `action` may be asked: the chosen one, or else the first that allows it.
    fn able(&self, action: Action) -> Option<&CallId> {
        let status = self.first(|status| status.allowed_actions().has(action))?;
        Some(&status.call.id)
    }

    fn first(&self, fits: impl Fn(&CallStatus) -> bool) -> Option<&Arc<CallStatus>> {
        let chosen = self.selected_call().into_iter();
        chosen
            .chain(&self.scene().calls)
            .find(|status| fits(status))
    }
}

impl Popup {
    /// A field for a number to call.
    pub(super) fn dial() -> Self {
        Self::entry(Purpose::Dial)
    }

    fn entry(purpose: Purpose) -> Self {
        Self::Entry(super::popup::Entry::new(purpose))
    }
}

fn has_sound(status: &CallStatus) -> bool {
    matches!(status.sound, Sound::Connected | Sound::Interrupted)
}

const fn offer(key: char, label: &'static str, act: Act) -> Offer {
    Offer {
        key: Key::Char(key),
        label,
        act,
    }
}
