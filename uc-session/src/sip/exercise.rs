//! A user agent to which anything is said, in any order.

use std::{collections::BTreeSet, time::Duration};

use uc_model::{CallId, DeviceKind, Digits, PhoneNumber, Redacted};
use uc_protocol::sip::{Message, Method, Request, Response, flow::Transport};

use super::agent::{Account, Agent, Input, Output, Path, reply};
use crate::{
    clock::Now,
    port::{
        Beside, DescriptionKind, Outcome, RequestKey, ServerChange, Service, SessionDescription,
    },
};

/// Takes any octets as what happens to a user agent: pieces between zero octets are messages of a
/// server, wishes of the user (the first eight control characters name them), or time that passes. Its
/// names are short, so that they can be guessed. Whatever it is told, it says what can be read, answers
/// every wish once, keeps its calls within bounds and comes to rest.
#[doc(hidden)]
pub fn exercise_agent(bytes: &[u8]) {
    World::live(bytes);
}
struct World {
    agent: Agent,
    now: Duration,
    calls: BTreeSet<CallId>,
    open: BTreeSet<u64>,
    rev: u64,
    next: u64,
    accepted: usize,
}

impl World {
    /// All that happens, and then rest. How many requests of the other side were accepted.
    fn live(bytes: &[u8]) -> usize {
        let mut world = Self::new();
        for piece in bytes.split(|octet| *octet == 0).take(MOST_PIECES) {
            match piece {
                [] => world.wait(Duration::from_millis(700)),
                [wish @ 1..=8, chosen @ ..] => world.wish(*wish, chosen.first().copied()),
                message => world.hear(message),
            }
        }
        let accepted = world.accepted;
        world.rest();
        accepted
    }

    /// A registered user.
    fn new() -> Self {
        let account = Account {
            user: "100".to_owned(),
            password: Redacted::new("secret".to_owned()),
            domain: "a.b".to_owned(),
            tells_ringing: true,
        };
        let mut count = 0_u32;
        let token = move || {
            count += 1;
            format!("t{count}")
        };
        let mut world = Self {
            agent: Agent::new(account, Box::new(token)),
            now: Duration::from_secs(1),
            calls: BTreeSet::new(),
            open: BTreeSet::new(),
            rev: 0,
            next: 0,
            accepted: 0,
        };
        let path = Path {
            transport: Transport::Udp,
            local: ([192, 0, 2, 1], 5060).into(),
        };
        let id = world.id();
        world.input(Input::Path { id, path });
        world
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.open.insert(self.next);
        self.next
    }

    fn hear(&mut self, bytes: &[u8]) {
        if let Ok(message) = Message::read(bytes) {
            self.input(Input::Received(message));
        }
    }

    fn wish(&mut self, wish: u8, chosen: Option<u8>) {
        let chosen = usize::from(chosen.unwrap_or_default());
        let nth = |at: usize| self.calls.iter().nth(at % self.calls.len().max(1)).cloned();
        let nobody = || CallId::new("none").expect("letters are an identity");
        let call = nth(chosen).unwrap_or_else(nobody);
        let held = nth(chosen + 1).unwrap_or_else(nobody);
        let number = PhoneNumber::new("101").expect("digits are a number");
        let describe = |kind| SessionDescription {
            generation: 1 + (chosen / 16) as u32,
            kind,
            sdp: SDP.to_owned().into(),
        };
        let service = match wish {
            1 => Service::MakeCall {
                to: number,
                device: DeviceKind::Voip,
                description: Some(describe(DescriptionKind::Offer)),
                key: RequestKey("key".to_owned()),
            },
            2 if chosen % 2 == 0 => Service::Answer {
                call,
                description: Some(describe(DescriptionKind::Answer)),
            },
            2 => Service::Answer {
                call,
                description: Some(describe(DescriptionKind::Offer)),
            },
            3 if chosen % 2 == 0 => Service::Describe {
                call,
                description: describe(DescriptionKind::Answer),
            },
            3 => Service::Describe {
                call,
                description: describe(DescriptionKind::Offer),
            },
            4 => Service::Clear { call, cause: None },
            5 if chosen % 2 == 0 => Service::Hold { call },
            5 => Service::Retrieve { call },
            6 => Service::SingleStepTransfer { call, to: number },
            7 if chosen % 2 == 0 => Service::PickUp {
                number,
                key: RequestKey("key".to_owned()),
            },
            7 => Service::GenerateDigits {
                call,
                digits: Digits::new("12").expect("digits are keys"),
            },
            _ => Service::Beside {
                service: [Beside::Alternate, Beside::Reconnect, Beside::Transfer][chosen % 3],
                call,
                held,
            },
        };
        let id = self.id();
        self.input(Input::Serve { id, service });
    }

    fn wait(&mut self, pause: Duration) {
        self.now += pause;
        self.input(Input::Time);
    }

    /// So much time passes that whatever waits for something has given up.
    fn rest(&mut self) {
        for _ in 0..MOST_STEPS {
            match self.agent.next_timeout() {
                Some(at) if at < self.now + REST => self.now = self.now.max(at),
                _ => break,
            }
            self.input(Input::Time);
            self.now += Duration::from_millis(1);
        }
        assert!(self.open.is_empty(), "wishes that nobody has answered");
    }

    fn input(&mut self, input: Input) {
        let now = Now {
            monotonic: self.now,
            wall_ms: 0,
        };
        self.agent.handle_input(input, now);
        let mut said = 0;
        let mut registers = Vec::new();
        while let Some(output) = self.agent.poll_output() {
            said += 1;
            assert!(said < MOST_SAID, "it doesn't stop talking");
            self.take(output, &mut registers);
        }
        for answer in registers {
            self.input(Input::Received(Message::Response(answer)));
        }
        assert!(self.agent.calls().len() <= MOST_CALLS, "too many calls");
    }

    fn take(&mut self, output: Output, registers: &mut Vec<Response>) {
        match output {
            Output::Send(message) => {
                let mut written = Vec::new();
                message.write(&mut written);
                match message {
                    Message::Request(request) => {
                        let read = Message::read(&written);
                        assert!(read.is_ok(), "nobody can read {request:?}");
                        registers.extend(registered(&request));
                    }
                    Message::Response(answer) if answer.status / 100 == 2 => self.accepted += 1,
                    Message::Response(_) => {}
                }
            }
            Output::Done(id, result) => {
                assert!(self.open.remove(&id), "answered twice");
                if let Ok(Outcome::Call(update)) = result {
                    self.calls.insert(update.call.id);
                }
            }
            Output::Change(change) => {
                assert!(
                    change.rev().0 > self.rev,
                    "news are older than those before"
                );
                self.rev = change.rev().0;
                if let ServerChange::Call(update) = change {
                    match update.call.is_over() {
                        true => self.calls.remove(&update.call.id),
                        false => self.calls.insert(update.call.id),
                    };
                }
            }
            Output::Digit(..) | Output::SignedOut | Output::Silent => {}
        }
    }
}

/// The registrar's yes.
fn registered(request: &Request) -> Option<Response> {
    if request.method != Method::Register {
        return None;
    }
    let mut answer = reply(request, 200, Some("registrar"));
    answer
        .headers
        .push("Contact", request.headers.get("Contact")?);
    Some(answer)
}

const SDP: &str = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n";
const MOST_PIECES: usize = 64;
/// What one thing may lead to.
const MOST_SAID: usize = 400;
const MOST_CALLS: usize = 256;
/// Timers that run before all is quiet, but for registrations and sessions that are kept alive.
const MOST_STEPS: usize = 2_000;
const REST: Duration = Duration::from_secs(400);

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK%\r\nFrom: <sip:9@a.b>;tag=1\r\n\
        Call-ID: c\r\nContact: <sip:9@192.0.2.9>\r\n";

    fn said(line: &str, number: u32, more: &str) -> String {
        let (method, _) = line.split_once(' ').unwrap();
        let head = HEAD.replace('%', &number.to_string());
        format!("{line} SIP/2.0\r\n{head}CSeq: {number} {method}\r\n{more}")
    }

    /// A call that comes, is answered, held, and handed over, with keys on the way.
    #[test]
    fn a_whole_call_can_be_said() {
        let tagged = "To: <sip:100@a.b>;tag=t5\r\n";
        let end = format!("{tagged}\r\n");
        let sdp = format!(
            "Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
            SDP.len()
        );
        let pieces = [
            said(
                "INVITE sip:t1@192.0.2.1",
                1,
                &format!("To: <sip:100@a.b>\r\nRequire: 100rel\r\n{sdp}"),
            ),
            said(
                "PRACK sip:t1@192.0.2.1",
                2,
                &format!("RAck: 1 1 INVITE\r\n{end}"),
            ),
            "\u{2}".to_owned(),
            said("ACK sip:t1@192.0.2.1", 1, &end),
            said(
                "INFO sip:t1@192.0.2.1",
                3,
                &format!("{tagged}Content-Type: application/dtmf\r\n\r\n5"),
            ),
            "\u{5}".to_owned(),
            said("INVITE sip:t1@192.0.2.1", 4, &format!("{tagged}{sdp}")),
            "\u{3}\u{10}".to_owned(),
            said("ACK sip:t1@192.0.2.1", 4, &end),
            said(
                "REFER sip:t1@192.0.2.1",
                5,
                &format!("Refer-To: <sip:101@a.b>\r\n{end}"),
            ),
            "\u{3}\u{1}".to_owned(),
            String::new(),
            said("BYE sip:t1@192.0.2.1", 6, &end),
        ];
        // PRACK, INVITE, INFO, INVITE, REFER and BYE.
        assert_eq!(World::live(pieces.join("\0").as_bytes()), 6);
    }
}
