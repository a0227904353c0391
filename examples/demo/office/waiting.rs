//! Several calls at once, and several clients of one user.

use uc_model::FailureCause;
use uc_server::RunningServer;

use super::{
    error::{SceneError, within},
    person::{Person, connected, ended, hang_up},
};
use crate::Options;

/// `busy` talks to `first`; `second` calls, is answered while the first waits, and hangs up.
pub(super) async fn call_waiting(
    busy: &Person,
    first: &Person,
    second: &Person,
) -> Result<(), SceneError> {
    let (to_first, at_first) = busy.talks_to(first).await?;
    let (at_second, from_second) = second.rings(busy).await?;
    busy.hears(first).await?;
    within("the hold", to_first.hold()).await??;
    within("an answer", from_second.answer()).await??;
    connected(&at_second).await?;
    tokio::try_join!(busy.hears(second), second.hears(busy), first.hears_music())?;
    hang_up(&at_second, &from_second).await?;
    within("the retrieval", to_first.retrieve()).await??;
    tokio::try_join!(busy.hears(first), first.hears(busy))?;
    hang_up(&to_first, &at_first).await
}

/// `other` has two clients; the call rings at both.
pub(super) async fn answered_elsewhere(
    server: &RunningServer,
    caller: &Person,
    other: &Person,
) -> Result<(), SceneError> {
    let second = Person::signed_in(server, other.number, SECOND_HERTZ, &Options::default()).await?;
    let (outgoing, at_first) = caller.rings(other).await?;
    let at_second = second.answers().await?;
    ended(&at_first, FailureCause::AnsweredElsewhere).await?;
    connected(&outgoing).await?;
    tokio::try_join!(caller.hears(&second), second.hears(caller))?;
    hang_up(&outgoing, &at_second).await?;
    second.client.sign_out().await;
    Ok(())
}

/// Nobody else's.
const SECOND_HERTZ: f64 = 1_850.0;
