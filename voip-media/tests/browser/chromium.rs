//! A headless Chromium and the page in it that is the far end of calls.
//!
//! The page asks a small web server of ours for commands and sends results back: no driver program,
//! no debugging protocol. One browser serves all tests of the process and ends with it.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::oneshot;

/// Which page, the outer one or the frame in it: they differ in what they tell of their network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Page {
    /// May use the microphone, and so tells its addresses.
    Open,
    /// May not: its candidates are mDNS names.
    Hidden,
}

/// A call in the browser.
pub(crate) struct BrowserCall {
    browser: &'static Browser,
    page: Page,
    number: u64,
}

impl BrowserCall {
    /// A call that sends a tone; `None`, with a word on the terminal, where there is no browser.
    pub(crate) async fn open(page: Page, hertz: f32, codec: Option<&str>) -> Option<Self> {
        let call = Self {
            browser: browser()?,
            page,
            number: NUMBERS.fetch_add(1, Relaxed),
        };
        call.ask("open", json!({ "hertz": hertz, "codec": codec }))
            .await;
        Some(call)
    }

    pub(crate) async fn offer(&self) -> String {
        text(self.ask("offer", json!({})).await)
    }

    pub(crate) async fn offer_restart(&self) -> String {
        text(self.ask("offer", json!({ "restart": true })).await)
    }

    /// An offer with a direction of its own: `sendonly` holds.
    pub(crate) async fn offer_direction(&self, direction: &str) -> String {
        text(self.ask("offer", json!({ "direction": direction })).await)
    }

    pub(crate) async fn answer(&self, sdp: &str) -> String {
        text(self.ask("answer", json!({ "sdp": sdp })).await)
    }

    pub(crate) async fn accept(&self, sdp: &str) {
        self.ask("accept", json!({ "sdp": sdp })).await;
    }

    /// Whether a tone is what it hears, soon.
    pub(crate) async fn hears(&self, hertz: f32) -> bool {
        self.ask("hears", json!({ "hertz": hertz, "within": PATIENCE_MS }))
            .await
            == true
    }

    /// Whether it hears nothing, soon.
    pub(crate) async fn hears_nothing(&self) -> bool {
        self.ask("hears", json!({ "within": PATIENCE_MS })).await == true
    }

    pub(crate) async fn stats(&self) -> Value {
        self.ask("stats", json!({})).await
    }

    pub(crate) async fn close(self) {
        self.ask("close", json!({})).await;
    }

    async fn ask(&self, action: &str, parameters: Value) -> Value {
        let (id, answer) = self.browser.exchange.command(
            self.page,
            json!({ "call": self.number, "action": action, "parameters": parameters }),
        );
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {action}, command {id}"));
        let mut answer = answer.expect("the server lives as long as the process");
        assert!(answer.get("error").is_none(), "{action}: {answer}");
        answer["value"].take()
    }
}

fn text(value: Value) -> String {
    value.as_str().expect("a description").to_owned()
}

struct Browser {
    exchange: Arc<Exchange>,
    /// Its input is open as long as this process lives.
    _shell: Child,
}

fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
    BROWSER.get_or_init(start).as_ref()
}

fn start() -> Option<Browser> {
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
    let server = Arc::clone(&exchange);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = Arc::clone(&server);
            thread::spawn(move || server.serve(&stream));
        }
    });
    let mut command = Command::new("sh");
    command.arg("-c").arg(SHELL).arg(program).args(FLAGS);
    command.arg(format!("http://127.0.0.1:{port}/?page=open"));
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    if std::env::var_os("UC_TEST_CHROMIUM_LOG").is_none() {
        command.stderr(Stdio::null());
    }
    Some(Browser {
        exchange,
        _shell: command.spawn().expect("a shell"),
    })
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
    commands: HashMap<Page, VecDeque<Value>>,
    open: HashMap<u64, oneshot::Sender<Value>>,
}

impl Exchange {
    fn command(&self, page: Page, mut command: Value) -> (u64, oneshot::Receiver<Value>) {
        let mut state = self.state();
        let id = state.next;
        state.next += 1;
        command["id"] = id.into();
        let (result, answer) = oneshot::channel();
        state.open.insert(id, result);
        state.commands.entry(page).or_default().push_back(command);
        self.command.notify_all();
        (id, answer)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next command; `None` if there is none for a while.
    fn next(&self, page: Page) -> Option<Value> {
        let nothing = |state: &mut State| state.commands.entry(page).or_default().is_empty();
        let waited = self.command.wait_timeout_while(self.state(), POLL, nothing);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.commands.entry(page).or_default().pop_front()
    }

    fn result(&self, id: u64, result: Value) {
        if let Some(waiting) = self.state().open.remove(&id) {
            let _ = waiting.send(result);
        }
    }

    /// One request of the page, then the connection ends.
    fn serve(&self, stream: &TcpStream) {
        let Some((target, body)) = read_request(stream) else {
            return;
        };
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let (status, kind, answer) = match (path, query) {
            ("/", _) => ("200 OK", "text/html", PAGE.to_owned()),
            ("/next", query) => {
                let page = match query {
                    "page=hidden" => Page::Hidden,
                    _ => Page::Open,
                };
                match self.next(page) {
                    Some(command) => ("200 OK", "application/json", command.to_string()),
                    None => ("204 No Content", "text/plain", String::new()),
                }
            }
            ("/result", query) => {
                let id = query.trim_start_matches("id=").parse().ok();
                let result = serde_json::from_slice(&body).unwrap_or_default();
                if let Some(id) = id {
                    self.result(id, result);
                }
                ("204 No Content", "text/plain", String::new())
            }
            _ => ("404 Not Found", "text/plain", String::new()),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            answer.len()
        );
        let mut out = stream;
        let _ = out.write_all((head + &answer).as_bytes());
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

static NUMBERS: AtomicU64 = AtomicU64::new(1);
const PAGE: &str = include_str!("page.html");
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
/// the background.
const FLAGS: [&str; 13] = [
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
];
/// A request for a command waits this long.
const POLL: Duration = Duration::from_secs(20);
/// The browser's start included, on a machine with much to do.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a page waits for a tone, or for silence.
const PATIENCE_MS: u64 = 10_000;
