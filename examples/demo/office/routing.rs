//! Where calls go: refusals, mailboxes, groups, and calls that are passed on or picked up.

use uc_model::{FailureCause, PresenceState};

use super::{
    error::{SceneError, within},
    person::{Person, connected, ended, hang_up, shows},
};

pub(super) async fn nobody(caller: &Person) -> Result<(), SceneError> {
    caller.is_refused("999", FailureCause::NoSuchNumber).await?;
    caller.is_refused("340", FailureCause::Unreachable).await
}

pub(super) async fn do_not_disturb(caller: &Person, other: &Person) -> Result<(), SceneError> {
    other.is(PresenceState::DoNotDisturb).await?;
    caller
        .is_refused(other.number, FailureCause::DoNotDisturb)
        .await?;
    other.comes_back().await
}

/// `many` calls `busy` as often as is possible at once.
pub(super) async fn busy(many: &Person, busy: &Person, ninth: &Person) -> Result<(), SceneError> {
    let mut ringing = Vec::new();
    for _ in 0..MOST_CALLS {
        ringing.push(many.rings(busy).await?);
    }
    ninth.is_refused(busy.number, FailureCause::Busy).await?;
    for (outgoing, incoming) in ringing {
        within("hanging up", outgoing.hang_up()).await??;
        ended(&incoming, FailureCause::Cancelled).await?;
    }
    Ok(())
}

/// `away` is out for lunch: the mailbox says why by the notes A and G, and asks for a message by a tone.
pub(super) async fn mailbox(caller: &Person, away: &Person) -> Result<(), SceneError> {
    away.is(PresenceState::Lunch).await?;
    let call = within("a call", caller.client.call(away.number)).await??;
    connected(&call).await?;
    for tone in LUNCH_HERTZ {
        caller.hears_tones(&[tone]).await?;
    }
    caller.hears_tones(&[BEEP_HERTZ]).await?;
    within("hanging up", call.hang_up()).await??;
    away.comes_back().await
}

/// Group 350 rings at all three; the second answers.
pub(super) async fn group_at_once(
    caller: &Person,
    members: [&Person; 3],
) -> Result<(), SceneError> {
    let outgoing = within("a call", caller.client.call(GROUP_AT_ONCE)).await??;
    let [first, second, third] = members;
    let (at_first, at_second, at_third) =
        tokio::try_join!(first.incoming(), second.incoming(), third.incoming())?;
    within("an answer", at_second.answer()).await??;
    for other in [&at_first, &at_third] {
        ended(other, FailureCause::AnsweredElsewhere).await?;
    }
    connected(&outgoing).await?;
    tokio::try_join!(caller.hears(second), second.hears(caller))?;
    hang_up(&at_second, &outgoing).await
}

/// Group 351 rings at one after the other.
pub(super) async fn group_in_turn(
    caller: &Person,
    first: &Person,
    next: &Person,
) -> Result<(), SceneError> {
    let outgoing = within("a call", caller.client.call(GROUP_IN_TURN)).await??;
    let at_first = first.incoming().await?;
    within("a refusal", at_first.reject()).await??;
    let at_next = next.answers().await?;
    connected(&outgoing).await?;
    tokio::try_join!(caller.hears(next), next.hears(caller))?;
    hang_up(&outgoing, &at_next).await
}

pub(super) async fn deflect(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.rings(other).await?;
    within("passing on", incoming.deflect(third.number)).await??;
    ended(&incoming, FailureCause::Deflected).await?;
    let at_third = third.answers().await?;
    connected(&outgoing).await?;
    shows(&outgoing, third.number).await?;
    tokio::try_join!(caller.hears(third), third.hears(caller))?;
    hang_up(&outgoing, &at_third).await
}

pub(super) async fn pick_up(
    caller: &Person,
    other: &Person,
    third: &Person,
) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.rings(other).await?;
    let picked_up = within("picking up", third.client.pick_up(other.number)).await??;
    connected(&picked_up).await?;
    ended(&incoming, FailureCause::PickedUp).await?;
    shows(&outgoing, third.number).await?;
    tokio::try_join!(caller.hears(third), third.hears(caller))?;
    hang_up(&picked_up, &outgoing).await
}

/// Of one user at once, by the server's limit.
const MOST_CALLS: usize = 8;
/// The built-in company's group of 337, 338 and 339.
const GROUP_AT_ONCE: &str = "350";
/// The built-in company's group of 336 and 337.
const GROUP_IN_TURN: &str = "351";
/// A and G of the server's scale.
const LUNCH_HERTZ: [f64; 2] = [880.0, 784.0];
/// One may speak now.
const BEEP_HERTZ: f64 = 1_000.0;
