use crate::{
    CallDirection, ChatMessage, Contact, ContactId, ConversationId, Delivery, DialForm, DialPlan,
    Directory, EntryId, NumberKey, NumberKind, PhoneNumber, Redacted, Rev, Timestamp, TypedNumber,
};

mod history;
mod list;

pub use history::{ConversationGrouping, History};
pub use list::{ConversationFilter, ConversationList};

/// How a call in the history ended (CONV-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// Somebody answered.
    Answered,
    /// Nobody answered (an incoming call: missed).
    Unanswered,
}

/// Which way a call in the history took (CONV-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallRoute {
    /// To the user's or the other's own number.
    #[default]
    Direct,
    /// To a group.
    Group,
    /// An incoming call that was transferred to the user, or that the user picked up.
    TransferredOrPickedUp,
}

/// The nine kinds of calls in the history (CONV-2), in the manual's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HistoryKind {
    /// Incoming, answered.
    Incoming,
    /// Incoming, not answered.
    Missed,
    /// Incoming to a group, answered.
    GroupIncoming,
    /// Incoming to a group, not answered.
    GroupMissed,
    /// Incoming, transferred or picked up.
    TransferredOrPickedUp,
    /// Outgoing, answered.
    Outgoing,
    /// Outgoing, not answered.
    OutgoingUnanswered,
    /// Outgoing to a group, answered.
    GroupOutgoing,
    /// Outgoing to a group, not answered.
    GroupOutgoingUnanswered,
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
        /// Which way it took.
        route: CallRoute,
        /// When it began to ring.
        at: Timestamp,
        /// How long the speech lasted, in seconds; 0 when unanswered.
        duration_s: u32,
    },
    /// An instant message (IM-1).
    Message(ChatMessage),
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

impl HistoryKind {
    /// The kind of a call.
    pub const fn of(direction: CallDirection, outcome: CallOutcome, route: CallRoute) -> Self {
        use CallDirection::{Incoming, Outgoing};
        use CallOutcome::{Answered, Unanswered};
        match (direction, route, outcome) {
            (Incoming, CallRoute::Direct, Answered) => Self::Incoming,
            (Incoming, CallRoute::Direct, Unanswered) => Self::Missed,
            (Incoming, CallRoute::Group, Answered) => Self::GroupIncoming,
            (Incoming, CallRoute::Group, Unanswered) => Self::GroupMissed,
            (Incoming, CallRoute::TransferredOrPickedUp, _) => Self::TransferredOrPickedUp,
            (Outgoing, CallRoute::Group, Answered) => Self::GroupOutgoing,
            (Outgoing, CallRoute::Group, Unanswered) => Self::GroupOutgoingUnanswered,
            // Only incoming calls are transferred to the user or picked up.
            (Outgoing, _, Answered) => Self::Outgoing,
            (Outgoing, _, Unanswered) => Self::OutgoingUnanswered,
        }
    }

    /// Whether the user missed the call.
    pub const fn is_missed(self) -> bool {
        matches!(self, Self::Missed | Self::GroupMissed)
    }
}

impl ConversationEntry {
    /// Its identity.
    pub const fn id(&self) -> &EntryId {
        match self {
            Self::Call { id, .. } => id,
            Self::Message(message) => &message.id,
        }
    }

    /// When it happened.
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Call { at, .. } => *at,
            Self::Message(message) => message.at,
        }
    }

    /// The kind of a call; `None` for anything else.
    pub const fn history_kind(&self) -> Option<HistoryKind> {
        match self {
            Self::Call {
                direction,
                outcome,
                route,
                ..
            } => Some(HistoryKind::of(*direction, *outcome, *route)),
            Self::Message(_) => None,
        }
    }

    /// Whether it is a message from the other that the other doesn't know to have arrived.
    pub fn is_unconfirmed(&self) -> bool {
        match self {
            Self::Message(message) => {
                let incoming = message.direction == CallDirection::Incoming;
                incoming && message.delivery == Delivery::Sent
            }
            Self::Call { .. } => false,
        }
    }

    /// Whether it counts as unread when it comes: a missed call, a message from the other.
    pub fn asks_for_attention(&self) -> bool {
        match self {
            Self::Call { .. } => self.history_kind().is_some_and(HistoryKind::is_missed),
            Self::Message(message) => message.direction == CallDirection::Incoming,
        }
    }
}

impl Conversation {
    /// The newest entry.
    pub fn newest(&self) -> Option<&ConversationEntry> {
        self.entries.last()
    }

    /// The entries that were not looked at yet, newest first: as many of those that ask for
    /// attention as are counted unread.
    pub fn unread_entries(&self) -> impl Iterator<Item = &ConversationEntry> {
        let asking = self
            .entries
            .iter()
            .rev()
            .filter(|entry| entry.asks_for_attention());
        asking.take(self.unread as usize)
    }

    /// What makes calls to one number the same for [`ConversationGrouping::ByNumber`].
    pub fn number_key(&self, plan: &DialPlan) -> NumberKey {
        plan.key(&self.number)
    }

    /// The conversation's number as a new personal contact (CONV-5), for the user to complete:
    /// with the name where one is known, and the number in canonical form where it has one.
    pub fn new_contact(&self, id: ContactId, plan: &DialPlan) -> Contact {
        let name = self.name.as_ref().map_or("", |name| name.expose());
        let (first, last) = name.rsplit_once(' ').unwrap_or(("", name));
        let number = plan
            .canonical(&self.number)
            .unwrap_or_else(|| self.number.clone());
        let kind = match plan.dialable(&self.number, DialForm::Internal) {
            Some(_) => NumberKind::Internal,
            None => NumberKind::Business,
        };
        Contact {
            id,
            directory: Directory::Personal,
            first_name: first.trim().to_owned().into(),
            last_name: last.trim().to_owned().into(),
            numbers: vec![TypedNumber { kind, number }],
            email: None,
            user: None,
        }
    }
}

#[cfg(test)]
mod tests;
