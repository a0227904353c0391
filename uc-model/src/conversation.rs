use crate::{
    CallDirection, ContactId, ConversationId, EntryId, PhoneNumber, Redacted, Rev, Timestamp,
};

/// How a call in the history ended (the plain cases of CONV-2; groups and transfers come later).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// Somebody answered.
    Answered,
    /// Nobody answered (an incoming call: missed).
    Unanswered,
}

/// One event inside a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConversationEntry {
    /// A call that has ended.
    Call {
        /// Its identity.
        id: EntryId,
        /// Who called whom.
        direction: CallDirection,
        /// How it ended.
        outcome: CallOutcome,
        /// When it began to ring.
        at: Timestamp,
        /// How long the speech lasted, in seconds; 0 when unanswered.
        duration_s: u32,
    },
}

/// A user's history with one contact or number (CONV-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Its identity.
    pub id: ConversationId,
    /// Its revision.
    pub rev: Rev,
    /// The contact, where the number is known.
    pub contact: Option<ContactId>,
    /// The other's number as it was dialled or signalled.
    pub number: PhoneNumber,
    /// The other's name, where it is known.
    pub name: Option<Redacted<String>>,
    /// Entries that were not looked at yet.
    pub unread: u32,
    /// The entries, oldest first.
    pub entries: Vec<ConversationEntry>,
}
