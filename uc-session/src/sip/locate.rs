//! The servers of a domain (RFC 3263 §4.2, RFC 2782), and which of them to try next.

use std::{collections::BTreeSet, fmt, io};

use async_trait::async_trait;
use uc_protocol::sip::flow::Transport;

use crate::port::ServerAddress;

/// Looks up SRV records: by feature `srv` [`Dns`](super::Dns) does; a product may bring its own.
#[async_trait]
pub trait Locate: Send + Sync + fmt::Debug {
    /// The records of a name, for example `_sips._tcp.example.org`, in whatever order; none if there
    /// are none.
    ///
    /// # Errors
    /// Where nobody can be asked; the domain's own address is tried then.
    async fn srv(&self, name: &str) -> io::Result<Vec<SrvRecord>>;
}

/// One server of a domain (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrvRecord {
    /// Those with the lowest are tried first.
    pub priority: u16,
    /// Among equals the share of clients that try it first.
    pub weight: u16,
    /// The server's name.
    pub target: String,
    /// Its port.
    pub port: u16,
}

/// The name whose records are the servers that speak this transport; none are defined for WebSockets.
pub(super) fn service(transport: Transport, domain: &str) -> Option<String> {
    let service = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws | Transport::Wss => return None,
    };
    Some(format!("{service}.{domain}"))
}

/// Servers in the order in which a client tries them: by priority, and among equals at random by weight.
/// `random` gives a number below its argument.
pub(super) fn in_order(
    mut records: Vec<SrvRecord>,
    mut random: impl FnMut(u32) -> u32,
) -> Vec<ServerAddress> {
    // RFC 2782: those of weight 0 first, so that they have a small chance beside the others.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::new();
    while let Some(first) = records.first() {
        let priority = first.priority;
        let equals = records
            .iter()
            .take_while(|record| record.priority == priority);
        let total: u32 = equals.clone().map(|record| u32::from(record.weight)).sum();
        let chosen = random(total + 1);
        let mut sum = 0;
        let at = equals.clone().position(|record| {
            sum += u32::from(record.weight);
            sum >= chosen
        });
        let record = records.remove(at.unwrap_or_default());
        // A dot alone: this service isn't offered.
        let host = record.target.trim_end_matches('.').to_owned();
        if !host.is_empty() && ordered.len() < MOST {
            ordered.push(ServerAddress {
                host,
                port: record.port,
            });
        }
    }
    ordered
}

/// Servers that didn't answer lately: they are tried after the others.
#[derive(Debug, Default)]
pub(super) struct Suspects(BTreeSet<(String, u16)>);

impl Suspects {
    pub(super) fn add(&mut self, server: &ServerAddress) {
        self.0.insert((server.host.clone(), server.port));
    }

    pub(super) fn clear(&mut self, server: &ServerAddress) {
        self.0.remove(&(server.host.clone(), server.port));
    }

    /// The same servers, those that are suspected last. If all are, none is any more.
    pub(super) fn last(&mut self, servers: Vec<ServerAddress>) -> Vec<ServerAddress> {
        let is_suspect =
            |server: &ServerAddress| self.0.contains(&(server.host.clone(), server.port));
        let (suspects, mut others): (Vec<_>, Vec<_>) = servers.into_iter().partition(is_suspect);
        if others.is_empty() {
            self.0.clear();
        }
        others.extend(suspects);
        others
    }
}

/// Servers of one domain that are tried (our choice).
const MOST: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(priority: u16, weight: u16, target: &str) -> SrvRecord {
        SrvRecord {
            priority,
            weight,
            target: target.to_owned(),
            port: 5060,
        }
    }

    fn names(servers: &[ServerAddress]) -> Vec<&str> {
        servers.iter().map(|server| server.host.as_str()).collect()
    }

    #[test]
    fn the_lowest_priority_comes_first_and_weights_share_the_rest() {
        let records = || {
            vec![
                record(20, 0, "last."),
                record(10, 30, "heavy."),
                record(10, 10, "light."),
                record(10, 0, "spare."),
            ]
        };
        assert_eq!(
            names(&in_order(records(), |_| 0)),
            ["spare", "light", "heavy", "last"]
        );
        assert_eq!(
            names(&in_order(records(), |most| most - 1)),
            ["heavy", "light", "spare", "last"]
        );
        let mut first = 0;
        for chosen in 0..41 {
            let mut chosen = Some(chosen);
            let order = in_order(records(), |_| chosen.take().unwrap_or_default());
            first += usize::from(order[0].host == "heavy");
        }
        assert_eq!(first, 30, "of 41");
    }

    #[test]
    fn a_service_that_is_not_offered_has_no_servers() {
        assert!(in_order(vec![record(0, 0, ".")], |_| 0).is_empty());
        assert!(in_order(Vec::new(), |_| 0).is_empty());
    }

    #[test]
    fn whoever_did_not_answer_is_tried_last_until_nobody_else_is_left() {
        let [one, two] = ["one", "two"].map(|host| ServerAddress {
            host: host.to_owned(),
            port: 5060,
        });
        let both = || vec![one.clone(), two.clone()];
        let mut suspects = Suspects::default();
        suspects.add(&one);
        assert_eq!(suspects.last(both()), [two.clone(), one.clone()]);
        suspects.clear(&one);
        assert_eq!(suspects.last(both()), both());
        suspects.add(&one);
        suspects.add(&two);
        assert_eq!(suspects.last(both()), both());
        assert_eq!(suspects.last(both()), both(), "forgiven");
    }
}
