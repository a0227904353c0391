//! A telephone of SIP.js in a headless Chromium, which answers by itself and says a tone.

use std::{
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    chromium::{Browser, Site},
    kamailio::{DOMAIN, Kamailio},
};

/// A registered telephone in a page.
pub(crate) struct BrowserPhone {
    browser: &'static Browser,
    number: u64,
}

impl BrowserPhone {
    /// User `number` of the server, by secured WebSocket; `None`, loudly, where there is no browser.
    pub(crate) async fn register(server: &Kamailio, number: &str, hertz: f64) -> Option<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let phone = Self {
            browser: browser()?,
            number: COUNT.fetch_add(1, Ordering::Relaxed),
        };
        let parameters = json!({
            "server": format!("wss://127.0.0.1:{}", server.wss_port()),
            "user": number,
            "domain": DOMAIN,
            "password": "secret",
            "hertz": hertz,
        });
        phone.ask("register", parameters).await;
        Some(phone)
    }

    pub(crate) async fn call(&self, number: &str) {
        self.ask("call", json!({ "number": number })).await;
    }

    pub(crate) async fn hold(&self, on: bool) {
        self.ask("hold", json!({ "on": on })).await;
    }

    pub(crate) async fn hand_over(&self, number: &str) {
        self.ask("handOver", json!({ "number": number })).await;
    }

    /// Connects the two it talks with.
    pub(crate) async fn hand_over_announced(&self) {
        self.ask("handOverAnnounced", json!({})).await;
    }

    pub(crate) async fn hang_up(&self) {
        self.ask("hangUp", json!({})).await;
    }

    /// Waits until it talks with so many.
    pub(crate) async fn talks(&self, count: usize) {
        let parameters = json!({ "count": count, "within": PATIENCE_MS });
        let talks = self.ask("talks", parameters).await;
        assert_eq!(talks, true, "the browser doesn't talk with {count}");
    }

    /// Waits until its newest call brings mostly a tone.
    pub(crate) async fn hears(&self, hertz: f64) {
        let parameters = json!({ "hertz": hertz, "within": PATIENCE_MS });
        let heard = self.ask("hears", parameters).await;
        assert_eq!(heard, true, "the browser doesn't hear {hertz} Hz");
    }

    /// Waits until its newest call is silent.
    pub(crate) async fn hears_nothing(&self) {
        let silent = self.ask("hears", json!({ "within": PATIENCE_MS })).await;
        assert_eq!(silent, true, "the browser still hears something");
    }

    /// Ends its calls and its registration.
    pub(crate) async fn unregister(self) {
        self.ask("unregister", json!({})).await;
    }

    async fn ask(&self, action: &str, parameters: Value) -> Value {
        let command = json!({ "phone": self.number, "action": action, "parameters": parameters });
        self.browser.ask("open", command).await
    }
}

/// One browser serves all tests of the process.
fn browser() -> Option<&'static Browser> {
    static BROWSER: OnceLock<Option<Browser>> = OnceLock::new();
    let start = || {
        let library = library();
        assert!(
            library.join("index.js").is_file(),
            "SIP.js is missing: cargo xtask setup --peers installs it"
        );
        Browser::start(Site {
            page: include_str!("browser.html"),
            library: Some(library),
        })
    };
    BROWSER.get_or_init(start).as_ref()
}

/// Where `cargo xtask setup` puts it.
fn library() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("sip.js/package/lib")
}

/// How long a page waits for what it is asked for.
const PATIENCE_MS: u64 = 15_000;
