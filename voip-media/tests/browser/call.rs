//! A call that a page of the browser takes part in.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use serde_json::{Value, json};

use crate::chromium::{Browser, Site};

/// Which page, the outer one or the frame in it: they differ in what they tell of their network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
        let page = match self.page {
            Page::Open => "open",
            Page::Hidden => "hidden",
        };
        let command = json!({ "call": self.number, "action": action, "parameters": parameters });
        self.browser.ask(page, command).await
    }
}

fn text(value: Value) -> String {
    value.as_str().expect("a description").to_owned()
}

/// One browser serves all tests of the process.
fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
    let start = || {
        Browser::start(Site {
            page: include_str!("page.html"),
            library: None,
        })
    };
    BROWSER.get_or_init(start).as_ref()
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);
/// How long a page waits for a tone, or for silence.
const PATIENCE_MS: u64 = 10_000;
