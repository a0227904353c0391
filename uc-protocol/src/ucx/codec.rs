use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::limits::{MAX_BODY_BYTES, MAX_JSON_DEPTH};

/// A body of UCX: JSON whose fields have limits.
pub trait Resource: Serialize + DeserializeOwned {
    /// The longest body, in bytes.
    const MAX_BYTES: usize = MAX_BODY_BYTES;

    /// Checks the lengths of the fields.
    ///
    /// # Errors
    /// The first field over its limit.
    fn check(&self) -> Result<(), FieldError>;
}

/// A field that is longer than the contract allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{field} holds {found}, more than the {limit} that are allowed")]
pub struct FieldError {
    /// The field's name on the wire.
    pub field: &'static str,
    /// Bytes or items found.
    pub found: usize,
    /// Bytes or items allowed.
    pub limit: usize,
}

/// Why a body can't be read. Positions are byte offsets; nothing of the content is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The body is longer than [`Resource::MAX_BYTES`].
    #[error("the body has {0} bytes, more than are allowed")]
    TooLarge(usize),
    /// Arrays and objects are nested deeper than [`MAX_JSON_DEPTH`].
    #[error("the JSON is nested deeper than {MAX_JSON_DEPTH} levels at byte {0}")]
    TooDeep(usize),
    /// The body ends in the middle.
    #[error("the JSON ends too early, at byte {0}")]
    Truncated(usize),
    /// The body is no JSON.
    #[error("the body is no JSON at byte {0}")]
    Syntax(usize),
    /// The JSON isn't the expected resource: a field is missing or has another type.
    #[error("the JSON isn't the expected resource at byte {0}")]
    Shape(usize),
    /// A field is over its limit.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Reads a resource from bytes of the network.
///
/// Size and nesting are checked before anything is built, without recursion, so that neither
/// 100 MB nor 10,000 brackets cost more than a look.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode<T: Resource>(bytes: &[u8]) -> Result<T, DecodeError> {
    let resource: T = decode_within(bytes, T::MAX_BYTES)?;
    resource.check()?;
    Ok(resource)
}

/// Reads JSON within the limits of size and nesting.
pub(crate) fn decode_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode_within(bytes, MAX_BODY_BYTES)
}

fn decode_within<T: DeserializeOwned>(bytes: &[u8], limit: usize) -> Result<T, DecodeError> {
    if bytes.len() > limit {
        return Err(DecodeError::TooLarge(bytes.len()));
    }
    check_depth(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| classify(bytes, &error))
}

/// Writes a resource. Checks nothing: what is over a limit is refused by the other side.
pub fn encode<T: Resource>(resource: &T) -> Vec<u8> {
    serde_json::to_vec(resource).expect("resources have text keys and plain values only")
}

/// Fails where brackets outside of strings are nested too deep.
fn check_depth(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (position, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' if depth == MAX_JSON_DEPTH => return Err(DecodeError::TooDeep(position)),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn classify(bytes: &[u8], error: &serde_json::Error) -> DecodeError {
    use serde_json::error::Category;
    let position = offset(bytes, error.line(), error.column());
    match error.classify() {
        Category::Eof => DecodeError::Truncated(bytes.len()),
        Category::Syntax => DecodeError::Syntax(position),
        Category::Data | Category::Io => DecodeError::Shape(position),
    }
}

/// The byte offset of a line and column, both counted from 1 (column 0: nothing of the line read).
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => bytes
            .iter()
            .enumerate()
            .filter(|(_, b)| **b == b'\n')
            .nth(breaks)
            .map_or(bytes.len(), |(index, _)| index + 1),
    };
    (start + column.saturating_sub(1)).min(bytes.len())
}

#[cfg(test)]
mod tests;
