use std::{env, fmt, sync::Arc};

use uc_model::Redacted;

use super::Client;
use crate::{
    clock::{Clock, SystemClock},
    core::Config,
    driver,
    error::SignInError,
    port::{Backend, MediaEngine, ServerAddress},
    server::ServerBackend,
    trust::{Pins, Trust, parse_fingerprint},
};

/// What a sign-in needs; made by [`Client::builder`].
#[derive(Clone)]
#[must_use = "nothing happens before sign_in"]
pub struct ClientBuilder {
    address: String,
    wan: Option<String>,
    user: String,
    password: Option<Redacted<String>>,
    trust: Trust,
    pins: Pins,
    backend: Option<Arc<dyn Backend>>,
    media: Option<Arc<dyn MediaEngine>>,
    #[cfg(feature = "media")]
    pub(crate) impairment: Option<voip_media::Impairment>,
    clock: Arc<dyn Clock>,
}

impl ClientBuilder {
    pub(super) fn new(address: &str, user: &str) -> Self {
        Self {
            address: address.to_owned(),
            wan: None,
            user: user.to_owned(),
            password: None,
            trust: Trust::default(),
            pins: Pins::new(),
            backend: None,
            media: None,
            #[cfg(feature = "media")]
            impairment: None,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// A second address of the same server, for use outside the office: tried 250 ms after the
    /// first, or as soon as the first has failed. Default: none.
    pub fn wan(mut self, address: &str) -> Self {
        self.wan = Some(address.to_owned());
        self
    }

    /// The password. It is kept in memory while the client lives, to sign in again by itself.
    pub fn password(mut self, password: impl Into<Redacted<String>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Takes the password from an environment variable.
    pub fn password_from_env(self, variable: &str) -> Result<Self, SignInError> {
        let password = env::var(variable).map_err(|_| SignInError::NoPassword)?;
        Ok(self.password(password))
    }

    /// What to do with a certificate without a pin. Default: [`Trust::Ask`].
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// The certificates accepted earlier ([`Client::pins`]). Default: none.
    pub fn pins(mut self, pins: Pins) -> Self {
        self.pins = pins;
        self
    }

    /// The kind of server. Default: [`ServerBackend`], UCX or WSI over TLS.
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> Self {
        self.backend = Some(backend);
        self
    }

    /// What makes the sound of calls. Default: none; then only desk phones can call.
    pub fn media(mut self, engine: Arc<dyn MediaEngine>) -> Self {
        self.media = Some(engine);
        self
    }

    /// What tells the time. Default: [`SystemClock`].
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Signs in. Returns once the server's whole state is there; dropping the future gives the
    /// sign-in up and closes what was opened.
    pub async fn sign_in(self) -> Result<Client, SignInError> {
        let config = self.config()?;
        let backend = self
            .backend
            .unwrap_or_else(|| Arc::new(ServerBackend::default()));
        driver::start(config, backend, self.media, self.clock).await
    }

    fn config(&self) -> Result<Config, SignInError> {
        if self.user.is_empty() {
            return Err(SignInError::NoUser);
        }
        let trust = match &self.trust {
            Trust::PinHex(text) => {
                Trust::Pin(parse_fingerprint(text).ok_or(SignInError::Fingerprint)?)
            }
            other => other.clone(),
        };
        let wan = self.wan.as_deref().map(parse_address);
        Ok(Config {
            lan: parse_address(&self.address).ok_or(SignInError::Address)?,
            wan: wan.map(|wan| wan.ok_or(SignInError::Address)).transpose()?,
            user: self.user.clone(),
            password: self.password.clone().ok_or(SignInError::NoPassword)?,
            trust,
            pins: self.pins.clone(),
            sound: self.media.is_some(),
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("address", &self.address)
            .field("wan", &self.wan)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// The port of the web services where nothing else is said (CONN-1).
const DEFAULT_PORT: u16 = 8802;

/// Reads `name`, `name:port`, an IPv4 or IPv6 address alone, or `[IPv6]:port`.
fn parse_address(text: &str) -> Option<ServerAddress> {
    let text = text.trim();
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (
            host,
            after.strip_prefix(':').or(after.is_empty().then_some(""))?,
        )
    } else if text.parse::<std::net::Ipv6Addr>().is_ok() {
        (text, "")
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    let explicit = text.ends_with(':').then_some(None);
    let port = match (explicit, port) {
        (Some(bad), _) if !text.ends_with("::") => return bad,
        (_, "") => DEFAULT_PORT,
        (_, port) => port.parse().ok().filter(|port| *port != 0)?,
    };
    let plain = |c: char| c.is_alphanumeric() || "-._:%".contains(c);
    (!host.is_empty() && host.len() <= 253 && host.chars().all(plain)).then(|| ServerAddress {
        host: host.to_owned(),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_with_and_without_a_port() {
        let read = |text| parse_address(text).map(|a| (a.host, a.port));
        assert_eq!(read("uc.example"), Some(("uc.example".into(), 8802)));
        assert_eq!(read("uc.example:443"), Some(("uc.example".into(), 443)));
        assert_eq!(read("10.0.0.1:1"), Some(("10.0.0.1".into(), 1)));
        assert_eq!(read("::1"), Some(("::1".into(), 8802)));
        assert_eq!(read("fe80::"), Some(("fe80::".into(), 8802)));
        assert_eq!(read("[::1]:99"), Some(("::1".into(), 99)));
        assert_eq!(read("[::1]"), Some(("::1".into(), 8802)));
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "host:",
            "host:0",
            "host:70000",
            "host:a",
            ":1",
            "[::1",
            "[x]:1",
            "a/b",
        ] {
            assert_eq!(parse_address(text), None, "{text}");
        }
    }

    #[test]
    fn a_password_never_shows_in_debug() {
        let builder = Client::builder("uc.example", "330").password("s3cret".to_owned());
        assert!(!format!("{builder:?}").contains("s3cret"));
    }
}
