//! What the client knows, as the screen needs it.

use std::sync::Arc;

use uc_model::{
    Capability, Contact, Conversation, LineState, PhoneNumber, Presence, PresenceState, Redacted,
};
use uc_session::{CallStatus, Connection, View};

use crate::{control, people::Names, words::Words};

/// Everything that the screen shows of the client at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    /// The user's name and extension.
    pub(super) me: Redacted<String>,
    /// The user's own presence.
    pub(super) presence: Option<Presence>,
    /// Whether the server is there.
    pub(super) connection: Connection,
    /// Why it isn't, in plain words.
    pub(super) trouble: Option<String>,
    /// The calls, those that want something first.
    pub(super) calls: Vec<Arc<CallStatus>>,
    /// Everybody else whose presence is known, by name.
    pub(super) people: Vec<Person>,
    /// The favourites in their groups.
    pub(super) favourites: Vec<(String, Vec<Person>)>,
    /// The conversations, the newest first.
    pub(super) conversations: Vec<Arc<Conversation>>,
    /// Unread entries of all of them.
    pub(super) unread: u64,
    /// Whether calls that ring at colleagues can be picked up.
    pub(super) picks_up: bool,
    /// The presence states that may be set.
    pub(super) presence_choices: Vec<PresenceState>,
    /// The numbers dialled last, newest first.
    pub(super) redial: Vec<PhoneNumber>,
    /// The person's language and dates.
    pub(super) words: Words,
}

/// Somebody who can be called.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    pub(super) name: Redacted<String>,
    pub(super) number: Option<PhoneNumber>,
    pub(super) presence: Option<Presence>,
    /// What the telephone does.
    pub(super) line: LineState,
}

impl Scene {
    /// What `view` knows; `trouble` is why the connection was lost.
    pub(super) fn of(view: &View, names: &Names, words: Words, trouble: Option<String>) -> Self {
        let me = view.user.as_ref();
        let own = me.and_then(|me| view.presence(&me.user).cloned());
        let list = view.conversation_list();
        Self {
            me: Redacted::new(me.map_or_else(String::new, |me| {
                let number = me
                    .extension
                    .as_ref()
                    .map_or("", |extension| extension.as_str());
                format!("{} {number}", me.name.expose())
            })),
            presence: own,
            connection: view.connection,
            trouble,
            calls: control::calls(view),
            people: people(view, names),
            favourites: favourites(view),
            conversations: list.rows.into_iter().map(|(known, _)| known).collect(),
            unread: list.unread,
            picks_up: me.is_some_and(|me| me.capabilities.has(Capability::Pickup)),
            presence_choices: view.presence_choices(),
            redial: view.account().redial.numbers().to_vec(),
            words,
        }
    }
}

impl Person {
    /// A contact, with the presence of the user behind it.
    pub(super) fn of(view: &View, contact: &Contact) -> Self {
        let user = contact.user.as_ref();
        let presence = user.and_then(|user| view.presence(user));
        let number = view.favourites().number_to_call(contact);
        let unnamed = || {
            let number = number.as_ref().map(PhoneNumber::to_string);
            number.unwrap_or_default().into()
        };
        Self {
            name: contact.display_name().unwrap_or_else(unnamed),
            presence: presence.cloned(),
            line: user.map_or(LineState::Idle, |user| view.line(user)),
            number,
        }
    }
}

fn people(view: &View, names: &Names) -> Vec<Person> {
    let me = view.user.as_ref().map(|me| &me.user);
    let others = view.presences().filter(|(user, _)| me != Some(*user));
    let mut people: Vec<_> = others
        .map(|(user, presence)| Person {
            name: Redacted::new(names.get(user).unwrap_or(user.as_str()).to_owned()),
            // The user name is the internal number.
            number: PhoneNumber::new(user.as_str()).ok(),
            presence: Some(presence.clone()),
            line: view.line(user),
        })
        .collect();
    people.sort_by(|a, b| a.name.cmp(&b.name));
    people
}

fn favourites(view: &View) -> Vec<(String, Vec<Person>)> {
    let groups = view.favourites().groups().iter();
    groups
        .map(|group| {
            let known = group.members.iter().filter_map(|member| {
                let known = view.contact(&member.contact)?;
                Some(Person::of(view, &known.contact))
            });
            (group.name.as_str().to_owned(), known.collect())
        })
        .collect()
}
