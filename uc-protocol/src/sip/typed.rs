use std::time::Duration;

use super::{
    Address, Headers, Method, Params, SipError, Uri, Via,
    grammar::{number, saturating_number, token, trim},
};

/// `CSeq` (RFC 3261 §20.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// The number.
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

/// `RAck` (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The `RSeq` of the response.
    pub rseq: u32,
    /// The number of its `CSeq`.
    pub cseq: u32,
    /// The method of its `CSeq`.
    pub method: Method,
}

/// `Replaces` (RFC 3891 §6.1): the dialog that a call takes the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// Its `Call-ID`.
    pub call_id: String,
    /// The tag of `To`, as the receiver sees its own side.
    pub to_tag: String,
    /// The tag of `From`.
    pub from_tag: String,
    /// Only while that dialog is early.
    pub early_only: bool,
}

/// Who refreshes a session (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// Who sent the request.
    Uac,
    /// Who answered it.
    Uas,
}

/// `Session-Expires` (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session's interval in seconds.
    pub seconds: u32,
    /// Who refreshes, where it is said.
    pub refresher: Option<Refresher>,
}

/// `Reason` (RFC 3326): why a request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another token.
    pub protocol: String,
    /// The code in that protocol.
    pub cause: Option<u32>,
    /// An explanation.
    pub text: Option<String>,
}

/// `Subscription-State` (RFC 6665 §8.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriptionState {
    /// The state.
    pub state: Substate,
    /// Seconds until it ends.
    pub expires: Option<u32>,
    /// Why it has ended, for example `timeout` or `noresource`.
    pub reason: Option<String>,
    /// Seconds after which it may be tried again.
    pub retry_after: Option<u32>,
}

/// The state of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Substate {
    /// Accepted.
    Active,
    /// Nobody has decided yet.
    Pending,
    /// At its end.
    Terminated,
    /// One that this version doesn't know.
    Other,
}

/// Typed reading.
///
/// Where a header field is missing: [`SipError::Missing`]; where it can't be read:
/// [`SipError::Malformed`] with its name.
impl Headers {
    /// The topmost `Via`.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn via(&self) -> Result<Via, SipError> {
        self.all("Via")
            .next()
            .ok_or(SipError::Missing("Via"))?
            .parse()
    }

    /// Every `Via`, the topmost first.
    ///
    /// # Errors
    /// One is malformed.
    pub fn vias(&self) -> Result<Vec<Via>, SipError> {
        self.all("Via").map(str::parse).collect()
    }

    /// `From`.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn from(&self) -> Result<Address, SipError> {
        self.address("From")
    }

    /// `To`.
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn to(&self) -> Result<Address, SipError> {
        self.address("To")
    }

    /// `Call-ID` (RFC 3261 §20.8).
    ///
    /// # Errors
    /// Missing, or empty, or with spaces.
    pub fn call_id(&self) -> Result<&str, SipError> {
        let id = self.get("Call-ID").ok_or(SipError::Missing("Call-ID"))?;
        if !one_word(id) {
            return Err(SipError::Malformed("Call-ID"));
        }
        Ok(id)
    }

    /// `CSeq`.
    ///
    /// # Errors
    /// Missing, malformed, or a number over 32 bits.
    pub fn cseq(&self) -> Result<CSeq, SipError> {
        let text = self.get("CSeq").ok_or(SipError::Missing("CSeq"))?;
        let mut words = text.split_ascii_whitespace();
        let read = match (words.next(), words.next(), words.next()) {
            (Some(digits), Some(method), None) => number(digits).zip(method.parse().ok()),
            _ => None,
        };
        let (number, method) = read.ok_or(SipError::Malformed("CSeq"))?;
        Ok(CSeq { number, method })
    }

    /// Every `Contact`. The star of a REGISTER that removes all (RFC 3261 §10.2.2) is not among
    /// them: that is [`Headers::contact_star`].
    ///
    /// # Errors
    /// One is malformed.
    pub fn contacts(&self) -> Result<Vec<Address>, SipError> {
        let contacts = self.all("Contact").filter(|contact| *contact != "*");
        contacts
            .map(|text| Address::read(text, "Contact"))
            .collect()
    }

    /// Whether `Contact` is a star.
    pub fn contact_star(&self) -> bool {
        self.has_token("Contact", "*")
    }

    /// The addresses of `Route`, `Record-Route`, `Service-Route`, `Path` or another list of
    /// addresses, in their order; empty where one can't be read.
    pub fn routes(&self, name: &str) -> Vec<Address> {
        let routes = self.all(name).map(str::parse).collect::<Result<_, _>>();
        routes.unwrap_or_default()
    }

    /// `P-Asserted-Identity` (RFC 3325 §9.1): who calls, as the provider knows it; what can't be
    /// read is left out.
    pub fn asserted_identities(&self) -> Vec<Address> {
        let all = self.all("P-Asserted-Identity");
        all.filter_map(|text| text.parse().ok()).collect()
    }

    /// `Expires` in seconds; too large a number counts as the largest.
    pub fn expires(&self) -> Option<u32> {
        saturating_number(self.get("Expires")?)
    }

    /// `Min-Expires` in seconds.
    pub fn min_expires(&self) -> Option<u32> {
        saturating_number(self.get("Min-Expires")?)
    }

    /// `Max-Forwards`.
    pub fn max_forwards(&self) -> Option<u32> {
        saturating_number(self.get("Max-Forwards")?)
    }

    /// `Replaces`, where it is there.
    pub fn replaces(&self) -> Option<Result<Replaces, SipError>> {
        self.get("Replaces").map(str::parse)
    }

    /// `Refer-To` (RFC 3515 §2.1).
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn refer_to(&self) -> Result<Address, SipError> {
        self.address("Refer-To")
    }

    /// `Referred-By` (RFC 3892 §3).
    ///
    /// # Errors
    /// Missing or malformed.
    pub fn referred_by(&self) -> Result<Address, SipError> {
        self.address("Referred-By")
    }

    /// `Session-Expires`; `None` also where it can't be read.
    pub fn session_expires(&self) -> Option<SessionExpires> {
        let (seconds, params) = self.with_params("Session-Expires")?;
        let refresher = params.value("refresher").and_then(|who| {
            let known = [("uac", Refresher::Uac), ("uas", Refresher::Uas)];
            let found = known
                .iter()
                .find(|(name, _)| who.eq_ignore_ascii_case(name));
            found.map(|(_, refresher)| *refresher)
        });
        Some(SessionExpires {
            seconds: saturating_number(seconds)?,
            refresher,
        })
    }

    /// `Min-SE` in seconds (RFC 4028 §5).
    pub fn min_se(&self) -> Option<u32> {
        saturating_number(self.with_params("Min-SE")?.0)
    }

    /// `RSeq` (RFC 3262 §7.1).
    pub fn rseq(&self) -> Option<u32> {
        number(self.get("RSeq")?)
    }

    /// `RAck`; `None` also where it can't be read.
    pub fn rack(&self) -> Option<RAck> {
        let mut words = self.get("RAck")?.split_ascii_whitespace();
        let (rseq, cseq, method) = (words.next()?, words.next()?, words.next()?);
        Some(RAck {
            rseq: number(rseq)?,
            cseq: number(cseq)?,
            method: method.parse().ok()?,
        })
    }

    /// `Retry-After` (RFC 3261 §20.33).
    pub fn retry_after(&self) -> Option<Duration> {
        let value = self.get("Retry-After")?;
        let end = value
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(value.len());
        let seconds = saturating_number(&value[..end])?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// The first `Reason`; `None` also where it can't be read.
    pub fn reason(&self) -> Option<Reason> {
        let value = self.all("Reason").next()?;
        let (protocol, params) = split_params(value)?;
        token(protocol).then(|| Reason {
            protocol: protocol.to_owned(),
            cause: params.value("cause").and_then(saturating_number),
            text: params.value("text").map(ToOwned::to_owned),
        })
    }

    /// The media type of the body, without its parameters (RFC 3261 §20.15), for example
    /// `application/sdp`. Compare it without regard to case.
    pub fn content_type(&self) -> Option<&str> {
        self.essence("Content-Type")
    }

    /// The event package (RFC 6665 §8.2.1), without its parameters, for example `message-summary`.
    pub fn event(&self) -> Option<&str> {
        self.essence("Event")
    }

    /// `Subscription-State`; `None` also where it can't be read.
    pub fn subscription_state(&self) -> Option<SubscriptionState> {
        let (state, params) = self.with_params("Subscription-State")?;
        let state = match state.to_ascii_lowercase().as_str() {
            "active" => Substate::Active,
            "pending" => Substate::Pending,
            "terminated" => Substate::Terminated,
            _ => Substate::Other,
        };
        Some(SubscriptionState {
            state,
            expires: params.value("expires").and_then(saturating_number),
            reason: params.value("reason").map(ToOwned::to_owned),
            retry_after: params.value("retry-after").and_then(saturating_number),
        })
    }

    fn address(&self, name: &'static str) -> Result<Address, SipError> {
        Address::read(self.get(name).ok_or(SipError::Missing(name))?, name)
    }

    fn essence(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        let essence = trim(value.split(';').next().unwrap_or_default());
        (!essence.is_empty()).then_some(essence)
    }

    fn with_params(&self, name: &str) -> Option<(&str, Params)> {
        split_params(self.get(name)?)
    }
}

impl std::str::FromStr for Replaces {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        let malformed = SipError::Malformed("Replaces");
        let (call_id, params) = split_params(text).ok_or(malformed)?;
        let tag = |name| params.value(name).map(ToOwned::to_owned).ok_or(malformed);
        if !one_word(call_id) {
            return Err(malformed);
        }
        Ok(Self {
            call_id: call_id.to_owned(),
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.has("early-only"),
        })
    }
}

impl std::fmt::Display for Replaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            call_id,
            to_tag,
            from_tag,
            early_only,
        } = self;
        write!(f, "{call_id};to-tag={to_tag};from-tag={from_tag}")?;
        f.write_str(if *early_only { ";early-only" } else { "" })
    }
}

impl std::fmt::Display for CSeq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

impl std::fmt::Display for RAck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.rseq, self.cseq, self.method)
    }
}

impl Address {
    /// The dialog that a call to this target takes the place of: the `Replaces` in the URI, as
    /// `Refer-To` has it (RFC 3891 §6.1).
    pub fn replaces(&self) -> Option<Result<Replaces, SipError>> {
        self.uri.replaces()
    }
}

impl Uri {
    /// The `Replaces` among the header fields of the URI.
    pub fn replaces(&self) -> Option<Result<Replaces, SipError>> {
        let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("Replaces");
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.parse())
    }
}

/// What stands before the first semicolon, and the parameters.
fn split_params(value: &str) -> Option<(&str, Params)> {
    let end = value.find(';').unwrap_or(value.len());
    let params = Params::read_header(&value[end..], "parameters").ok()?;
    Some((trim(&value[..end]), params))
}

/// Whether a text can be a `Call-ID`: more than RFC 3261's `word` is seen there.
fn one_word(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}
