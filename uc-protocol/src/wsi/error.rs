use thiserror::Error;

use crate::{
    limits::{MAX_BODY_BYTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS},
    ucx::DecodeError,
};

/// Why an answer of WSI can't be read. Positions are byte offsets; nothing of the content is
/// repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WsiError {
    /// Longer than [`MAX_BODY_BYTES`].
    #[error("the answer has {0} bytes, more than the {MAX_BODY_BYTES} that are allowed")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("the answer is no UTF-8 at byte {0}")]
    NotText(usize),
    /// Not well-formed XML.
    #[error("the answer is no XML at byte {0}")]
    Syntax(usize),
    /// A document type or an entity that XML itself doesn't define: never expanded.
    #[error("the answer declares or uses entities of its own at byte {0}")]
    Entity(usize),
    /// Elements are nested deeper than [`MAX_XML_DEPTH`].
    #[error("the XML is nested deeper than {MAX_XML_DEPTH} levels at byte {0}")]
    TooDeep(usize),
    /// More than [`MAX_XML_ELEMENTS`] elements.
    #[error("the XML has more than {MAX_XML_ELEMENTS} elements at byte {0}")]
    TooMany(usize),
    /// Well formed, but something is missing or has another type. Names the place in our words.
    #[error("the answer isn't the expected one: {0}")]
    Shape(&'static str),
    /// The events are no JSON of the expected shape.
    #[error(transparent)]
    Json(#[from] DecodeError),
}
