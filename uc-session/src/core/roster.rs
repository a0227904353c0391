use uc_model::{Change, Rev, Snapshot, Update, UserLine, UserPresence};

use super::io::Io;
use crate::{
    events::Event,
    port::{CallUpdate, PresenceUpdate, ServerChange, StateSnapshot},
    view::Known,
};

/// The calls of a snapshot.
pub(super) struct Calls {
    pub(super) calls: Vec<CallUpdate>,
    pub(super) rev: Rev,
}

/// Takes the whole state; tells what has changed. Of the `first` that is only what differs from
/// what was kept of an earlier session. Gives the calls back, which have machines of their own.
pub(super) fn replace(io: &mut Io, snapshot: StateSnapshot, first: bool) -> Calls {
    let cached = matches!(io.view.as_of, Known::Cached { .. });
    io.unsaved = true;
    io.view.as_of = Known::Live;
    let told = snapshot.presences.into_iter().map(in_two);
    let (presences, lines): (Vec<_>, Vec<_>) = told.unzip();
    let changes = io.change().state.replace(Snapshot {
        as_of: snapshot.rev,
        account: (snapshot.account.rev, snapshot.account.account),
        presences,
        lines: lines.into_iter().flatten().collect(),
        conversations: snapshot.conversations,
        contacts: snapshot.contacts,
        favourites: snapshot.favourites,
        ..Snapshot::default()
    });
    let was_shown = |change: &Change| !first || (cached && is_kept(change));
    for change in changes.into_iter().filter(was_shown) {
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
        ServerChange::Presence(update) => {
            let (presence, line) = in_two(update);
            if let Some(line) = line {
                take(io, Update::Line(line));
            }
            Update::Presence(presence)
        }
        ServerChange::Conversation(conversation) => Update::Conversation(*conversation),
        ServerChange::ConversationDeleted { id, rev } => Update::ConversationDeleted { id, rev },
        ServerChange::Contact(contact) => Update::Contact(*contact),
        ServerChange::ContactDeleted { id, rev } => Update::ContactDeleted { id, rev },
        ServerChange::Favourites { rev, favourites } => Update::Favourites { rev, favourites },
        ServerChange::Account(update) => Update::Account {
            rev: update.rev,
            account: update.account,
        },
        ServerChange::Call(_) => return,
    };
    take(io, update);
}

fn take(io: &mut Io, update: Update) {
    if let Some(change) = io.change().state.apply(update) {
        io.unsaved |= is_kept(&change);
        tell(io, change);
    }
}

/// Presence and line have places of their own in the state.
fn in_two(told: PresenceUpdate) -> (UserPresence, Option<UserLine>) {
    let PresenceUpdate {
        user,
        rev,
        presence,
        line,
    } = told;
    let line = line.map(|line| UserLine {
        user: user.clone(),
        rev,
        line,
    });
    let presence = UserPresence {
        user,
        rev,
        presence,
    };
    (presence, line)
}

/// Whether it changes what is kept for the next start.
const fn is_kept(change: &Change) -> bool {
    matches!(
        change,
        Change::Favourites
            | Change::Contact(_)
            | Change::ContactDeleted(_)
            | Change::Conversation(_)
            | Change::ConversationDeleted(_)
    )
}

fn tell(io: &mut Io, change: Change) {
    let state = &io.view.state;
    let event = match change {
        Change::Presence(user) => {
            let presence = state.presence(&user).cloned();
            presence.map(|presence| Event::Presence { user, presence })
        }
        Change::Line(user) => {
            let line = state.line(&user);
            Some(Event::Line { user, line })
        }
        Change::Conversation(id) => state.conversation(&id).cloned().map(Event::Conversation),
        Change::ConversationDeleted(id) => Some(Event::ConversationDeleted(id)),
        Change::Contact(id) => state.contact(&id).cloned().map(Event::Contact),
        Change::ContactDeleted(id) => Some(Event::ContactDeleted(id)),
        Change::Favourites => Some(Event::Favourites),
        Change::Account => Some(Event::Account),
        Change::PresenceGone(user) => Some(Event::PresenceGone(user)),
        // Calls have machines; kinds of changes to come are seen in the view.
        _ => None,
    };
    if let Some(event) = event {
        io.event(event);
    }
}
