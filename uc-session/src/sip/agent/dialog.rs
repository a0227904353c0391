//! Dialogs (RFC 3261 §12): who speaks to whom, and by which way requests go.

use uc_protocol::sip::{Address, Headers, Method, Request, Response, SipError, Uri};

/// A dialog, or one that begins.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    pub(super) call_id: String,
    /// This side, with its tag.
    pub(super) local: Address,
    /// The other side, with its tag once it has one.
    pub(super) remote: Address,
    /// Where requests are sent to: the other's `Contact`.
    pub(super) target: Uri,
    /// The proxies that want to see every request, nearest first.
    route: Vec<Address>,
    /// The number of the other side's last request.
    seen: Option<u32>,
}

impl Dialog {
    /// One that this side begins.
    pub(super) fn new(
        call_id: String,
        local: Address,
        remote: Address,
        route: Vec<Address>,
    ) -> Self {
        Self {
            call_id,
            local,
            target: remote.uri.clone(),
            remote,
            route,
            seen: None,
        }
    }

    /// The dialog that an answer to our INVITE opens (RFC 3261 §12.1.2).
    ///
    /// # Errors
    /// Where the answer lacks what a dialog needs.
    pub(super) fn opened_by(&self, answer: &Response) -> Result<Self, SipError> {
        let headers = &answer.headers;
        let mut route = headers.routes("Record-Route");
        route.reverse();
        let mut dialog = Self {
            remote: headers.to()?,
            route,
            ..self.clone()
        };
        dialog.refresh_target(headers);
        Ok(dialog)
    }

    /// The dialog that their INVITE opens once it is answered with `tag` (RFC 3261 §12.1.1).
    ///
    /// # Errors
    /// Where the request lacks what a dialog needs.
    pub(super) fn asked_for_by(request: &Request, tag: &str) -> Result<Self, SipError> {
        let headers = &request.headers;
        let mut local = headers.to()?;
        local.params.set("tag", tag);
        let remote = headers.from()?;
        let mut dialog = Self {
            call_id: headers.call_id()?.to_owned(),
            local,
            target: remote.uri.clone(),
            remote,
            route: headers.routes("Record-Route"),
            seen: Some(headers.cseq()?.number),
        };
        dialog.refresh_target(headers);
        Ok(dialog)
    }

    /// The other's `Contact`, if it names one.
    pub(super) fn refresh_target(&mut self, headers: &Headers) {
        let contacts = headers.contacts().unwrap_or_default();
        if let Some(contact) = contacts.into_iter().next() {
            self.target = contact.uri;
        }
    }

    pub(super) fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    pub(super) fn remote_tag(&self) -> Option<&str> {
        self.remote.tag()
    }

    /// Whether both tags and the Call-ID are those of a request of the other side.
    pub(super) fn has(&self, call_id: &str, to_tag: Option<&str>, from_tag: Option<&str>) -> bool {
        self.call_id == call_id && to_tag == self.local.tag() && from_tag == self.remote.tag()
    }

    /// Whether a request of the other side is newer than those before it: an older one is a replay
    /// (RFC 3261 §12.2.2).
    pub(super) fn is_next(&mut self, number: u32) -> bool {
        let newer = self.seen.is_none_or(|seen| number > seen);
        if newer {
            self.seen = Some(number);
        }
        newer
    }

    /// A request inside the dialog (RFC 3261 §12.2.1.1): without `Via` and `Contact`.
    pub(super) fn request(&self, method: Method, number: u32) -> Request {
        let mut headers = Headers::new();
        headers.push("Max-Forwards", MAX_FORWARDS);
        headers.push("From", self.local.to_string());
        headers.push("To", self.remote.to_string());
        headers.push("Call-ID", self.call_id.clone());
        headers.push("CSeq", format!("{number} {method}"));
        let mut uri = self.target.clone();
        let mut route = self.route.clone();
        if let Some(first) = self.route.first()
            && !first.uri.params.has("lr")
        {
            // A strict router: the way RFC 2543 wanted it.
            let last = Address {
                display: None,
                uri,
                params: first.params.clone(),
            };
            uri = first.uri.clone();
            route.remove(0);
            route.push(last);
        }
        for hop in &route {
            headers.push("Route", hop.to_string());
        }
        Request {
            method,
            uri,
            headers,
            body: Vec::new(),
        }
    }
}

/// RFC 3261 §8.1.1.6.
pub(super) const MAX_FORWARDS: &str = "70";
