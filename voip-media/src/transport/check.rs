//! The far side's STUN messages: are they authentic, and do they answer a check of ours?
//!
//! The agent verifies them too, but doesn't say whether a message answered: consent (RFC 7675 §5.1) is
//! an authentic answer to a check, nothing else.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ring::hmac;

/// What an authentic message means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// The far side checks us.
    Request,
    /// It answers a check of ours.
    Answer,
}

/// The checks that wait for an answer: the newest, of all pairs.
#[derive(Debug, Default)]
pub(crate) struct OpenChecks(Mutex<VecDeque<[u8; 12]>>);

impl OpenChecks {
    /// Notes a message on its way out.
    pub(crate) fn sent(&self, message: &[u8]) {
        let Some((kind, transaction)) = header(message) else {
            return;
        };
        if kind == BINDING_REQUEST {
            let mut open = self.lock();
            if open.len() == MAX_OPEN {
                open.pop_front();
            }
            open.push_back(transaction);
        }
    }

    /// What a message of the far side means, if it is authentic. `ours` and `theirs` are the
    /// passwords of both sides; an answer counts once.
    pub(crate) fn received(&self, message: &[u8], ours: &str, theirs: &str) -> Option<Check> {
        match header(message)? {
            (BINDING_REQUEST, _) => is_authentic(message, ours).then_some(Check::Request),
            (BINDING_SUCCESS, transaction) => {
                let mut open = self.lock();
                let at = open.iter().rposition(|sent| *sent == transaction)?;
                let authentic = is_authentic(message, theirs);
                authentic.then(|| {
                    open.remove(at);
                    Check::Answer
                })
            }
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<[u8; 12]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn header(message: &[u8]) -> Option<(u16, [u8; 12])> {
    let head = message.get(..20)?;
    let kind = u16::from_be_bytes([head[0], head[1]]);
    Some((kind, head[8..20].try_into().ok()?))
}

/// MESSAGE-INTEGRITY with a short-term credential (RFC 8489 §14.5).
fn is_authentic(message: &[u8], password: &str) -> bool {
    let Some(at) = integrity_at(message) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    // The header's length, as if the attribute were the last one.
    let mut covered = message[..at].to_vec();
    let length = (at - 20 + INTEGRITY_LENGTH) as u16;
    covered[2..4].copy_from_slice(&length.to_be_bytes());
    let tag = &message[at + 4..at + INTEGRITY_LENGTH];
    hmac::verify(&key, &covered, tag).is_ok()
}

/// Where the attribute begins, if it is all there.
fn integrity_at(message: &[u8]) -> Option<usize> {
    let mut at = 20;
    loop {
        let head = message.get(at..at + 4)?;
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        if kind == MESSAGE_INTEGRITY {
            let whole = length == INTEGRITY_LENGTH - 4 && message.len() >= at + INTEGRITY_LENGTH;
            return whole.then_some(at);
        }
        at += 4 + length.next_multiple_of(4);
    }
}

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const MESSAGE_INTEGRITY: u16 = 0x0008;
/// Header and HMAC-SHA1.
const INTEGRITY_LENGTH: usize = 24;
/// Checks of 250 ms round trip: a dozen rounds of a score of pairs.
const MAX_OPEN: usize = 256;

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 5769 §2.1 and §2.2, with this password.
    pub(in crate::transport) const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
    pub(in crate::transport) const REQUEST: &[u8] = b"\x00\x01\x00\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x10STUN test client\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36\x00\x06\x00\x09evtj:h6vY\x20\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";
    const RESPONSE: &[u8] = b"\x01\x01\x00\x3c\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae\x80\x22\x00\x0btest vector \x00\x20\x00\x08\x00\x01\xa1\x47\xe1\x12\xa6\x43\x00\x08\x00\x14\x2b\x91\xf5\x99\xfd\x9e\x90\xc3\x8c\x74\x89\xf9\x2a\xf9\xba\x53\xf0\x6b\xe7\xd7\x80\x28\x00\x04\xc0\x7d\x4c\x96";

    #[test]
    fn the_published_request_is_authentic_with_its_password_only() {
        let open = OpenChecks::default();
        let read = |ours| open.received(REQUEST, ours, "");
        assert_eq!(read(PASSWORD), Some(Check::Request));
        assert_eq!(read("VOkJxbRl1RmTxUk/WvJxBu"), None);
    }

    #[test]
    fn an_answer_counts_once_and_only_for_what_was_asked() {
        let open = OpenChecks::default();
        let read = |theirs| open.received(RESPONSE, "", theirs);
        assert_eq!(read(PASSWORD), None, "nothing was asked");
        open.sent(REQUEST);
        assert_eq!(read("another password"), None);
        assert_eq!(read(PASSWORD), Some(Check::Answer));
        assert_eq!(read(PASSWORD), None, "a replay");
    }

    #[test]
    fn one_changed_or_missing_octet_is_noticed() {
        let open = OpenChecks::default();
        let end = REQUEST.len() - 8;
        for at in (0..end).filter(|at| !(2..4).contains(at)) {
            let mut changed = REQUEST.to_vec();
            changed[at] ^= 1;
            assert_eq!(open.received(&changed, PASSWORD, PASSWORD), None, "{at}");
        }
        for length in 0..end {
            let cut = &REQUEST[..length];
            assert_eq!(open.received(cut, PASSWORD, PASSWORD), None, "{length}");
        }
    }

    #[test]
    fn checks_that_are_never_answered_are_forgotten() {
        let open = OpenChecks::default();
        open.sent(REQUEST);
        for number in 0..2 * MAX_OPEN {
            let mut other = REQUEST.to_vec();
            other[18..20].copy_from_slice(&(number as u16).to_be_bytes());
            open.sent(&other);
        }
        assert_eq!(open.lock().len(), MAX_OPEN);
        assert_eq!(open.received(RESPONSE, "", PASSWORD), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let mut message = REQUEST[..20].to_vec();
            message.extend(bytes);
            let open = OpenChecks::default();
            open.sent(&message);
            prop_assert_eq!(open.received(&message, PASSWORD, PASSWORD), None);
        }
    }
}
