//! What lies over the screen while something is entered or chosen.

use uc_model::{CallId, ConversationId, LineState, PhoneNumber, Redacted};

use super::scene::Person;
use crate::control::Control;

/// What lies over the screen.
#[derive(Debug, Clone)]
pub(super) enum Popup {
    /// A number or a name is entered.
    Entry(Entry),
    /// Keys are sent into this call, each as it is pressed.
    Keys {
        call: CallId,
        sent: Redacted<String>,
    },
    /// A presence state is chosen: the row.
    Presence(usize),
    /// One of the numbers dialled last is chosen: the row.
    Redial(usize),
    /// A conversation is read.
    Conversation(ConversationId),
}

/// What a number is entered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To call it.
    Dial,
    /// To pass this ringing call on to it.
    Deflect(CallId),
    /// To hold this call and ask somebody.
    Consult(CallId),
    /// To hand this call over, unannounced.
    Transfer(CallId),
    /// To pick up what rings there.
    PickUp,
}

/// A field for a number or a name, and whom it finds.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) purpose: Purpose,
    pub(super) text: Redacted<String>,
    found: Vec<Person>,
    pub(super) row: usize,
}

/// What is asked of the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    /// Call this number.
    Call(Redacted<String>),
    /// Pick up what rings at this number.
    PickUp(Redacted<String>),
    /// Do this with a call.
    Control(CallId, Control),
    /// Set this presence.
    Presence(uc_model::PresenceState),
    /// A conversation was looked at.
    Read(ConversationId),
    /// Find people.
    Search(Redacted<String>),
}

impl Popup {
    /// The call that it is about; it closes with it.
    pub(super) const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Keys { call, .. } => Some(call),
            Self::Entry(entry) => entry.purpose.call(),
            Self::Presence(_) | Self::Redial(_) | Self::Conversation(_) => None,
        }
    }
}

impl Purpose {
    const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Dial | Self::PickUp => None,
            Self::Deflect(call) | Self::Consult(call) | Self::Transfer(call) => Some(call),
        }
    }

    /// What the field is called.
    pub(super) const fn title(&self) -> &'static str {
        match self {
            Self::Dial => "Dial",
            Self::Deflect(_) => "Pass the call on",
            Self::Consult(_) => "Consult",
            Self::Transfer(_) => "Hand the call over",
            Self::PickUp => "Pick up from",
        }
    }

    /// What is asked once the number is entered.
    pub(super) fn request(self, number: Redacted<String>) -> Request {
        match self {
            Self::Dial => Request::Call(number),
            Self::Deflect(call) => Request::Control(call, Control::deflect(number.expose())),
            Self::Consult(call) => Request::Control(call, Control::Consult(number)),
            Self::Transfer(call) => Request::Control(call, Control::BlindTransfer(number)),
            Self::PickUp => Request::PickUp(number),
        }
    }
}

impl Entry {
    /// An empty field.
    pub(super) fn new(purpose: Purpose) -> Self {
        Self {
            purpose,
            text: String::new().into(),
            found: Vec::new(),
            row: 0,
        }
    }

    /// The text is this now; asks whom it finds.
    pub(super) fn set(&mut self, text: String) -> Request {
        self.text = text.into();
        self.found.clear();
        self.row = 0;
        Request::Search(self.text.clone())
    }

    /// What was found for `text`, unless something else is in the field by now.
    pub(super) fn show(&mut self, text: &Redacted<String>, found: Vec<Person>) {
        if self.text == *text {
            self.found = found;
        }
    }

    /// What can be chosen: what was entered where it is a number, and everybody found with one.
    pub(super) fn choices(&self) -> Vec<Person> {
        let typed = PhoneNumber::new(self.text.expose()).ok();
        let typed = typed.map(|number| Person {
            name: Redacted::new("this number".to_owned()),
            number: Some(number),
            presence: None,
            line: LineState::Idle,
        });
        let callable = self.found.iter().filter(|person| person.number.is_some());
        typed.into_iter().chain(callable.cloned()).collect()
    }

    /// The number that is chosen.
    pub(super) fn chosen(&self) -> Option<Redacted<String>> {
        let number = self.choices().into_iter().nth(self.row)?.number?;
        Some(number.as_str().to_owned().into())
    }
}
