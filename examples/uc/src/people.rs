use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use uc_model::{
    Capability, Contact, Directory, Presence, PresenceState, PresenceVisibility, Redacted,
    Timestamp, UserId,
};
use uc_session::Client;

use crate::{
    account::Account,
    failure::Failure,
    moment::Moment,
    output::Output,
    words::{Phrase, Words},
};

/// Signs in, says who and where, and signs out.
pub(crate) async fn sign_in(account: &Account, output: &Output) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    let user = client.view().user.clone().ok_or(Failure::Ended)?;
    let able = user.capabilities.iter();
    let able: Vec<String> = able.map(|capability| format!("{capability:?}")).collect();
    let extension = user.extension.as_ref();
    let extension = extension.map(|extension| extension.as_str());
    output.line(
        &format!(
            "Signed in at {}{} as {}, extension {}.\nThis connection can: {}.",
            user.server,
            user.mode
                .map_or_else(String::new, |mode| format!(" ({mode:?})")),
            user.name.expose(),
            extension.unwrap_or("none"),
            able.join(", "),
        ),
        &json!({
            "server": user.server,
            "mode": user.mode.map(|mode| format!("{mode:?}").to_lowercase()),
            "user": user.user.as_str(),
            "name": user.name.expose(),
            "extension": extension,
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

/// A presence state that can be named.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum State {
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
    let client = account.sign_in(output).await?;
    let result = set(&client, wish).await;
    if result.is_ok() {
        let everybody = wish.state.is_none() && wish.visibility.is_none();
        show(&client, output, everybody).await;
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
async fn show(client: &Client, output: &Output, everybody: bool) {
    let view = client.view();
    let (me, words) = (view.user.as_ref(), output.words());
    let names = match everybody {
        true => Names::of(client).await,
        false => Names::of_oneself(client),
    };
    for (user, presence) in view.presences() {
        let own = me.is_some_and(|me| me.user == *user);
        let name = names.get(user);
        let mut value = presence_json(user, name, presence);
        let mut line = presence_line(words, user, name, presence);
        if own && client.capabilities().has(Capability::PresenceVisibility) {
            let seen_by = visibility_name(view.account().visibility);
            value["visibility"] = seen_by.into();
            line = format!("{line}  ({}: {seen_by})", words.say(Phrase::SeenBy));
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

/// What the users are called.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<UserId, String>);

impl Names {
    /// Looks up everybody whose presence is known; whoever isn't found has no name.
    pub(crate) async fn of(client: &Client) -> Self {
        let mut names = Self::of_oneself(client);
        let view = client.view();
        for (user, _) in view.presences() {
            if names.get(user).is_some() {
                continue;
            }
            // The internal number is the user name. What else is found saves further searches.
            let found = client.search_directory(Directory::Internal, user.as_str());
            for contact in found.await.map(|found| found.contacts).unwrap_or_default() {
                names.learn(&contact);
            }
        }
        names
    }

    /// The own name alone.
    pub(crate) fn of_oneself(client: &Client) -> Self {
        let me = client.view().user.clone();
        let own = me.map(|me| (me.user.clone(), me.name.expose().clone()));
        // WSI tells no name at the sign-in.
        let named = own.filter(|(user, name)| user.as_str() != name);
        Self(named.into_iter().collect())
    }

    pub(crate) fn get(&self, user: &UserId) -> Option<&str> {
        self.0.get(user).map(String::as_str)
    }

    /// WSI's directory tells no users: there the number tells whose entry it is.
    fn learn(&mut self, contact: &Contact) {
        let number = contact.numbers.first().map(|own| own.number.as_str());
        let user = contact.user.clone();
        let user = user.or_else(|| UserId::new(number?).ok());
        if let (Some(user), Some(name)) = (user, contact.display_name()) {
            self.0.entry(user).or_insert_with(|| name.into_inner());
        }
    }
}

pub(crate) fn presence_line(
    words: Words,
    user: &UserId,
    name: Option<&str>,
    presence: &Presence,
) -> String {
    let note = presence
        .note
        .as_ref()
        .map_or("", |note| note.expose().as_str());
    let until = presence.until.map(|until| words.moment(until));
    let until = until.unwrap_or_default();
    let state = words.state(presence.state);
    let name = name.map_or(String::new(), |name| format!("{name:<24} "));
    let line = format!("{:<8} {name}{state:<16} {until:<20} {note}", user.as_str());
    line.trim_end().to_owned()
}

pub(crate) fn presence_json(user: &UserId, name: Option<&str>, presence: &Presence) -> Value {
    json!({
        "user": user.as_str(),
        "name": name,
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
