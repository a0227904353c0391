//! What the keys do now: the same list is shown at the bottom and obeyed.

use std::sync::Arc;

use uc_model::{Action, CallId};
use uc_session::CallStatus;

use super::{
    phone::{Panel, Phone},
    popup::{Popup, Purpose, Request},
};
use crate::control::{Control, Needs};

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
        if self.scene().picks_up {
            offers.push(offer('u', "pick up", self.pick_up()));
        }
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
        let mut add = |key, label, control: Control| {
            let call = self.first(control.needs());
            offers.extend(call.map(|status| {
                let request = Request::Control(status.call.id.clone(), control);
                offer(key, label, Act::Ask(request))
            }));
        };
        add('a', "answer", Control::Answer);
        add('r', "reject", Control::Reject);
        add('h', "hang up", Control::HangUp);
        match self.first(Control::Hold.needs()) {
            Some(_) => add('o', "hold", Control::Hold),
            None => add('o', "retrieve", Control::Retrieve),
        }
        match self.first(Needs::Sound).is_some_and(|status| status.muted) {
            true => add('m', "unmute", Control::Mute(false)),
            false => add('m', "mute", Control::Mute(true)),
        }
        add('l', "alternate", Control::Alternate);
        add('x', "back", Control::Reconnect);
        add('t', "transfer", Control::Transfer);
        add('f', "conference", Control::Conference);
        let mut open = |key, label, action, popup: fn(CallId) -> Popup| {
            let call = self.first(Needs::Alone(action));
            let popup = call.map(|status| popup(status.call.id.clone()));
            offers.extend(popup.map(|popup| offer(key, label, Act::Open(popup))));
        };
        open('k', "keys", Action::SendDigits, |call| Popup::Keys {
            call,
            sent: String::new().into(),
        });
        open('c', "consult", Action::Consult, |call| {
            Popup::entry(Purpose::Consult(call))
        });
        let ringing = self.first(Needs::Alone(Action::Deflect)).is_some();
        let mut open = |label, action, purpose: fn(CallId) -> Purpose| {
            let call = self.first(Needs::Alone(action));
            let popup = call.map(|status| Popup::entry(purpose(status.call.id.clone())));
            offers.extend(popup.map(|popup| offer('b', label, Act::Open(popup))));
        };
        match ringing {
            true => open("pass on", Action::Deflect, Purpose::Deflect),
            false => open(
                "blind transfer",
                Action::SingleStepTransfer,
                Purpose::Transfer,
            ),
        }
        offers
    }

    /// The call that rings at the chosen person, or that of a number to be entered (FAV-3).
    fn pick_up(&self) -> Act {
        let chosen = match self.focus() {
            Panel::People | Panel::Favourites => self.selected_person(),
            Panel::Calls | Panel::Conversations => None,
        };
        let ringing = chosen.filter(|person| person.line.is_ringing());
        match ringing.and_then(|person| person.number.as_ref()) {
            Some(number) => Act::Ask(Request::PickUp(number.as_str().to_owned().into())),
            None => Act::Open(Popup::entry(Purpose::PickUp)),
        }
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

    /// The chosen call where it allows that, or else the first that does.
    fn first(&self, needs: Needs) -> Option<&Arc<CallStatus>> {
        let calls = &self.scene().calls;
        let chosen = self
            .selected_call()
            .filter(|chosen| needs.fits(chosen, calls));
        chosen.or_else(|| needs.first(calls))
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

const fn offer(key: char, label: &'static str, act: Act) -> Offer {
    Offer {
        key: Key::Char(key),
        label,
        act,
    }
}
