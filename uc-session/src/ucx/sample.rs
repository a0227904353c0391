//! Values for the tests of the conversions.

use proptest::prelude::*;
use uc_protocol::ucx as wire;

/// Identities as the model allows them.
pub(super) fn id() -> impl Strategy<Value = String> {
    "[-A-Za-z0-9._@]{1,20}"
}

/// Telephone numbers as the model allows them.
pub(super) fn number() -> impl Strategy<Value = String> {
    r"\+?[0-9][0-9 ()/:;.*#-]{0,20}[0-9]"
}

/// What the other side reads of what one side writes.
pub(super) fn through_json<T: wire::Resource>(resource: T) -> T {
    wire::decode(&wire::encode(&resource)).expect("what is within the limits can be read")
}

/// An incoming call that rings.
pub(super) fn call(id: &str, rev: u64) -> wire::CallResource {
    wire::CallResource {
        id: id.into(),
        rev,
        direction: wire::Direction::Incoming,
        device: wire::Device::Voip,
        local: wire::ConnectionState::Alerting,
        party: wire::Party {
            number: "331".into(),
            name: None,
            user: None,
        },
        remote: wire::ConnectionState::Connected,
        started: 1_000,
        answered: None,
        cause: None,
        members: Vec::new(),
        far_end: 0,
        offers: false,
        generation: 0,
        description: None,
        candidates: None,
        unconfirmed: false,
        carried_here: false,
    }
}

/// A conversation of one missed call.
pub(super) fn conversation(id: &str, rev: u64) -> wire::ConversationResource {
    wire::ConversationResource {
        id: id.into(),
        rev,
        party: wire::Party {
            number: "331".into(),
            name: None,
            user: Some("331".into()),
        },
        contact: None,
        unread: 1,
        entries: vec![wire::ConversationEntry::Call {
            id: "e1".into(),
            direction: wire::Direction::Incoming,
            outcome: wire::CallOutcome::Unanswered,
            route: wire::CallRoute::Direct,
            at: 1_000,
            duration_s: 0,
        }],
    }
}
