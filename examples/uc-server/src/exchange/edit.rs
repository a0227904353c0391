use uc_protocol::ucx::Changes;

use super::{Exchange, Refusal, SessionId};

impl Exchange {
    /// One change of what belongs to the session's user. The answer is what was logged for the user
    /// meanwhile, so it says the same as the events; a refusal has changed nothing.
    pub(super) fn edit(
        &mut self,
        session: &SessionId,
        edit: impl FnOnce(&mut Self, &str) -> Result<(), Refusal>,
    ) -> Result<Changes, Refusal> {
        let user = self.user_of(session)?.to_owned();
        let before = self.effects.events.len();
        edit(self, &user)?;
        let logged = self.effects.events[before..].iter();
        let own = logged.filter(|(whose, _)| *whose == user);
        Ok(Changes {
            changes: own.filter_map(|(_, logged)| logged.view(session)).collect(),
        })
    }
}
