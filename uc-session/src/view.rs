use std::{collections::BTreeMap, sync::Arc};

use thiserror::Error;
use uc_model::{
    Account, Action, AllowedActions, AssignedPhone, CallId, ChatMessage, ConnectionState,
    ContactId, Conversation, ConversationFilter, ConversationGrouping, ConversationId,
    ConversationList, DeviceKind, DialPlan, Directory, Favourites, KnownContact, LineState, Outbox,
    Party, PhoneNumber, Presence, PresenceState, Redacted, State, Timestamp, UserId, Voip, VoipOff,
};

use crate::port::{Alert, BackendError, MediaError, SignedIn};

/// Everything a client knows at one moment. A snapshot: it doesn't change under its reader.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Who is signed in; set once the sign-in has succeeded.
    pub user: Option<Arc<SignedIn>>,
    /// Whether the server is there.
    pub connection: Connection,
    /// As of when favourites, contacts and conversations hold.
    pub as_of: Known,
    /// The calls that are not over.
    pub calls: BTreeMap<CallId, Arc<CallStatus>>,
    /// Events of the server that could not be read since sign-in.
    pub undecodable: u64,
    /// The one of a MULAP user's telephones that this client controls (CONN-10); the user's are
    /// [`SignedIn::assigned_phones`].
    pub controlled_phone: Option<AssignedPhone>,
    /// Presences, conversations and contacts; calls are above, with their sound.
    pub(crate) state: State,
    /// The messages that the server doesn't have, by the number dialled.
    pub(crate) outboxes: Outboxes,
    /// Whether calls shall go through the built-in client, which is there.
    pub(crate) voip_wanted: bool,
    /// Counts up with every change.
    pub(crate) version: u64,
}

impl View {
    /// One user's presence.
    pub fn presence(&self, user: &UserId) -> Option<&Presence> {
        self.state.presence(user)
    }

    /// What a colleague's telephone does; idle where nothing is told (PRES-6).
    pub fn line(&self, user: &UserId) -> LineState {
        self.state.line(user)
    }

    /// Whether calls go through the built-in client, and why not (VOIP-1).
    pub fn voip(&self) -> Voip {
        match &self.user {
            Some(user) => {
                let missing = &user.missing_licences;
                let controlled = self.controlled_phone.as_ref();
                let (wanted, able) = (self.voip_wanted, user.capabilities);
                Voip::of(wanted, able, missing, user.phone, controlled)
            }
            None => Voip::Off(VoipOff::NotOffered),
        }
    }

    /// Everybody's presence, in the order of the users.
    pub fn presences(&self) -> impl ExactSizeIterator<Item = (&UserId, &Presence)> {
        self.state.presences()
    }

    /// How the user is to be told of a call that waits for an answer here. A desk phone rings by itself.
    pub fn alert(&self) -> Alert {
        let here = |status: &&Arc<CallStatus>| status.call.device == DeviceKind::Voip;
        let mut calls = self.calls.values().filter(here);
        let talking = |status: &Arc<CallStatus>| status.call.local == ConnectionState::Connected;
        match calls.clone().any(|status| status.rings_here()) {
            false => Alert::None,
            true if calls.any(talking) => Alert::CallWaiting,
            true => Alert::Ringing,
        }
    }

    /// What the server keeps for the user.
    pub fn account(&self) -> &Account {
        self.state.account()
    }

    /// The presence states that the user may set, in the manual's order (PRES-1).
    pub fn presence_choices(&self) -> Vec<PresenceState> {
        let rights = self
            .user
            .as_ref()
            .and_then(|user| Some(self.account().presence_rights(user.mode?)));
        rights.map_or_else(Vec::new, |rights| rights.choices().collect())
    }

    /// One conversation.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Arc<Conversation>> {
        self.state.conversation(id)
    }

    /// The conversations, in the order of their identities.
    pub fn conversations(&self) -> impl ExactSizeIterator<Item = &Arc<Conversation>> {
        self.state.conversations()
    }

    /// The conversations as a user sees them (CONV-1): those with a call on top, then the one with
    /// the newest event first; with the unread count in total.
    pub fn conversation_list(&self) -> ConversationList {
        self.filtered_conversations(&ConversationFilter::All)
    }

    /// Those of the conversations that `filter` lets pass, in the same order.
    pub fn filtered_conversations(&self, filter: &ConversationFilter) -> ConversationList {
        let all: Vec<_> = self.conversations().cloned().collect();
        let calls = self.calls.values();
        let calls: Vec<_> = calls.map(|status| Arc::new(status.call.clone())).collect();
        let user = self.user.as_ref();
        let grouping = user.map_or_else(ConversationGrouping::default, |user| user.grouping);
        ConversationList::of(&all, &calls, filter, grouping, &self.dial_plan())
    }

    /// How numbers are written and dialled: at the server's location once it has told it, until
    /// then, and where it tells none, as in Germany.
    pub fn dial_plan(&self) -> DialPlan {
        let user = self.user.as_ref();
        user.and_then(|user| user.dial_plan.clone())
            .unwrap_or_else(DialPlan::germany)
    }

    /// The favourites. Who they are: [`View::contact`].
    pub fn favourites(&self) -> &Favourites {
        self.state.favourites()
    }

    /// The messages to a number that the server doesn't have yet, or that have failed, in the order
    /// in which they go; shown below the conversation with the number.
    pub fn unsent(&self, to: &PhoneNumber) -> Vec<&ChatMessage> {
        let outbox = self.outboxes.get(&to.dialable());
        let messages = outbox.into_iter().flat_map(|(_, outbox)| outbox.messages());
        messages.collect()
    }

    /// The numbers to which messages haven't gone yet.
    pub fn unsent_to(&self) -> impl ExactSizeIterator<Item = &PhoneNumber> {
        self.outboxes.values().map(|(to, _)| to)
    }

    /// One of the contacts that the client keeps: the personal ones, and those among the
    /// favourites. Others: [`Client::contact`](crate::Client::contact).
    pub fn contact(&self, id: &ContactId) -> Option<&Arc<KnownContact>> {
        self.state.contact(id)
    }

    /// The contacts that the client keeps, in the order of their identities.
    pub fn contacts(&self) -> impl ExactSizeIterator<Item = &Arc<KnownContact>> {
        self.state.contacts()
    }

    /// Who the other side of a call is, for a person: the name that the server tells, or that of the
    /// kept contact who has the number; `None` for whoever isn't known (CALL-10). The photo is
    /// [`Client::photo`](crate::Client::photo) of the party's user.
    pub fn name_of(&self, party: &Party) -> Option<Redacted<String>> {
        let plan = self.dial_plan();
        let key = plan.key(&party.number);
        let has_number = |known: &&Arc<KnownContact>| {
            let mut numbers = known.contact.numbers.iter();
            numbers.any(|own| plan.key(&own.number) == key)
        };
        let known = || self.contacts().find(has_number)?.contact.display_name();
        party.name.clone().or_else(known)
    }

    /// The user's own contacts, in the order of their identities.
    pub fn personal_contacts(&self) -> impl Iterator<Item = &Arc<KnownContact>> {
        let personal = |known: &&Arc<KnownContact>| known.contact.directory == Directory::Personal;
        self.state.contacts().filter(personal)
    }
}

/// The messages that the server doesn't have, by the number dialled.
pub(crate) type Outboxes = Arc<BTreeMap<String, (PhoneNumber, Outbox)>>;

/// As of when a view's favourites, contacts and conversations hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Known {
    /// Nothing is known yet.
    #[default]
    Nothing,
    /// They were kept of an earlier session; the server has not been asked yet.
    Cached {
        /// When they were last known to be so.
        at: Timestamp,
    },
    /// The server has told them; while [`Connection::Restoring`], before the connection was lost.
    Live,
}

/// Whether the server is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Connection {
    /// Sign-in is under way.
    #[default]
    SigningIn,
    /// Signed in, the events flow, the view is current.
    Live,
    /// Lost; being restored. The view shows the state before.
    Restoring,
    /// Over: credentials are needed again, or the client was closed.
    Ended,
}

/// Why a connection was lost.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LostReason {
    /// The application asked for another connection.
    #[error("another connection was asked for")]
    Asked,
    /// A client that started with what was kept could not reach the server yet.
    #[error("the server can't be reached: {0}")]
    NotReached(BackendError),
    /// The event stream ended.
    #[error("the connection was closed: {0}")]
    Closed(BackendError),
    /// Nothing came any more, and a probe was not answered.
    #[error("the server doesn't answer any more")]
    Silent,
    /// The state could not be fetched.
    #[error("the server's state could not be fetched: {0}")]
    NoSnapshot(BackendError),
}

/// A call and its sound.
#[derive(Debug, Clone, PartialEq)]
pub struct CallStatus {
    /// The call as the server has it.
    pub call: uc_model::Call,
    /// Its sound at this client.
    pub sound: Sound,
    /// Whether the user has cut the microphone off.
    pub muted: bool,
}

impl CallStatus {
    /// Whether it waits for this user to answer.
    pub fn rings_here(&self) -> bool {
        self.call.local == ConnectionState::Alerting
    }

    /// What the user may ask for now; keys can be sent where the call's sound is, which may be elsewhere.
    pub fn allowed_actions(&self) -> AllowedActions {
        let actions = self.call.allowed_actions();
        match self.sound {
            Sound::Connected | Sound::Interrupted => actions,
            _ => actions.without(Action::SendDigits),
        }
    }

    /// Whether both sides have taken the call and its sound, if it is carried here, is connected.
    pub fn is_connected(&self) -> bool {
        let up = |state| matches!(state, ConnectionState::Connected | ConnectionState::Hold);
        let sound = matches!(
            self.sound,
            Sound::Elsewhere | Sound::Connected | Sound::Interrupted
        );
        sound && up(self.call.local) && up(self.call.remote.state)
    }
}

/// The sound of a call at this client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sound {
    /// Not (yet) carried by this client: it rings, or a desk phone or another client has it.
    #[default]
    Elsewhere,
    /// The path is being made.
    Connecting,
    /// Packets flow.
    Connected,
    /// The path is broken and being repaired.
    Interrupted,
    /// It has ended for good.
    Failed(MediaError),
    /// The call is over.
    Ended,
}

#[cfg(test)]
mod tests {
    use uc_model::{
        Call, CallDirection, Connection as Leg, Contact, NumberKind, Rev, TypedNumber, Update,
    };

    use super::*;

    fn view(calls: &[(DeviceKind, ConnectionState)]) -> View {
        let number = PhoneNumber::new("331").unwrap();
        let status = |(index, (device, local)): (usize, &(DeviceKind, ConnectionState))| {
            let id = CallId::new(format!("c{index}")).unwrap();
            let call = Call {
                id: id.clone(),
                rev: Rev(1),
                direction: CallDirection::Incoming,
                device: *device,
                local: *local,
                remote: Leg {
                    party: Party {
                        number: number.clone(),
                        name: None,
                        user: None,
                    },
                    state: ConnectionState::Connected,
                },
                members: Vec::new(),
                started: Timestamp(0),
                answered: None,
                cause: None,
            };
            let status = CallStatus {
                call,
                sound: Sound::Elsewhere,
                muted: false,
            };
            (id, Arc::new(status))
        };
        View {
            calls: calls.iter().enumerate().map(status).collect(),
            ..View::default()
        }
    }

    #[test]
    fn a_call_rings_unless_another_is_heard_and_a_desk_phone_rings_by_itself() {
        use ConnectionState::{Alerting, Connected, Hold};
        use DeviceKind::{DeskPhone, Voip};

        assert_eq!(view(&[]).alert(), Alert::None);
        assert_eq!(view(&[(Voip, Connected)]).alert(), Alert::None);
        assert_eq!(view(&[(Voip, Alerting)]).alert(), Alert::Ringing);
        assert_eq!(view(&[(DeskPhone, Alerting)]).alert(), Alert::None);
        let during = [(Voip, Connected), (Voip, Alerting)];
        assert_eq!(view(&during).alert(), Alert::CallWaiting);
        let held = [(Voip, Hold), (Voip, Alerting)];
        assert_eq!(view(&held).alert(), Alert::Ringing);
    }

    #[test]
    fn a_caller_has_the_servers_name_or_that_of_a_contact_or_none() {
        let mut view = View::default();
        view.state.apply(Update::Contact(KnownContact {
            rev: Rev(1),
            contact: Contact {
                id: ContactId::new("c1").unwrap(),
                directory: Directory::Personal,
                first_name: "Ida".to_owned().into(),
                last_name: "Ulme".to_owned().into(),
                numbers: vec![TypedNumber {
                    kind: NumberKind::Mobile,
                    number: PhoneNumber::new("+49 171 39200 1").unwrap(),
                }],
                email: None,
                user: None,
            },
            origin: None,
        }));
        let party = |number, name: Option<&str>| Party {
            number: PhoneNumber::new(number).unwrap(),
            name: name.map(|name| name.to_owned().into()),
            user: None,
        };
        let name = |party| view.name_of(&party).map(Redacted::into_inner);
        let known = name(party("+49 (171) 392001", None)).unwrap();
        assert!(known.contains("Ida") && known.contains("Ulme"), "{known}");
        assert_eq!(
            name(party("+49 171 39200 1", Some("Mr U"))).unwrap(),
            "Mr U"
        );
        assert_eq!(name(party("+49 171 39200 2", None)), None);
    }
}
