use std::{fmt, sync::Arc};

/// What identifies a number however it is written: `+4989700798765` for `089 7007-98765` in
/// Munich, made by [`DialPlan::key`](crate::DialPlan::key). Extensions of a system without outside
/// number, emergency numbers and service codes keep their digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NumberKey(Arc<str>);

impl NumberKey {
    pub(crate) fn canonical(digits: &str) -> Self {
        Self(["+", digits].concat().into())
    }

    pub(crate) fn as_written(digits: &str) -> Self {
        Self(digits.into())
    }

    /// The key: in canonical form with a leading `+`, else digits, `*` and `#`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number is complete, so that it means the same everywhere.
    pub fn is_canonical(&self) -> bool {
        self.0.starts_with('+')
    }

    /// The key without its `+`.
    pub fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }
}

/// Shows only the number of digits.
impl fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NumberKey({} digits)", self.digits().len())
    }
}
