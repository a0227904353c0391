use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use thiserror::Error;

use crate::limits::{MAX_QUERY_BYTES, MAX_QUERY_PARAMETERS};

/// A request of WSI as it stands in the URL: a command and its parameters, in order.
///
/// `Debug` shows the command and how many parameters there are: passwords, sessions and numbers are
/// among them.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    command: String,
    parameters: Vec<(String, String)>,
}

/// Why a path and query is no request of WSI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Another path.
    #[error("this is no path of the web services interface")]
    OtherPath,
    /// Longer than [`MAX_QUERY_BYTES`].
    #[error("the query has {0} bytes, more than the {MAX_QUERY_BYTES} that are allowed")]
    TooLong(usize),
    /// More than [`MAX_QUERY_PARAMETERS`] parameters.
    #[error("the query has more than {MAX_QUERY_PARAMETERS} parameters")]
    TooMany,
    /// A percent-encoding that isn't UTF-8.
    #[error("a parameter of the query is no UTF-8")]
    NotText,
    /// No `cmd`.
    #[error("the query names no command")]
    NoCommand,
}

impl Query {
    /// A request without parameters.
    pub fn new(command: &str) -> Self {
        Self {
            command: command.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// This request with one more parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command's name.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Whether the answer may be long in coming.
    pub fn is_long_poll(&self) -> bool {
        self.command == LONG_POLL
    }

    /// The first parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Path and query of the URL. The long poll is a path of its own.
    pub fn path(&self) -> String {
        let mut path = BASE.to_owned();
        let mut separator = '?';
        if self.command == LONG_POLL {
            path.push('/');
            path.push_str(LONG_POLL);
        } else {
            path.push_str("?cmd=");
            path.extend(encode(&self.command));
            separator = '&';
        }
        for (name, value) in &self.parameters {
            path.push(separator);
            path.extend(encode(name));
            path.push('=');
            path.extend(encode(value));
            separator = '&';
        }
        path
    }

    /// Reads path and query of a URL.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub fn parse(path: &str) -> Result<Self, QueryError> {
        if path.len() > MAX_QUERY_BYTES {
            return Err(QueryError::TooLong(path.len()));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let rest = path.strip_prefix(BASE).ok_or(QueryError::OtherPath)?;
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if parameters.len() == MAX_QUERY_PARAMETERS {
                return Err(QueryError::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            parameters.push((decode(name)?, decode(value)?));
        }
        let command = match rest.strip_prefix('/') {
            Some(LONG_POLL) => LONG_POLL.to_owned(),
            None if rest.is_empty() => {
                let at = parameters.iter().position(|(name, _)| name == "cmd");
                parameters.remove(at.ok_or(QueryError::NoCommand)?).1
            }
            _ => return Err(QueryError::OtherPath),
        };
        Ok(Self {
            command,
            parameters,
        })
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("command", &self.command)
            .field("parameters", &self.parameters.len())
            .finish()
    }
}

fn encode(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, ENCODED)
}

/// A plus is a space, as everywhere in CGI.
fn decode(text: &str) -> Result<String, QueryError> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    Ok(decoded.map_err(|_| QueryError::NotText)?.into_owned())
}

/// The path of the interface.
const BASE: &str = "/cgi-bin/gadgetapi";
/// The one command with a path of its own.
const LONG_POLL: &str = "GetEvents";
/// Everything but the unreserved characters (RFC 3986 §2.3) and the comma of lists, which was seen
/// as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',');
