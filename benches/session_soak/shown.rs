use std::{collections::BTreeMap, sync::Arc};

use uc_model::{Conversation, ConversationId, Presence, UserId};
use uc_session::Client;

/// Who is seen how, and the history: number, entries in their order, unread.
pub(crate) struct Shown {
    presences: BTreeMap<UserId, Presence>,
    conversations: BTreeMap<ConversationId, Arc<Conversation>>,
}

pub(crate) fn shown(client: &Client) -> Shown {
    let view = client.view();
    let presences = view.presences();
    let conversations = view.conversations();
    Shown {
        presences: presences
            .map(|(user, presence)| (user.clone(), presence.clone()))
            .collect(),
        conversations: conversations
            .map(|known| (known.id.clone(), Arc::clone(known)))
            .collect(),
    }
}

impl Shown {
    /// The first difference, in words; the users and numbers are made up.
    pub(crate) fn differs_from(&self, wanted: &Self) -> Option<String> {
        for user in self.presences.keys().chain(wanted.presences.keys()) {
            let (here, there) = (self.presences.get(user), wanted.presences.get(user));
            if here != there {
                let words = |one: Option<&Presence>| {
                    one.map(|one| {
                        (
                            one.state,
                            one.note.as_ref().map(|note| note.expose().clone()),
                        )
                    })
                };
                let (here, there) = (words(here), words(there));
                return Some(format!("shows {user} as {here:?} instead of {there:?}"));
            }
        }
        for id in self.conversations.keys().chain(wanted.conversations.keys()) {
            let (here, there) = (self.conversations.get(id), wanted.conversations.get(id));
            if here != there {
                let words = |one: Option<&Arc<Conversation>>| {
                    one.map(|one| (one.rev, one.entries.len(), one.unread))
                };
                let (here, there) = (words(here), words(there));
                return Some(format!(
                    "shows a conversation's revision, entries and unread as {here:?} instead of {there:?}"
                ));
            }
        }
        None
    }
}

pub(crate) fn entries(client: &Client) -> usize {
    let view = client.view();
    view.conversations()
        .map(|conversation| conversation.entries.len())
        .sum()
}

/// The number that `user` has said last, as `client` shows it.
pub(crate) fn note(client: &Client, user: &str) -> Option<u64> {
    let view = client.view();
    let presence = view.presence(&UserId::new(user).ok()?)?;
    presence.note.as_ref()?.expose().parse().ok()
}
