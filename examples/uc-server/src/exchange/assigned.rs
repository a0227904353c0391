//! The telephones that share the number of a MULAP's user, and which of them a session controls
//! (CONN-10). A user without such has one telephone, and every session controls that.

use uc_model::{AssignedPhoneError, Capability};
use uc_protocol::ucx::AssignedPhone;

use super::{
    Exchange, Refusal, SessionId,
    call::{Call, Leg, Side},
};
use crate::company::{Phone, User};

impl Exchange {
    /// The session controls this one of its user's telephones from now on, or the first.
    pub(crate) fn control(
        &mut self,
        session: &SessionId,
        number: Option<&str>,
    ) -> Result<(), Refusal> {
        let shared = !self.phones(self.user_of(session)?).is_empty();
        match number {
            Some(_) if !shared => return Err(AssignedPhoneError::NotShared.into()),
            Some(number) if !self.has_assigned(session, number) => {
                return Err(AssignedPhoneError::NotAssigned.into());
            }
            _ => {}
        }
        if let Some(state) = self.sessions.get_mut(session) {
            state.phone = number.map(str::to_owned);
        }
        Ok(())
    }

    /// Whether one of the user's telephones has this number.
    pub(crate) fn has_assigned(&self, session: &SessionId, number: &str) -> bool {
        let user = self.user_of(session).unwrap_or_default();
        let mut phones = self.phones(user).iter();
        phones.any(|(own, _)| own.as_str() == number)
    }

    /// As the user's clients are told of them.
    pub(super) fn assigned_phones(&self, user: &str) -> Vec<AssignedPhone> {
        let phones = self.phones(user).iter();
        let told = phones.map(|(number, phone)| AssignedPhone {
            number: number.as_str().to_owned(),
            kind: phone.kind(),
        });
        told.collect()
    }

    /// What the session controls.
    pub(super) fn phone_at(&self, session: &SessionId) -> Result<Phone, Refusal> {
        let user = self.user_of(session)?;
        let account = self.company.user(user).ok_or(Refusal::NotFound)?;
        let controlled = self.controlled(session);
        Ok(controlled.map_or(account.phone, |(_, phone)| phone))
    }

    /// The number of the one of several telephones that the session controls.
    pub(super) fn number_at(&self, session: &SessionId) -> Option<String> {
        let (number, _) = self.controlled(session)?;
        Some(number.to_owned())
    }

    /// Whether the session may call with sound.
    pub(super) fn carries_sound(&self, session: &SessionId) -> bool {
        self.controlled(session)
            .is_none_or(|(_, phone)| phone == Phone::Webrtc)
    }

    /// Whether the user has a telephone at all.
    pub(super) fn has_phone(&self, user: &User) -> bool {
        match self.phones(&user.me.user) {
            [] => user.phone != Phone::Webrtc,
            several => several.iter().any(|(_, phone)| *phone != Phone::Webrtc),
        }
    }

    /// Whether `session` may act on the side: it carries the media, or controls the telephone that does.
    /// Whoever places it from another telephone may end it; the rest is done there.
    pub(super) fn obeys(&self, call: &Call, side: Side, session: &SessionId) -> bool {
        let leg = call.leg(side);
        side != Side::Placing
            && match leg.is_at_desk() {
                true => self.is_at(leg, session),
                false => call.carries(side, session),
            }
    }

    /// Whether the leg is at the telephone that the session controls; while it rings, it is at all.
    fn is_at(&self, leg: &Leg, session: &SessionId) -> bool {
        let there = leg.phone.as_deref();
        there.is_none_or(|there| {
            let controlled = self.controlled(session);
            controlled.is_none_or(|(number, _)| number == there)
        })
    }

    fn controlled(&self, session: &SessionId) -> Option<(&str, Phone)> {
        let state = self.sessions.get(session)?;
        let phones = self.phones(&state.user);
        let named = state.phone.as_deref();
        let named = named.and_then(|named| phones.iter().find(|(own, _)| own.as_str() == named));
        let (number, phone) = named.or(phones.first())?;
        Some((number.as_str(), *phone))
    }

    fn phones(&self, user: &str) -> &[(uc_model::Extension, Phone)] {
        let account = self.company.user(user);
        let account = account.filter(|_| self.can(Capability::AssignedPhone));
        account.map_or(&[], |account| &account.phones)
    }
}
