use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use webrtc_util::ifaces::ifaces;

use crate::MediaTime;

/// The addresses of this computer, looked up at most once a second for all sessions of an engine.
#[derive(Debug, Default)]
pub(crate) struct Interfaces {
    known: Mutex<Option<(MediaTime, Vec<IpAddr>)>>,
}

impl Interfaces {
    /// Whether the computer has an address. Yes, where the system doesn't tell.
    pub(crate) fn have(&self, address: IpAddr, now: MediaTime) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses = match known.take() {
            Some((at, addresses)) if now.since(at) < FRESH => (at, addresses),
            _ => (now, look()),
        };
        let (_, addresses) = known.insert(addresses);
        addresses.is_empty() || addresses.contains(&address)
    }

    /// The same, looked up now.
    pub(crate) fn have_now(address: IpAddr) -> bool {
        let addresses = look();
        addresses.is_empty() || addresses.contains(&address)
    }
}

fn look() -> Vec<IpAddr> {
    let found = ifaces().unwrap_or_default();
    found
        .into_iter()
        .filter_map(|interface| Some(interface.addr?.ip()))
        .collect()
}

/// How old an answer may be. Looking takes some 50 µs.
const FRESH: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_ours_and_a_documentation_address_is_not() {
        let interfaces = Interfaces::default();
        let now = MediaTime::from_micros(0);
        assert!(interfaces.have([127, 0, 0, 1].into(), now));
        assert!(!interfaces.have([203, 0, 113, 250].into(), now));
        assert!(Interfaces::have_now([127, 0, 0, 1].into()));
        assert!(!Interfaces::have_now([203, 0, 113, 250].into()));
    }

    #[test]
    fn an_answer_is_used_again_for_a_while() {
        let interfaces = Interfaces::default();
        let gone = IpAddr::from([203, 0, 113, 250]);
        let at = |milliseconds: u64| MediaTime::from_micros(milliseconds * 1_000);
        *interfaces.known.lock().expect("not poisoned") = Some((at(0), vec![gone]));
        assert!(interfaces.have(gone, at(499)));
        assert!(!interfaces.have(gone, at(500)));
    }
}
