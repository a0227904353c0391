use std::time::Duration;

use super::{
    Config, Why,
    connection::Step,
    io::{Io, Purpose},
};
use crate::{
    error::SignInError,
    port::{BackendError, Certificate, DialFailure, LinkId, Operation, Outcome, ServerAddress},
    trust::{Verdict, judge},
};

/// Finds the address that answers: TCP and TLS only, the first address with a head start, the
/// first trusted certificate wins. Further rounds may start while earlier dials are under way.
#[derive(Debug)]
pub(super) struct Race {
    attempts: Vec<Attempt>,
    wan_at: Option<Duration>,
    pub(super) round_began: Duration,
    lan: Option<Finding>,
    wan: Option<Finding>,
}

#[derive(Debug)]
struct Attempt {
    link: LinkId,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Lan,
    Wan,
}

/// Why an address didn't win.
#[derive(Debug)]
enum Finding {
    Failed(BackendError),
    Unknown(Certificate),
    Changed {
        expected: [u8; 32],
        certificate: Certificate,
    },
}

/// How a race ended.
#[derive(Debug)]
pub(super) enum Finish {
    /// With a link that is trusted.
    Won {
        link: LinkId,
        /// Addresses that answered with a certificate nobody has accepted.
        strangers: Vec<(ServerAddress, Certificate)>,
    },
    /// Without.
    Lost {
        error: SignInError,
        strangers: Vec<(ServerAddress, Certificate)>,
    },
}

impl Race {
    /// Dials the first address; the second follows.
    pub(super) fn new(io: &mut Io, config: &Config) -> Self {
        let mut race = Self {
            attempts: Vec::new(),
            wan_at: None,
            round_began: io.time(),
            lan: None,
            wan: None,
        };
        race.begin_round(io, config);
        race
    }

    /// Dials again, beside what is under way; what is oldest gives way.
    pub(super) fn begin_round(&mut self, io: &mut Io, config: &Config) {
        while self.attempts.len() >= MOST_ATTEMPTS {
            io.close(self.attempts.remove(0).link);
        }
        self.round_began = io.time();
        self.dial(io, config, Place::Lan);
        self.wan_at = config.wan.as_ref().map(|_| io.time() + HEAD_START);
    }

    /// Takes what became of a dial; `None` while the race goes on.
    pub(super) fn dialled(
        &mut self,
        io: &mut Io,
        config: &Config,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) -> Option<Finish> {
        let Some(index) = self
            .attempts
            .iter()
            .position(|attempt| attempt.link == link)
        else {
            io.close(link);
            return None;
        };
        let place = self.attempts.remove(index).place;
        match self.judge(io, config, place, result) {
            None => return Some(self.won(io, config, place, link)),
            Some(finding) => {
                io.close(link);
                *self.finding(place) = Some(finding);
            }
        }
        if place == Place::Lan && self.wan_at.is_some() {
            self.dial_wan(io, config);
        }
        (self.is_over() || self.must_ask(io)).then(|| self.lost(io, config))
    }

    /// `None`: trusted.
    fn judge(
        &self,
        io: &mut Io,
        config: &Config,
        place: Place,
        result: Result<Outcome, BackendError>,
    ) -> Option<Finding> {
        let certificate = match result {
            Ok(Outcome::Dialed(certificate)) => certificate,
            Ok(Outcome::DialedOpen) => return None,
            Ok(_) => return Some(Finding::Failed(BackendError::Malformed)),
            Err(error) => return Some(Finding::Failed(error)),
        };
        let address = address(config, place);
        match judge(address, &certificate, &io.pins, &config.trust) {
            Verdict::Trusted => {
                io.pins.insert(address.clone(), certificate.sha256);
                None
            }
            Verdict::Unknown => Some(Finding::Unknown(certificate)),
            Verdict::Changed { expected } => Some(Finding::Changed {
                expected,
                certificate,
            }),
        }
    }

    /// A certificate without any expectation is shown at once, unless the other address may still
    /// prove itself by its pin.
    fn must_ask(&self, io: &Io) -> bool {
        let unknown = |finding: &Option<Finding>| matches!(finding, Some(Finding::Unknown(_)));
        (unknown(&self.lan) || unknown(&self.wan)) && io.pins.iter().next().is_none()
    }

    fn is_over(&self) -> bool {
        self.attempts.is_empty() && self.wan_at.is_none()
    }

    fn dial_wan(&mut self, io: &mut Io, config: &Config) {
        self.wan_at = None;
        self.dial(io, config, Place::Wan);
    }

    fn dial(&mut self, io: &mut Io, config: &Config, place: Place) {
        let link = LinkId(io.number());
        let address = address(config, place).clone();
        self.attempts.push(Attempt { link, place });
        io.operate(
            Purpose::Connection(Step::Dial(link)),
            Operation::Dial { link, address },
        );
    }

    fn won(&mut self, io: &mut Io, config: &Config, place: Place, link: LinkId) -> Finish {
        *self.finding(place) = None;
        self.abandon(io);
        let strangers = self.strangers(config);
        Finish::Won { link, strangers }
    }

    fn lost(&mut self, io: &mut Io, config: &Config) -> Finish {
        self.abandon(io);
        Finish::Lost {
            strangers: self.strangers(config),
            error: self.error(config),
        }
    }

    /// Closes everything that is under way.
    pub(super) fn abandon(&mut self, io: &mut Io) {
        for attempt in self.attempts.drain(..) {
            io.close(attempt.link);
        }
        self.wan_at = None;
    }

    fn strangers(&self, config: &Config) -> Vec<(ServerAddress, Certificate)> {
        let found = [(Place::Lan, &self.lan), (Place::Wan, &self.wan)];
        let stranger = |(place, finding): (Place, &Option<Finding>)| match finding {
            Some(Finding::Unknown(certificate) | Finding::Changed { certificate, .. }) => {
                Some((address(config, place).clone(), certificate.clone()))
            }
            Some(Finding::Failed(_)) | None => None,
        };
        found.into_iter().filter_map(stranger).collect()
    }

    /// What is worth most to a person: a changed certificate, an unknown one, then the failures.
    fn error(&self, config: &Config) -> SignInError {
        let found = [(Place::Lan, &self.lan), (Place::Wan, &self.wan)];
        for (place, finding) in found {
            if let Some(Finding::Changed {
                expected,
                certificate,
            }) = finding
            {
                return SignInError::ChangedCertificate {
                    address: address(config, place).clone(),
                    expected: *expected,
                    certificate: certificate.clone(),
                };
            }
        }
        for (place, finding) in found {
            if let Some(Finding::Unknown(certificate)) = finding {
                return SignInError::UnknownCertificate {
                    address: address(config, place).clone(),
                    certificate: certificate.clone(),
                };
            }
        }
        failure(self.lan.as_ref(), self.wan.as_ref())
    }

    const fn finding(&mut self, place: Place) -> &mut Option<Finding> {
        match place {
            Place::Lan => &mut self.lan,
            Place::Wan => &mut self.wan,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        Some((self.wan_at?, Why::SecondAddress))
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io, config: &Config) {
        if self.wan_at.is_some_and(|at| io.time() >= at) {
            self.dial_wan(io, config);
        }
    }
}

fn failure(lan: Option<&Finding>, wan: Option<&Finding>) -> SignInError {
    let dial = |finding: Option<&Finding>| match finding {
        Some(Finding::Failed(BackendError::Dial(failure))) => Some(*failure),
        Some(Finding::Failed(BackendError::TimedOut)) => Some(DialFailure::Silent),
        _ => None,
    };
    match (dial(lan), lan) {
        (Some(lan), _) => SignInError::Unreachable {
            lan,
            wan: dial(wan),
        },
        (None, Some(Finding::Failed(error))) => SignInError::Backend(error.clone()),
        (None, _) => SignInError::Backend(BackendError::Unavailable),
    }
}

const fn address(config: &Config, place: Place) -> &ServerAddress {
    match (place, &config.wan) {
        (Place::Wan, Some(wan)) => wan,
        _ => &config.lan,
    }
}

/// So long after the first address the second is tried (wire contract).
const HEAD_START: Duration = Duration::from_millis(250);
/// Dials under way: a silent address takes 5 s for each, two addresses every 500 ms.
const MOST_ATTEMPTS: usize = 20;
