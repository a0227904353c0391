//! One line about a call, a person, a conversation.

use std::time::Duration;

use ratatui::{
    style::Stylize,
    text::{Line, Span},
};
use uc_model::{Conversation, LineState, Presence, PresenceState};
use uc_session::{CallStatus, Sound};

use super::super::{
    phone::Phone,
    scene::{Person, Scene},
};
use crate::{control, conversations::entry_line, telephone::line_names};

/// A call: with whom, and what it does.
pub(super) fn call<'a>(phone: &Phone, status: &'a CallStatus) -> Line<'a> {
    let party = &status.call.remote.party;
    let name = party.name.as_ref().map_or("", |name| name.expose());
    let who = match name.is_empty() {
        true => party.number.to_string(),
        false => format!("{name} {}", party.number),
    };
    let talked = phone.talked(&status.call.id);
    let state = match control::state(status) {
        "talking" => talked.map_or("talking".to_owned(), |talked| {
            format!("talking {}", minutes(talked))
        }),
        state => state.to_owned(),
    };
    let mut line = Line::from(vec![
        Span::from(who).bold(),
        Span::from(format!("  {state}")),
    ]);
    if status.muted {
        line.push_span(Span::from("  muted").yellow());
    }
    if let Some(trouble) = trouble(&status.sound) {
        line.push_span(Span::from(format!("  {trouble}")).red());
    }
    line
}

fn trouble(sound: &Sound) -> Option<String> {
    match sound {
        Sound::Interrupted => Some("sound interrupted".to_owned()),
        Sound::Failed(error) => Some(format!("no sound: {error}")),
        _ => None,
    }
}

fn minutes(talked: Duration) -> String {
    let seconds = talked.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A person: the presence first, which stands in one column.
pub(super) fn person<'a>(scene: &'a Scene, person: &'a Person) -> Line<'a> {
    let state = person.presence.as_ref().map(|presence| presence.state);
    let (mark, name) = match state {
        Some(PresenceState::Office | PresenceState::CallMe) => ("o".green(), true),
        Some(PresenceState::DoNotDisturb) => ("x".red(), true),
        Some(PresenceState::Invisible) | None => (" ".into(), false),
        Some(_) => ("-".yellow(), true),
    };
    let state = state.filter(|_| name).map(|state| scene.words.state(state));
    let number = person.number.as_ref().map_or("", |number| number.as_str());
    // What the telephone does says more than the presence, whose mark stays.
    let said = match person.line {
        LineState::Idle => state.unwrap_or_default(),
        line => line_names(line).0,
    };
    let said = Span::from(format!("  {said}"));
    let said = match person.line.is_ringing() {
        true => said.yellow(),
        false => said.dim(),
    };
    Line::from(vec![
        mark,
        Span::from(format!(" {} {number}", person.name.expose())),
        said,
    ])
}

/// A presence with its return time and note.
pub(super) fn presence(scene: &Scene, presence: &Presence) -> String {
    let state = scene.words.state(presence.state).to_owned();
    let until = presence.until.map(|until| scene.words.moment(until));
    let note = presence.note.as_ref().map(|note| note.expose().clone());
    let parts = [Some(state), until, note].into_iter().flatten();
    parts.collect::<Vec<_>>().join(", ")
}

/// A conversation: what is unread, with whom, and the newest.
pub(super) fn conversation<'a>(scene: &Scene, known: &'a Conversation) -> Line<'a> {
    let name = known
        .name
        .as_ref()
        .map_or(known.number.as_str(), |name| name.expose());
    let newest = known.newest().map(|entry| entry_line(scene.words, entry));
    let newest = Span::from(format!("  {}", newest.unwrap_or_default())).dim();
    match known.unread {
        0 => Line::from(vec![Span::from(name), newest]),
        unread => Line::from(vec![
            Span::from(format!("({unread}) ")).bold(),
            Span::from(name).bold(),
            newest,
        ]),
    }
}
