use thiserror::Error;

use crate::{ucx::DecodeError, xml::XmlError};

/// Why an answer of WSI can't be read. Positions are byte offsets; nothing of the content is
/// repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WsiError {
    /// The XML can't be read.
    #[error("the answer can't be read: {0}")]
    Xml(#[from] XmlError),
    /// Well formed, but something is missing or has another type. Names the place in our words.
    #[error("the answer isn't the expected one: {0}")]
    Shape(&'static str),
    /// The events are no JSON of the expected shape.
    #[error(transparent)]
    Json(#[from] DecodeError),
}
