//! A headless Chromium whose pages are the far ends of calls.
//!
//! A page asks a small web server of ours for commands and sends results back: no driver program,
//! no debugging protocol. The browser ends with this process.

use std::{
    collections::{HashMap, VecDeque},
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Component, Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::sync::oneshot;

/// A running browser.
pub(crate) struct Browser {
    exchange: Arc<Exchange>,
    /// Its input is open as long as this process lives.
    _shell: Child,
}

/// What the browser is given to show.
pub(crate) struct Site {
    /// The only page; what follows `page=` in its address tells which one of its copies it is.
    pub(crate) page: &'static str,
    /// Scripts of others that it uses, below `/lib/`.
    pub(crate) library: Option<PathBuf>,
}

impl Browser {
    /// Starts one that shows `/?page=open`; `None`, with a word on the terminal, where there is none.
    pub(crate) fn start(site: Site) -> Option<Self> {
        let Some(program) = find() else {
            // Straight to the terminal: the test runner hides what passing tests print.
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: no Chromium (Debian: chromium); name another one in UC_TEST_CHROMIUM"
            );
            return None;
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let exchange = Arc::new(Exchange::default());
        let server = (Arc::clone(&exchange), Arc::new(site));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (exchange, site) = server.clone();
                thread::spawn(move || exchange.serve(&site, &stream));
            }
        });
        let mut command = Command::new("sh");
        command.arg("-c").arg(SHELL).arg(program).args(FLAGS);
        command.arg(format!("http://127.0.0.1:{port}/?page=open"));
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        if std::env::var_os("UC_TEST_CHROMIUM_LOG").is_none() {
            command.stderr(Stdio::null());
        }
        Some(Self {
            exchange,
            _shell: command.spawn().expect("a shell"),
        })
    }

    /// Has a page carry a command out; the value of its result.
    pub(crate) async fn ask(&self, page: &str, command: Value) -> Value {
        let what = command.to_string();
        let answer = self.exchange.command(page, command);
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {what}"));
        let mut answer = answer.expect("the server lives as long as the process");
        assert!(answer.get("error").is_none(), "{what}: {answer}");
        answer["value"].take()
    }
}

fn find() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("UC_TEST_CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
}

/// Commands on their way to the pages, and results on their way back.
#[derive(Default)]
struct Exchange {
    state: Mutex<State>,
    command: Condvar,
}

#[derive(Default)]
struct State {
    next: u64,
    commands: HashMap<String, VecDeque<Value>>,
    open: HashMap<u64, oneshot::Sender<Value>>,
}

impl Exchange {
    fn command(&self, page: &str, mut command: Value) -> oneshot::Receiver<Value> {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        command["id"] = id.into();
        let (result, answer) = oneshot::channel();
        state.open.insert(id, result);
        let waiting = state.commands.entry(page.to_owned()).or_default();
        waiting.push_back(command);
        self.command.notify_all();
        answer
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next command; `None` if there is none for a while.
    fn next(&self, page: &str) -> Option<Value> {
        let nothing = |state: &mut State| state.commands.get(page).is_none_or(VecDeque::is_empty);
        let waited = self.command.wait_timeout_while(self.state(), POLL, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.commands.get_mut(page)?.pop_front()
    }

    fn result(&self, id: u64, result: Value) {
        if let Some(waiting) = self.state().open.remove(&id) {
            let _ = waiting.send(result);
        }
    }

    /// One request of a page, then the connection ends.
    fn serve(&self, site: &Site, stream: &TcpStream) {
        let Some((target, body)) = read_request(stream) else {
            return;
        };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let (status, kind, answer) = match path {
            "/" => (OK, "text/html", site.page.as_bytes().to_vec()),
            "/listening.js" => (OK, SCRIPT, LISTENING.as_bytes().to_vec()),
            "/next" => match self.next(query.trim_start_matches("page=")) {
                Some(command) => (OK, "application/json", command.to_string().into_bytes()),
                None => (NOTHING, "text/plain", Vec::new()),
            },
            "/result" => {
                let result = serde_json::from_slice(&body).unwrap_or_default();
                if let Ok(id) = query.trim_start_matches("id=").parse() {
                    self.result(id, result);
                }
                (NOTHING, "text/plain", Vec::new())
            }
            path => match site.library(path) {
                Some(script) => (OK, SCRIPT, script),
                None => ("404 Not Found", "text/plain", Vec::new()),
            },
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        let mut out = stream;
        let _ = out.write_all(&[head.into_bytes(), answer].concat());
    }
}

impl Site {
    /// A script of the library, whatever is asked for none outside of it.
    fn library(&self, path: &str) -> Option<Vec<u8>> {
        let path = Path::new(path.strip_prefix("/lib/")?);
        let inside = |part| matches!(part, Component::Normal(_));
        if !path.components().all(inside) {
            return None;
        }
        fs::read(self.library.as_ref()?.join(path)).ok()
    }
}

fn read_request(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((target, body))
}

const LISTENING: &str = include_str!("listening.js");
const OK: &str = "200 OK";
const NOTHING: &str = "204 No Content";
const SCRIPT: &str = "text/javascript";
/// Of Debian, of others.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];
/// Ends the browser and removes its profile when the input ends: with the test process, however
/// that goes.
const SHELL: &str = r#"
profile=$(mktemp -d)
"$0" --user-data-dir="$profile" "$@" &
browser=$!
read -r nothing
kill "$browser"
wait "$browser"
rm -rf "$profile"
"#;
/// Without a window, a sandbox (root in a container has none), sound devices or anything to do in
/// the background; servers in tests have certificates that nobody has signed.
const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--ignore-certificate-errors",
];
/// A request for a command waits this long.
const POLL: Duration = Duration::from_secs(20);
/// The browser's start included, on a machine with much to do.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
