//! Commands about calls that are there: as commands of their own, and typed while a call is up.

use std::{io, pin::pin, thread};

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uc_model::{CallId, DeviceKind, Redacted};
use uc_session::{CallStatus, Client};

use crate::{
    account::Account,
    control::{self, Control},
    failure::Failure,
    output::Output,
    watch,
};

/// What to do with a call that is there. Commands of their own act on the desk phone's calls and on
/// ringing ones; a call that uc call, uc answer or uc console carries takes them there.
#[derive(Debug, Subcommand)]
pub(crate) enum CallsCommand {
    /// Lists the calls.
    Calls,
    /// Refuses a ringing call.
    Reject(Which),
    /// Ends a call.
    #[command(visible_alias = "end")]
    HangUp(Which),
    /// Puts a call on hold.
    Hold(Which),
    /// Takes a call off hold.
    Retrieve(Which),
    /// Puts a call on hold and calls somebody else.
    Consult(To),
    /// Puts the call on hold and takes the held one off hold.
    Alternate(Which),
    /// Ends the call and takes the held one off hold.
    Reconnect(Which),
    /// Hands over: the others of the call and of the held one talk; or, to a number, unannounced.
    Transfer {
        /// The number.
        number: Option<String>,
    },
    /// Hands the call over to a number, unannounced.
    BlindTransfer(To),
    /// Passes a ringing call on to a number, or to "voicemail".
    Deflect(To),
    /// Makes a conference of the call and the held one.
    Conference(Which),
    /// Sends keys into the call: 0 to 9, *, #, A to D.
    Dtmf(Keys),
    /// Cuts the microphone off.
    Mute(Which),
    /// Lets the microphone be heard again.
    Unmute(Which),
}

/// Which call.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The call, as uc calls names it; without it the first that allows it.
    call: Option<CallId>,
}

/// The first that allows it.
static ANY: Which = Which { call: None };

/// Which call, and where to.
#[derive(Debug, Args)]
pub(crate) struct To {
    /// The number.
    number: String,
    #[command(flatten)]
    which: Which,
}

/// Which call, and what is sent.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    /// The keys.
    keys: String,
    #[command(flatten)]
    which: Which,
}

/// Carries out one command.
pub(crate) async fn calls(
    account: &Account,
    output: &Output,
    command: &CallsCommand,
) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    let done = command.carry_out(&client, output).await;
    client.sign_out().await;
    done
}

impl CallsCommand {
    async fn carry_out(&self, client: &Client, output: &Output) -> Result<(), Failure> {
        let Some((control, which)) = self.control() else {
            list(client, output);
            return Ok(());
        };
        control.carry_out(client, which.call.as_ref()).await?;
        let (plain, state) = control.told();
        output.line(plain, &json!({ "state": state }));
        Ok(())
    }

    /// What is asked of which call; `None` where nothing is.
    fn control(&self) -> Option<(Control, &Which)> {
        let text = |text: &String| Redacted::new(text.clone());
        Some(match self {
            Self::Calls => return None,
            Self::Reject(which) => (Control::Reject, which),
            Self::HangUp(which) => (Control::HangUp, which),
            Self::Hold(which) => (Control::Hold, which),
            Self::Retrieve(which) => (Control::Retrieve, which),
            Self::Consult(to) => (Control::Consult(text(&to.number)), &to.which),
            Self::Alternate(which) => (Control::Alternate, which),
            Self::Reconnect(which) => (Control::Reconnect, which),
            Self::Transfer { number: None } => (Control::Transfer, &ANY),
            Self::Transfer {
                number: Some(number),
            } => (Control::BlindTransfer(text(number)), &ANY),
            Self::BlindTransfer(to) => (Control::BlindTransfer(text(&to.number)), &to.which),
            Self::Deflect(to) => (Control::deflect(&to.number), &to.which),
            Self::Conference(which) => (Control::Conference, which),
            Self::Dtmf(keys) => (Control::Keys(text(&keys.keys)), &keys.which),
            Self::Mute(which) => (Control::Mute(true), which),
            Self::Unmute(which) => (Control::Mute(false), which),
        })
    }
}

/// A line that is typed while a call is up.
#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_flag = true,
    help_template = "{subcommands}",
    about = None
)]
struct Line {
    #[command(subcommand)]
    command: CallsCommand,
}

/// Does `work`, obeying what is typed on standard input meanwhile; `help` lists what can be. What fails
/// is told and hinders nothing. A line that is being obeyed when the work ends is still answered.
pub(crate) async fn while_obeying_lines<T>(
    client: &Client,
    output: &Output,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let mut lines = lines();
    loop {
        let line = tokio::select! {
            done = &mut work => return done,
            Some(line) = lines.recv() => line,
        };
        let mut obeyed = pin!(obey(&line, client, output));
        tokio::select! {
            done = &mut work => {
                obeyed.await;
                return done;
            }
            () = &mut obeyed => {}
        }
    }
}

async fn obey(line: &str, client: &Client, output: &Output) {
    let words: Vec<_> = line.split_whitespace().collect();
    if words.is_empty() {
        return;
    }
    let done = match Line::try_parse_from(words) {
        Ok(line) => line.command.carry_out(client, output).await,
        Err(error) if error.use_stderr() => Err(Failure::Line(first_line(&error))),
        Err(help) => {
            let help = help.to_string();
            output.line(help.trim_end(), &json!({ "help": help }));
            Ok(())
        }
    };
    if let Err(failure) = done {
        output.failure(&failure);
    }
}

/// What is wrong with a line; how programs are called doesn't help.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// The lines of standard input. The thread that waits for them ends with the process: nothing else
/// wakes it.
fn lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

fn list(client: &Client, output: &Output) {
    let calls = control::calls(&client.view());
    if calls.is_empty() {
        output.progress("There are no calls.");
    }
    for status in &calls {
        output.line(&line(status), &value(status));
    }
}

/// One line about a call.
pub(crate) fn line(status: &CallStatus) -> String {
    let party = &status.call.remote.party;
    let name = party.name.as_ref().map_or("", |name| name.expose());
    let carrier = match carrier(status) {
        "here" => String::new(),
        "desk phone" => ", at the desk phone".to_owned(),
        _ => ", in another program".to_owned(),
    };
    let state = control::state(status);
    format!(
        "{name} {}: {state}{carrier}  ({})",
        party.number, status.call.id
    )
    .trim_start()
    .to_owned()
}

fn value(status: &CallStatus) -> Value {
    let mut value = watch::call_json(status);
    value["carried_by"] = carrier(status).into();
    value
}

/// Who carries a call.
fn carrier(status: &CallStatus) -> &'static str {
    match status.call.device {
        DeviceKind::DeskPhone => "desk phone",
        _ if control::is_within_reach(status) => "here",
        _ => "another program",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Control> {
        let line = Line::try_parse_from(line.split_whitespace()).ok()?;
        line.command.control().map(|(control, _)| control)
    }

    #[test]
    fn what_is_typed_is_what_the_commands_are_called() {
        let text = |text: &str| Redacted::new(text.to_owned());
        for (line, control) in [
            ("hold", Control::Hold),
            ("  retrieve ", Control::Retrieve),
            ("dtmf 12#", Control::Keys(text("12#"))),
            ("consult +49-89-7", Control::Consult(text("+49-89-7"))),
            ("transfer", Control::Transfer),
            ("transfer 332", Control::BlindTransfer(text("332"))),
            ("blind-transfer 332", Control::BlindTransfer(text("332"))),
            ("mute", Control::Mute(true)),
            ("end", Control::HangUp),
        ] {
            assert_eq!(read(line), Some(control), "{line}");
        }
        for line in ["dial 331", "consult", "hold a b"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
