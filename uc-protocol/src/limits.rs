//! The limits of the UCX contract, of WSI and of SIP, enforced by both sides.

/// Longest request or answer body, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// Longest answer that holds the whole of something, in bytes: the state, the personal contacts, the
/// report on an import (our choice: 3,000 contacts, each with as much as it may hold).
pub const MAX_STATE_BYTES: usize = 32 * 1024 * 1024;
/// Longest file of contacts, in bytes.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;
/// Longest header section, in bytes.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Most licences that a sign-in says are missing.
pub const MAX_LICENCES: usize = 16;
/// Telephones of a MULAP's user.
pub const MAX_ASSIGNED_PHONES: usize = 16;
/// Deepest nesting of JSON.
pub const MAX_JSON_DEPTH: usize = 32;
/// Longest name, note or display text, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024;
/// Longest identifier, in bytes.
pub const MAX_ID_BYTES: usize = 128;
/// Longest telephone number, in bytes.
pub const MAX_NUMBER_BYTES: usize = 256;
/// Most contacts in one answer to a search.
pub const MAX_CONTACTS: usize = 100;
/// Most numbers of a contact.
pub const MAX_CONTACT_NUMBERS: usize = 16;
/// Most personal contacts, with room for favourites of other directories (the manual: 3,000).
pub const MAX_KNOWN_CONTACTS: usize = 4096;
/// Most lines in one list of a report on an import (our choice).
pub const MAX_REPORT_LINES: usize = 100_000;
/// Longest instant message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4096;
/// Most groups of favourites.
pub const MAX_GROUPS: usize = 100;
/// Most favourites in all groups together.
pub const MAX_FAVOURITES: usize = 1000;
/// Most conversations in the state.
pub const MAX_CONVERSATIONS: usize = 512;
/// Most users whose presence is told, and most calls (our choice).
pub const MAX_USERS: usize = 16_384;
/// Most entries of a conversation in one answer.
pub const MAX_CONVERSATION_ENTRIES: usize = 100;
/// Most changes in one answer (our choice: as many conversations as a client is told of, twice).
pub const MAX_CHANGES: usize = 1024;
/// Longest text of a user's settings, in bytes.
pub const MAX_SETTINGS_BYTES: usize = 8 * 1024;
/// Largest file of a photo, in bytes.
pub const MAX_PHOTO_BYTES: usize = 512 * 1024;
/// Numbers of the redial list.
pub const MAX_REDIAL: usize = 10;
/// Targets of forwarding in an account: one for each presence state.
pub const MAX_FORWARDING: usize = 11;
/// Keys of a telephone with its modules.
pub const MAX_KEYS: usize = 500;
/// Bytes of a key's label or function's name: 64 characters.
pub const MAX_KEY_TEXT_BYTES: usize = 256;
/// Most emergency numbers of a location.
pub const MAX_EMERGENCY_NUMBERS: usize = 16;
/// Longest ICE candidate, in bytes.
pub const MAX_CANDIDATE_BYTES: usize = 1024;
/// Longest session description, in bytes.
pub const MAX_SDP_BYTES: usize = 64 * 1024;
/// Most others in a conference that a call lists.
pub const MAX_MEMBERS: usize = 16;
/// Most ICE candidates of one side and generation.
pub const MAX_CANDIDATES: usize = 64;
/// Longest event of the event stream, in bytes.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;
/// Seconds between two comments of the server in an event stream without events.
pub const HEARTBEAT_S: u64 = 10;
/// Seconds of silence after which the client probes.
pub const PROBE_AFTER_S: u64 = 15;
/// Seconds for which a server keeps an idempotency key.
pub const IDEMPOTENCY_S: u64 = 24 * 3600;
/// Seconds for which a restarted server waits for a client to confirm its side of a call.
pub const CONFIRM_S: u64 = 30;
/// Deepest nesting of WSI's XML (our choice: what was seen has three levels).
pub const MAX_XML_DEPTH: usize = 16;
/// Most elements of an XML document (our choice: 1,000 people with their presence take 3,001).
pub const MAX_XML_ELEMENTS: usize = 16_384;
/// Longest path and query of a WSI request, in bytes (our choice: an eighth of the header section).
pub const MAX_QUERY_BYTES: usize = 8 * 1024;
/// Most parameters of a WSI request (our choice: what was seen has four).
pub const MAX_QUERY_PARAMETERS: usize = 32;
/// Most events in one answer of WSI's long poll (our choice).
pub const MAX_WSI_EVENTS: usize = 1024;
/// Longest SIP message, in bytes: as much as a UDP datagram can hold (RFC 3261 §18.1.1).
pub const MAX_SIP_BYTES: usize = 65_535;
/// Most header fields of a SIP message (our choice: a dozen hops with three each leave room).
pub const MAX_SIP_HEADERS: usize = 256;
/// Longest line of a SIP message's head, unfolded, in bytes (our choice: a signed identity, RFC 8224,
/// has some 1,500).
pub const MAX_SIP_LINE_BYTES: usize = 8 * 1024;
/// Most bytes of a SIP stream that wait to be taken as messages (our choice: four messages).
pub const MAX_SIP_BACKLOG_BYTES: usize = 4 * MAX_SIP_BYTES;
