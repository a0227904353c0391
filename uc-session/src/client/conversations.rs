use uc_model::{ConversationId, EntryId};

use super::Client;
use crate::{
    error::EditError,
    port::{ConversationEdit, Edit},
};

/// The user's conversations, on all of the user's clients at once. The conversations themselves
/// stand in the [`View`](crate::View).
impl Client {
    /// Marks everything in a conversation as looked at (CONV-1).
    ///
    /// # Errors
    /// See [`EditError`]; `NotFound` where the conversation is gone.
    pub async fn mark_read(&self, conversation: &ConversationId) -> Result<(), EditError> {
        self.edit_conversations(ConversationEdit::MarkRead(conversation.clone()))
            .await
    }

    /// Deletes one entry of a conversation, with the last one the conversation (CONV-3). What is
    /// gone already is no error.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn delete_entry(
        &self,
        conversation: &ConversationId,
        entry: &EntryId,
    ) -> Result<(), EditError> {
        self.edit_conversations(ConversationEdit::DeleteEntry {
            conversation: conversation.clone(),
            entry: entry.clone(),
        })
        .await
    }

    /// Deletes a conversation (CONV-3). One that is gone already is no error.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn delete_conversation(
        &self,
        conversation: &ConversationId,
    ) -> Result<(), EditError> {
        self.edit_conversations(ConversationEdit::Delete(conversation.clone()))
            .await
    }

    /// Deletes all conversations (CONV-3).
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn delete_all_conversations(&self) -> Result<(), EditError> {
        self.edit_conversations(ConversationEdit::DeleteAll).await
    }

    async fn edit_conversations(&self, edit: ConversationEdit) -> Result<(), EditError> {
        self.edit(Edit::Conversations(edit)).await.map(drop)
    }
}
