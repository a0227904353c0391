//! Registration (RFC 3261 §10, RFC 5626): where this user's calls go.

use std::time::Duration;

use uc_model::{Capability, CapabilitySet, Extension, Licence, Redacted, UserId};
use uc_protocol::sip::{Address, Headers, Method, Request, Response, Uri};

use super::{Agent, Output, Purpose, dialog::MAX_FORWARDS};
use crate::{
    port::{BackendError, Outcome, SignedIn},
    sip::convert,
};

/// How this user's registration stands.
#[derive(Debug)]
pub(super) struct Registration {
    /// One for all registrations, so that the newest replaces those before.
    call_id: String,
    /// Names this client for good (RFC 5626 §4.1).
    instance: String,
    /// What of the contact nobody can guess: a call to another user part isn't for us.
    user: String,
    tag: String,
    seconds: u32,
    refresh_at: Option<Duration>,
    accepted: bool,
    /// Whether calls ring here.
    listens: bool,
    /// The proxies that requests go through (RFC 3608).
    route: Vec<Address>,
    /// The address that leads to this client wherever it is (RFC 5627).
    gruu: Option<Uri>,
}

impl Registration {
    pub(super) fn new(token: String) -> Self {
        Self {
            call_id: token.clone(),
            instance: uuid(&token),
            user: token.clone(),
            tag: token,
            seconds: EXPIRES,
            refresh_at: None,
            accepted: false,
            listens: true,
            route: Vec::new(),
            gruu: None,
        }
    }

    pub(super) fn contact_user(&self) -> &str {
        &self.user
    }

    pub(super) const fn was_accepted(&self) -> bool {
        self.accepted
    }

    pub(super) fn gruu(&self) -> Option<Uri> {
        self.gruu.clone()
    }

    /// Whether an address means this client: nobody else knows what it is made of.
    pub(super) fn is_meant_by(&self, uri: &Uri) -> bool {
        let gr = uri.params.value("gr");
        let gr = gr.and_then(|gr| gr.strip_prefix("urn:uuid:"));
        uri.user.as_deref() == Some(&self.user) || gr == Some(&self.instance)
    }

    pub(super) fn route(&self) -> Vec<Address> {
        self.route.clone()
    }

    /// A new path begins.
    pub(super) fn moves(&mut self, tag: String) {
        self.tag = tag;
        self.refresh_at = None;
    }

    pub(super) const fn next_timeout(&self) -> Option<Duration> {
        self.refresh_at
    }
}

impl Agent {
    /// Registers, or with `listens == false` ends the registration; for whoever waits as `id`.
    pub(super) fn register(&mut self, id: Option<u64>, listens: bool) {
        self.registration.listens = listens;
        self.registration.refresh_at = None;
        let number = self.next_number();
        let (user, domain) = (&self.account.user, &self.account.domain);
        let own = Uri::sip(user, domain);
        let registration = &self.registration;
        let seconds = if listens { registration.seconds } else { 0 };
        let mut contact = self.bound_contact();
        let instance = format!("<urn:uuid:{}>", registration.instance);
        contact.params.set_quoted("+sip.instance", &instance);
        contact.params.set("reg-id", "1");
        contact.params.set("expires", &*seconds.to_string());
        let mut headers = Headers::new();
        headers.push("Max-Forwards", MAX_FORWARDS);
        headers.push("From", format!("<{own}>;tag={}", registration.tag));
        headers.push("To", format!("<{own}>"));
        headers.push("Call-ID", registration.call_id.clone());
        headers.push("CSeq", format!("{number} REGISTER"));
        headers.push("Contact", contact.to_string());
        headers.push("Expires", seconds.to_string());
        headers.push("Supported", "path, outbound, gruu");
        headers.push("User-Agent", USER_AGENT);
        let mut uri = Uri::sip("", domain.clone());
        uri.user = None;
        let request = Request {
            method: Method::Register,
            uri,
            headers,
            body: Vec::new(),
        };
        self.clients
            .forget(|sent| matches!(sent.purpose, Purpose::Register { id: None }));
        self.ask(request, Purpose::Register { id });
    }

    /// Whether calls ring here from now on.
    pub(super) fn listen(&mut self, id: u64, calls: bool) {
        match calls == self.registration.listens {
            true => self.done(id, Ok(Outcome::Subscribed)),
            false => {
                self.register(None, calls);
                self.done(id, Ok(Outcome::Subscribed));
            }
        }
    }

    pub(super) fn sign_out(&mut self, id: u64) {
        self.registration.accepted = false;
        self.register(Some(id), false);
    }

    /// Asks whether the server is there; any answer will do.
    pub(super) fn probe(&mut self, id: u64) {
        let own = self.own_address();
        let number = self.next_number();
        let mut uri = Uri::sip("", self.account.domain.clone());
        uri.user = None;
        let mut headers = Headers::new();
        headers.push("Max-Forwards", MAX_FORWARDS);
        headers.push("From", own.to_string());
        headers.push("To", format!("<{uri}>"));
        headers.push("Call-ID", (self.token)());
        headers.push("CSeq", format!("{number} OPTIONS"));
        headers.push("User-Agent", USER_AGENT);
        let request = Request {
            method: Method::Options,
            uri,
            headers,
            body: Vec::new(),
        };
        self.ask(request, Purpose::Probe { id });
    }

    /// The registrar has answered.
    pub(super) fn registered(&mut self, id: Option<u64>, response: &Response) {
        match response.status {
            ..200 => {}
            200..300 => self.accepted(id, response),
            423 => match response.headers.min_expires() {
                // Longer than we'd like, but only so.
                Some(least) if least > self.registration.seconds && least <= MOST_EXPIRES => {
                    self.registration.seconds = least;
                    self.register(id, self.registration.listens);
                }
                _ => self.refused(id, response.status),
            },
            status => self.refused(id, status),
        }
    }

    fn accepted(&mut self, id: Option<u64>, response: &Response) {
        let headers = &response.headers;
        let user = self.registration.user.clone();
        let contacts = headers.contacts().unwrap_or_default();
        let own = contacts
            .iter()
            .find(|contact| contact.uri.user.as_deref() == Some(&user));
        let gruu = own.and_then(|contact| contact.params.value("pub-gruu")?.parse().ok());
        let own = own.and_then(|contact| contact.params.value("expires")?.parse().ok());
        let seconds = own.or_else(|| headers.expires());
        let seconds = seconds.unwrap_or(self.registration.seconds);
        let registration = &mut self.registration;
        registration.gruu = gruu;
        registration.route = headers.routes("Service-Route");
        registration.refresh_at = (registration.listens && seconds > 0).then(|| {
            // Early enough for a second attempt.
            let early = (seconds / 2).max(seconds.saturating_sub(MARGIN));
            self.now + Duration::from_secs(u64::from(early.max(1)))
        });
        registration.accepted |= registration.listens;
        if let Some(id) = id {
            let outcome = match registration.listens {
                true => self.signed_in(headers).map(Outcome::SignedIn),
                false => Ok(Outcome::Done),
            };
            self.done(id, outcome);
        }
    }

    fn refused(&mut self, id: Option<u64>, status: u16) {
        let error = convert::failure(status);
        let for_good = matches!(
            error,
            BackendError::BadCredentials | BackendError::SignInRefused
        );
        match id {
            Some(id) => self.done(id, Err(error)),
            None if for_good => self.outputs.push_back(Output::SignedOut),
            None => self.outputs.push_back(Output::Silent),
        }
    }

    pub(super) fn registrar_is_silent(&mut self, id: Option<u64>) {
        match id {
            Some(id) => self.done(id, Err(BackendError::TimedOut)),
            None => self.outputs.push_back(Output::Silent),
        }
    }

    pub(super) fn refresh_registration(&mut self) {
        let due = self.registration.refresh_at;
        if due.is_some_and(|at| self.now >= at) && self.path.is_some() {
            self.register(None, true);
        }
    }

    fn signed_in(&self, headers: &Headers) -> Result<SignedIn, BackendError> {
        let server = headers.get("Server").or_else(|| headers.get("User-Agent"));
        let user = &self.account.user;
        Ok(SignedIn {
            user: UserId::new(user).map_err(|_| BackendError::BadCredentials)?,
            extension: Extension::new(user).ok(),
            name: Redacted::new(user.clone()),
            server: server.unwrap_or("SIP").to_owned(),
            mode: None,
            capabilities: capabilities(),
            grouping: Default::default(),
            dial_plan: None,
            must_change_password: false,
            missing_licences: Vec::<Licence>::new(),
            phone: None,
            assigned_phones: Some(Vec::new()),
        })
    }
}

/// What can be done with any SIP server: the one place where it is decided.
fn capabilities() -> CapabilitySet {
    [
        Capability::VoipCalls,
        Capability::Hold,
        Capability::Deflect,
        Capability::Consult,
        Capability::Transfer,
        Capability::Dtmf,
        Capability::Pickup,
        Capability::PhoneConferences,
    ]
    .into_iter()
    .fold(CapabilitySet::EMPTY, CapabilitySet::with)
}

/// A text of at least 32 hexadecimal digits as a UUID (RFC 9562, version 4).
fn uuid(token: &str) -> String {
    let digits: String = token.chars().chain("0".chars().cycle()).take(32).collect();
    format!(
        "{}-{}-4{}-8{}-{}",
        &digits[..8],
        &digits[8..12],
        &digits[13..16],
        &digits[17..20],
        &digits[20..]
    )
}

/// What we ask for, in seconds (our choice: a NAT or a server that forgets isn't noticed later).
const EXPIRES: u32 = 600;
/// The longest that we agree to.
const MOST_EXPIRES: u32 = 86_400;
/// Before a registration ends it is renewed by this much, in seconds.
const MARGIN: u32 = 60;
/// RFC 3261 §20.41.
pub(super) const USER_AGENT: &str = concat!("uc-session/", env!("CARGO_PKG_VERSION"));
