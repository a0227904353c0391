use std::{borrow::Cow, collections::BTreeMap, convert::Infallible, time::Duration};

use clap::Args;
use serde_json::json;
use tokio::time::sleep;
use uc_model::{Capability, DeviceKind, PhoneNumber, Redacted};
use uc_session::{Call, Client, ClientBuilder, Event};

use crate::{
    account::Account,
    calls,
    control::{self, Control},
    failure::Failure,
    headsets::Headsets,
    output::Output,
    sound::{self, SoundArguments},
    watch,
};

/// How to call.
#[derive(Debug, Args)]
pub(crate) struct CallArguments {
    /// The number, for example 331 or "+49 (89) 7007-98765", or a tel: or callto: link where the
    /// setting telephony-links is on.
    number: String,
    #[command(flatten)]
    sound: SoundArguments,
    /// Sends these keys once the call is connected: 0 to 9, *, #, A to D.
    #[arg(long, value_name = "KEYS")]
    digits: Option<String>,
    /// Puts the call on hold after so many seconds of speech, and retrieves it two seconds later.
    #[arg(long, value_name = "SECONDS")]
    hold_after: Option<f64>,
    /// Hangs up after so many seconds of speech.
    #[arg(long, value_name = "SECONDS")]
    hang_up_after: Option<f64>,
}

/// How to answer.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    #[command(flatten)]
    sound: SoundArguments,
    /// Passes the call on to this number, or to "voicemail", instead of taking it.
    #[arg(long, value_name = "NUMBER")]
    deflect: Option<String>,
    /// Hangs up after so many seconds of speech.
    #[arg(long, value_name = "SECONDS", conflicts_with = "deflect")]
    hang_up_after: Option<f64>,
}

/// Whose call to pick up.
#[derive(Debug, Args)]
pub(crate) struct PickupArguments {
    /// The number at which it rings.
    number: String,
    #[command(flatten)]
    sound: SoundArguments,
}

/// Which of the numbers dialled last to call.
#[derive(Debug, Args)]
pub(crate) struct RedialArguments {
    /// Its place in the list, from 1; without it the list is shown.
    place: Option<usize>,
    #[command(flatten)]
    sound: SoundArguments,
}

/// Calls, talks, hangs up.
pub(crate) async fn call(
    account: &Account,
    output: &Output,
    wish: &CallArguments,
) -> Result<(), Failure> {
    let times = Times::new(wish.hold_after, wish.hang_up_after)?;
    let digits = wish.digits.as_deref();
    carry(account, output, &wish.sound, async |client| {
        let number = number(&wish.number, output.opens_links())?;
        let call = client.call(&number).await?;
        output.progress("Ringing …");
        talk(client, call, output, times, digits).await
    })
    .await
}

/// Waits for a call, and answers it and talks, or passes it on.
pub(crate) async fn answer(
    account: &Account,
    output: &Output,
    wish: &AnswerArguments,
) -> Result<(), Failure> {
    let times = Times::new(None, wish.hang_up_after)?;
    carry(account, output, &wish.sound, async |client| {
        output.progress("Waiting for a call; Ctrl-C ends it.");
        let call = client.incoming().await.ok_or(Failure::Ended)?;
        if let Some(number) = &wish.deflect {
            return ask(client, output, &call, &Control::deflect(number)).await;
        }
        call.answer().await?;
        talk(client, call, output, times, None).await
    })
    .await
}

/// Picks up a call that rings elsewhere, talks, hangs up.
pub(crate) async fn pick_up(
    account: &Account,
    output: &Output,
    wish: &PickupArguments,
) -> Result<(), Failure> {
    carry(account, output, &wish.sound, async |client| {
        let call = client.pick_up(&wish.number).await?;
        talk(client, call, output, Times::default(), None).await
    })
    .await
}

/// Lists the numbers dialled last, or calls one of them and talks.
pub(crate) async fn redial(
    account: &Account,
    output: &Output,
    wish: &RedialArguments,
) -> Result<(), Failure> {
    let Some(place) = wish.place else {
        return crate::me::redial(account, output).await;
    };
    carry(account, output, &wish.sound, async |client| {
        let dialled = client.redial();
        let number = dialled.numbers().get(place.wrapping_sub(1));
        let number = number.ok_or(Failure::NotDialled)?;
        let call = client.call(number.as_str()).await?;
        output.progress("Ringing …");
        talk(client, call, output, Times::default(), None).await
    })
    .await
}

/// Signs in with sound and does `work`, obeying what is typed meanwhile.
async fn carry(
    account: &Account,
    output: &Output,
    sound: &SoundArguments,
    work: impl AsyncFnOnce(&Client) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let settings = account.settings_here().await?;
    let preselection = settings.codec_preselection;
    let prepare = |builder: ClientBuilder| sound.apply(builder.codec_preselection(preselection));
    let client = account.sign_in_with(output, prepare).await?;
    if !(sound.is_chosen() || output.wants_voip()) && has_desk_phone(&client) {
        client.set_voip(false).await?;
    }
    let mut headsets = Headsets::of(&client, sound, &settings).await;
    let result = tokio::select! {
        result = calls::while_obeying_lines(&client, output, work(&client)) => result,
        never = sound::notices(&client, output, sound) => match never {},
        never = headsets.notices(output) => match never {},
        _ = tokio::signal::ctrl_c() => interrupted(&client, output).await,
    };
    drop(headsets);
    client.sign_out().await;
    result
}

fn has_desk_phone(client: &Client) -> bool {
    client.capabilities().has(Capability::DeskPhoneControl)
}

/// What to dial: the number, or that of a link. A colon can be part of a number too.
fn number(wanted: &str, opens_links: bool) -> Result<Cow<'_, str>, Failure> {
    let scheme = wanted.split_once(':').map(|(scheme, _)| scheme);
    let is_link = scheme.is_some_and(|scheme| scheme.starts_with(char::is_alphabetic));
    match is_link {
        false => Ok(wanted.into()),
        true if !opens_links => Err(Failure::LinksOff),
        true => Ok(PhoneNumber::from_link(wanted)?.as_str().to_owned().into()),
    }
}

/// Asks something of a call, and says that it is done.
async fn ask(
    client: &Client,
    output: &Output,
    call: &Call,
    control: &Control,
) -> Result<(), Failure> {
    control.carry_out(client, Some(call.id())).await?;
    let (plain, state) = control.told();
    output.line(plain, &json!({ "state": state }));
    Ok(())
}

/// From the connected call to the end of all calls that this program carries: a consultation makes
/// more of them. A desk phone carries its call by itself.
async fn talk(
    client: &Client,
    call: Call,
    output: &Output,
    times: Times,
    digits: Option<&str>,
) -> Result<(), Failure> {
    if call.status().call.device != DeviceKind::Voip {
        let call = watch::call_json(&call.status());
        output.line(
            "The desk phone has the call.",
            &json!({ "state": "at_desk_phone", "call": call }),
        );
        return Ok(());
    }
    call.connected().await?;
    output.line(
        "Connected. Ctrl-C hangs up.",
        &json!({ "state": "connected", "call": watch::call_json(&call.status()) }),
    );
    tokio::select! {
        _ = call.ended() => {}
        result = direct(client, &call, output, times, digits) => result?,
        never = others(client, output, &call) => match never {},
    }
    say_ended(&call, output).await;
    while let Some(call) = carried(client) {
        tokio::select! {
            _ = call.ended() => {}
            never = others(client, output, &call) => match never {},
        }
        say_ended(&call, output).await;
    }
    Ok(())
}

/// One of the calls that this program carries.
fn carried(client: &Client) -> Option<Call> {
    let is_carried = |call: &Call| {
        let status = call.status();
        !status.rings_here() && control::is_within_reach(&status)
    };
    client.calls().into_iter().find(is_carried)
}

/// Tells what other calls do, for as long as the client lives.
async fn others(client: &Client, output: &Output, call: &Call) -> Infallible {
    let mut events = client.events();
    let mut told = BTreeMap::new();
    loop {
        let status = match events.next().await {
            Some(Event::CallRinging(status) | Event::CallChanged(status)) => status,
            Some(_) => continue,
            None => std::future::pending().await,
        };
        let state = control::state(&status);
        let id = status.call.id.clone();
        if id != *call.id() && told.insert(id, state) != Some(state) {
            let call = watch::call_json(&status);
            let value = json!({ "state": "other_call", "call": call });
            output.line(&calls::line(&status), &value);
        }
    }
}

async fn say_ended(call: &Call, output: &Output) {
    let cause = call.ended().await;
    let stats = call.media_stats().unwrap_or_default();
    let cause = cause.map_or("the client was closed".to_owned(), |cause| {
        cause.to_string()
    });
    output.line(
        &format!(
            "{cause}. {} packets sent, {} received, {:.1} % lost, quality {}.",
            stats.sent,
            stats.received,
            stats.loss * 100.0,
            stats
                .mos
                .map_or("unknown".to_owned(), |mos| format!("{mos:.1} of 5")),
        ),
        &json!({
            "state": "ended",
            "call": call.id().as_str(),
            "cause": cause,
            "sent": stats.sent,
            "received": stats.received,
            "loss": stats.loss,
            "concealed": stats.concealed,
            "mos": stats.mos,
            "xruns": stats.xruns,
        }),
    );
}

/// Sends keys, holds, retrieves and hangs up at the wished times; without any, waits for ever.
async fn direct(
    client: &Client,
    call: &Call,
    output: &Output,
    times: Times,
    digits: Option<&str>,
) -> Result<(), Failure> {
    if let Some(digits) = digits {
        let keys = Control::Keys(Redacted::new(digits.to_owned()));
        ask(client, output, call, &keys).await?;
    }
    let mut spoken = Duration::ZERO;
    if let Some(hold_after) = times.hold_after {
        sleep(hold_after).await;
        spoken = hold_after;
        ask(client, output, call, &Control::Hold).await?;
        sleep(HOLD_FOR).await;
        ask(client, output, call, &Control::Retrieve).await?;
    }
    match times.hang_up_after {
        Some(hang_up_after) => {
            sleep(hang_up_after.saturating_sub(spoken)).await;
            Ok(call.hang_up().await?)
        }
        None => std::future::pending().await,
    }
}

/// Ctrl-C: every call is hung up; the sign-out follows.
async fn interrupted(client: &Client, output: &Output) -> Result<(), Failure> {
    output.progress("Hanging up.");
    for call in client.calls() {
        call.hang_up().await?;
    }
    Ok(())
}

/// Seconds as a person gives them.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    hold_after: Option<Duration>,
    hang_up_after: Option<Duration>,
}

impl Times {
    fn new(hold_after: Option<f64>, hang_up_after: Option<f64>) -> Result<Self, Failure> {
        let read = |seconds: Option<f64>| {
            seconds
                .map(Duration::try_from_secs_f64)
                .transpose()
                .map_err(|_| Failure::Option("a time is a number of seconds, 0 or more"))
        };
        Ok(Self {
            hold_after: read(hold_after)?,
            hang_up_after: read(hang_up_after)?,
        })
    }
}

/// How long a call stays on hold.
const HOLD_FOR: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_dialled_only_where_links_are_on() {
        for plain in ["331", "+49 (89) 7007:98765"] {
            assert_eq!(number(plain, false).unwrap(), plain);
        }
        for link in ["tel:+49-89-700798765", "CALLTO:+4989700798765"] {
            assert!(
                matches!(number(link, false), Err(Failure::LinksOff)),
                "{link}"
            );
            let dialled = number(link, true).unwrap().replace('-', "");
            assert_eq!(dialled, "+4989700798765");
        }
        assert!(matches!(number("mailto:330", true), Err(Failure::Link(_))));
    }
}
