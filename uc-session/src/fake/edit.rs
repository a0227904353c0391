use uc_model::{Rev, Update, UserId};

use super::server::World;
use crate::port::{BackendError, ConversationEdit, Edit, ServerChange};

impl World {
    /// Changes the user's own data and tells all of the user's clients.
    pub(super) fn edit(
        &mut self,
        user: &UserId,
        edit: Edit,
    ) -> Result<Vec<ServerChange>, BackendError> {
        match edit {
            Edit::Conversations(edit) => self.edit_conversations(user, edit),
        }
    }

    fn edit_conversations(
        &mut self,
        user: &UserId,
        edit: ConversationEdit,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let mut rev = self.next_rev(user);
        let known = self.users.get_mut(user).ok_or(BackendError::NotFound)?;
        let updates = match edit {
            ConversationEdit::MarkRead(id) => {
                let history = &mut known.history;
                history.conversation(&id).ok_or(BackendError::NotFound)?;
                history.mark_read(&id, rev).into_iter().collect()
            }
            ConversationEdit::DeleteEntry {
                conversation,
                entry,
            } => {
                let update = known.history.delete_entry(&conversation, &entry, rev);
                update.into_iter().collect()
            }
            ConversationEdit::Delete(id) => known.history.delete(&id, rev).into_iter().collect(),
            ConversationEdit::DeleteAll => {
                let deleted = known.history.delete_all(|| {
                    rev = Rev(rev.0 + 1);
                    rev
                });
                known.rev = rev.0;
                deleted
            }
        };
        Ok(self.tell_updates(user, updates))
    }

    /// Tells a user's clients what has changed in the history.
    pub(super) fn tell_updates(
        &self,
        user: &UserId,
        updates: impl IntoIterator<Item = Update>,
    ) -> Vec<ServerChange> {
        let changes: Vec<_> = updates.into_iter().filter_map(change).collect();
        for change in &changes {
            self.tell(user, |_| change.clone());
        }
        changes
    }
}

fn change(update: Update) -> Option<ServerChange> {
    match update {
        Update::Conversation(conversation) => {
            Some(ServerChange::Conversation(Box::new(conversation)))
        }
        Update::ConversationDeleted { id, rev } => {
            Some(ServerChange::ConversationDeleted { id, rev })
        }
        _ => None,
    }
}
