//! The picture of the telephone, at whatever size.

mod panel;
mod popup;
mod row;

use ratatui::{
    Frame,
    layout::{Constraint, Layout},
    style::Stylize,
    text::{Line, Span, Text},
};
use uc_session::Connection;

use super::{
    offer::Key,
    phone::{Panel, Phone},
    popup::Popup,
    scene::Scene,
};

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, phone: &Phone) {
    let keys = key_lines(&keys(phone), frame.area().width);
    let [head, connection, body, notice, foot] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(u16::try_from(keys.lines.len()).unwrap_or(u16::MAX)),
    ])
    .areas(frame.area());
    let [calls, persons, conversations] = Layout::vertical([
        Constraint::Fill(2),
        Constraint::Fill(3),
        Constraint::Fill(2),
    ])
    .areas(body);
    let [people, favourites] = Layout::horizontal([Constraint::Fill(1); 2]).areas(persons);
    frame.render_widget(head_line(phone.scene()), head);
    frame.render_widget(connection_line(phone.scene()), connection);
    panel::draw(frame, phone, Panel::Calls, calls);
    panel::draw(frame, phone, Panel::Conversations, conversations);
    panel::draw(frame, phone, Panel::People, people);
    panel::draw(frame, phone, Panel::Favourites, favourites);
    frame.render_widget(Line::from(format!(" {}", phone.notice())).bold(), notice);
    frame.render_widget(keys, foot);
    if let Some(popup) = phone.popup() {
        popup::draw(frame, phone, popup, body);
    }
}

fn head_line(scene: &Scene) -> Line<'_> {
    let presence = scene.presence.as_ref();
    let presence = presence.map_or(String::new(), |presence| row::presence(scene, presence));
    Line::from(vec![
        Span::from(format!(" {}", scene.me.expose())).bold(),
        Span::from(format!("   {presence}")),
        Span::from(format!("   {} unread ", scene.unread)),
    ])
    .reversed()
}

/// Whether the server is there, in plain words.
fn connection_line(scene: &Scene) -> Line<'_> {
    let trouble = |text: String| Line::from(text).red().bold();
    match scene.connection {
        Connection::Live => Line::from(" connected").dim(),
        Connection::SigningIn => trouble(" signing in".to_owned()),
        Connection::Restoring => {
            let why = scene.trouble.as_deref();
            let why = why.map_or(String::new(), |why| format!(" ({why})"));
            trouble(format!(" CONNECTION LOST, being restored{why}"))
        }
        _ => trouble(" THE SESSION HAS ENDED: quit with q and sign in again".to_owned()),
    }
}

/// The keys that do something now, and what.
fn keys(phone: &Phone) -> Vec<(String, &'static str)> {
    let fixed = |keys: &[(&str, &'static str)]| {
        let keys = keys.iter();
        keys.map(|(key, label)| ((*key).to_owned(), *label))
            .collect()
    };
    match phone.popup() {
        Some(Popup::Entry(_)) => {
            fixed(&[("Enter", "take it"), ("Up Down", "choose"), ("Esc", "back")])
        }
        Some(Popup::Keys { .. }) => fixed(&[("0-9 * # A-D", "send"), ("Esc", "back")]),
        Some(Popup::Presence(_)) => {
            fixed(&[("Enter", "set it"), ("Up Down", "choose"), ("Esc", "back")])
        }
        Some(Popup::Redial(_)) => {
            fixed(&[("Enter", "call"), ("Up Down", "choose"), ("Esc", "back")])
        }
        Some(Popup::Conversation(_)) => fixed(&[("Enter", "call"), ("Esc", "back")]),
        None => {
            let offers = phone.offers().into_iter();
            let offers = offers.map(|offer| (offer.key.to_string(), offer.label));
            let moves = [("Tab", "next part"), ("Up Down", "choose")];
            let moves = moves.map(|(key, label)| (key.to_owned(), label));
            offers.chain(moves).collect()
        }
    }
}

/// As many lines as the keys need; a key and its word stay together.
fn key_lines(keys: &[(String, &'static str)], width: u16) -> Text<'static> {
    let mut lines = vec![Line::default()];
    for (key, label) in keys {
        let entry = [
            Span::from(format!(" {key}")).bold(),
            Span::from(format!(" {label} ")),
        ];
        let needed: usize = entry.iter().map(Span::width).sum();
        let last = lines.last().map_or(0, Line::width);
        if last > 0 && last + needed > usize::from(width) {
            lines.push(Line::default());
        }
        if let Some(line) = lines.last_mut() {
            line.spans.extend(entry);
        }
    }
    Text::from(lines)
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Char(key) => write!(f, "{key}"),
            Self::Enter => f.write_str("Enter"),
        }
    }
}
