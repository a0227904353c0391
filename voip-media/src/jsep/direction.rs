/// Which way sound flows, seen from the side that says it (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    /// What this side can do.
    pub(crate) const fn of(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether this side sends.
    pub(crate) const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether this side receives.
    pub(crate) const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What is left of ours when the far side says `remote` (RFC 3264 §6.1).
    pub(crate) const fn limited_by(self, remote: Self) -> Self {
        Self::of(
            self.sends() && remote.receives(),
            self.receives() && remote.sends(),
        )
    }

    /// What is left of it for who takes no packets.
    pub(crate) const fn deaf(self) -> Self {
        Self::of(self.sends(), false)
    }

    /// The attribute's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// From the attribute's name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::SendRecv,
            Self::SendOnly,
            Self::RecvOnly,
            Self::Inactive,
        ];
        all.into_iter().find(|direction| direction.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_never_promises_what_the_offer_excludes() {
        use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
        let table = [
            (SendRecv, SendRecv, SendRecv),
            (SendRecv, SendOnly, RecvOnly),
            (SendRecv, RecvOnly, SendOnly),
            (SendRecv, Inactive, Inactive),
            (SendOnly, SendOnly, Inactive),
            (SendOnly, RecvOnly, SendOnly),
            (SendOnly, SendRecv, SendOnly),
            (RecvOnly, SendOnly, RecvOnly),
        ];
        for (ours, remote, left) in table {
            assert_eq!(ours.limited_by(remote), left, "{ours:?} by {remote:?}");
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(Direction::parse("sendonly"), Some(Direction::SendOnly));
        assert_eq!(Direction::parse("SENDONLY"), None);
        assert_eq!(Direction::of(false, false).as_str(), "inactive");
    }
}
