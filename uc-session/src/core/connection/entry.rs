//! The way in: an address found, credentials or a session accepted, an initial password changed.

use std::sync::Arc;

use uc_model::{
    AssignedPhone, AssignedPhoneError, Extension, InitialPassword, PasswordChange, UserName,
};

use super::{Connection, Phase, Step};
use crate::{
    core::{
        io::{Io, Purpose},
        race::{Finish, Race},
    },
    error::SignInError,
    events::Event,
    port::{
        BackendError, Certificate, LinkId, Operation, Outcome, ServerAddress, Service, SignedIn,
    },
    view::LostReason,
};

impl Connection {
    pub(super) fn race(&mut self, io: &mut Io) {
        self.last_round = io.time();
        self.phase = Phase::Racing(Box::new(Race::new(io, &self.config)));
    }

    pub(super) fn dialled(
        &mut self,
        io: &mut Io,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) {
        let Phase::Racing(race) = &mut self.phase else {
            // Closed long ago; once more, for a backend that made it in the meantime.
            return io.close(link);
        };
        self.last_round = race.round_began;
        match race.dialled(io, &self.config, link, result) {
            None => {}
            Some(Finish::Won { link, strangers }) => {
                self.report(io, strangers);
                self.enter(io, link);
            }
            Some(Finish::Lost { error, strangers }) => {
                if self.was_live {
                    self.report(io, strangers);
                }
                self.give_up(io, error);
            }
        }
    }

    /// Tells of each foreign certificate once.
    fn report(&mut self, io: &mut Io, strangers: Vec<(ServerAddress, Certificate)>) {
        for (address, certificate) in strangers {
            let known = (address.clone(), certificate.sha256);
            if !self.strangers.contains(&known) && self.strangers.len() < MOST_STRANGERS {
                self.strangers.push(known);
                io.event(Event::CertificateStranger {
                    address,
                    certificate,
                });
            }
        }
    }

    fn enter(&mut self, io: &mut Io, link: LinkId) {
        self.phase = Phase::Entering(link);
        if self.has_session {
            let step = Purpose::Connection(Step::Resume(link));
            io.operate(step, Operation::Resume { link });
            return;
        }
        let operation = Operation::SignIn {
            link,
            user: self.config.user.clone(),
            password: self.config.password.clone(),
        };
        io.operate(Purpose::Connection(Step::SignIn(link)), operation);
    }

    pub(super) fn entered(
        &mut self,
        io: &mut Io,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) {
        match result {
            Ok(Outcome::SignedIn(user)) if user.must_change_password => {
                return self.change_initial_password(io, link, user);
            }
            Ok(Outcome::SignedIn(user)) => {
                if let Err(error) = self.signed_in(io, user) {
                    return self.reject(io, error.into());
                }
            }
            Ok(Outcome::Done) => {}
            Ok(_) => return self.broken(io, BackendError::Malformed),
            Err(BackendError::NotSignedIn) if self.has_session => return self.session_gone(io),
            Err(error) => return self.refused(io, error),
        }
        self.subscribe(io, link);
    }

    /// An initial password is changed to the one that was given for it, by the rules of the mode;
    /// without one, or where another client has to do it, the sign-in ends (CONN-4).
    fn change_initial_password(&mut self, io: &mut Io, link: LinkId, user: SignedIn) {
        // Only a system with modes has initial passwords.
        let Some(mode) = user.mode else {
            return self.broken(io, BackendError::Malformed);
        };
        if let Err(error) = self.signed_in(io, user) {
            return self.reject(io, error.into());
        }
        let change = match (mode.initial_password(), self.config.new_password.clone()) {
            (InitialPassword::ChangeElsewhere, _) => {
                return self.reject(io, SignInError::PasswordChangeElsewhere);
            }
            (InitialPassword::ChangeHere, None) => {
                return self.reject(io, SignInError::PasswordChangeRequired);
            }
            (InitialPassword::ChangeHere, Some(new)) => PasswordChange {
                old: Some(self.config.password.clone()),
                repeated: new.clone(),
                new,
            },
        };
        let name = UserName::new(&self.config.user);
        let checked = name.map_or(Ok(()), |name| change.check(mode, &name, true));
        if let Err(error) = checked {
            return self.reject(io, error.into());
        }
        let service = Service::ChangePassword(change);
        let step = Purpose::Connection(Step::NewPassword(link));
        io.operate(step, Operation::Service { link, service });
    }

    pub(super) fn new_password_set(
        &mut self,
        io: &mut Io,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) {
        match result {
            Ok(_) => {
                if let Some(new) = self.config.new_password.take() {
                    self.password_changed(new);
                }
                self.subscribe(io, link);
            }
            Err(error) => self.broken(io, error),
        }
    }

    /// The sign-in can't go on: the session is left, nobody tries again.
    pub(super) fn reject(&mut self, io: &mut Io, error: SignInError) {
        self.leave(io);
        if self.was_live {
            io.event(Event::SessionEnded);
        }
        self.end(io, error);
    }

    /// Controls another of the user's telephones from the next connection on.
    pub(in crate::core) fn control_phone(
        &mut self,
        io: &mut Io,
        phone: Option<Extension>,
    ) -> Result<(), AssignedPhoneError> {
        if let Some(user) = io.view.user.clone() {
            let known = user.assigned_phones.as_deref();
            let chosen = AssignedPhone::choose(known, phone.as_ref())?;
            io.change().controlled_phone = chosen;
        }
        self.config.phone = phone;
        Ok(())
    }

    /// Takes in who has signed in; fails where the telephone to be controlled isn't this user's.
    fn signed_in(&mut self, io: &mut Io, user: SignedIn) -> Result<(), AssignedPhoneError> {
        let known = user.assigned_phones.as_deref();
        let controlled = AssignedPhone::choose(known, self.config.phone.as_ref())?;
        io.change().controlled_phone = controlled;
        io.change().user = Some(Arc::new(user));
        self.has_session = true;
        self.cursor = None;
        Ok(())
    }

    /// A sign-in that failed: for good if the server has said no.
    fn refused(&mut self, io: &mut Io, error: BackendError) {
        let for_good = matches!(
            error,
            BackendError::BadCredentials
                | BackendError::SignInRefused
                | BackendError::AccountLocked
                | BackendError::NoLicence(_)
        );
        if for_good && self.was_live {
            self.leave(io);
            io.event(Event::SessionEnded);
            return self.end(io, SignInError::Backend(error));
        }
        self.broken(io, error);
    }

    /// The way into the session broke before it was live (again).
    pub(super) fn broken(&mut self, io: &mut Io, error: BackendError) {
        self.leave(io);
        self.give_up(io, SignInError::Backend(error));
    }

    /// An attempt has failed: the next one follows, or the sign-in has failed.
    fn give_up(&mut self, io: &mut Io, error: SignInError) {
        if !self.was_live {
            match passing(&error).filter(|_| self.config.patient) {
                None => return self.end(io, error),
                Some(_) if self.told_lost => {}
                Some(reason) => self.tell_lost(io, LostReason::NotReached(reason)),
            }
        }
        let until = self
            .backoff
            .next(self.last_round, io.time(), &mut io.random);
        self.phase = Phase::Waiting { until };
    }

    pub(super) fn is_entering(&self, link: LinkId) -> bool {
        matches!(self.phase, Phase::Entering(current) if current == link)
    }
}

/// Why an attempt failed, if another may succeed without anybody's doing.
fn passing(error: &SignInError) -> Option<BackendError> {
    match error {
        SignInError::Unreachable { lan, .. } => Some(BackendError::Dial(*lan)),
        SignInError::Backend(
            error @ (BackendError::Dial(_)
            | BackendError::Broken { .. }
            | BackendError::TimedOut
            | BackendError::Unavailable
            | BackendError::NotSignedIn
            | BackendError::Closed),
        ) => Some(error.clone()),
        _ => None,
    }
}

/// Foreign certificates that are told of; an address may show a new one each time (our choice).
const MOST_STRANGERS: usize = 16;
