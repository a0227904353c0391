//! Calls that go on with somebody else.

use uc_model::{ConnectionState, FailureCause};
use uc_session::Call;

use super::{
    error::{SceneError, until, within},
    person::{Person, connected, ended, hang_up, shows},
};

/// A call, and a second one while the first is held: both ends of both.
struct Consultation {
    first: Call,
    at_other: Call,
    second: Call,
    at_third: Call,
}

/// `caller` talks to `other`, then asks `third`, who answers.
async fn ask(caller: &Person, other: &Person, third: &Person) -> Result<Consultation, SceneError> {
    let (first, at_other) = caller.talks_to(other).await?;
    let second = within("the consultation", first.consult(third.number)).await??;
    let at_third = third.answers().await?;
    connected(&second).await?;
    Ok(Consultation {
        first,
        at_other,
        second,
        at_third,
    })
}

pub(super) async fn consult(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let calls = ask(caller, other, third).await?;
    tokio::try_join!(
        caller.hears(third),
        third.hears(caller),
        other.hears_music()
    )?;
    within("alternating", calls.second.alternate(&calls.first)).await??;
    tokio::try_join!(
        caller.hears(other),
        other.hears(caller),
        third.hears_music()
    )?;
    within("alternating", calls.first.alternate(&calls.second)).await??;
    within("coming back", calls.second.reconnect(&calls.first)).await??;
    ended(&calls.at_third, FailureCause::Normal).await?;
    tokio::try_join!(caller.hears(other), other.hears(caller))?;
    hang_up(&calls.first, &calls.at_other).await
}

pub(super) async fn announced(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let calls = ask(caller, other, third).await?;
    within("the transfer", calls.second.transfer(&calls.first)).await??;
    for left in [&calls.first, &calls.second] {
        ended(left, FailureCause::Transferred).await?;
    }
    shows(&calls.at_other, third.number).await?;
    shows(&calls.at_third, other.number).await?;
    tokio::try_join!(other.hears(third), third.hears(other))?;
    hang_up(&calls.at_other, &calls.at_third).await
}

/// The third hasn't answered yet when the call is handed over.
pub(super) async fn while_it_rings(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let (first, at_other) = caller.talks_to(other).await?;
    let second = within("the consultation", first.consult(third.number)).await??;
    let at_third = third.incoming().await?;
    // The third may ring before the caller is told of the hold.
    let waits = || first.state().local == ConnectionState::Hold;
    until("the hold", waits).await?;
    within("the transfer", second.transfer(&first)).await??;
    for left in [&first, &second] {
        ended(left, FailureCause::Transferred).await?;
    }
    shows(&at_third, other.number).await?;
    within("an answer", at_third.answer()).await??;
    connected(&at_third).await?;
    tokio::try_join!(other.hears(third), third.hears(other))?;
    hang_up(&at_third, &at_other).await
}

pub(super) async fn blind(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let (first, at_other) = caller.talks_to(other).await?;
    within("the transfer", first.transfer_to(third.number)).await??;
    ended(&first, FailureCause::Transferred).await?;
    let at_third = third.answers().await?;
    tokio::try_join!(other.hears(third), third.hears(other))?;
    hang_up(&at_other, &at_third).await
}
