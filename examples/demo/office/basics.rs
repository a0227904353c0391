//! What every telephone does.

use uc_model::{ConnectionState, FailureCause};
use uc_session::{Call, Event, Events};

use super::{
    error::{SceneError, check, until, within},
    person::{Person, ended, hang_up},
};

/// A call; one of the two ends it.
pub(super) async fn talk(
    caller: &Person,
    other: &Person,
    caller_ends: bool,
) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.talks_to(other).await?;
    tokio::try_join!(caller.hears(other), other.hears(caller))?;
    match caller_ends {
        true => hang_up(&outgoing, &incoming).await,
        false => hang_up(&incoming, &outgoing).await,
    }
}

/// The number dialled last is the other's; and it is called again.
pub(super) async fn redial(caller: &Person, other: &Person) -> Result<(), SceneError> {
    let dialled = caller.client.redial();
    let last = dialled.numbers().first().map(|number| number.dialable());
    check(
        "the other's number was dialled last",
        last.as_deref() == Some(other.number),
    )?;
    talk(caller, other, false).await
}

pub(super) async fn reject(caller: &Person, other: &Person) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.rings(other).await?;
    within("a refusal", incoming.reject()).await??;
    ended(&outgoing, FailureCause::Rejected).await
}

pub(super) async fn give_up(caller: &Person, other: &Person) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.rings(other).await?;
    within("hanging up", outgoing.hang_up()).await??;
    ended(&incoming, FailureCause::Cancelled).await
}

/// The one called holds the call, and takes it back.
pub(super) async fn hold(caller: &Person, other: &Person) -> Result<(), SceneError> {
    let (outgoing, incoming) = caller.talks_to(other).await?;
    tokio::try_join!(caller.hears(other), other.hears(caller))?;
    within("the hold", incoming.hold()).await??;
    let held = || outgoing.state().remote.state == ConnectionState::Hold;
    until("the hold at the other", held).await?;
    tokio::try_join!(caller.hears_music(), other.hears_nothing())?;
    within("the retrieval", incoming.retrieve()).await??;
    tokio::try_join!(caller.hears(other), other.hears(caller))?;
    hang_up(&outgoing, &incoming).await
}

/// The caller is muted, presses keys, and speaks again.
pub(super) async fn mute_and_press(caller: &Person, other: &Person) -> Result<(), SceneError> {
    let mut told = other.client.events();
    let (outgoing, incoming) = caller.talks_to(other).await?;
    other.hears(caller).await?;
    within("muting", outgoing.set_muted(true)).await??;
    tokio::try_join!(caller.hears(other), other.hears_nothing())?;
    within("the keys", outgoing.send_digits(KEYS)).await??;
    let pressed = within("the keys at the other", pressed(&mut told, &incoming)).await?;
    check("the keys are those that were pressed", pressed == KEYS)?;
    within("speaking again", outgoing.set_muted(false)).await??;
    other.hears(caller).await?;
    hang_up(&incoming, &outgoing).await
}

/// As many keys as are pressed, as the call's other end is told.
async fn pressed(told: &mut Events, at: &Call) -> String {
    let mut pressed = String::new();
    while pressed.len() < KEYS.len() {
        match told.next().await {
            Some(Event::Digit { call, digit }) if call == *at.id() => pressed.push(*digit.expose()),
            Some(_) => {}
            None => break,
        }
    }
    pressed
}

const KEYS: &str = "4711#*";
