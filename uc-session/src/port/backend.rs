use std::fmt;

use async_trait::async_trait;
use thiserror::Error;
use uc_model::{
    Account, AssignedPhone, AssignedPhoneError, Call, CallId, CapabilitySet, Contact, ContactId,
    Conversation, ConversationGrouping, ConversationId, DeviceKind, DialPlan, Digits, Directory,
    Extension, FailureCause, Favourites, FunctionKey, FunctionKeys, ImportFormat, ImportReport,
    KnownContact, Licence, LineState, Mode, PasswordChange, PhoneKind, PhoneNumber, Photo,
    Presence, Redacted, Rev, UserId,
};

/// Somebody's presence as of a revision.
use super::{Candidates, Edit, SessionDescription};

/// One secured path to one address of the server: made by [`Operation::Dial`], ended by
/// [`Operation::Close`] or by dropping the backend. The number is chosen by the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServerAddress {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The port; 8802 where nothing else is said.
    pub port: u16,
}

/// As a person writes it: `name:port`, `[IPv6]:port`.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// A server's leaf certificate, as shown to a person before it is pinned (CONN-3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// SHA-256 of the DER form.
    pub sha256: [u8; 32],
    /// Distinguished name of the holder.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Start of validity, seconds since the Unix epoch.
    pub not_before: i64,
    /// End of validity, seconds since the Unix epoch.
    pub not_after: i64,
}

/// A position in the event stream: opaque, given by the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Cursor(pub String);

/// Marks a request that makes something, so that the *same* request may be sent once more on
/// another connection when the first broke before an answer (and never otherwise).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestKey(pub String);

/// A file of contacts as it was read: at most 8 MiB are sent. A clone costs a reference count.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactFileBytes(pub std::sync::Arc<[u8]>);

/// Shows how many bytes there are.
impl fmt::Debug for ContactFileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContactFileBytes({})", self.0.len())
    }
}

/// What the core asks of a backend. One completes with the [`Outcome`] of the same name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Operation {
    /// TCP and TLS to `address`, not one byte more: the certificate is judged first.
    Dial {
        /// The new link's number.
        link: LinkId,
        /// Where to.
        address: ServerAddress,
    },
    /// Asks who answers there, and signs in.
    SignIn {
        /// Over which link.
        link: LinkId,
        /// The user name.
        user: String,
        /// The password.
        password: Redacted<String>,
    },
    /// Goes on with the session of the last sign-in over a new link.
    Resume {
        /// Over which link.
        link: LinkId,
    },
    /// Opens the event stream after `after` (`None`: from now on). Completes once the server has
    /// accepted; events then go to the [`EventSink`] until [`BackendEvent::StreamEnded`].
    Subscribe {
        /// Over which link.
        link: LinkId,
        /// The last event that was applied.
        after: Option<Cursor>,
        /// Whether calls with sound may ring here.
        calls: bool,
        /// The one of the user's telephones that is controlled, where one was chosen; fails with
        /// [`BackendError::NotAssigned`] where it is none of theirs.
        phone: Option<Extension>,
    },
    /// Fetches the whole state.
    Snapshot {
        /// Over which link.
        link: LinkId,
    },
    /// Asks whether the server still answers.
    Probe {
        /// Over which link.
        link: LinkId,
    },
    /// Something the user wants.
    Service {
        /// Over which link.
        link: LinkId,
        /// What.
        service: Service,
    },
    /// Ends the session at the server.
    SignOut {
        /// Over which link.
        link: LinkId,
    },
    /// Closes the link's connections; always succeeds, also for an unknown link.
    Close {
        /// Which.
        link: LinkId,
    },
}

/// A service of the server for its user. What a backend's capability set lacks is answered by the
/// core with `Unsupported` before it gets here.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Service {
    /// Searches the directories.
    Search {
        /// What was typed.
        query: Redacted<String>,
        /// The only directory to look into.
        directory: Option<Directory>,
        /// At most this many, 1 to 100.
        limit: u32,
    },
    /// Sets the own presence.
    SetPresence(Presence),
    /// Changes the password; what was entered follows the rules.
    ChangePassword(PasswordChange),
    /// The keys of the user's desk phone.
    FunctionKeys,
    /// Programs a key of the user's desk phone, as a whole.
    ProgramKey {
        /// Which, counted from 1.
        number: u16,
        /// What it becomes.
        key: FunctionKey,
    },
    /// Fetches a user's photo.
    Photo {
        /// Whose.
        user: UserId,
        /// The revision that is known, so that it needn't come again.
        known: Option<Rev>,
    },
    /// Changes something of the user's own data.
    Edit {
        /// What.
        edit: Edit,
        /// See [`RequestKey`]; for an edit that isn't idempotent.
        key: RequestKey,
    },
    /// Imports a file of contacts, whole or not at all.
    ImportContacts {
        /// The file.
        file: ContactFileBytes,
        /// What it is.
        format: ImportFormat,
        /// See [`RequestKey`].
        key: RequestKey,
    },
    /// One contact of any directory.
    Contact(ContactId),
    /// Make Call.
    MakeCall {
        /// The number.
        to: PhoneNumber,
        /// The device that calls.
        device: DeviceKind,
        /// With VoIP: the offer.
        description: Option<SessionDescription>,
        /// See [`RequestKey`].
        key: RequestKey,
    },
    /// Answer Call.
    Answer {
        /// Which call.
        call: CallId,
        /// With VoIP: the answer to the call's offer.
        description: Option<SessionDescription>,
    },
    /// Clear Connection: hang up, reject or cancel.
    Clear {
        /// Which call.
        call: CallId,
        /// `Some(MediaFailed)` if that is the reason; nothing else is sent.
        cause: Option<FailureCause>,
    },
    /// Hold Call.
    Hold {
        /// Which call.
        call: CallId,
    },
    /// Retrieve Call.
    Retrieve {
        /// Which call.
        call: CallId,
    },
    /// Consultation Call: the call is held and another one made.
    Consult {
        /// The call that is held.
        call: CallId,
        /// The number.
        to: PhoneNumber,
        /// The device that calls.
        device: DeviceKind,
        /// With VoIP: the offer.
        description: Option<SessionDescription>,
        /// See [`RequestKey`].
        key: RequestKey,
    },
    /// Alternate, Reconnect, Transfer or Conference Call.
    Beside {
        /// Which of them.
        service: Beside,
        /// The active call.
        call: CallId,
        /// The held call.
        held: CallId,
    },
    /// Single Step Transfer Call: the other of this call rings somebody else, without this user.
    SingleStepTransfer {
        /// Which call.
        call: CallId,
        /// The number.
        to: PhoneNumber,
    },
    /// Generate Digits, for a call whose sound can't carry them.
    GenerateDigits {
        /// Which call.
        call: CallId,
        /// The keys.
        digits: Digits,
    },
    /// Directed Pickup Call: a call that rings at this number rings here instead.
    PickUp {
        /// The number at which it rings.
        number: PhoneNumber,
        /// See [`RequestKey`].
        key: RequestKey,
    },
    /// Deflect Call: a call that rings here goes to another number instead.
    Deflect {
        /// Which call.
        call: CallId,
        /// The number; `None`: to the mailbox that takes the user's calls.
        to: Option<PhoneNumber>,
    },
    /// A further offer or answer inside a call.
    Describe {
        /// Which call.
        call: CallId,
        /// The description.
        description: SessionDescription,
    },
    /// ICE candidates found after the description was sent.
    Candidates {
        /// Which call.
        call: CallId,
        /// The candidates.
        candidates: Candidates,
    },
    /// Tells a restarted server that this side still runs the call.
    Confirm {
        /// Which call.
        call: CallId,
    },
}

/// What an [`Operation`] gave.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// Dial: the certificate to judge.
    Dialed(Certificate),
    /// Dial: a path without TLS, because the address names one (SIP over UDP, TCP or WS).
    DialedOpen,
    /// Sign in.
    SignedIn(SignedIn),
    /// Subscribe.
    Subscribed,
    /// Snapshot.
    Snapshot(Box<StateSnapshot>),
    /// Search: best first, and whether there are more.
    Found {
        /// The matches.
        contacts: Vec<Contact>,
        /// Whether there are more.
        more: bool,
    },
    /// A service that changed a call.
    Call(Box<CallUpdate>),
    /// A service that changed the own presence.
    Presence(PresenceUpdate),
    /// Edit: what it changed, as events would tell it, so that whoever has the answer sees its
    /// effect. Empty where all was so already.
    Edited(Vec<ServerChange>),
    /// Import: what became of each contact of the file, and the personal contacts as they are now.
    Imported {
        /// By line.
        report: ImportReport,
        /// All personal contacts.
        changes: Vec<ServerChange>,
    },
    /// Contact.
    Contact(Box<Contact>),
    /// The keys as they are now.
    FunctionKeys(FunctionKeys),
    /// A photo.
    Photo(FetchedPhoto),
    /// Done, nothing to tell (ChangePassword, Resume, Probe, SignOut, Close, Candidates).
    Done,
}

/// Who signed in where.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedIn {
    /// The user.
    pub user: UserId,
    /// The internal number; a user of a SIP server may have none.
    pub extension: Option<Extension>,
    /// The display name.
    pub name: Redacted<String>,
    /// The server's product and version, for diagnosis.
    pub server: String,
    /// The mode; a server of another kind has none.
    pub mode: Option<Mode>,
    /// What this connection can do.
    pub capabilities: CapabilitySet,
    /// Which numbers share a conversation (CONV-4).
    pub grouping: ConversationGrouping,
    /// How numbers are dialled at the system's location, where that is known (NUM-1).
    pub dial_plan: Option<DialPlan>,
    /// The password must be changed first (CONN-4).
    pub must_change_password: bool,
    /// The licences that the user hasn't got; what needs them is not among the capabilities.
    pub missing_licences: Vec<Licence>,
    /// The kind of telephone that the number belongs to, where the server says it.
    pub phone: Option<PhoneKind>,
    /// The telephones of a MULAP's user, of which the client controls one (CONN-10); empty for everybody
    /// else, `None` where the server doesn't tell.
    pub assigned_phones: Option<Vec<AssignedPhone>>,
}

/// What the server keeps for the user, as of a revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AccountUpdate {
    /// Its revision.
    pub rev: Rev,
    /// All of it.
    pub account: Account,
}

/// What came of fetching a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchedPhoto {
    /// It still has the revision that was known.
    Unchanged,
    /// The user has none.
    None,
    /// The photo.
    Photo {
        /// Its revision.
        rev: Rev,
        /// The picture.
        photo: Photo,
    },
}

/// The user's whole state.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StateSnapshot {
    /// The event after which it holds.
    pub as_of: Cursor,
    /// The revision after which it holds.
    pub rev: Rev,
    /// What the server keeps for the user.
    pub account: AccountUpdate,
    /// Everybody's presence.
    pub presences: Vec<PresenceUpdate>,
    /// The calls that are not over.
    pub calls: Vec<CallUpdate>,
    /// The conversations.
    pub conversations: Vec<Conversation>,
    /// The contacts that the client keeps.
    pub contacts: Vec<KnownContact>,
    /// The favourites and their revision.
    pub favourites: (Rev, Favourites),
}

/// Somebody's presence, and what the telephone does where the server tells it (PRES-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresenceUpdate {
    /// Whose.
    pub user: UserId,
    /// As of.
    pub rev: Rev,
    /// The presence.
    pub presence: Presence,
    /// What the telephone does.
    pub line: Option<LineState>,
}

/// A call as the server has it now, with what media needs.
#[derive(Debug, Clone, PartialEq)]
pub struct CallUpdate {
    /// The call.
    pub call: Call,
    /// The far end's newest description.
    pub description: Option<SessionDescription>,
    /// The far end's candidates that came after it.
    pub candidates: Option<Candidates>,
    /// Whose sound is at the far end.
    pub far_end: FarEnd,
    /// Whether this client carries the call's sound.
    pub carried_here: bool,
    /// The restarted server waits for [`Service::Confirm`].
    pub unconfirmed: bool,
    /// The conference that this client mixes itself: calls of the same number, chosen at random, hear
    /// each other.
    pub conference: Option<u64>,
}

/// Whose sound is at the far end of a call: it becomes another's by a transfer or a conference, and
/// then this side's sound begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FarEnd {
    /// Counts up with each change; 0 for the one with whom the call began.
    pub number: u32,
    /// Whether this side makes the first offer to it; unused while `number` is 0.
    pub offers: bool,
    /// The newest round of offer and answer of the call; a new far end's rounds count on.
    pub generation: u32,
}

/// A service about an active and a held call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Beside {
    /// Alternate Call: the active call is held, the held one retrieved.
    Alternate,
    /// Reconnect Call: the active call ends, the held one is retrieved.
    Reconnect,
    /// Transfer Call: the others talk, without this user.
    Transfer,
    /// Conference Call: both become one call.
    Conference,
}

/// What a backend tells by itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BackendEvent {
    /// A change, at its place in the stream.
    Change {
        /// The position.
        cursor: Cursor,
        /// What changed.
        change: ServerChange,
    },
    /// The stream lives, nothing happened.
    Heartbeat,
    /// The server can't continue where we were: fetch the snapshot.
    Reset {
        /// The position to go on from, where the server names one.
        cursor: Option<Cursor>,
    },
    /// The far end of a call has pressed a key that came beside the sound.
    Digit {
        /// Which call.
        call: CallId,
        /// The key.
        digit: Redacted<char>,
    },
    /// An event that could not be read: counted, dropped, the session lives on.
    Undecodable,
    /// The stream is over.
    StreamEnded(BackendError),
    /// The server has ended the session: credentials are needed again.
    SessionEnded,
}

/// A change of the user's state.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ServerChange {
    /// Somebody's presence.
    Presence(PresenceUpdate),
    /// What the server keeps for the user.
    Account(Box<AccountUpdate>),
    /// A call is new, different or over.
    Call(Box<CallUpdate>),
    /// A conversation is new or different.
    Conversation(Box<Conversation>),
    /// A conversation is gone.
    ConversationDeleted {
        /// Which.
        id: ConversationId,
        /// As of.
        rev: Rev,
    },
    /// A contact that the client keeps is new or different.
    Contact(Box<KnownContact>),
    /// A contact that the client keeps is gone.
    ContactDeleted {
        /// Which.
        id: ContactId,
        /// As of.
        rev: Rev,
    },
    /// The favourites are these now.
    Favourites {
        /// As of.
        rev: Rev,
        /// All of them.
        favourites: Favourites,
    },
}

impl ServerChange {
    /// The revision after which it holds.
    pub fn rev(&self) -> Rev {
        match self {
            Self::Presence(update) => update.rev,
            Self::Account(update) => update.rev,
            Self::Call(update) => update.call.rev,
            Self::Conversation(conversation) => conversation.rev,
            Self::Contact(contact) => contact.rev,
            Self::ConversationDeleted { rev, .. }
            | Self::ContactDeleted { rev, .. }
            | Self::Favourites { rev, .. } => *rev,
        }
    }
}

/// Where a backend puts its events: bounded; a full sink makes the backend wait (and in the end
/// the server resynchronise), it never drops.
#[async_trait]
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Hands over one event of `link`.
    async fn deliver(&self, link: LinkId, event: BackendEvent);
}

/// The UC functions of one server.
///
/// Called from any task, several operations at once; links are independent of each other. An
/// operation whose future is dropped may or may not have reached the server. Every operation ends
/// within the phase time-outs of the wire contract.
#[async_trait]
pub trait Backend: Send + Sync + fmt::Debug {
    /// Carries out one operation. `sink` gets the events of a [`Operation::Subscribe`] for as long
    /// as its link lives.
    async fn execute(
        &self,
        operation: Operation,
        sink: &std::sync::Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError>;
}

/// Why an address gave no secured connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DialFailure {
    /// No such name.
    #[error("the server's name is not known: check its spelling and the network's name service")]
    NameNotFound,
    /// The port is closed.
    #[error(
        "nothing listens at this port: check the port (8802 is usual) and that the server runs"
    )]
    Refused,
    /// No answer at all.
    #[error(
        "the server doesn't answer: check the address, the network, the firewall and the proxy"
    )]
    Silent,
    /// Something answers, but not TLS.
    #[error("what answers at this port doesn't speak TLS: check the port (plain HTTP is not used)")]
    NotTls,
    /// TLS older than 1.2.
    #[error("the server only offers a TLS version older than 1.2: it must be updated")]
    TlsTooOld,
    /// The handshake failed.
    #[error("the secured connection could not be made: the server's TLS settings refuse us")]
    Tls,
    /// The HTTP proxy makes no connection.
    #[error(
        "the HTTP proxy makes no connection to the server: check the proxy's address, and whether \
         it admits the server and its port"
    )]
    Proxy,
    /// The network is not there.
    #[error("this computer has no route to the server: check that it is on a network")]
    NoRoute,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The address can't be reached.
    #[error(transparent)]
    Dial(#[from] DialFailure),
    /// Another connection of the same link presented another certificate.
    #[error(
        "the server has presented another certificate than a moment ago: sign in again and check it"
    )]
    CertificateChanged,
    /// User name or password are wrong.
    #[error("user name or password are wrong: check both; the user name is the internal number")]
    BadCredentials,
    /// The sign-in was refused for a reason that can't be read, as WSI gives it.
    #[error(
        "the server refused the sign-in and tells no reason that can be read: check user name and \
         password; if they are right, ask the administrator whether the account is locked, has its \
         initial password, or has no licence"
    )]
    SignInRefused,
    /// Too many wrong passwords.
    #[error("the account is locked after too many wrong passwords: ask the administrator")]
    AccountLocked,
    /// The user hasn't got a licence that this needs; which one, where the server says it.
    #[error("{}", no_licence_text(*.0))]
    NoLicence(Option<Licence>),
    /// The initial password has to be changed first.
    #[error("the initial password has to be changed before anything else")]
    PasswordChangeRequired,
    /// The session is not known (any more).
    #[error("the session has ended: sign in again")]
    NotSignedIn,
    /// The server doesn't offer this.
    #[error("this server doesn't offer that")]
    Unsupported,
    /// Something answers, but not as this kind of server.
    #[error("what answers there is no UC server that this version can use: check address and port")]
    NoUcx,
    /// No such thing.
    #[error("the server doesn't know it (any more)")]
    NotFound,
    /// Not allowed in the present state.
    #[error("this isn't possible in the present state")]
    WrongState,
    /// Both sides offered at the same time.
    #[error("both sides wanted to change the sound at the same time")]
    Glare,
    /// A value was refused.
    #[error("the server refused a value")]
    RefusedValue,
    /// The phone is answered at the phone only, as analogue and DECT phones are (CALL-11).
    #[error("this telephone can't be answered from here: lift its receiver")]
    AnsweredAtPhone,
    /// The telephone that is to be controlled is none of the user's (CONN-10).
    #[error("{}", AssignedPhoneError::NotAssigned)]
    NotAssigned,
    /// The other has no client that could receive it now.
    #[error("the other can't be reached now: send it again later, or call")]
    Undeliverable,
    /// As many as are possible are there.
    #[error("the server holds as many of these as it can: delete some first")]
    Full,
    /// A call could not be made.
    #[error("the call failed: {0}")]
    CallFailed(FailureCause),
    /// The connection broke.
    #[error("the connection to the server broke")]
    Broken {
        /// Whether it broke before the first byte of an answer.
        before_answer: bool,
    },
    /// No answer in time.
    #[error("the server didn't answer in time")]
    TimedOut,
    /// The answer can't be read.
    #[error("the server's answer can't be understood: its version may not fit this client")]
    Malformed,
    /// The answer was over a limit.
    #[error("the server's answer is too large")]
    TooLarge,
    /// Too busy or shutting down.
    #[error("the server is not available right now: try again soon")]
    Unavailable,
    /// The link is not known (closed).
    #[error("the connection was closed")]
    Closed,
}

fn no_licence_text(licence: Option<Licence>) -> String {
    let licence = licence.map_or_else(String::new, |licence| format!("{licence} "));
    format!("this user has no {licence}licence: ask the administrator to assign one")
}
