//! The paths of UCX, built and read in one place, so that client and server can't disagree about
//! percent-encoding (RFC 3986 §2.1).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::Directory;
use crate::limits::{MAX_BODY_BYTES, MAX_STATE_BYTES};

/// What a request is about: a path of UCX, with its parameters decoded.
///
/// ```
/// use uc_protocol::ucx::paths::{CallService, Route};
///
/// let route = Route::CallService("a/1".into(), CallService::Hold);
/// assert_eq!(route.path(), "/uc/v1/calls/a%2F1/hold");
/// assert_eq!(Route::parse("/uc/v1/calls/a%2F1/hold"), Some(route));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// `/uc/v1/hello`
    Hello,
    /// `/uc/v1/session`
    Session,
    /// `/uc/v1/snapshot`
    Snapshot,
    /// `/uc/v1/events?calls=…&phone=…`
    Events(EventsQuery),
    /// `/uc/v1/directory?q=…&limit=…`
    Directory(DirectoryQuery),
    /// `/uc/v1/directory/{id}`
    DirectoryEntry(String),
    /// `/uc/v1/contacts`
    Contacts,
    /// `/uc/v1/contacts/{id}`
    Contact(String),
    /// `/uc/v1/contact-imports?format=…&encoding=…`
    ContactImports(FileFormat),
    /// `/uc/v1/favourites`
    Favourites,
    /// `/uc/v1/messages`
    Messages,
    /// `/uc/v1/me`
    Me,
    /// `/uc/v1/me/presence`
    MyPresence,
    /// `/uc/v1/me/visibility`
    MyVisibility,
    /// `/uc/v1/me/profile`
    MyProfile,
    /// `/uc/v1/me/settings`
    MySettings,
    /// `/uc/v1/me/photo`
    MyPhoto,
    /// `/uc/v1/me/password`
    MyPassword,
    /// `/uc/v1/me/call-me`
    MyCallMe,
    /// `/uc/v1/me/forwarding`
    MyForwarding,
    /// `/uc/v1/me/dial-method`
    MyDialMethod,
    /// `/uc/v1/me/keys`
    MyKeys,
    /// `/uc/v1/me/keys/{number}`, counted from 1
    MyKey(u16),
    /// `/uc/v1/users/{id}/photo`
    UserPhoto(String),
    /// `/uc/v1/calls`
    Calls,
    /// `/uc/v1/calls/{id}`
    Call(String),
    /// `/uc/v1/calls/{id}/{service}`
    CallService(String, CallService),
    /// `/uc/v1/pickups`
    Pickups,
    /// `/uc/v1/conversations`
    Conversations,
    /// `/uc/v1/conversations/{id}`
    Conversation(String),
    /// `/uc/v1/conversations/{id}/read`
    ConversationRead(String),
    /// `/uc/v1/conversations/{id}/received`
    ConversationReceived(String),
    /// `/uc/v1/conversations/{id}/entries/{entry}`
    ConversationEntry(String, String),
}

/// What a client says of itself as it opens its event stream.
#[derive(Clone, PartialEq, Eq)]
pub struct EventsQuery {
    /// Whether calls with sound may ring at this client. Default: they may.
    pub calls: bool,
    /// The telephone that it controls, one of the user's assigned ones (CONN-10); the first of them
    /// where it is absent.
    pub phone: Option<String>,
}

/// Hides the number.
impl std::fmt::Debug for EventsQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventsQuery")
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

/// The parameters of a directory search.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// What the person typed.
    pub q: String,
    /// Most matches wanted: 1 to 100; 20 where it is absent.
    pub limit: Option<u8>,
    /// The only directory to look into.
    pub directory: Option<Directory>,
}

/// What kind of file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileFormat {
    /// Comma-separated values in UTF-8.
    CsvUtf8,
    /// Comma-separated values in Windows-1252.
    CsvWindows1252,
    /// Comma-separated values in UTF-16.
    CsvUtf16,
    /// XML in UTF-8.
    Xml,
}

impl FileFormat {
    /// Every format.
    pub const ALL: [Self; 4] = [
        Self::CsvUtf8,
        Self::CsvWindows1252,
        Self::CsvUtf16,
        Self::Xml,
    ];

    /// The value of `format`.
    const fn name(self) -> &'static str {
        match self {
            Self::CsvUtf8 => "csv-utf-8",
            Self::CsvWindows1252 => "csv-windows-1252",
            Self::CsvUtf16 => "csv-utf-16",
            Self::Xml => "xml",
        }
    }

    fn parse(query: &str) -> Option<Self> {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, format) = pairs.find(|(name, _)| *name == "format")?;
        Self::ALL.into_iter().find(|known| known.name() == format)
    }
}

/// Shows nothing of what was typed: it is usually a name.
impl std::fmt::Debug for DirectoryQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DirectoryQuery")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// A sub-resource of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallService {
    /// Answer Call.
    Answer,
    /// Clear Connection: hang up, reject or cancel.
    Clear,
    /// Hold Call.
    Hold,
    /// Retrieve Call.
    Retrieve,
    /// Deflect Call.
    Deflect,
    /// Consultation Call.
    Consult,
    /// Alternate Call.
    Alternate,
    /// Reconnect Call.
    Reconnect,
    /// Transfer Call.
    Transfer,
    /// Single Step Transfer Call.
    SingleStepTransfer,
    /// Conference Call.
    Conference,
    /// A further offer or answer.
    Description,
    /// Trickled candidates.
    Candidates,
    /// The call still runs on this side, after a restart of the server.
    Confirm,
}

impl CallService {
    /// Every service.
    pub const ALL: [Self; 14] = [
        Self::Answer,
        Self::Clear,
        Self::Hold,
        Self::Retrieve,
        Self::Deflect,
        Self::Consult,
        Self::Alternate,
        Self::Reconnect,
        Self::Transfer,
        Self::SingleStepTransfer,
        Self::Conference,
        Self::Description,
        Self::Candidates,
        Self::Confirm,
    ];

    fn of_segment(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.segment() == text)
    }

    /// The last segment of the path.
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Clear => "clear",
            Self::Hold => "hold",
            Self::Retrieve => "retrieve",
            Self::Deflect => "deflect",
            Self::Consult => "consult",
            Self::Alternate => "alternate",
            Self::Reconnect => "reconnect",
            Self::Transfer => "transfer",
            Self::SingleStepTransfer => "single-step-transfer",
            Self::Conference => "conference",
            Self::Description => "description",
            Self::Candidates => "candidates",
            Self::Confirm => "confirm",
        }
    }
}

impl Route {
    /// The path and query of the request line.
    pub fn path(&self) -> String {
        match self {
            Self::Hello => "/uc/v1/hello".into(),
            Self::Session => "/uc/v1/session".into(),
            Self::Snapshot => "/uc/v1/snapshot".into(),
            Self::Events(query) => query.path(),
            Self::Directory(query) => query.path(),
            Self::DirectoryEntry(id) => format!("/uc/v1/directory/{}", encode(id)),
            Self::Contacts => "/uc/v1/contacts".into(),
            Self::Contact(id) => format!("/uc/v1/contacts/{}", encode(id)),
            Self::ContactImports(format) => {
                format!("/uc/v1/contact-imports?format={}", format.name())
            }
            Self::Favourites => "/uc/v1/favourites".into(),
            Self::Messages => "/uc/v1/messages".into(),
            Self::ConversationReceived(id) => {
                format!("/uc/v1/conversations/{}/received", encode(id))
            }
            Self::Me => "/uc/v1/me".into(),
            Self::MyPresence => "/uc/v1/me/presence".into(),
            Self::MyVisibility => "/uc/v1/me/visibility".into(),
            Self::MyProfile => "/uc/v1/me/profile".into(),
            Self::MySettings => "/uc/v1/me/settings".into(),
            Self::MyPhoto => "/uc/v1/me/photo".into(),
            Self::MyPassword => "/uc/v1/me/password".into(),
            Self::MyCallMe => "/uc/v1/me/call-me".into(),
            Self::MyForwarding => "/uc/v1/me/forwarding".into(),
            Self::MyDialMethod => "/uc/v1/me/dial-method".into(),
            Self::MyKeys => "/uc/v1/me/keys".into(),
            Self::MyKey(number) => format!("/uc/v1/me/keys/{number}"),
            Self::UserPhoto(user) => format!("/uc/v1/users/{}/photo", encode(user)),
            Self::Calls => "/uc/v1/calls".into(),
            Self::Call(id) => format!("/uc/v1/calls/{}", encode(id)),
            Self::CallService(id, service) => {
                format!("/uc/v1/calls/{}/{}", encode(id), service.segment())
            }
            Self::Pickups => "/uc/v1/pickups".into(),
            Self::Conversations => "/uc/v1/conversations".into(),
            Self::Conversation(id) => format!("/uc/v1/conversations/{}", encode(id)),
            Self::ConversationRead(id) => format!("/uc/v1/conversations/{}/read", encode(id)),
            Self::ConversationEntry(id, entry) => {
                let (id, entry) = (encode(id), encode(entry));
                format!("/uc/v1/conversations/{id}/entries/{entry}")
            }
        }
    }

    /// The longest good answer, in bytes.
    pub const fn most_answer_bytes(&self) -> usize {
        match self {
            Self::Snapshot | Self::Conversations | Self::Contacts | Self::ContactImports(_) => {
                MAX_STATE_BYTES
            }
            _ => MAX_BODY_BYTES,
        }
    }

    /// Reads the path and query of a request line; `None` where UCX has no such path.
    pub fn parse(path_and_query: &str) -> Option<Self> {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let segments = path.strip_prefix("/uc/v1/")?.splitn(MOST_SEGMENTS + 1, '/');
        let segments: Vec<&str> = segments.collect();
        let route = match segments[..] {
            ["hello"] => Self::Hello,
            ["session"] => Self::Session,
            ["snapshot"] => Self::Snapshot,
            ["events"] => Self::Events(EventsQuery::parse(query)?),
            ["directory"] => Self::Directory(DirectoryQuery::parse(query)?),
            ["directory", id] => Self::DirectoryEntry(segment(id)?),
            ["contacts"] => Self::Contacts,
            ["contacts", id] => Self::Contact(segment(id)?),
            ["contact-imports"] => Self::ContactImports(FileFormat::parse(query)?),
            ["favourites"] => Self::Favourites,
            ["messages"] => Self::Messages,
            ["conversations", id, "received"] => Self::ConversationReceived(segment(id)?),
            ["me"] => Self::Me,
            ["me", own] => Self::own(own)?,
            ["me", "keys", number] => Self::MyKey(number.parse().ok()?),
            ["users", user, "photo"] => Self::UserPhoto(segment(user)?),
            ["calls"] => Self::Calls,
            ["calls", id] => Self::Call(segment(id)?),
            ["calls", id, service] => {
                Self::CallService(segment(id)?, CallService::of_segment(service)?)
            }
            ["pickups"] => Self::Pickups,
            ["conversations"] => Self::Conversations,
            ["conversations", id] => Self::Conversation(segment(id)?),
            ["conversations", id, "read"] => Self::ConversationRead(segment(id)?),
            ["conversations", id, "entries", entry] => {
                Self::ConversationEntry(segment(id)?, segment(entry)?)
            }
            _ => return None,
        };
        Some(route)
    }

    /// The methods that the path knows, as an `Allow` header lists them (RFC 9110 §10.2.1).
    pub const fn allow(&self) -> &'static str {
        match self {
            Self::Session => "POST, DELETE",
            Self::Hello
            | Self::Snapshot
            | Self::Events(_)
            | Self::Directory(_)
            | Self::DirectoryEntry(_)
            | Self::Me
            | Self::MyKeys
            | Self::UserPhoto(_)
            | Self::Call(_) => "GET",
            Self::MyPresence
            | Self::MyVisibility
            | Self::MyProfile
            | Self::MySettings
            | Self::MyPassword
            | Self::MyCallMe
            | Self::MyForwarding
            | Self::MyDialMethod
            | Self::MyKey(_) => "PUT",
            Self::MyPhoto => "PUT, DELETE",
            Self::Calls
            | Self::CallService(..)
            | Self::Pickups
            | Self::ContactImports(_)
            | Self::Messages
            | Self::ConversationRead(_)
            | Self::ConversationReceived(_) => "POST",
            Self::Contacts | Self::Favourites => "GET, POST",
            Self::Contact(_) => "PUT, DELETE",
            Self::Conversations => "GET, DELETE",
            Self::Conversation(_) | Self::ConversationEntry(..) => "DELETE",
        }
    }

    fn own(name: &str) -> Option<Self> {
        Some(match name {
            "presence" => Self::MyPresence,
            "visibility" => Self::MyVisibility,
            "profile" => Self::MyProfile,
            "settings" => Self::MySettings,
            "photo" => Self::MyPhoto,
            "password" => Self::MyPassword,
            "call-me" => Self::MyCallMe,
            "forwarding" => Self::MyForwarding,
            "dial-method" => Self::MyDialMethod,
            "keys" => Self::MyKeys,
            _ => return None,
        })
    }
}

impl EventsQuery {
    fn path(&self) -> String {
        let calls = (!self.calls).then(|| "calls=false".to_owned());
        let phone = self.phone.as_ref();
        let phone = phone.map(|number| format!("phone={}", encode(number)));
        let pairs: Vec<_> = calls.into_iter().chain(phone).collect();
        match pairs.is_empty() {
            true => "/uc/v1/events".to_owned(),
            false => format!("/uc/v1/events?{}", pairs.join("&")),
        }
    }

    /// `None` if `calls` is neither yes nor no.
    fn parse(query: &str) -> Option<Self> {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "calls" => parsed.calls = value.parse().ok()?,
                "phone" => parsed.phone = Some(decode(value)?),
                _ => {}
            }
        }
        Some(parsed)
    }
}

impl Default for EventsQuery {
    fn default() -> Self {
        Self {
            calls: true,
            phone: None,
        }
    }
}

impl DirectoryQuery {
    fn path(&self) -> String {
        let mut path = format!("/uc/v1/directory?q={}", encode(&self.q));
        if let Some(limit) = self.limit {
            path.push_str(&format!("&limit={limit}"));
        }
        if let Some(directory) = self.directory {
            path.push_str(&format!("&in={}", directory.name()));
        }
        path
    }

    fn parse(query: &str) -> Option<Self> {
        let mut parsed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "q" => parsed.q = decode(&value.replace('+', " "))?,
                "limit" => parsed.limit = Some(value.parse().ok()?),
                "in" => parsed.directory = Some(Directory::of_name(value)?),
                _ => {}
            }
        }
        Some(parsed)
    }
}

fn segment(text: &str) -> Option<String> {
    decode(text).filter(|id| !id.is_empty())
}

fn encode(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, RESERVED).into()
}

fn decode(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Segments of the longest path.
const MOST_SEGMENTS: usize = 4;

/// Everything but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn routes() -> impl Strategy<Value = Route> {
        let service = proptest::sample::select(CallService::ALL.to_vec());
        let directory = proptest::sample::select(Directory::ALL.to_vec());
        let directory = proptest::option::of(directory);
        prop_oneof![
            proptest::sample::select(vec![
                Route::Hello,
                Route::Session,
                Route::Snapshot,
                Route::Me,
                Route::MyPresence,
                Route::MyVisibility,
                Route::MyProfile,
                Route::MySettings,
                Route::MyPhoto,
                Route::MyPassword,
                Route::MyCallMe,
                Route::MyForwarding,
                Route::MyDialMethod,
                Route::MyKeys,
                Route::Calls,
                Route::Pickups,
                Route::Conversations,
                Route::Contacts,
                Route::Favourites,
                Route::Messages,
            ]),
            any::<u16>().prop_map(Route::MyKey),
            (".*", proptest::option::of(1..=100_u8), directory).prop_map(
                |(q, limit, directory)| {
                    Route::Directory(DirectoryQuery {
                        q,
                        limit,
                        directory,
                    })
                }
            ),
            (any::<bool>(), proptest::option::of(".+"))
                .prop_map(|(calls, phone)| Route::Events(EventsQuery { calls, phone })),
            ".+".prop_map(Route::DirectoryEntry),
            ".+".prop_map(Route::Contact),
            proptest::sample::select(FileFormat::ALL.to_vec()).prop_map(Route::ContactImports),
            ".+".prop_map(Route::Call),
            ".+".prop_map(Route::UserPhoto),
            (".+", service).prop_map(|(id, service)| Route::CallService(id, service)),
            ".+".prop_map(Route::Conversation),
            ".+".prop_map(Route::ConversationRead),
            ".+".prop_map(Route::ConversationReceived),
            (".+", ".+").prop_map(|(id, entry)| Route::ConversationEntry(id, entry)),
        ]
    }

    proptest! {
        #[test]
        fn every_route_survives_its_path(route in routes()) {
            let path = route.path();
            prop_assert!(path.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(Route::parse(&path), Some(route));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = Route::parse(&text);
        }
    }

    #[test]
    fn unknown_and_longer_paths_are_no_routes() {
        for path in [
            "",
            "/",
            "/uc/v1/",
            "/uc/v2/hello",
            "/uc/v1/hello/x",
            "/uc/v1/calls/",
            "/uc/v1/calls/1/dance",
            "/uc/v1/calls/1/hold/x",
            "/uc/v1/calls/%FF",
            "/uc/v1/conversations/1/entries",
            "/uc/v1/conversations/1/entries/2/3",
            "/uc/v1/conversations/1/entries/2/",
            "/uc/v1/directory?q=a&limit=300",
            "/uc/v1/directory?q=a&in=elsewhere",
            "/uc/v1/contact-imports",
            "/uc/v1/contact-imports?format=doc",
        ] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_plus_in_a_query_is_a_space() {
        let route = Route::parse("/uc/v1/directory?q=anna+m%C3%BCller&unknown=1");
        let query = DirectoryQuery {
            q: "anna müller".into(),
            ..DirectoryQuery::default()
        };
        assert_eq!(route, Some(Route::Directory(query)));
    }
}
