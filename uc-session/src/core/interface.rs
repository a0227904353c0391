use std::time::Duration;

use uc_model::{
    Action, CallId, Contact, ContactId, Digits, Directory, EntryId, Extension, FunctionKey,
    FunctionKeys, ImportFormat, ImportReport, MessageText, PasswordChange, PhoneNumber, Presence,
    Redacted, Rev, Timestamp, UserId,
};

use crate::{
    cache::CacheError,
    client::Found,
    error::{CallError, EditError, MessageError, PasswordError, ServiceError, SignInError},
    events::Event,
    port::{
        BackendError, BackendEvent, Beside, Candidates, ContactFileBytes, Edit, FetchedPhoto,
        LinkId, MediaError, MediaEvent, MediaIntent, Operation, Outcome, ServerChange, SoundChange,
    },
};

/// Says which request a reply belongs to; chosen by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// Says which command a completion belongs to; chosen by the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// The sound of one call; chosen by the core before the call has an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaId(pub u64);

/// What the application asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Sign in.
    SignIn,
    /// Search the directories.
    Search {
        /// What was typed.
        query: Redacted<String>,
        /// The only directory to look into.
        directory: Option<Directory>,
        /// At most this many, 1 to 100.
        limit: u32,
    },
    /// Set the own presence.
    SetPresence(Presence),
    /// Change something of the user's own data.
    Edit(Edit),
    /// Import a file of contacts.
    ImportContacts {
        /// The file.
        file: ContactFileBytes,
        /// What it is.
        format: ImportFormat,
    },
    /// Write a message.
    SendMessage {
        /// The number of the user whom it is for.
        to: PhoneNumber,
        /// What.
        text: MessageText,
    },
    /// Send a failed message again.
    ResendMessage {
        /// The number of the user whom it is for.
        to: PhoneNumber,
        /// Which.
        message: EntryId,
    },
    /// Give a message up.
    DiscardMessage {
        /// The number of the user whom it is for.
        to: PhoneNumber,
        /// Which.
        message: EntryId,
    },
    /// Look one contact up.
    Contact(ContactId),
    /// Change the password.
    ChangePassword(PasswordChange),
    /// Fetch a user's photo.
    Photo {
        /// Whose.
        user: UserId,
        /// The revision that is known.
        known: Option<Rev>,
    },
    /// The keys of the desk phone.
    FunctionKeys,
    /// Program a key of the desk phone.
    ProgramKey {
        /// Which, counted from 1.
        number: u16,
        /// What it becomes.
        key: FunctionKey,
    },
    /// Make a call.
    Call {
        /// The number.
        to: PhoneNumber,
    },
    /// A service about a call.
    Act {
        /// Which call.
        call: CallId,
        /// What.
        action: Action,
    },
    /// Deflect Call.
    Deflect {
        /// Which call.
        call: CallId,
        /// The number; `None`: the mailbox.
        to: Option<PhoneNumber>,
    },
    /// Consultation Call.
    Consult {
        /// The call that is held.
        call: CallId,
        /// The number.
        to: PhoneNumber,
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
    /// Single Step Transfer Call.
    SingleStepTransfer {
        /// Which call.
        call: CallId,
        /// The number.
        to: PhoneNumber,
    },
    /// Directed Pickup Call.
    PickUp {
        /// The number at which it rings.
        number: PhoneNumber,
    },
    /// Whether calls shall go through the built-in client.
    SetVoip(bool),
    /// Cut the microphone off or on.
    Mute {
        /// Which call.
        call: CallId,
        /// Off?
        muted: bool,
    },
    /// Generate Digits.
    SendDigits {
        /// Which call.
        call: CallId,
        /// The keys.
        digits: Digits,
    },
    /// Control this one of the user's telephones, or the first.
    ControlPhone(Option<Extension>),
    /// The network has changed.
    NetworkChanged,
    /// Use another connection, however good the present one is.
    Reconnect,
    /// End everything.
    Shutdown {
        /// Also the session at the server.
        sign_out: bool,
    },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Of [`Request::SignIn`].
    SignIn(Result<(), SignInError>),
    /// Of [`Request::Search`].
    Search(Result<Found, ServiceError>),
    /// Of [`Request::SetPresence`].
    Presence(Result<(), ServiceError>),
    /// Of [`Request::Edit`] and [`Request::ControlPhone`]: what it changed.
    Edit(Result<Vec<ServerChange>, EditError>),
    /// Of [`Request::ImportContacts`].
    Import(Result<ImportReport, EditError>),
    /// Of the requests about messages: its identity.
    Message(Result<EntryId, MessageError>),
    /// Of [`Request::Contact`].
    Contact(Result<Contact, ServiceError>),
    /// Of [`Request::ChangePassword`].
    Password(Result<(), PasswordError>),
    /// Of [`Request::Photo`].
    Photo(Result<FetchedPhoto, ServiceError>),
    /// Of [`Request::FunctionKeys`] and [`Request::ProgramKey`]: the keys as they are now.
    FunctionKeys(Result<FunctionKeys, ServiceError>),
    /// Of [`Request::Call`], [`Request::Consult`] and [`Request::PickUp`].
    Call(Result<CallId, CallError>),
    /// Of the other requests about calls.
    Act(Result<(), CallError>),
}

/// What a core is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Nothing but that time has passed.
    Time,
    /// The application asks something.
    Request {
        /// Where the reply goes.
        ticket: Ticket,
        /// What.
        request: Request,
    },
    /// The reply that named a new call found nobody waiting for it.
    Unclaimed {
        /// The call.
        call: CallId,
    },
    /// Something has happened to the sound devices.
    Sound(SoundChange),
    /// A [`Command::Backend`] has ended.
    Completed {
        /// Which.
        id: CommandId,
        /// How.
        result: Result<Outcome, BackendError>,
    },
    /// A [`Command::Media`] has ended.
    MediaCompleted {
        /// Which.
        id: CommandId,
        /// How.
        result: Result<MediaOutcome, MediaError>,
    },
    /// A [`Command::Save`] has ended.
    Saved {
        /// Which.
        id: CommandId,
        /// How.
        result: Result<(), CacheError>,
    },
    /// The backend tells something.
    Backend {
        /// Over which link.
        link: LinkId,
        /// What.
        event: BackendEvent,
    },
    /// A call's sound tells something.
    Media {
        /// Whose.
        media: MediaId,
        /// What.
        event: MediaEvent,
    },
}

/// What a core asks of its driver.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Run this and tell what became of it.
    Command {
        /// Its number, for the completion.
        id: CommandId,
        /// What to run.
        command: Command,
    },
    /// Tell the application.
    Event(Event),
    /// Answer the application.
    Reply {
        /// Whom.
        ticket: Ticket,
        /// What; `None` where a request has no reply.
        reply: Option<Reply>,
    },
    /// Drained: come back with the next input, at the latest at this moment of the monotonic
    /// clock.
    Timeout(Duration, Why),
    /// Everything has ended; no input makes a difference any more.
    Stopped,
}

/// What a driver runs for a core.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// [`Backend::execute`](crate::port::Backend::execute).
    Backend(Operation),
    /// Keep the [view](super::Core::view)'s favourites and conversations for the next start.
    Save {
        /// When they were last known to be so.
        at: Timestamp,
    },
    /// Something of a call's sound. At most one command of one sound runs at a time, but for
    /// `Bind`, `Apply` and `Close`.
    Media {
        /// Whose.
        media: MediaId,
        /// What.
        command: MediaCommand,
    },
}

/// What is asked of a call's sound: the methods of [`MediaSession`](crate::port::MediaSession).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaCommand {
    /// Open the session.
    Open,
    /// Says whose sound this is, for figures; completes at once.
    Bind {
        /// The call.
        call: CallId,
    },
    /// Make an offer.
    Offer {
        /// With new ICE credentials.
        ice_restart: bool,
    },
    /// Take an offer, make the answer.
    AcceptOffer(Redacted<String>),
    /// Take an answer.
    AcceptAnswer(Redacted<String>),
    /// Forget the offer.
    RollBack,
    /// Add candidates.
    AddCandidates(Candidates),
    /// Send keys; completes once they are queued, beside other commands.
    SendDigits(Digits),
    /// Apply an intent; completes at once.
    Apply(MediaIntent),
    /// Close the session; also one that is being opened.
    Close,
}

/// What a media command gave.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaOutcome {
    /// Done, nothing to tell.
    Done,
    /// The offer or the answer.
    Description(Redacted<String>),
}

/// What a promised time-out is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Why {
    /// Nothing is awaited (before the sign-in).
    Never,
    /// The second address is tried.
    SecondAddress,
    /// The next attempt to reach the server.
    Reconnect,
    /// The server has been silent: it is probed.
    Probe,
    /// The probe must have been answered.
    ProbeAnswer,
    /// A command must have ended.
    Command,
    /// A request waits for another connection.
    Resend,
    /// The event that confirms a service must have come.
    Confirmation,
    /// The sound of a call must be connected.
    SoundConnected,
    /// An offer must have been answered, or is made again.
    Renegotiation,
    /// What is known is saved for the next start.
    Save,
    /// The shutdown goes on without what is missing.
    Shutdown,
}
