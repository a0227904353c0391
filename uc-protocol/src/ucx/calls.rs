use std::fmt;

use serde::{Deserialize, Serialize};

use super::Delivery;

/// Who started the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The other called.
    Incoming,
    /// This user called.
    Outgoing,
}

/// Connection states of ECMA-269.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// No relation to the call (any more).
    Null,
    /// Being placed.
    Initiated,
    /// Ringing.
    Alerting,
    /// Taking part.
    Connected,
    /// On hold.
    Hold,
    /// Waiting.
    Queued,
    /// Failed.
    Fail,
}

/// Which device carries the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Device {
    /// The built-in VoIP client.
    Voip,
    /// A desk phone.
    DeskPhone,
}

/// Why a call ended or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Cause {
    /// Nobody has this number.
    NoSuchNumber,
    /// In another call.
    Busy,
    /// Refused.
    Rejected,
    /// Not answered in time.
    NoAnswer,
    /// The caller gave up.
    Cancelled,
    /// Somebody else, or another client of the user, answered.
    AnsweredElsewhere,
    /// No device signed in.
    Unreachable,
    /// A normal end.
    Normal,
    /// Sound could not be connected.
    MediaFailed,
    /// Passed on to somebody else by the one it rang at.
    Deflected,
    /// Handed over to somebody else by the one who took part.
    Transferred,
    /// Joined to another call of this user.
    Conferenced,
    /// Picked up by somebody else while it rang.
    PickedUp,
    /// The other doesn't want to be disturbed.
    DoNotDisturb,
    /// Given up by the server after its restart.
    ServerLost,
}

/// The other party.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its number.
    pub number: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The user behind an internal number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Offer or answer (RFC 3264, RFC 9429).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

/// A session description inside a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// Which round of offer and answer this belongs to: 1 for the call's first, then counting up.
    /// An answer carries its offer's number.
    pub generation: u32,
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// The description (RFC 8866), at most 64 KiB, with the candidates known so far.
    pub sdp: String,
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("generation", &self.generation)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// `POST /uc/v1/calls`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeCall {
    /// The number to call.
    pub to: String,
    /// Which device of the user calls.
    pub device: Device,
    /// With `voip`: the offer, generation 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

impl fmt::Debug for MakeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MakeCall")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// `POST /uc/v1/calls/{id}/answer` and `/description`. A new offer while the other's offer is
/// unanswered is refused with `glare` (as SIP's 491): the refused side waits, answers, offers again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Describe {
    /// The description; absent when a desk phone answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// `POST /uc/v1/calls/{id}/clear`: hang up, reject or cancel, by the connection's state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clear {
    /// Why, where it isn't a normal end: only `media_failed` is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
}

/// Where a call that rings here goes instead: `POST /uc/v1/calls/{id}/deflect`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deflect {
    /// The number; left out, the mailbox that takes the user's calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl fmt::Debug for Deflect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflect").finish_non_exhaustive()
    }
}

/// Where a call that was answered goes on without this user:
/// `POST /uc/v1/calls/{id}/single-step-transfer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDestination {
    /// The number.
    pub to: String,
}

impl fmt::Debug for NewDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDestination").finish_non_exhaustive()
    }
}

/// The held call beside the active one of the path: `POST /uc/v1/calls/{id}/alternate`,
/// `/reconnect`, `/transfer` and `/conference`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCall {
    /// Its identity.
    pub held: String,
}

/// `POST /uc/v1/pickups`: a call that rings at another rings at the session that asks instead,
/// which answers it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectedPickup {
    /// The number at which it rings.
    pub number: String,
}

impl fmt::Debug for DirectedPickup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectedPickup").finish_non_exhaustive()
    }
}

/// One of the others in a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    pub party: Party,
    /// Its connection.
    pub state: ConnectionState,
}

/// Trickled ICE candidates (RFC 8838), as `candidate:` attribute values.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidates {
    /// The round they belong to.
    pub generation: u32,
    /// The candidates, at most 64 for a side and generation.
    pub candidates: Vec<String>,
    /// No more will follow (RFC 8840 end-of-candidates).
    #[serde(default)]
    pub complete: bool,
}

impl fmt::Debug for Candidates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidates")
            .field("generation", &self.generation)
            .field("count", &self.candidates.len())
            .field("complete", &self.complete)
            .finish()
    }
}

/// A call as one user sees it. Sent whole with every change, so that a lost event loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResource {
    /// Its identity; the other party's view of the same call has another one.
    pub id: String,
    /// Revision in this user's numbering.
    pub rev: u64,
    /// Who started it.
    pub direction: Direction,
    /// The device that carries it.
    pub device: Device,
    /// This user's connection.
    pub local: ConnectionState,
    /// The other party.
    pub party: Party,
    /// The other party's connection.
    pub remote: ConnectionState,
    /// Milliseconds since the Unix epoch.
    pub started: i64,
    /// Milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<i64>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// All others of a phone-controlled conference, at most 16; empty in a call between two.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
    /// Counts how often the far end's sound has become another's (by a transfer or a conference).
    /// When it rises, the old sound ends, and a new one begins with an offer whose generation is
    /// one more than the newest seen.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub far_end: u32,
    /// Whether this side makes the first offer to the far end of `far_end`; unused while that is 0.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub offers: bool,
    /// The newest generation of the call, so that a new far end's numbers count on.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u32,
    /// The far end's newest description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The far end's trickled candidates of that generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// The server has restarted and waits until this side confirms that the call still runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// Whether the client session that reads this carries the call (dialled or answered it): only
    /// that one negotiates media. False at every client while an incoming call rings.
    #[serde(default)]
    pub carried_here: bool,
}

/// How a call in the history ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallOutcome {
    /// Answered.
    Answered,
    /// Not answered; incoming: missed.
    Unanswered,
}

/// Which way a call in the history took (CONV-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// One event inside a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConversationEntry {
    /// A call that has ended.
    Call {
        /// Its identity.
        id: String,
        /// Who called.
        direction: Direction,
        /// How it ended.
        outcome: CallOutcome,
        /// Which way it took; direct where it is absent.
        #[serde(default)]
        route: CallRoute,
        /// Milliseconds since the Unix epoch.
        at: i64,
        /// Seconds of speech.
        duration_s: u32,
    },
    /// An instant message.
    Message(Message),
}

/// An instant message inside a conversation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its identity, the same on both sides.
    pub id: String,
    /// Who wrote.
    pub direction: Direction,
    /// When the server took it, in milliseconds since the Unix epoch.
    pub at: i64,
    /// What was written.
    pub text: String,
    /// How far it has come.
    pub delivery: Delivery,
}

/// Shows neither text nor writer.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// A user's history with one number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationResource {
    /// Its identity.
    pub id: String,
    /// Its revision.
    pub rev: u64,
    /// The other.
    pub party: Party,
    /// The other's directory entry, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Entries not looked at.
    pub unread: u32,
    /// The newest 100 entries, oldest first.
    pub entries: Vec<ConversationEntry>,
}

impl fmt::Debug for ConversationResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationResource")
            .field("id", &self.id)
            .field("rev", &self.rev)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

/// `GET /uc/v1/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationList {
    /// Newest first.
    pub conversations: Vec<ConversationResource>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}
