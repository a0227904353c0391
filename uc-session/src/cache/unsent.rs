//! Messages that the server doesn't have yet, as they are kept: unlike all else they are nowhere
//! else. Their identities are kept too, so that one that has arrived after all is sent in vain.

use serde::{Deserialize, Serialize};
use uc_model::{ChatMessage, ConversationEntry, Outbox, PhoneNumber};

use super::{
    CacheError,
    conversation::{EntryRow, read_entry, write_entry},
};

#[derive(Serialize, Deserialize)]
pub(super) struct UnsentRow {
    to: String,
    messages: Vec<EntryRow>,
}

pub(super) fn write(to: &PhoneNumber, outbox: &Outbox) -> UnsentRow {
    let entry = |message: &ChatMessage| ConversationEntry::Message(message.clone());
    UnsentRow {
        to: to.as_str().to_owned(),
        messages: outbox
            .messages()
            .filter_map(|message| write_entry(&entry(message)))
            .collect(),
    }
}

pub(super) fn read(row: UnsentRow) -> Result<(PhoneNumber, Outbox), CacheError> {
    let to = PhoneNumber::new(row.to).map_err(|_| CacheError::Unreadable)?;
    let mut outbox = Outbox::new();
    for message in row.messages {
        match read_entry(message) {
            Some(ConversationEntry::Message(message)) => outbox.restore(message),
            _ => return Err(CacheError::Unreadable),
        }
    }
    Ok((to, outbox))
}
