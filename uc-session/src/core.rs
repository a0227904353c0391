//! The client without any input or output: what is decided, when, and why.
//!
//! A core takes [`Input`]s with the moment they came, and gives [`Output`]s until it says
//! [`Output::Timeout`], which means drained: call again with the next input, at the latest at that
//! moment with [`Input::Time`]. It never calls a port: it asks for [`Command`]s and is told what
//! became of them. The same inputs always give the same outputs.
//!
//! [`Client`](crate::Client) is a core with a driver on tokio; other drivers (tests, simulations)
//! need only this module.

mod backoff;
mod calls;
mod chat;
mod connection;
mod interface;
mod io;
mod keeping;
mod liveness;
mod race;
mod random;
mod requests;
#[cfg(test)]
mod rig;
mod roster;
mod shutdown;

use uc_model::{Action, Extension, Redacted};

pub use self::interface::{
    Command, CommandId, Input, MediaCommand, MediaId, MediaOutcome, Output, Reply, Request, Ticket,
    Why,
};
use self::{
    calls::Calls,
    chat::Chat,
    connection::{Connection, Signal},
    io::{Flight, Io, Purpose},
    keeping::Keeping,
    requests::Requests,
    shutdown::{Parts, Shutdown},
};
use crate::{
    cache::{CacheError, Cached},
    clock::Now,
    error::{CallError, EditError, MessageError, ServiceError, SignInError},
    events::Event,
    port::{
        BackendError, BackendEvent, LinkId, MediaError, Outcome, ServerAddress, ServerChange,
        Service, StoreError,
    },
    trust::{Pins, Trust},
    view::View,
};

/// What a core is made of.
#[derive(Debug, Clone)]
pub struct Config {
    /// The first address.
    pub lan: ServerAddress,
    /// The second address.
    pub wan: Option<ServerAddress>,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Redacted<String>,
    /// The password to set where the server wants the initial one changed (CONN-4).
    pub new_password: Option<Redacted<String>>,
    /// What to do with a certificate without a pin.
    pub trust: Trust,
    /// The accepted certificates.
    pub pins: Pins,
    /// The one of the user's telephones that was entered to be controlled (CONN-10).
    pub phone: Option<Extension>,
    /// Whether there is something that makes sound.
    pub sound: bool,
    /// Whether a first sign-in that can't reach the server is repeated until it can: where there
    /// is something to show meanwhile.
    pub patient: bool,
    /// What was kept of an earlier session; `None` where nothing shall be kept.
    pub cached: Option<Result<Option<Cached>, CacheError>>,
}

/// A client's decisions. See the [module](self).
#[derive(Debug)]
pub struct Core {
    io: Io,
    connection: Connection,
    calls: Calls,
    chat: Chat,
    requests: Requests,
    keeping: Keeping,
    shutdown: Shutdown,
}

impl Core {
    /// A core that waits for [`Request::SignIn`]. `seed` makes request keys and jitter; it must
    /// differ from run to run outside tests.
    pub fn new(mut config: Config, seed: u64, now: Now) -> Self {
        let mut io = Io::new(seed, now, config.pins.clone());
        io.view.voip_wanted = config.sound;
        Self {
            keeping: Keeping::new(&mut io, config.cached.take()),
            calls: Calls::new(config.sound),
            chat: Chat::default(),
            connection: Connection::new(config),
            io,
            requests: Requests::default(),
            shutdown: Shutdown::default(),
        }
    }

    /// Takes what has happened.
    pub fn handle_input(&mut self, input: Input, now: Now) {
        if self.shutdown.is_stopped() {
            return;
        }
        let jumped = self.io.advance(now);
        self.expire();
        if jumped {
            self.calls.network_changed();
            let signals = self.connection.handle_clock_jump(&mut self.io);
            self.obey(signals);
        }
        self.dispatch(input);
        self.calls.settle(&mut self.io);
        self.keeping.settle(&mut self.io);
        self.shutdown.settle(&mut Parts {
            io: &mut self.io,
            connection: &mut self.connection,
            calls: &mut self.calls,
            keeping: &mut self.keeping,
        });
    }

    /// The next output; [`Output::Timeout`] and [`Output::Stopped`] mean that there is none left.
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.io.next_output() {
            return output;
        }
        if self.shutdown.is_stopped() {
            return Output::Stopped;
        }
        let timers = [
            self.io.next_timeout(),
            self.connection.next_timeout(),
            self.calls.next_timeout(),
            self.keeping.next_timeout(&self.io),
            self.shutdown.next_timeout(),
        ];
        let next = timers.into_iter().flatten().min_by_key(|(at, _)| *at);
        let (at, why) = next.unwrap_or((std::time::Duration::MAX, Why::Never));
        self.io.promise(at);
        Output::Timeout(at, why)
    }

    /// What is known now.
    pub fn view(&self) -> &View {
        &self.io.view
    }

    /// The certificates accepted so far.
    pub fn pins(&self) -> &Pins {
        &self.io.pins
    }

    fn dispatch(&mut self, input: Input) {
        match input {
            Input::Time => {}
            Input::Request { ticket, request } => self.request(ticket, request),
            Input::Unclaimed { call } => self.calls.hang_up_unclaimed(&mut self.io, &call),
            Input::Sound(change) => self.io.event(Event::SoundChanged(change)),
            Input::Completed { id, result } => {
                if let Some(flight) = self.io.land(id) {
                    self.complete(flight, result);
                }
            }
            Input::MediaCompleted { id, result } => {
                if let Some(flight) = self.io.land(id) {
                    self.media_completed(flight, result);
                }
            }
            Input::Saved { id, result } => {
                if self.io.land(id).is_some() {
                    self.keeping.saved(&mut self.io, result);
                }
            }
            Input::Backend { link, event } => self.backend_event(link, event),
            Input::Media { media, event } => self.calls.media_event(&mut self.io, media, event),
        }
    }

    fn media_completed(&mut self, flight: Flight, result: Result<MediaOutcome, MediaError>) {
        match flight.purpose {
            Purpose::Media(key) => self.calls.media_completed(&mut self.io, key, result),
            Purpose::Digits(ticket) => {
                let cant = result == Err(MediaError::NoDigits);
                if !cant || !self.io.send_digits_by_server(ticket, flight) {
                    let sent = result.map(|_| ()).map_err(CallError::Media);
                    self.io.reply(ticket, Reply::Act(sent));
                }
            }
            _ => {}
        }
    }

    /// Ends what took too long, and runs the timers of the parts.
    fn expire(&mut self) {
        while let Some(flight) = self.io.expired() {
            match flight.purpose {
                Purpose::Media(_) | Purpose::Digits(_) => {
                    self.media_completed(flight, Err(MediaError::Closed));
                }
                Purpose::Save => {
                    let overdue = Err(StoreError::Unavailable.into());
                    self.keeping.saved(&mut self.io, overdue);
                }
                _ => self.complete(flight, Err(BackendError::TimedOut)),
            }
        }
        let signals = self.connection.handle_timeout(&mut self.io);
        self.obey(signals);
        self.calls.handle_timeout(&mut self.io);
        self.keeping.handle_timeout(&mut self.io);
        self.shutdown.handle_timeout(&mut Parts {
            io: &mut self.io,
            connection: &mut self.connection,
            calls: &mut self.calls,
            keeping: &mut self.keeping,
        });
    }

    fn request(&mut self, ticket: Ticket, request: Request) {
        if self.shutdown.has_begun() {
            return self.io.reply(ticket, closed(&request));
        }
        match request {
            Request::SignIn => self.connection.sign_in(&mut self.io, ticket),
            Request::Search {
                query,
                directory,
                limit,
            } => {
                let requests = &self.requests;
                requests.search(&mut self.io, ticket, query, directory, limit);
            }
            Request::SetPresence(presence) => {
                self.requests.set_presence(&mut self.io, ticket, presence);
            }
            Request::Edit(edit) => self.requests.edit(&mut self.io, ticket, edit),
            Request::ImportContacts { file, format } => {
                self.requests.import(&mut self.io, ticket, file, format);
            }
            Request::SendMessage { to, text } => {
                let written = self.chat.write(&mut self.io, to, text);
                self.io.reply(ticket, Reply::Message(written));
            }
            Request::ResendMessage { to, message } => {
                let again = self.chat.resend(&mut self.io, &to, &message);
                self.io
                    .reply(ticket, Reply::Message(again.map(|()| message)));
            }
            Request::DiscardMessage { to, message } => {
                self.chat.discard(&mut self.io, &to, &message);
                self.io.reply(ticket, Reply::Message(Ok(message)));
            }
            Request::Contact(id) => self.requests.contact(&mut self.io, ticket, id),
            Request::ChangePassword(change) => {
                let user = self.connection.user_name();
                self.requests
                    .change_password(&mut self.io, ticket, user, change);
            }
            Request::Photo { user, known } => {
                self.requests.photo(&mut self.io, ticket, user, known);
            }
            Request::FunctionKeys => {
                requests::function_keys(&mut self.io, ticket, Service::FunctionKeys);
            }
            Request::ProgramKey { number, key } => {
                let service = Service::ProgramKey { number, key };
                requests::function_keys(&mut self.io, ticket, service);
            }
            Request::Call { to } => self.calls.make(&mut self.io, ticket, to),
            Request::Act { call, action } => self.calls.act(&mut self.io, ticket, &call, action),
            Request::Consult { call, to } => self.calls.consult(&mut self.io, ticket, &call, to),
            Request::PickUp { number } => self.calls.pick_up(&mut self.io, ticket, number),
            Request::Beside {
                service,
                call,
                held,
            } => {
                let pair = (&call, &held);
                self.calls.beside(&mut self.io, ticket, service, pair);
            }
            Request::Deflect { call, to } => {
                let wish = (Action::Deflect, to);
                self.calls.pass_on(&mut self.io, ticket, &call, wish);
            }
            Request::SingleStepTransfer { call, to } => {
                let wish = (Action::SingleStepTransfer, Some(to));
                self.calls.pass_on(&mut self.io, ticket, &call, wish);
            }
            Request::SendDigits { call, digits } => {
                self.calls.send_digits(&mut self.io, ticket, &call, digits);
            }
            Request::SetVoip(wanted) => {
                self.calls.set_voip(&mut self.io, ticket, wanted);
                self.connection.voip_changed(&mut self.io);
            }
            Request::ControlPhone(phone) => {
                let chosen = self.connection.control_phone(&mut self.io, phone);
                let chosen = chosen.map(|()| Vec::new()).map_err(EditError::from);
                let again = chosen.is_ok();
                self.io.reply(ticket, Reply::Edit(chosen));
                if again {
                    self.reconnect();
                }
            }
            Request::Mute { call, muted } => self.calls.mute(&mut self.io, ticket, &call, muted),
            Request::NetworkChanged => {
                self.calls.network_changed();
                let signals = self.connection.handle_network_change(&mut self.io);
                self.obey(signals);
            }
            Request::Reconnect => self.reconnect(),
            Request::Shutdown { sign_out } => self.shutdown.begin(&self.io, sign_out),
        }
    }

    fn reconnect(&mut self) {
        self.calls.network_changed();
        let signals = self.connection.handle_reconnect(&mut self.io);
        self.obey(signals);
    }

    fn complete(&mut self, flight: Flight, result: Result<Outcome, BackendError>) {
        let Some((flight, result)) = self.io.once_more(flight, result) else {
            return;
        };
        if flight.purpose.is_service() {
            self.suspect(&result);
        }
        match flight.purpose {
            Purpose::Connection(step) => {
                let signals = self.connection.completed(&mut self.io, step, result);
                self.obey(signals);
            }
            Purpose::Search(ticket) => self.requests.found(&mut self.io, ticket, result),
            Purpose::Presence(ticket) => self.requests.presence_set(&mut self.io, ticket, result),
            Purpose::Edit(ticket) => self.edited(ticket, result),
            Purpose::Message(errand) => {
                for change in self.chat.sent(&mut self.io, errand, result) {
                    self.change(change);
                }
            }
            Purpose::Import(ticket) => self.imported(ticket, result),
            Purpose::Contact(ticket) => requests::looked_up(&mut self.io, ticket, result),
            Purpose::Password(ticket) => {
                if let Some(new) = self.requests.password_changed(&mut self.io, ticket, result) {
                    self.connection.password_changed(new);
                }
            }
            Purpose::Photo(ticket) => self.requests.fetched(&mut self.io, ticket, result),
            Purpose::FunctionKeys(ticket) => {
                requests::function_keys_told(&mut self.io, ticket, result);
            }
            Purpose::Call(key, step) => self.calls.completed(&mut self.io, key, step, result),
            Purpose::HangUp(key) => self.calls.hung_up(&self.io, key, &result),
            Purpose::DigitsByServer(ticket) => {
                let sent = result.map(|_| ()).map_err(|error| match error {
                    BackendError::Unsupported => CallError::Media(MediaError::NoDigits),
                    error => CallError::Backend(error),
                });
                self.io.reply(ticket, Reply::Act(sent));
            }
            Purpose::SignOut => self.shutdown.signed_out(),
            Purpose::Media(_)
            | Purpose::Digits(_)
            | Purpose::Close
            | Purpose::Save
            | Purpose::Untold => {}
        }
    }

    /// What a failed service says about the connection.
    fn suspect(&mut self, result: &Result<Outcome, BackendError>) {
        match result {
            Err(BackendError::NotSignedIn) => {
                let signals = self.connection.handle_session_gone(&mut self.io);
                self.obey(signals);
            }
            Err(BackendError::Broken { .. } | BackendError::TimedOut) => {
                self.connection.handle_suspicion(&mut self.io);
            }
            _ => {}
        }
    }

    fn backend_event(&mut self, link: LinkId, event: BackendEvent) {
        let signals = self.connection.handle_event(&mut self.io, link, event);
        self.obey(signals);
    }

    /// Does what the connection's machine has found out.
    fn obey(&mut self, signals: Vec<Signal>) {
        for signal in signals {
            match signal {
                Signal::Snapshot(snapshot) => {
                    let first = !self.connection.was_live();
                    let calls = roster::replace(&mut self.io, *snapshot, first);
                    self.calls.replace(&mut self.io, calls);
                    let known = self.io.view.conversations().cloned();
                    for conversation in known.collect::<Vec<_>>() {
                        self.chat.conversation(&mut self.io, &conversation);
                    }
                }
                Signal::Change(change) => self.change(change),
                Signal::Live => {
                    self.calls.connection_live(&mut self.io);
                    self.chat.connection_live(&mut self.io);
                }
                Signal::Lost => self.calls.connection_lost(&mut self.io),
                Signal::Ended => {
                    self.calls.connection_ended(&mut self.io);
                    // Without a session there is nothing left to do.
                    self.shutdown.begin(&self.io, false);
                }
            }
        }
        self.calls.settle(&mut self.io);
        self.connection.settled(&mut self.io);
    }

    /// An edit has ended: its effect is shown before its caller is told.
    fn edited(&mut self, ticket: Ticket, result: Result<Outcome, BackendError>) {
        let edited = requests::edited(result);
        for change in edited.iter().flatten() {
            self.change(change.clone());
        }
        self.io.reply(ticket, Reply::Edit(edited));
    }

    fn imported(&mut self, ticket: Ticket, result: Result<Outcome, BackendError>) {
        let imported = requests::imported(result).map(|(report, changes)| {
            for change in changes {
                self.change(change);
            }
            report
        });
        self.io.reply(ticket, Reply::Import(imported));
    }

    fn change(&mut self, change: ServerChange) {
        match change {
            ServerChange::Call(update) => self.calls.update(&mut self.io, *update),
            ServerChange::Conversation(conversation) => {
                let told = ServerChange::Conversation(conversation.clone());
                roster::apply(&mut self.io, told);
                self.chat.conversation(&mut self.io, &conversation);
            }
            other => roster::apply(&mut self.io, other),
        }
    }
}

/// The reply to a request that comes after the end.
fn closed(request: &Request) -> Option<Reply> {
    match request {
        Request::SignIn => Some(Reply::SignIn(Err(SignInError::Closed))),
        Request::Search { .. } => Some(Reply::Search(Err(ServiceError::Closed))),
        Request::SetPresence(_) => Some(Reply::Presence(Err(ServiceError::Closed))),
        Request::Edit(_) | Request::ControlPhone(_) => {
            Some(Reply::Edit(Err(ServiceError::Closed.into())))
        }
        Request::ImportContacts { .. } => Some(Reply::Import(Err(ServiceError::Closed.into()))),
        Request::SendMessage { .. }
        | Request::ResendMessage { .. }
        | Request::DiscardMessage { .. } => Some(Reply::Message(Err(MessageError::Closed))),
        Request::Contact(_) => Some(Reply::Contact(Err(ServiceError::Closed))),
        Request::ChangePassword(_) => Some(Reply::Password(Err(ServiceError::Closed.into()))),
        Request::Photo { .. } => Some(Reply::Photo(Err(ServiceError::Closed))),
        Request::FunctionKeys | Request::ProgramKey { .. } => {
            Some(Reply::FunctionKeys(Err(ServiceError::Closed)))
        }
        Request::Call { .. } | Request::Consult { .. } | Request::PickUp { .. } => {
            Some(Reply::Call(Err(CallError::Closed)))
        }
        Request::Act { .. }
        | Request::Deflect { .. }
        | Request::SingleStepTransfer { .. }
        | Request::Beside { .. }
        | Request::Mute { .. }
        | Request::SetVoip(_)
        | Request::SendDigits { .. } => Some(Reply::Act(Err(CallError::Closed))),
        Request::NetworkChanged | Request::Reconnect | Request::Shutdown { .. } => None,
    }
}
