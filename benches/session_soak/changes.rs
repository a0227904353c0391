use std::time::Duration;

use tokio::time::timeout;
use uc_model::{Presence, PresenceState, Redacted};
use uc_session::{CallError, Client, port::BackendError};

use crate::{run::Soak, soak::Failed};

impl Soak {
    /// A user says something, or calls in vain, by one of the clients. What isn't acknowledged may
    /// or may not have happened, and is said again when all is well.
    pub(crate) async fn change(&mut self) -> Result<(), Failed> {
        let seat = self.chance.below(4) as usize;
        let (user, client) = (self.seats[seat].user, self.seats[seat].client.clone());
        if self.chance.below(3) == 0 {
            self.call_in_vain(user, &client).await;
            return Ok(());
        }
        // A user's two clients could overtake each other otherwise.
        self.hear_at_last(user).await?;
        self.said += 1;
        let said = self.said;
        let mut presence = Presence::of(PresenceState::Meeting);
        presence.note = Some(Redacted::new(said.to_string()));
        let asked = tokio::spawn(async move { client.set_presence(presence).await.is_ok() });
        self.unanswered.insert(user, (said, asked));
        self.truth.entry(user).or_default().said = 0;
        // Where nothing can be answered, the trouble goes on without waiting for it.
        self.hear_answer(user, PATIENCE).await?;
        Ok(())
    }

    async fn call_in_vain(&mut self, user: &'static str, client: &Client) {
        let truth = self.truth.entry(user).or_default();
        truth.tried += 1;
        let asked = timeout(PATIENCE, client.call(NOBODY)).await;
        // Refused by the server itself: then it stands in the history.
        if matches!(
            asked,
            Ok(Err(CallError::Backend(BackendError::CallFailed(_))))
        ) {
            truth.called += 1;
            self.counts.changes += 1;
        }
    }

    /// What became of the last thing that `user` said: while that isn't known, and where it wasn't
    /// acknowledged, nothing can be demanded. False: it isn't known yet.
    async fn hear_answer(
        &mut self,
        user: &'static str,
        patience: Duration,
    ) -> Result<bool, Failed> {
        let Some((said, asked)) = self.unanswered.get_mut(user) else {
            return Ok(true);
        };
        let Ok(taken) = timeout(patience, asked).await else {
            return Ok(false);
        };
        if taken? {
            self.truth.entry(user).or_default().said = *said;
            self.counts.changes += 1;
        }
        self.unanswered.remove(user);
        Ok(true)
    }

    pub(crate) async fn hear_at_last(&mut self, user: &'static str) -> Result<(), Failed> {
        if self.hear_answer(user, LONGEST).await? {
            return Ok(());
        }
        Err(format!("{user} never got an answer").into())
    }
}

/// Has no phone signed in: calls there stand in the history at once.
const NOBODY: &str = "340";
/// So long a change may take; in trouble it isn't acknowledged.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without trouble everything must be the same everywhere.
pub(crate) const LONGEST: Duration = Duration::from_secs(40);
