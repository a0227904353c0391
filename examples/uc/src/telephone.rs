//! Where calls go, how they are dialled, the keys of the desk phone, and what colleagues' telephones
//! do.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uc_model::{
    Capability, DialMethod, ForwardingTarget, FunctionKey, FunctionKeys, KeyFunction, LineState,
    Mailbox, PhoneKind, PhoneNumber, Presence, PresenceState, Redacted, UserId,
};
use uc_session::{Client, Event};

use crate::{
    account::Account,
    failure::Failure,
    output::Output,
    people::{Names, State, state_name},
};

/// Where calls go in a presence state.
#[derive(Debug, Args)]
pub(crate) struct ForwardArguments {
    /// The presence state; without it all are listed.
    state: Option<State>,
    /// A number, "mobile", "voicemail", or "default".
    #[arg(requires = "state")]
    to: Option<String>,
}

/// The CallMe service.
#[derive(Debug, Args)]
pub(crate) struct CallMeArguments {
    /// The number of the telephone at the other workplace, or "off"; without it the service is shown.
    to: Option<String>,
}

/// How calls are dialled.
#[derive(Debug, Args)]
pub(crate) struct DialMethodArguments {
    /// Without it the method is shown.
    method: Option<Method>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Method {
    /// The desk phone or this computer dials.
    DeskPhone,
    /// The system rings the mobile phone, then the number.
    Callback,
}

/// What to do with the keys of the desk phone.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Lists them.
    List,
    /// Programs one as a whole: what isn't given is empty afterwards.
    Set(KeyArguments),
}

/// What a key becomes.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// Which, counted from 1.
    key: u16,
    /// Dials this number.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["shift", "feature"])]
    dial: Option<String>,
    /// Switches to the second level.
    #[arg(long, conflicts_with = "feature")]
    shift: bool,
    /// A function of the system, by its name there.
    #[arg(long, value_name = "NAME")]
    feature: Option<String>,
    /// The external number that it dials together with the shift key.
    #[arg(long, value_name = "NUMBER")]
    second: Option<String>,
    /// What stands beside it.
    #[arg(long)]
    label: Option<String>,
}

/// Colleagues' telephones.
#[derive(Debug, Args)]
pub(crate) struct PhonesArguments {
    /// Goes on telling what they do until Ctrl-C.
    #[arg(long)]
    watch: bool,
}

/// Shows or sets where calls go in a presence state.
pub(crate) async fn forward(
    account: &Account,
    output: &Output,
    wish: &ForwardArguments,
) -> Result<(), Failure> {
    let state = wish.state.map(PresenceState::from);
    signed_in(account, output, Capability::Forwarding, async |client| {
        if let (Some(state), Some(to)) = (state, &wish.to) {
            client.set_forwarding(state, target(to)?).await?;
        }
        show_forwarding(client, output, state);
        Ok(())
    })
    .await
}

/// Shows, begins or ends the CallMe service.
pub(crate) async fn call_me(
    account: &Account,
    output: &Output,
    wish: &CallMeArguments,
) -> Result<(), Failure> {
    signed_in(account, output, Capability::CallMe, async |client| {
        match wish.to.as_deref() {
            None => {}
            Some("off") => client.set_call_me(None).await?,
            Some(number) => client.set_call_me(Some(number)).await?,
        }
        let view = client.view();
        let number = view.account().call_me.as_ref().map(PhoneNumber::as_str);
        let plain = number.map_or("CallMe is off.".to_owned(), |number| {
            format!("CallMe sends calls to {number}.")
        });
        output.line(&plain, &json!({ "call_me": number }));
        Ok(())
    })
    .await
}

/// Shows or sets how calls are dialled.
pub(crate) async fn dial_method(
    account: &Account,
    output: &Output,
    wish: &DialMethodArguments,
) -> Result<(), Failure> {
    signed_in(account, output, Capability::DialMethods, async |client| {
        match wish.method {
            None => {}
            Some(Method::DeskPhone) => client.set_dial_method(DialMethod::DeskPhone).await?,
            Some(Method::Callback) => client.set_dial_method(DialMethod::Callback).await?,
        }
        let (plain, name) = match client.view().account().dial_method {
            DialMethod::Callback => (
                "The system rings your mobile phone, then the number.",
                "callback",
            ),
            _ => ("The desk phone or this computer dials.", "desk-phone"),
        };
        output.line(plain, &json!({ "dial_method": name }));
        Ok(())
    })
    .await
}

/// Lists or programs the keys of the desk phone.
pub(crate) async fn keys(
    account: &Account,
    output: &Output,
    command: &KeysCommand,
) -> Result<(), Failure> {
    signed_in(
        account,
        output,
        Capability::KeyProgramming,
        async |client| {
            let keys = match command {
                KeysCommand::List => client.function_keys().await?,
                KeysCommand::Set(wish) => client.program_key(wish.key, wish.key()?).await?,
            };
            show_keys(output, &keys);
            Ok(())
        },
    )
    .await
}

/// Lists the telephones that share the user's number.
pub(crate) async fn assigned_phones(account: &Account, output: &Output) -> Result<(), Failure> {
    signed_in(account, output, Capability::AssignedPhone, async |client| {
        let view = client.view();
        let user = view.user.as_ref();
        let phones = user.and_then(|user| user.assigned_phones.as_deref());
        let phones = phones.unwrap_or_default();
        for phone in phones {
            let controlled = view.controlled_phone.as_ref() == Some(phone);
            let kind = phone.kind.map_or("unknown", kind_name);
            let mark = if controlled { '*' } else { ' ' };
            let number = phone.number.as_str();
            let value = json!({ "number": number, "kind": kind, "controlled": controlled });
            output.line(&format!("{mark} {number:<8} {kind}"), &value);
        }
        if phones.is_empty() {
            output.progress("Your number isn't shared by several telephones.");
        }
        Ok(())
    })
    .await
}

/// Lists what colleagues' telephones do, and goes on telling it if wished.
pub(crate) async fn phones(
    account: &Account,
    output: &Output,
    wish: &PhonesArguments,
) -> Result<(), Failure> {
    signed_in(account, output, Capability::Presence, async |client| {
        let names = Names::of(client).await;
        let mut events = client.events();
        let view = client.view();
        let me = view.user.as_ref().map(|me| me.user.clone());
        let others = view.presences().map(|(user, _)| user);
        for user in others.filter(|user| me.as_ref() != Some(*user)) {
            show_line(output, &names, user, view.line(user));
        }
        if !wish.watch {
            return Ok(());
        }
        loop {
            let event = tokio::select! {
                event = events.next() => event.ok_or(Failure::Ended)?,
                _ = tokio::signal::ctrl_c() => return Ok(()),
            };
            if let Event::Line { user, line } = event {
                show_line(output, &names, &user, line);
            }
        }
    })
    .await
}

async fn signed_in(
    account: &Account,
    output: &Output,
    capability: Capability,
    work: impl AsyncFnOnce(&Client) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let client = account.sign_in_for(output, capability).await?;
    let done = work(&client).await;
    client.sign_out().await;
    done
}

/// `None`: where calls go by default.
fn target(to: &str) -> Result<Option<ForwardingTarget>, Failure> {
    Ok(match to {
        "default" => None,
        "mobile" => Some(ForwardingTarget::Mobile),
        "voicemail" => Some(ForwardingTarget::Voicemail(Mailbox::Own)),
        number => Some(ForwardingTarget::Number(telephone_number(number)?)),
    })
}

fn telephone_number(text: &str) -> Result<PhoneNumber, Failure> {
    let number = PhoneNumber::new(text);
    number.map_err(|_| Failure::Option("this is no telephone number"))
}

fn show_forwarding(client: &Client, output: &Output, only: Option<PresenceState>) {
    let view = client.view();
    let Some(user) = &view.user else {
        return;
    };
    let Some(mode) = user.mode else {
        return;
    };
    let (forwarding, words) = (view.account().forwarding(mode), output.words());
    for state in view.presence_choices() {
        if only.is_some_and(|only| only != state) {
            continue;
        }
        let target = forwarding.target(state);
        let refused = Presence::of(state).refuses_calls();
        let stays = if refused { "refused" } else { "rings here" };
        let to = target.as_ref().map_or(stays.to_owned(), target_text);
        output.line(
            &format!("{:<16} {to}", words.state(state)),
            &json!({
                "state": state_name(state),
                "to": target.as_ref().map(target_text),
                "refused": refused,
            }),
        );
    }
}

fn target_text(target: &ForwardingTarget) -> String {
    match target {
        ForwardingTarget::Voicemail(Mailbox::Group(extension)) => {
            format!("voicemail of {extension}")
        }
        ForwardingTarget::Voicemail(_) => "voicemail".to_owned(),
        ForwardingTarget::Mobile => "mobile".to_owned(),
        ForwardingTarget::Number(number) => number.to_string(),
        _ => "unknown".to_owned(),
    }
}

impl KeyArguments {
    fn key(&self) -> Result<FunctionKey, Failure> {
        let number = |text: &Option<String>| text.as_deref().map(telephone_number).transpose();
        let first = match (number(&self.dial)?, self.shift, &self.feature) {
            (Some(number), ..) => KeyFunction::Number(number),
            (_, true, _) => KeyFunction::Shift,
            (_, _, Some(name)) => KeyFunction::Feature(name.as_str().into()),
            _ => KeyFunction::None,
        };
        Ok(FunctionKey {
            label: self.label.clone().map(Redacted::new),
            first,
            second: number(&self.second)?,
        })
    }
}

const fn kind_name(kind: PhoneKind) -> &'static str {
    match kind {
        PhoneKind::System => "system",
        PhoneKind::Sip => "sip",
        PhoneKind::Isdn => "isdn",
        PhoneKind::Analogue => "analogue",
        PhoneKind::Dect => "dect",
        PhoneKind::WebRtc => "voip",
        _ => "unknown",
    }
}

fn show_keys(output: &Output, keys: &FunctionKeys) {
    if !keys.can_be_programmed() {
        output.progress("The keys of this kind of telephone can't be programmed from here.");
    }
    for (index, key) in keys.keys().iter().enumerate() {
        let (plain, function) = function(&key.first);
        let label = key.label.as_ref().map(|label| label.expose().as_str());
        let second = key.second.as_ref().map(PhoneNumber::as_str);
        let shifted = second.map_or(String::new(), |number| format!("  with shift: {number}"));
        output.line(
            &format!(
                "{:>3}  {:<20} {plain}{shifted}",
                index + 1,
                label.unwrap_or("-")
            ),
            &json!({ "key": index + 1, "label": label, "first": function, "second": second }),
        );
    }
}

fn function(function: &KeyFunction) -> (String, Value) {
    match function {
        KeyFunction::None => ("free".to_owned(), json!({ "kind": "none" })),
        KeyFunction::Number(number) => (
            format!("dials {number}"),
            json!({ "kind": "number", "number": number.as_str() }),
        ),
        KeyFunction::Shift => ("shift".to_owned(), json!({ "kind": "shift" })),
        KeyFunction::Feature(name) => (
            format!("function {name}"),
            json!({ "kind": "feature", "name": name }),
        ),
        _ => (
            "belongs to the telephone".to_owned(),
            json!({ "kind": "local-application" }),
        ),
    }
}

fn show_line(output: &Output, names: &Names, user: &UserId, line: LineState) {
    let (plain, name) = line_names(line);
    let who = names.get(user);
    output.line(
        &format!(
            "{:<8} {:<24} {plain}",
            user.as_str(),
            who.unwrap_or_default()
        ),
        &json!({ "user": user.as_str(), "name": who, "line": name }),
    );
}

/// What a telephone does: for a person, and for a program.
pub(crate) const fn line_names(line: LineState) -> (&'static str, &'static str) {
    match line {
        LineState::Idle => ("free", "idle"),
        LineState::Dialling => ("dials", "dialling"),
        LineState::BusyInternal => ("talks (internal)", "busy-internal"),
        LineState::BusyExternal => ("talks (external)", "busy-external"),
        LineState::RingingInternal => ("rings (internal)", "ringing-internal"),
        LineState::RingingExternal => ("rings (external)", "ringing-external"),
        _ => ("unknown", "unknown"),
    }
}
