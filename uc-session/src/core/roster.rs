use uc_model::{Change, Rev, Snapshot, Update};

use super::io::Io;
use crate::{
    events::Event,
    port::{CallUpdate, ServerChange, StateSnapshot},
};

/// The calls of a snapshot.
pub(super) struct Calls {
    pub(super) calls: Vec<CallUpdate>,
    pub(super) rev: Rev,
}

/// Takes the whole state; tells what has changed unless it is the `first`. Gives the calls back,
/// which have machines of their own.
pub(super) fn replace(io: &mut Io, snapshot: StateSnapshot, first: bool) -> Calls {
    let changes = io.change().state.replace(Snapshot {
        as_of: snapshot.rev,
        presences: snapshot.presences,
        conversations: snapshot.conversations,
        ..Snapshot::default()
    });
    for change in changes.into_iter().filter(|_| !first) {
        tell(io, change);
    }
    Calls {
        calls: snapshot.calls,
        rev: snapshot.rev,
    }
}

/// Applies a change that concerns no call.
pub(super) fn apply(io: &mut Io, change: ServerChange) {
    let update = match change {
        ServerChange::Presence(update) => Update::Presence(update),
        ServerChange::Conversation(conversation) => Update::Conversation(*conversation),
        ServerChange::ConversationDeleted { id, rev } => Update::ConversationDeleted { id, rev },
        ServerChange::Call(_) => return,
    };
    if let Some(change) = io.change().state.apply(update) {
        tell(io, change);
    }
}

fn tell(io: &mut Io, change: Change) {
    let state = &io.view.state;
    let event = match change {
        Change::Presence(user) => {
            let presence = state.presence(&user).cloned();
            presence.map(|presence| Event::Presence { user, presence })
        }
        Change::Conversation(id) => state.conversation(&id).cloned().map(Event::Conversation),
        Change::ConversationDeleted(id) => Some(Event::ConversationDeleted(id)),
        Change::PresenceGone(user) => Some(Event::PresenceGone(user)),
        // Calls have machines; kinds of changes to come are seen in the view.
        _ => None,
    };
    if let Some(event) = event {
        io.event(event);
    }
}
