use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style, Stylize},
    text::Line,
    widgets::{Block, List, ListState},
};

use super::{
    super::phone::{Panel, Phone},
    row,
};

/// Draws one part with its rows; the chosen one of the part in use stands out.
pub(super) fn draw(frame: &mut Frame<'_>, phone: &Phone, panel: Panel, area: Rect) {
    let (lines, chosen) = lines(phone, panel);
    let in_use = phone.focus() == panel;
    let block = Block::bordered().title(title(phone, panel));
    let block = match in_use {
        true => block.border_style(Modifier::BOLD),
        false => block.border_style(Modifier::DIM),
    };
    let marked = match in_use {
        true => Style::new().reversed(),
        false => Style::new(),
    };
    let list = List::new(lines).block(block).highlight_style(marked);
    let list = list.highlight_symbol(if in_use { "> " } else { "  " });
    let mut state = ListState::default().with_selected(chosen);
    frame.render_stateful_widget(list, area, &mut state);
}

fn title(phone: &Phone, panel: Panel) -> String {
    match panel {
        Panel::Calls => "Calls".to_owned(),
        Panel::People => "People".to_owned(),
        Panel::Favourites => "Favourites".to_owned(),
        Panel::Conversations => match phone.scene().unread {
            0 => "Conversations".to_owned(),
            unread => format!("Conversations, {unread} unread"),
        },
    }
}

/// The lines of a part, and which of them is chosen.
fn lines(phone: &Phone, panel: Panel) -> (Vec<Line<'_>>, Option<usize>) {
    let (scene, row) = (phone.scene(), phone.row(panel));
    let lines: Vec<_> = match panel {
        Panel::Calls => {
            let calls = scene.calls.iter();
            calls.map(|status| row::call(phone, status)).collect()
        }
        Panel::People => {
            let people = scene.people.iter();
            people.map(|person| row::person(scene, person)).collect()
        }
        Panel::Conversations => {
            let all = scene.conversations.iter();
            all.map(|known| row::conversation(scene, known)).collect()
        }
        Panel::Favourites => return favourite_lines(phone, row),
    };
    let chosen = (!lines.is_empty()).then_some(row);
    (lines, chosen)
}

/// The names of the groups stand between the people and can't be chosen.
fn favourite_lines(phone: &Phone, row: usize) -> (Vec<Line<'_>>, Option<usize>) {
    let (mut lines, mut rows) = (Vec::new(), Vec::new());
    for (group, members) in &phone.scene().favourites {
        lines.push(Line::from(group.as_str()).bold().underlined());
        for person in members {
            rows.push(lines.len());
            lines.push(row::person(phone.scene(), person));
        }
    }
    (lines, rows.get(row).copied())
}
