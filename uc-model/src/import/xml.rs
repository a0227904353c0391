use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};

use super::{Field, ImportError, MAX_COLUMNS, MAX_ROWS, Row};

/// Reads contacts from XML. Entities that a file defines itself are not expanded, and depth counts
/// as a number only: neither makes a small file large.
pub(super) fn read(text: &str) -> Result<Vec<Row>, ImportError> {
    let mut reader = Reader::from_str(text);
    let mut contacts = Contacts::default();
    let (mut counted, mut line) = (0, 1);
    loop {
        // Counted on from the last event, so that a long file costs no more than its length.
        let at = usize::try_from(reader.buffer_position()).unwrap_or(0);
        let since = text.as_bytes().get(counted..at).unwrap_or_default();
        line += u32::try_from(since.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0);
        counted = at.max(counted);
        let damaged = ImportError::Xml { line };
        match reader.read_event().map_err(|_| damaged)? {
            Event::Start(tag) => contacts.open(&tag, line),
            Event::Empty(tag) => {
                contacts.open(&tag, line);
                contacts.close()?;
            }
            Event::End(_) => contacts.close()?,
            Event::Text(part) => {
                let part = part.decode().map_err(|_| damaged)?;
                contacts.text.push_str(&part);
            }
            Event::CData(part) => contacts.text.push_str(&String::from_utf8_lossy(&part)),
            Event::GeneralRef(name) => contacts.text.push_str(&reference(&name).ok_or(damaged)?),
            Event::Eof if contacts.depth > 0 => return Err(damaged),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    contacts.finish()
}

/// A character by its number, or one of XML's own five.
fn reference(name: &BytesRef<'_>) -> Option<String> {
    match name.resolve_char_ref() {
        Ok(Some(c)) => Some(c.to_string()),
        _ => resolve_predefined_entity(&String::from_utf8_lossy(name)).map(str::to_owned),
    }
}

/// What was read so far. A table's `Row`s and `Cell`s are counted; anywhere else an element that
/// is called like a field is one, and its parent the contact.
#[derive(Default)]
struct Contacts {
    depth: usize,
    text: String,
    rows: Vec<Row>,
    /// The contact being read, and the depth of its element.
    row: Option<(usize, Row)>,
    /// The line where each open element began, of the outermost few.
    lines: Vec<u32>,
    names: Vec<String>,
    table: Table,
}

#[derive(Default)]
struct Table {
    columns: Option<Vec<Option<Field>>>,
    cells: Vec<(usize, String)>,
    next: usize,
}

impl Contacts {
    fn open(&mut self, tag: &BytesStart<'_>, line: u32) {
        let name = String::from_utf8_lossy(tag.local_name().as_ref()).into_owned();
        if name == "Row" {
            self.table.cells.clear();
            self.table.next = 0;
        }
        if name == "Cell" {
            let index = tag
                .attributes()
                .flatten()
                .find(|attribute| attribute.key.local_name().as_ref() == b"Index");
            let index = index.and_then(|attribute| {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).ok()?;
                value.parse::<usize>().ok()
            });
            if let Some(index) = index.filter(|index| (1..=MAX_COLUMNS).contains(index)) {
                self.table.next = index - 1;
            }
        }
        if self.names.len() < MAX_DEPTH {
            self.lines.push(line);
            self.names.push(name);
        }
        self.depth += 1;
        self.text.clear();
    }

    fn close(&mut self) -> Result<(), ImportError> {
        self.depth -= 1;
        let text = std::mem::take(&mut self.text);
        if self.depth >= MAX_DEPTH {
            return Ok(());
        }
        let (Some(name), Some(line)) = (self.names.pop(), self.lines.pop()) else {
            return Ok(());
        };
        match name.as_str() {
            "Data" => self.table.cells.push((self.table.next, text)),
            "Cell" => self.table.next += 1,
            "Row" => self.table_row(line)?,
            _ => self.plain(&name, text)?,
        }
        Ok(())
    }

    /// The end of an element outside of a table.
    fn plain(&mut self, name: &str, text: String) -> Result<(), ImportError> {
        if let Some((_, row)) = self.row.take_if(|(depth, _)| *depth == self.depth) {
            return self.push(row);
        }
        let Some(field) = Field::named(name).filter(|_| self.depth > 0) else {
            return Ok(());
        };
        let parent = self.depth - 1;
        let line = self.lines.last().copied().unwrap_or(1);
        let (depth, row) = self.row.get_or_insert_with(|| {
            let row = Row {
                line,
                fields: Vec::new(),
            };
            (parent, row)
        });
        if *depth == parent {
            row.fields.push((field, text));
        }
        Ok(())
    }

    fn table_row(&mut self, line: u32) -> Result<(), ImportError> {
        let cells = std::mem::take(&mut self.table.cells);
        let Some(columns) = &self.table.columns else {
            let width = cells.last().map_or(0, |(index, _)| index + 1);
            let mut columns = vec![None; width];
            for (index, text) in &cells {
                columns[*index] = Field::named(text);
            }
            self.table.columns = columns.iter().any(Option::is_some).then_some(columns);
            return Ok(());
        };
        let known = cells.into_iter().filter_map(|(index, text)| {
            let field = columns.get(index).copied().flatten()?;
            Some((field, text))
        });
        let fields: Vec<_> = known.collect();
        match fields.is_empty() {
            true => Ok(()),
            false => self.push(Row { line, fields }),
        }
    }

    fn push(&mut self, row: Row) -> Result<(), ImportError> {
        if self.rows.len() == MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
        self.rows.push(row);
        Ok(())
    }

    fn finish(self) -> Result<Vec<Row>, ImportError> {
        match self.rows.is_empty() && self.table.columns.is_none() {
            true => Err(ImportError::NoColumns),
            false => Ok(self.rows),
        }
    }
}

/// Elements inside each other that are looked at (our choice; a contact's field is the fifth in a
/// table and the third elsewhere).
const MAX_DEPTH: usize = 32;
