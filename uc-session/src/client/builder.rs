use std::{env, fmt, sync::Arc};

use uc_model::{Extension, ExtensionError, Redacted};
use uc_protocol::net::HostPort;

use super::Client;
#[cfg(feature = "sip")]
use crate::sip::{SipAddress, SipBackend, SipConfig};
use crate::{
    cache::Keeper,
    clock::{Clock, SystemClock},
    core::Config,
    diagnosis::{Check, Diagnosis, Examination},
    driver::{self, Tools},
    error::SignInError,
    port::{Backend, MediaEngine, ServerAddress, SoundRole, Store},
    server::ServerBackend,
    trust::{Pins, Trust},
    ucx::UcxConfig,
    wsi::WsiConfig,
};

/// What a sign-in needs; made by [`Client::builder`].
#[derive(Clone)]
#[must_use = "nothing happens before sign_in"]
pub struct ClientBuilder {
    lan: Option<ServerAddress>,
    /// How a SIP server is reached, where the address names one.
    #[cfg(feature = "sip")]
    sip: Option<SipAddress>,
    wan: Option<Option<ServerAddress>>,
    user: String,
    password: Option<Redacted<String>>,
    new_password: Option<Redacted<String>>,
    /// What was entered; nothing that can be a number is an error.
    phone: Option<Result<Extension, ExtensionError>>,
    trust: Trust,
    pins: Pins,
    proxy: Option<Option<ServerAddress>>,
    backend: Option<Arc<dyn Backend>>,
    media: Option<Arc<dyn MediaEngine>>,
    devices: Vec<(SoundRole, Vec<String>)>,
    cache: Option<(Arc<dyn Store>, String)>,
    texts: bool,
    #[cfg(feature = "media")]
    pub(crate) impairment: Option<voip_media::Impairment>,
    #[cfg(feature = "media")]
    pub(crate) codec_preselection: bool,
    #[cfg(feature = "media")]
    pub(crate) hold_music: Option<voip_media::HoldMusic>,
    clock: Arc<dyn Clock>,
}

impl ClientBuilder {
    pub(super) fn new(address: &str, user: &str) -> Self {
        #[cfg(feature = "sip")]
        let sip = SipAddress::read(address);
        Self {
            #[cfg(feature = "sip")]
            sip,
            lan: read_address(address),
            wan: None,
            user: user.to_owned(),
            password: None,
            new_password: None,
            phone: None,
            trust: Trust::default(),
            pins: Pins::new(),
            proxy: None,
            backend: None,
            media: None,
            devices: Vec::new(),
            cache: None,
            texts: true,
            #[cfg(feature = "media")]
            impairment: None,
            #[cfg(feature = "media")]
            codec_preselection: false,
            #[cfg(feature = "media")]
            hold_music: Some(voip_media::HoldMusic::tune()),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// A sign-in at addresses that were read before.
    pub(crate) fn at(lan: ServerAddress, wan: Option<ServerAddress>, user: &str) -> Self {
        Self {
            lan: Some(lan),
            wan: wan.map(Some),
            ..Self::new("", user)
        }
    }

    /// A second address of the same server, for use outside the office: tried 250 ms after the
    /// first, or as soon as the first has failed. Default: none.
    pub fn wan(mut self, address: &str) -> Self {
        self.wan = Some(read_address(address));
        self
    }

    /// The one of the user's telephones that is controlled, by its own number: for users whose number is
    /// shared by several (MULAP); the number kept for VoIP where calls are to go through this client.
    /// Default: the first that the server names.
    pub fn controlled_phone(mut self, number: &str) -> Self {
        self.phone = Some(Extension::new(number));
        self
    }

    /// The password. It is kept in memory while the client lives, to sign in again by itself.
    pub fn password(mut self, password: impl Into<Redacted<String>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// The password to set, should the server want the initial one changed at this sign-in (CONN-4);
    /// elsewhere it is not used. Without it such a sign-in ends with
    /// [`PasswordChangeRequired`](SignInError::PasswordChangeRequired).
    pub fn new_password(mut self, password: impl Into<Redacted<String>>) -> Self {
        self.new_password = Some(password.into());
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

    /// An HTTP proxy through which the server is reached (with `CONNECT`), `name:port`. Without
    /// effect on a [backend](ClientBuilder::backend) of one's own. Default: none.
    pub fn proxy(mut self, address: &str) -> Self {
        self.proxy = Some(parse_address(address));
        self
    }

    /// The kind of server. Default: [`ServerBackend`], UCX or WSI over TLS; a
    /// [`SipBackend`](crate::SipBackend) for an address that begins with `sip:` or `sips:`.
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> Self {
        self.backend = Some(backend);
        self
    }

    /// What makes the sound of calls. Default: none; then only desk phones can call.
    pub fn media(mut self, engine: Arc<dyn MediaEngine>) -> Self {
        self.media = Some(engine);
        self
    }

    /// Which device a role uses: the first of `wanted` that is there, each given by its identity or its
    /// name. Default, and when none is there: the system's.
    pub fn device(mut self, role: SoundRole, wanted: &[&str]) -> Self {
        let wanted = wanted.iter().map(|text| (*text).to_owned()).collect();
        self.devices.push((role, wanted));
        self
    }

    /// Keeps favourites, contacts, conversations and messages that haven't gone in `store` under
    /// `name` (one for each profile). At the next start they are shown until the server has told
    /// its own, and the messages go. Default: nothing is kept.
    pub fn cache(mut self, store: Arc<dyn Store>, name: &str) -> Self {
        self.cache = Some((store, name.to_owned()));
        self
    }

    /// Whether texts of messages are among what is [kept](ClientBuilder::cache). Without them the
    /// messages of a conversation are shown once the server has told them, messages that haven't
    /// gone are forgotten at the client's end, and what an earlier client has kept with texts is
    /// thrown away. Default: `true`.
    pub fn keep_texts(mut self, keep: bool) -> Self {
        self.texts = keep;
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
        let client = self.begin(false).await?;
        match client.signed_in().await {
            Ok(()) => Ok(client),
            Err(error) => Err(error),
        }
    }

    /// Starts, and returns before the network is asked: the client shows what was
    /// [kept](ClientBuilder::cache), and its view says as of when. It signs in behind that, and
    /// goes on trying while the server can't be reached; [`Client::signed_in`] waits for it.
    ///
    /// # Errors
    /// What is wrong with the builder.
    pub async fn start(self) -> Result<Client, SignInError> {
        self.begin(true).await
    }

    async fn begin(self, patient: bool) -> Result<Client, SignInError> {
        let mut config = self.config()?;
        config.patient = patient;
        let mut keeper = None;
        if let Some((store, name)) = self.cache.clone() {
            let (opened, cached) = Keeper::open(store, &name, &self.user, self.texts).await;
            keeper = Some(Arc::new(opened));
            config.cached = Some(cached);
        }
        if let Some(media) = &self.media {
            for (role, wanted) in &self.devices {
                media.choose_device(*role, wanted).await;
            }
        }
        let backend = self.any_backend();
        let tools = Tools {
            backend,
            media: self.media,
            keeper,
            clock: self.clock,
        };
        driver::start(config, tools)
    }

    /// Looks step by step at what a sign-in needs, at both addresses, and says what works, what
    /// doesn't and what to do; tells `tell` each result as it comes. It goes as far as it can, up to
    /// a session of its own that it ends again; a password is sent after an accepted certificate
    /// only. Takes some seconds, and with silent addresses up to about a minute.
    ///
    /// # Errors
    /// What is wrong with the builder.
    pub async fn diagnose(
        self,
        mut tell: impl FnMut(&Check) + Send,
    ) -> Result<Diagnosis, SignInError> {
        tokio::runtime::Handle::try_current().map_err(|_| SignInError::NoRuntime)?;
        let config = self.config()?;
        let server = self.server();
        let backend = match self.chosen_backend() {
            Some(backend) => backend,
            None => Arc::clone(&server) as _,
        };
        let examination = Examination {
            config,
            backend,
            proxy: self.proxy.clone().flatten(),
            tell: &mut tell,
            checks: Vec::new(),
        };
        Ok(Diagnosis {
            checks: examination.run().await,
            relied_on: server.relied_on(),
        })
    }

    fn any_backend(&self) -> Arc<dyn Backend> {
        self.chosen_backend().unwrap_or_else(|| self.server())
    }

    /// What the application has chosen, or the address.
    fn chosen_backend(&self) -> Option<Arc<dyn Backend>> {
        #[cfg(feature = "sip")]
        if let (None, Some(sip)) = (&self.backend, &self.sip) {
            let mut config = SipConfig {
                transport: sip.transport,
                clock: Arc::clone(&self.clock),
                ..SipConfig::default()
            };
            config.connection.proxy = self.http_proxy();
            #[cfg(feature = "srv")]
            if sip.is_domain {
                // A computer without name servers knows its server by itself.
                let dns = crate::sip::Dns::of_this_computer().ok();
                config.locator = dns.map(|dns| Arc::new(dns) as Arc<dyn crate::sip::Locate>);
            }
            return Some(Arc::new(SipBackend::new(config)));
        }
        self.backend.clone()
    }

    fn http_proxy(&self) -> Option<HostPort> {
        let proxy = self.proxy.clone().flatten()?;
        HostPort::new(&proxy.host, proxy.port).ok()
    }

    /// UCX or WSI over TLS, through the proxy if there is one.
    fn server(&self) -> Arc<ServerBackend> {
        let mut ucx = UcxConfig::default();
        ucx.connection.proxy = self.http_proxy();
        Arc::new(ServerBackend::new(ucx, WsiConfig::default()))
    }

    fn config(&self) -> Result<Config, SignInError> {
        if self.user.is_empty() {
            return Err(SignInError::NoUser);
        }
        let trust = match self.trust.fingerprint().transpose()? {
            Some(sha256) => Trust::Pin(sha256),
            None => self.trust.clone(),
        };
        if self.proxy == Some(None) {
            return Err(SignInError::Address);
        }
        let wan = self.wan.clone();
        Ok(Config {
            lan: self.lan.clone().ok_or(SignInError::Address)?,
            wan: wan.map(|wan| wan.ok_or(SignInError::Address)).transpose()?,
            user: self.user.clone(),
            password: self.password.clone().ok_or(SignInError::NoPassword)?,
            new_password: self.new_password.clone(),
            trust,
            phone: self.phone.clone().transpose()?,
            pins: self.pins.clone(),
            sound: self.media.is_some(),
            patient: false,
            cached: None,
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("lan", &self.lan)
            .field("wan", &self.wan)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// The port of the web services where nothing else is said (CONN-1).
const DEFAULT_PORT: u16 = 8802;

/// Reads whatever address; one of a SIP server only where SIP is built in.
fn read_address(text: &str) -> Option<ServerAddress> {
    #[cfg(feature = "sip")]
    if SipAddress::is_meant(text) {
        return SipAddress::read(text).map(|sip| sip.server);
    }
    parse_address(text)
}

/// Reads `name`, `name:port`, an IPv4 or IPv6 address alone, or `[IPv6]:port`.
pub(crate) fn parse_address(text: &str) -> Option<ServerAddress> {
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
