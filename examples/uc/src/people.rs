use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use uc_model::{Presence, PresenceState, PresenceVisibility, Redacted, Timestamp, UserId};
use uc_session::Client;

use crate::{
    account::Account,
    failure::Failure,
    moment::{self, Moment},
    output::Output,
};

/// Signs in, says who and where, and signs out.
pub(crate) async fn sign_in(account: &Account, output: &Output) -> Result<(), Failure> {
    let client = account.sign_in().await?;
    let user = client.view().user.clone().ok_or(Failure::Ended)?;
    let able = user.capabilities.iter();
    let able: Vec<String> = able.map(|capability| format!("{capability:?}")).collect();
    output.line(
        &format!(
            "Signed in at {} ({:?}) as {}, extension {}.\nThis connection can: {}.",
            user.server,
            user.mode,
            user.name.expose(),
            user.extension,
            able.join(", "),
        ),
        &json!({
            "server": user.server,
            "mode": format!("{:?}", user.mode).to_lowercase(),
            "user": user.user.as_str(),
            "name": user.name.expose(),
            "extension": user.extension.as_str(),
            "capabilities": able,
        }),
    );
    client.sign_out().await;
    Ok(())
}

/// What to do with the presence.
#[derive(Debug, Args)]
pub(crate) struct PresenceArguments {
    /// The new state; without it, everybody's presence is shown.
    state: Option<State>,
    /// Back in so many minutes; not with office.
    #[arg(long, value_name = "MINUTES", requires = "state")]
    back_in: Option<u32>,
    /// Back at this moment, for example 2026-11-30T14:00Z or 2026-11-30T14:00+01:00.
    #[arg(
        long,
        value_name = "TIME",
        requires = "state",
        conflicts_with = "back_in"
    )]
    until: Option<Moment>,
    /// Who sees the presence from now on.
    #[arg(long)]
    visibility: Option<Visibility>,
    /// A note for those who see the state.
    #[arg(long, requires = "state")]
    note: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Office,
    Meeting,
    Sick,
    Break,
    OutOfOffice,
    Holiday,
    Lunch,
    Home,
    DoNotDisturb,
    CallMe,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Visibility {
    InternalAndExternal,
    Internal,
    NotVisible,
}

impl From<Visibility> for PresenceVisibility {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::InternalAndExternal => Self::InternalAndExternal,
            Visibility::Internal => Self::Internal,
            Visibility::NotVisible => Self::NotVisible,
        }
    }
}

impl From<State> for PresenceState {
    fn from(state: State) -> Self {
        match state {
            State::Office => Self::Office,
            State::Meeting => Self::Meeting,
            State::Sick => Self::Sick,
            State::Break => Self::Break,
            State::OutOfOffice => Self::OutOfOffice,
            State::Holiday => Self::Holiday,
            State::Lunch => Self::Lunch,
            State::Home => Self::Home,
            State::DoNotDisturb => Self::DoNotDisturb,
            State::CallMe => Self::CallMe,
        }
    }
}

/// Shows everybody's presence, or sets one's own.
pub(crate) async fn presence(
    account: &Account,
    output: &Output,
    wish: &PresenceArguments,
) -> Result<(), Failure> {
    let client = account.sign_in().await?;
    let result = set(&client, wish).await;
    if result.is_ok() {
        show(
            &client,
            output,
            wish.state.is_none() && wish.visibility.is_none(),
        );
    }
    client.sign_out().await;
    result
}

async fn set(client: &Client, wish: &PresenceArguments) -> Result<(), Failure> {
    if let Some(visibility) = wish.visibility {
        client.set_visibility(visibility.into()).await?;
    }
    if let Some(state) = wish.state {
        client.set_presence(wanted(state, wish)).await?;
    }
    Ok(())
}

/// Everybody's presence, or the own one with who sees it.
fn show(client: &Client, output: &Output, everybody: bool) {
    let view = client.view();
    let me = view.user.as_ref().map(|me| me.user.clone());
    for (user, presence) in view.presences() {
        let own = me.as_ref() == Some(user);
        let mut value = presence_json(user, presence);
        let mut line = presence_line(user, presence);
        if own {
            let seen_by = visibility_name(view.account().visibility);
            value["visibility"] = seen_by.into();
            line = format!("{line}  (seen by: {seen_by})");
        }
        if everybody || own {
            output.line(&line, &value);
        }
    }
}

fn wanted(state: State, wish: &PresenceArguments) -> Presence {
    #[expect(
        clippy::disallowed_methods,
        reason = "a person's minutes count from now"
    )]
    let now = std::time::SystemTime::now();
    let now_ms = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as i64);
    Presence {
        state: state.into(),
        until: wish
            .back_in
            .map(|minutes| Timestamp(now_ms + i64::from(minutes) * 60_000))
            .or(wish.until.map(|moment| moment.0)),
        note: wish.note.clone().map(Redacted::new),
    }
}

pub(crate) fn presence_line(user: &UserId, presence: &Presence) -> String {
    let note = presence
        .note
        .as_ref()
        .map_or("", |note| note.expose().as_str());
    let until = presence.until.map_or(String::new(), moment::written);
    let state = state_name(presence.state);
    let line = format!("{:<12} {state:<14} {until:<17} {note}", user.as_str());
    line.trim_end().to_owned()
}

pub(crate) fn presence_json(user: &UserId, presence: &Presence) -> Value {
    json!({
        "user": user.as_str(),
        "state": state_name(presence.state),
        "until_ms": presence.until.map(|until| until.0),
        "note": presence.note.as_ref().map(Redacted::expose),
    })
}

const fn visibility_name(visibility: PresenceVisibility) -> &'static str {
    match visibility {
        PresenceVisibility::InternalAndExternal => "internal-and-external",
        PresenceVisibility::Internal => "internal",
        PresenceVisibility::NotVisible => "not-visible",
        _ => "unknown",
    }
}

pub(crate) const fn state_name(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Office => "office",
        PresenceState::Meeting => "meeting",
        PresenceState::Sick => "sick",
        PresenceState::Break => "break",
        PresenceState::OutOfOffice => "out-of-office",
        PresenceState::Holiday => "holiday",
        PresenceState::Lunch => "lunch",
        PresenceState::Home => "home",
        PresenceState::DoNotDisturb => "do-not-disturb",
        PresenceState::CallMe => "call-me",
        PresenceState::Invisible => "invisible",
        _ => "unknown",
    }
}
