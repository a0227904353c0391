//! A stand-in for Plantronics Hub; a test of `uc-session` has it too.
#![allow(dead_code, reason = "not every test needs everything")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// So long something may take on a slow computer; who waits in vain fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the real one.
    Proper,
    /// So, but no headset is plugged in.
    NoHeadset,
    /// JSON of some other kind.
    Garbage,
    /// Something that is no HTTP.
    NoHttp,
    /// A body that doesn't end.
    Endless,
    /// Not at all, with the connection open.
    Silent,
    /// Not at all, with the connection closed.
    Closing,
    /// That it has failed.
    Failing,
    /// That the answer is at another place.
    Elsewhere,
}

pub(crate) struct StandIn {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    manner: Manner,
    asked: Vec<String>,
    events: Vec<String>,
    /// Connections that are to stay open.
    silent: Vec<TcpStream>,
}

impl StandIn {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                manner,
                asked: Vec::new(),
                events: Vec::new(),
                silent: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                // Who asks may have gone.
                let _ = served.answer(socket);
            }
        });
        Self { port, shared }
    }

    /// A port at which nothing listens.
    pub(crate) fn unused_port() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.local_addr().unwrap().port()
    }

    pub(crate) fn behave(&self, manner: Manner) {
        self.shared.state.lock().unwrap().manner = manner;
    }

    /// The next answer about events tells this of a call.
    pub(crate) fn says(&self, action: u8, call: u32) {
        let event = format!(
            r#"{{"Action":{action},"CallId":{{"ConferenceId":0,"Id":{call},"InConference":false}},"CallSource":"Test","DeviceEvent":0}}"#
        );
        self.shared.state.lock().unwrap().events.push(event);
    }

    /// Waits for a question with this in it, and forgets those before.
    pub(crate) fn until_asked(&self, what: &str) {
        let state = self.shared.state.lock().unwrap();
        let lacks = |state: &mut State| !state.asked.iter().any(|asked| asked.contains(what));
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, lacks);
        let (mut state, late) = waited.unwrap();
        assert!(!late.timed_out(), "{what} is not among {:?}", state.asked);
        let place = state.asked.iter().position(|asked| asked.contains(what));
        state.asked.drain(..=place.unwrap());
    }
}

impl Shared {
    fn answer(&self, mut socket: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(socket.try_clone()?).lines();
        let question = lines.next().unwrap_or_else(|| Ok(String::new()))?;
        for line in lines {
            if line?.is_empty() {
                break;
            }
        }
        let mut state = self.state.lock().unwrap();
        state.asked.push(question.clone());
        self.changed.notify_all();
        let (status, body) = match state.manner {
            Manner::Proper | Manner::NoHeadset => ("200 OK", state.told(&question)),
            Manner::Garbage => ("200 OK", r#"{"Result":[[[{}]]]}"#.to_owned()),
            Manner::Failing => ("500 Internal Server Error", "{}".to_owned()),
            Manner::Elsewhere => ("302 Found\r\nLocation: http://192.0.2.1/", "{}".to_owned()),
            Manner::NoHttp => return socket.write_all(b"SSH-2.0-OpenSSH_9.2\r\n"),
            Manner::Closing => return Ok(()),
            Manner::Silent => {
                state.silent.push(socket);
                return Ok(());
            }
            Manner::Endless => {
                drop(state);
                return endless(socket);
            }
        };
        let length = body.len();
        write!(
            socket,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

impl State {
    fn told(&mut self, question: &str) -> String {
        let result = |kind: u8, result: &str| {
            format!(
                r#"{{"Type":{kind},"Description":"","Result":{result},"isError":false,"Err":null}}"#
            )
        };
        if question.contains("/CallEvents") {
            let events = self.events.drain(..).collect::<Vec<_>>().join(",");
            return result(10, &format!("[{events}]"));
        }
        if question.contains("/Info") {
            return match self.manner {
                Manner::NoHeadset => {
                    r#"{"Type":3,"Result":null,"isError":true,"Err":{"Description":"There are no supported devices"}}"#.to_owned()
                }
                _ => result(5, r#"{"ProductName":"Stand-in","Uid":"0"}"#),
            };
        }
        if question.contains("/UnRegister") {
            return r#"{"Type":3,"Result":null,"isError":true,"Err":{"Description":"Invalid plugin name"}}"#.to_owned();
        }
        result(2, "true")
    }
}

fn endless(mut socket: TcpStream) -> std::io::Result<()> {
    socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    loop {
        socket.write_all(b"4\r\n{{{{\r\n")?;
    }
}
