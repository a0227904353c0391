use super::{Field, ImportError, MAX_COLUMNS, MAX_ROWS, Row};
use crate::{Contact, NumberKind};

/// A record's fields and the line where it begins.
type Record = (u32, Vec<String>);

pub(super) fn read(text: &str) -> Result<Vec<Row>, ImportError> {
    let (text, separator, skipped) = separator(text);
    let mut records = Reader::new(text, separator, skipped);
    let columns: Vec<Option<Field>> = match records.next() {
        Some(record) => record?.1.iter().map(|name| Field::named(name)).collect(),
        None => Vec::new(),
    };
    if columns.iter().all(Option::is_none) {
        return Err(ImportError::NoColumns);
    }
    let mut rows = Vec::new();
    for record in records {
        let (line, fields) = record?;
        if fields.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        if rows.len() == MAX_ROWS {
            return Err(ImportError::TooManyRows);
        }
        let known = columns.iter().zip(fields);
        let fields = known.filter_map(|(column, text)| Some(((*column)?, text)));
        rows.push(Row {
            line,
            fields: fields.collect(),
        });
    }
    Ok(rows)
}

/// The text after Excel's line `sep=;`, the separator, and the lines skipped. Without that line it
/// is the character that the heading has most of.
fn separator(text: &str) -> (&str, char, u32) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let named = first.trim_end().strip_prefix("sep=");
    if let Some(named) = named.and_then(|named| named.chars().next()) {
        return (rest, named, 1);
    }
    let count = |separator: &char| first.matches(*separator).count();
    let most = [',', ';', '\t'].into_iter().rev().max_by_key(count);
    (text, most.unwrap_or(','), 0)
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    separator: char,
    line: u32,
    failed: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, separator: char, skipped: u32) -> Self {
        Self {
            rest: text.chars().peekable(),
            separator,
            line: skipped + 1,
            failed: false,
        }
    }

    /// A record; of a very long one, its beginning.
    fn record(&mut self) -> Result<Record, ImportError> {
        let line = self.line;
        let mut fields = Vec::new();
        loop {
            let field = self.field()?;
            if fields.len() < MAX_COLUMNS {
                fields.push(field);
            }
            match self.rest.next() {
                Some(c) if c == self.separator => {}
                Some('\r') => {
                    self.rest.next_if_eq(&'\n');
                    self.line += 1;
                    return Ok((line, fields));
                }
                Some(_) => {
                    self.line += 1;
                    return Ok((line, fields));
                }
                None => return Ok((line, fields)),
            }
        }
    }

    /// One field; what follows is a separator, a line end or the end.
    fn field(&mut self) -> Result<String, ImportError> {
        let separator = self.separator;
        let ends = |c: &char| *c == separator || *c == '\r' || *c == '\n';
        if self.rest.next_if_eq(&'"').is_none() {
            let mut text = String::new();
            while let Some(c) = self.rest.next_if(|c| !ends(c)) {
                text.push(c);
            }
            return Ok(text);
        }
        let text = self.quoted()?;
        match self.rest.peek() {
            Some(c) if !ends(c) => Err(ImportError::Quotes { line: self.line }),
            _ => Ok(text),
        }
    }

    fn quoted(&mut self) -> Result<String, ImportError> {
        let begin = self.line;
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') if self.rest.next_if_eq(&'"').is_none() => return Ok(text),
                Some(c) => {
                    self.line += u32::from(c == '\n');
                    text.push(c);
                }
                None => return Err(ImportError::Quotes { line: begin }),
            }
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Record, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.rest.peek().is_none() {
            return None;
        }
        let record = self.record();
        self.failed = record.is_err();
        Some(record)
    }
}

/// Contacts as a CSV file in UTF-8 with a heading line, which [`ContactFile`](super::ContactFile)
/// reads again.
pub fn contacts_to_csv<'a>(contacts: impl IntoIterator<Item = &'a Contact>) -> String {
    let contacts: Vec<&Contact> = contacts.into_iter().collect();
    let kinds = [
        ("Extension", NumberKind::Internal),
        ("Business Phone", NumberKind::Business),
        ("Home Phone", NumberKind::Private),
        ("Mobile Phone", NumberKind::Mobile),
    ];
    let of_kind = |contact: &Contact, kind: NumberKind| {
        let numbers = contact.numbers.iter().filter(|number| number.kind == kind);
        numbers
            .map(|number| number.number.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    let columns: Vec<(&str, NumberKind, usize)> = kinds
        .into_iter()
        .flat_map(|(name, kind)| {
            let most = contacts
                .iter()
                .map(|contact| of_kind(contact, kind).len())
                .max();
            (0..most.unwrap_or(0)).map(move |index| (name, kind, index))
        })
        .collect();
    let mut text = String::from("First Name,Last Name,E-mail Address");
    for (name, _, index) in &columns {
        text.push(',');
        text.push_str(name);
        text.push_str(&(index + 1).to_string());
    }
    text.push_str("\r\n");
    for contact in contacts {
        let email = contact.email.as_ref().map_or("", |email| email.expose());
        let names = [
            contact.first_name.expose(),
            contact.last_name.expose(),
            email,
        ];
        let mut fields: Vec<String> = names.into_iter().map(quote).collect();
        for (_, kind, index) in &columns {
            let number = of_kind(contact, *kind).into_iter().nth(*index);
            fields.push(number.unwrap_or_default());
        }
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

fn quote(text: &str) -> String {
    match text.contains([',', ';', '"', '\r', '\n', '\t']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
