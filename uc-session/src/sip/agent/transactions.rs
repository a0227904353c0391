//! Transactions (RFC 3261 §17 with RFC 6026): what is sent again until it is answered, and what was
//! answered already.

use std::time::Duration;

use uc_protocol::sip::{Headers, Message, Method, Request, Response};

/// The requests of this side that wait for their answer. `P` says what each is for.
#[derive(Debug)]
pub(super) struct Clients<P>(Vec<Client<P>>);

#[derive(Debug)]
struct Client<P> {
    branch: String,
    request: Request,
    purpose: P,
    resend: Option<Resend>,
    until: Duration,
    /// An INVITE that was refused: its ACK, for refusals that are sent again.
    ack: Option<Request>,
}

#[derive(Debug, Clone, Copy)]
struct Resend {
    at: Duration,
    pause: Duration,
}

/// What an answer is to the request that it belongs to.
#[derive(Debug)]
pub(super) struct Answered<P> {
    pub(super) purpose: P,
    pub(super) request: Request,
}

impl<P: Clone> Clients<P> {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Remembers a request that is on its way. Over a path that loses nothing it isn't sent again.
    pub(super) fn begin(
        &mut self,
        branch: String,
        request: Request,
        purpose: P,
        now: Duration,
        reliable: bool,
    ) {
        let resend = (!reliable).then_some(Resend {
            at: now + T1,
            pause: T1,
        });
        self.0.push(Client {
            branch,
            request,
            purpose,
            resend,
            until: now + GIVE_UP,
            ack: None,
        });
    }

    /// Takes an answer: whose it is, once for each, and the ACK of a refused INVITE to send.
    pub(super) fn answered(
        &mut self,
        response: &Response,
        now: Duration,
    ) -> (Option<Answered<P>>, Option<Message>) {
        let none = (None, None);
        let headers = &response.headers;
        let (Ok(via), Ok(cseq)) = (headers.via(), headers.cseq()) else {
            return none;
        };
        let Some(branch) = via.branch() else {
            return none;
        };
        let Some(index) = self
            .0
            .iter()
            .position(|c| c.branch == branch && c.request.method == cseq.method)
        else {
            return none;
        };
        let client = &mut self.0[index];
        let invite = client.request.method == Method::Invite;
        if let Some(ack) = &client.ack {
            return (None, Some(Message::Request(ack.clone())));
        }
        let answered = Answered {
            purpose: client.purpose.clone(),
            request: client.request.clone(),
        };
        match response.status {
            ..200 if invite => {
                client.resend = None;
                client.until = now + RINGING;
            }
            ..200 => {
                if let Some(resend) = &mut client.resend {
                    resend.pause = T2;
                }
            }
            200..300 => drop(self.0.remove(index)),
            _ if invite => {
                let ack = ack_of_refusal(&client.request, response);
                client.resend = None;
                client.until = now + GIVE_UP;
                client.ack = Some(ack.clone());
                return (Some(answered), Some(Message::Request(ack)));
            }
            _ => drop(self.0.remove(index)),
        }
        (Some(answered), None)
    }

    /// Forgets what is for this purpose; its answer then belongs to nothing.
    pub(super) fn forget(&mut self, is_it: impl Fn(&P) -> bool) {
        self.0.retain(|client| !is_it(&client.purpose));
    }

    /// The request for this purpose that has no final answer yet.
    pub(super) fn find(&self, is_it: impl Fn(&P) -> bool) -> Option<&Request> {
        let open = self.0.iter().filter(|client| client.ack.is_none());
        let mut found = open.filter(|client| is_it(&client.purpose));
        found.next().map(|client| &client.request)
    }

    /// Remembers a request that nobody can send now.
    pub(super) fn keep(&mut self, request: Request, purpose: P) {
        self.0.push(Client {
            branch: String::new(),
            request,
            purpose,
            resend: None,
            until: Duration::MAX,
            ack: None,
        });
    }

    /// Takes everything that is unanswered, to be sent over another path.
    pub(super) fn take_unanswered(&mut self) -> Vec<(Request, P)> {
        let all = std::mem::take(&mut self.0);
        let open = all.into_iter().filter(|client| client.ack.is_none());
        open.map(|client| (client.request, client.purpose))
            .collect()
    }

    pub(super) fn next_timeout(&self) -> Option<Duration> {
        let resends = self.0.iter().filter_map(|c| c.resend.map(|r| r.at));
        resends.chain(self.0.iter().map(|c| c.until)).min()
    }

    /// What has to be sent again, and what nobody has answered.
    pub(super) fn handle_timeout(&mut self, now: Duration) -> (Vec<Message>, Vec<P>) {
        let mut again = Vec::new();
        for client in &mut self.0 {
            let invite = client.request.method == Method::Invite;
            if let Some(resend) = client.resend.as_mut().filter(|resend| now >= resend.at) {
                again.push(Message::Request(client.request.clone()));
                resend.pause *= 2;
                if !invite {
                    resend.pause = resend.pause.min(T2);
                }
                resend.at = now + resend.pause;
            }
        }
        let mut silent = Vec::new();
        self.0.retain(|client| {
            let over = now >= client.until;
            if over && client.ack.is_none() {
                silent.push(client.purpose.clone());
            }
            !over
        });
        (again, silent)
    }
}

/// The ACK of a refusal is part of the INVITE's transaction (RFC 3261 §17.1.1.3).
fn ack_of_refusal(invite: &Request, refusal: &Response) -> Request {
    let mut headers = Headers::new();
    for name in ["Via", "Max-Forwards", "From", "Call-ID", "Route"] {
        for value in invite.headers.all(name) {
            headers.push(name, value);
        }
    }
    if let Some(to) = refusal.headers.get("To") {
        headers.push("To", to);
    }
    if let Ok(cseq) = invite.headers.cseq() {
        headers.push("CSeq", format!("{} ACK", cseq.number));
    }
    Request {
        method: Method::Ack,
        uri: invite.uri.clone(),
        headers,
        body: Vec::new(),
    }
}

/// A request of the far side: its branch, who has sent it, and its method (RFC 3261 §17.2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerKey {
    branch: String,
    sent_by: String,
    method: Method,
}

impl ServerKey {
    /// An ACK and a CANCEL belong to the INVITE of the same branch.
    pub(super) fn of(request: &Request, method: Method) -> Option<Self> {
        let via = request.headers.via().ok()?;
        Some(Self {
            branch: via.branch()?.to_owned(),
            sent_by: format!("{}:{:?}", via.host, via.port),
            method,
        })
    }
}

/// The requests of the far side, and what they were answered.
#[derive(Debug)]
pub(super) struct Servers(Vec<Server>);

#[derive(Debug)]
struct Server {
    key: ServerKey,
    answer: Option<Response>,
    resend: Option<Resend>,
    until: Duration,
}

impl Servers {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A request has come. `None`: it is new; else it came before, and this is sent once more.
    pub(super) fn known(&self, key: &ServerKey) -> Option<Option<Message>> {
        let server = self.0.iter().find(|server| server.key == *key)?;
        Some(server.answer.clone().map(Message::Response))
    }

    /// Remembers a new request. Of too many the one is forgotten that was answered first; `false`: none
    /// has been answered yet.
    pub(super) fn begin(&mut self, key: ServerKey, now: Duration) -> bool {
        if self.0.len() >= MOST_SERVERS {
            let answered =
                |server: &Server| server.answer.as_ref().is_some_and(|a| a.status >= 200);
            let Some(oldest) = self.0.iter().position(answered) else {
                return false;
            };
            self.0.remove(oldest);
        }
        let until = now + RINGING;
        self.0.push(Server {
            key,
            answer: None,
            resend: None,
            until,
        });
        true
    }

    /// The answer to a request. A refused INVITE is refused again until its ACK comes; an accepted one
    /// is the dialog's to send again.
    pub(super) fn answer(
        &mut self,
        key: &ServerKey,
        response: &Response,
        now: Duration,
        reliable: bool,
    ) {
        let Some(server) = self.0.iter_mut().find(|server| server.key == *key) else {
            return;
        };
        server.answer = Some(response.clone());
        if response.status >= 200 {
            server.until = now + GIVE_UP;
        }
        if response.status >= 300 && key.method == Method::Invite && !reliable {
            server.resend = Some(Resend {
                at: now + T1,
                pause: T1,
            });
        }
    }

    /// The ACK of a refusal has come. Whether there was one to be acknowledged.
    pub(super) fn acknowledged(&mut self, key: &ServerKey) -> bool {
        let refused = |server: &&mut Server| {
            server.key == *key && server.answer.as_ref().is_some_and(|a| a.status >= 300)
        };
        match self.0.iter_mut().find(refused) {
            Some(server) => {
                server.resend = None;
                true
            }
            None => false,
        }
    }

    pub(super) fn next_timeout(&self) -> Option<Duration> {
        let resends = self.0.iter().filter_map(|s| s.resend.map(|r| r.at));
        resends.chain(self.0.iter().map(|s| s.until)).min()
    }

    /// What has to be sent again.
    pub(super) fn handle_timeout(&mut self, now: Duration) -> Vec<Message> {
        self.0.retain(|server| now < server.until);
        let mut again = Vec::new();
        for server in &mut self.0 {
            if let Some(resend) = server.resend.as_mut().filter(|resend| now >= resend.at) {
                again.extend(server.answer.clone().map(Message::Response));
                resend.pause = (resend.pause * 2).min(T2);
                resend.at = now + resend.pause;
            }
        }
        again
    }
}

/// The estimate of a round trip (RFC 3261 §17.1.1.1).
pub(super) const T1: Duration = Duration::from_millis(500);
/// The longest pause between two sendings (RFC 3261 §17.1.2.1).
pub(super) const T2: Duration = Duration::from_secs(4);
/// 64 × T1: so long something is sent again (timers B, F, H and J).
pub(super) const GIVE_UP: Duration = Duration::from_secs(32);
/// So long somebody may let it ring after a provisional answer (timer C, RFC 3261 §16.6: more than
/// three minutes).
const RINGING: Duration = Duration::from_secs(200);
/// Requests of the far side that are remembered (our choice: so many come in the 32 s of their memory
/// only where more calls come than this side carries).
const MOST_SERVERS: usize = 512;
