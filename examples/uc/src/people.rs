use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use uc_model::{Capability, Presence, PresenceState, Redacted, Timestamp, UserId};

use crate::{account::Account, failure::Failure, output::Output};

/// Signs in, says who and where, and signs out.
pub(crate) async fn sign_in(account: &Account, output: &Output) -> Result<(), Failure> {
    let client = account.sign_in().await?;
    let user = client.view().user.clone().ok_or(Failure::Ended)?;
    let able: Vec<String> = CAPABILITIES
        .iter()
        .filter(|capability| user.capabilities.has(**capability))
        .map(|capability| format!("{capability:?}"))
        .collect();
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
    let result = match wish.state {
        Some(state) => client.set_presence(wanted(state, wish)).await,
        None => Ok(()),
    };
    if result.is_ok() {
        let view = client.view();
        for (user, presence) in view.presences() {
            let own = view.user.as_ref().is_some_and(|me| me.user == *user);
            if wish.state.is_none() || own {
                output.line(
                    &presence_line(user, presence),
                    &presence_json(user, presence),
                );
            }
        }
    }
    client.sign_out().await;
    Ok(result?)
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
            .map(|minutes| Timestamp(now_ms + i64::from(minutes) * 60_000)),
        note: wish.note.clone().map(Redacted::new),
    }
}

pub(crate) fn presence_line(user: &UserId, presence: &Presence) -> String {
    let note = presence
        .note
        .as_ref()
        .map_or("", |note| note.expose().as_str());
    format!(
        "{:<12} {:<14} {note}",
        user.as_str(),
        state_name(presence.state)
    )
    .trim_end()
    .to_owned()
}

pub(crate) fn presence_json(user: &UserId, presence: &Presence) -> Value {
    json!({
        "user": user.as_str(),
        "state": state_name(presence.state),
        "until_ms": presence.until.map(|until| until.0),
        "note": presence.note.as_ref().map(Redacted::expose),
    })
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
        PresenceState::Invisible => "invisible",
        _ => "unknown",
    }
}

/// In the order in which they are listed.
const CAPABILITIES: [Capability; 16] = [
    Capability::Presence,
    Capability::DirectorySearch,
    Capability::Conversations,
    Capability::Chat,
    Capability::VoipCalls,
    Capability::DeskPhoneControl,
    Capability::Hold,
    Capability::Pickup,
    Capability::Dtmf,
    Capability::Conferences,
    Capability::Voicemail,
    Capability::CallMe,
    Capability::EditContacts,
    Capability::Favourites,
    Capability::DeleteFavouriteGroups,
    Capability::DefaultNumbers,
];
