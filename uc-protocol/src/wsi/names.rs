use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

macro_rules! names {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// A name of WSI that no public source proves: inferred from ECMA-323 or from the shape of
        /// what was seen.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Name {
            $($(#[doc = $doc])* $name,)*
        }

        impl Name {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is assumed unless an application says otherwise.
            pub const fn assumed(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

names! {
    /// `AnswerCall`: which connection (ECMA-323 §15.1.3).
    CallToBeAnswered = "callToBeAnswered";
    /// `ClearConnection`: which connection.
    ConnectionToBeCleared = "connectionToBeCleared";
    /// `HoldCall`: which connection.
    CallToBeHeld = "callToBeHeld";
    /// `RetrieveCall`: which connection.
    CallToBeRetrieved = "callToBeRetrieved";
    /// Between a connection's parameter and its part, as in `callToBeHeld.callID`.
    PartSeparator = ".";
    /// The call of a connection, in parameters, answers and events.
    CallId = "callID";
    /// The device of a connection, in parameters.
    ConnectionDevice = "deviceID";
    /// `GetDeviceState`: which device.
    StateDevice = "device";
    /// `GetDeviceState`'s answer: one call.
    StateCall = "call";
    /// The calling device of a call, in answers and events.
    CallingDevice = "callingDevice";
    /// The called device of a call, in answers and events.
    CalledDevice = "calledDevice";
    /// `GetDeviceState`'s answer: the device's own connection state.
    LocalState = "localConnectionInfo";
    /// `GetDeviceState`'s answer: the other side's connection state.
    FarState = "farConnectionInfo";
    /// Connection state (ECMA-323 §9.20): placing a call.
    Initiated = "initiated";
    /// Connection state: ringing.
    Alerting = "alerting";
    /// Connection state: taking part.
    Connected = "connected";
    /// Connection state: on hold.
    Hold = "hold";
    /// Connection state: waiting.
    Queued = "queued";
    /// Connection state: failed.
    Fail = "fail";
    /// Connection state: none.
    Null = "null";
    /// The event of a call that is put on hold.
    HeldEvent = "HeldEvent";
    /// The event of a call that is taken off hold.
    RetrievedEvent = "RetrievedEvent";
    /// `HeldEvent`: who holds.
    HoldingDevice = "holdingDevice";
    /// `RetrievedEvent`: who retrieves.
    RetrievingDevice = "retrievingDevice";
    /// `ConnectionClearedEvent`: who hangs up.
    ReleasingDevice = "releasingDevice";
    /// Why an event happened.
    Cause = "cause";
    /// Cause (ECMA-323 §9.8): a normal end.
    CauseNormal = "normalClearing";
    /// Cause: the other is busy.
    CauseBusy = "busy";
    /// Cause: the other refused.
    CauseRejected = "callRejected";
    /// Cause: nobody answered.
    CauseNotAnswered = "callNotAnswered";
    /// Cause: the caller gave up.
    CauseCancelled = "callCancelled";
    /// Cause: nobody has this number.
    CauseUnallocated = "numberUnallocated";
    /// Cause: the other can't be reached.
    CauseNotObtainable = "destNotObtainable";
    /// Cause: somebody else took the call.
    CauseElsewhere = "answeredElsewhere";
    /// `CSTAErrorCode`: no such number.
    ErrorNumber = "invalidCalledDeviceID";
    /// `CSTAErrorCode`: no such call.
    ErrorCall = "invalidConnectionID";
    /// `CSTAErrorCode`: not in this state.
    ErrorState = "invalidConnectionState";
    /// `CSTAErrorCode`: the other is busy.
    ErrorBusy = "destinationBusy";
    /// `CSTAErrorCode`: the other can't be reached.
    ErrorUnreachable = "deviceOutOfService";
    /// `PresenceEvent`: the list inside `jsonEvent`, as in `HookEvent`.
    PresenceList = "PresenceEvent";
    /// `PresenceEvent`: whose.
    PresenceEventUser = "user";
    /// `PresenceEvent`: 1 to 9, as in `SetPresence`.
    PresenceEventState = "presence";
    /// `GetPresenceXML`'s answer: one person.
    PresencePerson = "USER";
    /// `GetPresenceXML`'s answer: whose.
    PresencePersonId = "ID";
    /// `GetPresenceXML`'s answer: 1 to 9.
    PresencePersonState = "PRESENCE";
    /// `PhBookSearch`: what is searched.
    BookSearch = "search";
    /// `PhBookSearch`: at most this many.
    BookLimit = "max";
    /// `PhBookSearch`'s answer: one entry.
    BookEntry = "ENTRY";
    /// `PhBookSearch`'s answer: there are more.
    BookMore = "MORE";
    /// An entry's identity.
    BookId = "ID";
    /// An entry's first name.
    BookFirstName = "FIRSTNAME";
    /// An entry's last name.
    BookLastName = "LASTNAME";
    /// An entry's e-mail address.
    BookEmail = "EMAIL";
    /// An entry's internal number, which is also its user.
    BookExtension = "EXTENSION";
    /// An entry's business number.
    BookBusiness = "BUSINESS";
    /// An entry's mobile number.
    BookMobile = "MOBILE";
    /// An entry's private number.
    BookPrivate = "PRIVATE";
}

/// The table of what is inferred, with what an application knows better.
///
/// Unverified: no real system was at hand. A name that turns out to be wrong is put right here,
/// without another version of this crate.
///
/// ```
/// use uc_protocol::wsi::{Name, Names};
///
/// let names = Names::default().with(Name::StateDevice, "deviceObject");
/// assert_eq!(names.of(Name::StateDevice), "deviceObject");
/// assert_eq!(names.of(Name::CallId), "callID");
/// ```
///
/// It remembers which names were used, so that a diagnosis can say what a connection relies on. A
/// clone remembers for itself.
#[derive(Debug, Default)]
pub struct Names {
    overridden: BTreeMap<Name, Cow<'static, str>>,
    /// One bit for each name that was used.
    used: AtomicU64,
}

const _: () = assert!(Name::ALL.len() <= 64, "each name has its bit");

impl Clone for Names {
    fn clone(&self) -> Self {
        Self {
            overridden: self.overridden.clone(),
            used: AtomicU64::new(self.used.load(Ordering::Relaxed)),
        }
    }
}

/// The same table, whatever was used of it.
impl PartialEq for Names {
    fn eq(&self, other: &Self) -> bool {
        self.overridden == other.overridden
    }
}

impl Eq for Names {}

impl Names {
    /// This table with another text for `name`.
    #[must_use]
    pub fn with(mut self, name: Name, text: impl Into<Cow<'static, str>>) -> Self {
        self.overridden.insert(name, text.into());
        self
    }

    /// The text of `name`.
    pub fn of(&self, name: Name) -> &str {
        self.note(name);
        self.text_of(name)
    }

    /// The assumptions that were used so far: written, or looked for in what came.
    pub fn relied_on(&self) -> impl Iterator<Item = Name> {
        let used = self.used.load(Ordering::Relaxed);
        let names = Name::ALL.iter().copied();
        names.filter(move |name| used & bit(*name) != 0 && !self.is_overridden(*name))
    }

    fn text_of(&self, name: Name) -> &str {
        match self.overridden.get(&name) {
            Some(text) => text,
            None => name.assumed(),
        }
    }

    fn note(&self, name: Name) {
        self.used.fetch_or(bit(name), Ordering::Relaxed);
    }

    /// Whether an application has said what `name` is.
    pub fn is_overridden(&self, name: Name) -> bool {
        self.overridden.contains_key(&name)
    }

    /// Which of these names `text` is.
    pub(super) fn find<T: Copy>(&self, text: &str, known: &[(Name, T)]) -> Option<T> {
        let found = known.iter().find(|(name, _)| self.text_of(*name) == text);
        found.map(|(name, value)| {
            self.note(*name);
            *value
        })
    }

    /// The text for `value`, which stands in `known`.
    pub(super) fn text<T: PartialEq>(&self, value: &T, known: &[(Name, T)]) -> &str {
        let found = known.iter().find(|(_, known)| known == value);
        found.map_or("", |(name, _)| self.of(*name))
    }
}

const fn bit(name: Name) -> u64 {
    1 << name as u8
}
