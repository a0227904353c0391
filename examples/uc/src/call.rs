use std::{borrow::Cow, time::Duration};

use clap::Args;
use serde_json::json;
use tokio::time::sleep;
use uc_model::PhoneNumber;
use uc_session::{Call, CallError, Client};

use crate::{
    account::Account,
    failure::Failure,
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
    /// Passes the call on to this number instead of taking it.
    #[arg(long, value_name = "NUMBER")]
    deflect: Option<String>,
    /// Hangs up after so many seconds of speech.
    #[arg(long, value_name = "SECONDS", conflicts_with = "deflect")]
    hang_up_after: Option<f64>,
}

/// Calls, talks, hangs up.
pub(crate) async fn call(
    account: &Account,
    output: &Output,
    wish: &CallArguments,
) -> Result<(), Failure> {
    let times = Times::new(wish.hold_after, wish.hang_up_after)?;
    let client = account
        .sign_in_with(output, |builder| wish.sound.apply(builder))
        .await?;
    let result = tokio::select! {
        result = place(&client, output, wish, times) => result,
        never = sound::notices(&client, output, &wish.sound) => match never {},
        _ = tokio::signal::ctrl_c() => interrupted(&client, output).await,
    };
    client.sign_out().await;
    result
}

/// Waits for a call, and answers it and talks, or passes it on.
pub(crate) async fn answer(
    account: &Account,
    output: &Output,
    wish: &AnswerArguments,
) -> Result<(), Failure> {
    let times = Times::new(None, wish.hang_up_after)?;
    let client = account
        .sign_in_with(output, |builder| wish.sound.apply(builder))
        .await?;
    output.progress("Waiting for a call; Ctrl-C ends it.");
    let result = tokio::select! {
        result = take(&client, output, wish, times) => result,
        never = sound::notices(&client, output, &wish.sound) => match never {},
        _ = tokio::signal::ctrl_c() => interrupted(&client, output).await,
    };
    client.sign_out().await;
    result
}

async fn place(
    client: &Client,
    output: &Output,
    wish: &CallArguments,
    times: Times,
) -> Result<(), Failure> {
    let number = number(&wish.number, output.opens_links())?;
    let call = client.call(&number).await?;
    output.progress("Ringing …");
    talk(&call, output, times, wish.digits.as_deref()).await
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

async fn take(
    client: &Client,
    output: &Output,
    wish: &AnswerArguments,
    times: Times,
) -> Result<(), Failure> {
    let call = client.incoming().await.ok_or(Failure::Ended)?;
    if let Some(number) = &wish.deflect {
        call.deflect(number).await?;
        output.line("Passed on.", &json!({ "state": "deflected" }));
        return Ok(());
    }
    call.answer().await?;
    talk(&call, output, times, None).await
}

/// From the connected call to its end.
async fn talk(
    call: &Call,
    output: &Output,
    times: Times,
    digits: Option<&str>,
) -> Result<(), Failure> {
    call.connected().await?;
    let status = call.status();
    output.line(
        "Connected. Ctrl-C hangs up.",
        &json!({ "state": "connected", "call": watch::call_json(&status) }),
    );
    let cause = tokio::select! {
        cause = call.ended() => cause,
        result = direct(call, output, times, digits) => {
            result?;
            call.ended().await
        }
    };
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
            "cause": cause,
            "sent": stats.sent,
            "received": stats.received,
            "loss": stats.loss,
            "concealed": stats.concealed,
            "mos": stats.mos,
            "xruns": stats.xruns,
        }),
    );
    Ok(())
}

/// Sends keys, holds, retrieves and hangs up at the wished times; without any, waits for ever.
async fn direct(
    call: &Call,
    output: &Output,
    times: Times,
    digits: Option<&str>,
) -> Result<(), CallError> {
    if let Some(digits) = digits {
        call.send_digits(digits).await?;
        output.line("Keys sent.", &json!({ "state": "digits_sent" }));
    }
    let mut spoken = Duration::ZERO;
    if let Some(hold_after) = times.hold_after {
        sleep(hold_after).await;
        spoken = hold_after;
        call.hold().await?;
        output.line("On hold.", &json!({ "state": "held" }));
        sleep(HOLD_FOR).await;
        call.retrieve().await?;
        output.line("Retrieved.", &json!({ "state": "retrieved" }));
    }
    match times.hang_up_after {
        Some(hang_up_after) => {
            sleep(hang_up_after.saturating_sub(spoken)).await;
            call.hang_up().await
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
#[derive(Debug, Clone, Copy)]
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
