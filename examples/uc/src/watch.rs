use serde_json::{Value, json};
use uc_session::{CallStatus, Event};

use crate::{
    account::Account,
    failure::Failure,
    output::Output,
    people::{self, Names},
    sound, telephone,
    words::{Phrase, Words},
};

/// Shows events until Ctrl-C or the end of the session.
pub(crate) async fn watch(account: &Account, output: &Output) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    output.progress("Watching; Ctrl-C ends it.");
    let mut events = client.events();
    let (words, names) = (output.words(), Names::of(&client).await);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Event::CallRinging(_)) if !output.pops_up() => {}
                Some(event) => {
                    output.line(&event_line(words, &names, &event), &event_json(&names, &event));
                }
                None => return Err(Failure::Ended),
            },
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    client.sign_out().await;
    Ok(())
}

fn event_line(words: Words, names: &Names, event: &Event) -> String {
    match event {
        Event::ConnectionLost { reason } => {
            format!("{}: {reason}", words.say(Phrase::ConnectionLost))
        }
        Event::ConnectionRestored => words.say(Phrase::ConnectionRestored).into(),
        Event::Presence { user, presence } => {
            people::presence_line(words, user, names.get(user), presence)
        }
        Event::Line { user, line } => {
            let (plain, _) = telephone::line_names(*line);
            format!(
                "{:<8} {}: {plain}",
                user.as_str(),
                names.get(user).unwrap_or_default()
            )
        }
        Event::Account => "what the server keeps for you has changed".into(),
        Event::CallRinging(status) => {
            format!("{}: {}", words.say(Phrase::Rings), call_line(status))
        }
        Event::CallChanged(status) => format!("{}: {}", words.say(Phrase::Call), call_line(status)),
        Event::CallEnded(status) => format!("{}: {}", words.say(Phrase::Ended), call_line(status)),
        Event::SoundChanged(change) => sound::change_line(change),
        Event::SoundDevice { error, .. } => format!("sound: {error}"),
        Event::Digit { digit, .. } => format!("key pressed: {}", digit.expose()),
        Event::Conversation(conversation) => format!(
            "{} {}: {} {}",
            words.say(Phrase::ConversationWith),
            conversation.number,
            conversation.unread,
            words.say(Phrase::Unread),
        ),
        Event::ConversationDeleted(_) => "conversation deleted".into(),
        Event::CertificateStranger { address, .. } => {
            format!(
                "another certificate than the accepted one at {}",
                address.host
            )
        }
        Event::Undecodable { total } => format!("events that could not be read: {total}"),
        Event::SessionEnded => "the session has ended: sign in again".into(),
        Event::Lagged(lost) => format!("{lost} events were missed here; the state is current"),
        _ => "something this version of uc doesn't know".into(),
    }
}

fn event_json(names: &Names, event: &Event) -> Value {
    match event {
        Event::ConnectionLost { reason } => {
            json!({ "event": "connection_lost", "reason": reason.to_string() })
        }
        Event::ConnectionRestored => json!({ "event": "connection_restored" }),
        Event::Presence { user, presence } => json!({
            "event": "presence",
            "presence": people::presence_json(user, names.get(user), presence),
        }),
        Event::Line { user, line } => json!({
            "event": "line",
            "user": user.as_str(),
            "name": names.get(user),
            "line": telephone::line_names(*line).1,
        }),
        Event::Account => json!({ "event": "account" }),
        Event::CallRinging(status) => json!({ "event": "call_ringing", "call": call_json(status) }),
        Event::CallChanged(status) => json!({ "event": "call_changed", "call": call_json(status) }),
        Event::CallEnded(status) => json!({ "event": "call_ended", "call": call_json(status) }),
        Event::SoundChanged(change) => sound::change_json(change),
        Event::SoundDevice { call, error } => {
            json!({ "event": "sound_device", "call": call.as_str(), "error": error.to_string() })
        }
        Event::Digit { call, digit } => {
            json!({ "event": "digit", "call": call.as_str(), "digit": digit.expose().to_string() })
        }
        Event::Conversation(conversation) => json!({
            "event": "conversation",
            "id": conversation.id.as_str(),
            "number": conversation.number.as_str(),
            "entries": conversation.entries.len(),
            "unread": conversation.unread,
        }),
        Event::ConversationDeleted(id) => {
            json!({ "event": "conversation_deleted", "id": id.as_str() })
        }
        Event::CertificateStranger { address, .. } => {
            json!({ "event": "certificate_stranger", "host": address.host, "port": address.port })
        }
        Event::Undecodable { total } => json!({ "event": "undecodable", "total": total }),
        Event::SessionEnded => json!({ "event": "session_ended" }),
        Event::Lagged(lost) => json!({ "event": "lagged", "lost": lost }),
        _ => json!({ "event": "unknown" }),
    }
}

fn call_line(status: &CallStatus) -> String {
    let party = &status.call.remote.party;
    let name = party
        .name
        .as_ref()
        .map_or("", |name| name.expose().as_str());
    format!(
        "{} {name} ({:?}, far side {:?})",
        party.number, status.call.local, status.call.remote.state
    )
}

pub(crate) fn call_json(status: &CallStatus) -> Value {
    let call = &status.call;
    let name = call
        .remote
        .party
        .name
        .as_ref()
        .map(uc_model::Redacted::expose);
    json!({
        "id": call.id.as_str(),
        "direction": format!("{:?}", call.direction).to_lowercase(),
        "local": format!("{:?}", call.local).to_lowercase(),
        "remote": format!("{:?}", call.remote.state).to_lowercase(),
        "number": call.remote.party.number.as_str(),
        "name": name,
        "muted": status.muted,
        "cause": call.cause.map(|cause| cause.to_string()),
    })
}
