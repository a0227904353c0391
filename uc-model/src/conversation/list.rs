use std::{cmp::Reverse, sync::Arc};

use crate::{
    Call, CallId, Conversation, ConversationEntry, ConversationGrouping, DialPlan, HistoryKind,
    PhoneNumber, SearchQuery,
};

/// Which conversations a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConversationFilter {
    /// All.
    #[default]
    All,
    /// Those with something unread.
    Unread,
    /// Those with a missed call.
    Missed,
    /// Those with messages.
    Messages,
    /// Those whose name or number begins with what was typed.
    Matching(SearchQuery),
}

/// A list of conversations as a user sees it (CONV-1): those with an active or held call on top,
/// then the one with the newest event first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationList {
    /// The conversations, each with its calls that are not over.
    pub rows: Vec<(Arc<Conversation>, Vec<CallId>)>,
    /// Calls that have no conversation yet; they stand above everything.
    pub new_calls: Vec<CallId>,
    /// Unread entries of all conversations, shown or not.
    pub unread: u64,
}

impl ConversationList {
    /// Arranges conversations and calls.
    pub fn of<'a>(
        conversations: impl IntoIterator<Item = &'a Arc<Conversation>>,
        calls: impl IntoIterator<Item = &'a Arc<Call>>,
        filter: &ConversationFilter,
        grouping: ConversationGrouping,
        plan: &DialPlan,
    ) -> Self {
        let key = |number: &PhoneNumber| match grouping {
            ConversationGrouping::ByFormat => number.dialable(),
            ConversationGrouping::ByNumber => plan.key(number).as_str().to_owned(),
        };
        let mut calls: Vec<(String, &Arc<Call>)> = calls
            .into_iter()
            .filter(|call| !call.is_over())
            .map(|call| (key(&call.remote.party.number), call))
            .collect();
        let (mut unread, mut rows) = (0, Vec::new());
        for conversation in conversations {
            unread += u64::from(conversation.unread);
            let number = key(&conversation.number);
            let own = calls.extract_if(.., |(key, _)| *key == number);
            let own: Vec<CallId> = own.map(|(_, call)| call.id.clone()).collect();
            if !own.is_empty() || filter.shows(conversation, plan) {
                rows.push((conversation.clone(), own));
            }
        }
        rows.sort_by_cached_key(|(conversation, own)| {
            let newest = conversation.newest().map(ConversationEntry::at);
            // Of events at the same moment the one that was told later.
            let told = Reverse(conversation.rev);
            let id = conversation.id.clone();
            (own.is_empty(), Reverse(newest), told, id)
        });
        let new_calls = calls.into_iter().map(|(_, call)| call.id.clone()).collect();
        Self {
            rows,
            new_calls,
            unread,
        }
    }
}

impl ConversationFilter {
    /// Whether a conversation is shown; one with a call always is.
    pub fn shows(&self, conversation: &Conversation, plan: &DialPlan) -> bool {
        let mut entries = conversation.entries.iter();
        match self {
            Self::All => true,
            Self::Unread => conversation.unread > 0,
            Self::Missed => entries.any(|entry| {
                let kind = entry.history_kind();
                kind.is_some_and(HistoryKind::is_missed)
            }),
            Self::Messages => entries.any(|entry| matches!(entry, ConversationEntry::Message(_))),
            Self::Matching(query) => {
                let name = conversation.name.as_ref().map_or("", |name| name.expose());
                query.matches(name, &conversation.number, plan)
            }
        }
    }
}
