use ratatui::{
    Frame,
    layout::{Constraint, Rect},
    style::{Modifier, Stylize},
    text::Line,
    widgets::{Block, Clear, List, ListState},
};
use uc_model::ConversationId;

use super::{
    super::{
        phone::Phone,
        popup::{Entry, Popup},
        scene::Scene,
    },
    row,
};
use crate::conversations::entry_line;

/// Draws what lies over the screen, in the middle of `area`.
pub(super) fn draw(frame: &mut Frame<'_>, phone: &Phone, popup: &Popup, area: Rect) {
    let scene = phone.scene();
    let (title, lines, chosen) = match popup {
        Popup::Entry(entry) => entry_lines(scene, entry),
        Popup::Keys { sent, .. } => {
            let lines = vec![Line::from(format!("sent: {}_", sent.expose()))];
            ("Keys".to_owned(), lines, None)
        }
        Popup::Presence(row) => {
            let choices = scene.presence_choices.iter();
            let lines = choices.map(|state| Line::from(scene.words.state(*state)));
            ("Presence".to_owned(), lines.collect(), Some(*row))
        }
        Popup::Redial(row) => {
            let numbers = scene.redial.iter();
            let lines = numbers.map(|number| Line::from(number.as_str()));
            ("Dialled last".to_owned(), lines.collect(), Some(*row))
        }
        Popup::Conversation(id) => conversation_lines(scene, id),
    };
    let area = area.centered(Constraint::Max(WIDTH), Constraint::Max(HEIGHT));
    let block = Block::bordered().title(title);
    let list = List::new(lines).block(block.border_style(Modifier::BOLD));
    let list = list
        .highlight_style(Modifier::REVERSED)
        .highlight_symbol("> ");
    let mut state = ListState::default().with_selected(chosen);
    frame.render_widget(Clear, area);
    frame.render_stateful_widget(list, area, &mut state);
}

fn entry_lines<'a>(scene: &'a Scene, entry: &'a Entry) -> (String, Vec<Line<'a>>, Option<usize>) {
    let title = format!("{}: {}_", entry.purpose.title(), entry.text.expose());
    let choices = entry.choices();
    if choices.is_empty() {
        let hint = Line::from("a number, or the first letters of a name").dim();
        return (title, vec![hint], None);
    }
    let lines = choices.iter().map(|person| {
        let line = row::person(scene, person);
        let spans = line.spans.into_iter();
        Line::from_iter(spans.map(|span| span.content.into_owned()))
    });
    (title, lines.collect(), Some(entry.row))
}

/// The end of a conversation, as much as fits.
fn conversation_lines<'a>(
    scene: &Scene,
    id: &ConversationId,
) -> (String, Vec<Line<'a>>, Option<usize>) {
    let known = scene.conversations.iter().find(|known| known.id == *id);
    let Some(known) = known else {
        return ("Deleted".to_owned(), Vec::new(), None);
    };
    let name = known.name.as_ref().map_or("", |name| name.expose());
    let lines: Vec<_> = known
        .entries
        .iter()
        .map(|entry| Line::from(entry_line(scene.words, entry)))
        .collect();
    let newest = lines.len().checked_sub(1);
    (format!("{name} {}", known.number), lines, newest)
}

/// Columns and lines of what lies over the screen, at most.
const WIDTH: u16 = 64;
const HEIGHT: u16 = 14;
