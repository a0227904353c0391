//! A bounded tree of XML: no entities but XML's own, no document types, no name spaces.

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use thiserror::Error;

use crate::limits::{MAX_BODY_BYTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS};

/// Why something can't be read as XML. Positions are byte offsets; nothing of the content is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlError {
    /// Longer than [`MAX_BODY_BYTES`].
    #[error("it has {0} bytes, more than the {MAX_BODY_BYTES} that are allowed")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("it is no UTF-8 at byte {0}")]
    NotText(usize),
    /// Not well-formed XML.
    #[error("it is no XML at byte {0}")]
    Syntax(usize),
    /// A document type or an entity that XML itself doesn't define: never expanded.
    #[error("it declares or uses entities of its own at byte {0}")]
    Entity(usize),
    /// Elements are nested deeper than [`MAX_XML_DEPTH`].
    #[error("it is nested deeper than {MAX_XML_DEPTH} levels at byte {0}")]
    TooDeep(usize),
    /// More than [`MAX_XML_ELEMENTS`] elements.
    #[error("it has more than {MAX_XML_ELEMENTS} elements at byte {0}")]
    TooMany(usize),
}

/// An element with all that is in it. Text is kept without the white space around it.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// This element with a child that holds `text`.
    #[must_use]
    pub(crate) fn with_text(self, name: &str, text: &str) -> Self {
        self.with(Self {
            text: text.to_owned(),
            ..Self::new(name)
        })
    }

    #[must_use]
    pub(crate) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The children of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// This element or one below it for which `holds`.
    pub(crate) fn any(&self, holds: &impl Fn(&Self) -> bool) -> bool {
        holds(self) || self.children.iter().any(|child| child.any(holds))
    }

    /// Reads a document. Elements that follow the first one count as its last children: an error
    /// may stand beside or inside the answer.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, XmlError> {
        if bytes.len() > MAX_BODY_BYTES {
            return Err(XmlError::TooLarge(bytes.len()));
        }
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|error| XmlError::NotText(error.valid_up_to()))?;
        Tree::default().read(text)
    }

    /// Writes the document. Characters that XML can't hold become U+FFFD.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = String::new();
        self.write(&mut out);
        out.into_bytes()
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, out);
            out.push('"');
        }
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        escape(&self.text, out);
        for child in &self.children {
            child.write(out);
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(readable(c)),
        }
    }
}

/// What XML can't hold becomes U+FFFD, read and written alike.
const fn readable(c: char) -> char {
    if is_char(c) {
        c
    } else {
        char::REPLACEMENT_CHARACTER
    }
}

/// Characters of XML 1.0 §2.2.
const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The tree as far as it is read: open elements from the root inwards.
#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Tree {
    fn read(mut self, text: &str) -> Result<Element, XmlError> {
        let mut reader = Reader::from_str(text);
        loop {
            let event = reader.read_event();
            let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let event = event.map_err(|_| {
                XmlError::Syntax(usize::try_from(reader.error_position()).unwrap_or(at))
            })?;
            match event {
                Event::Start(start) => self.start(&start, at)?,
                Event::Empty(start) => {
                    self.start(&start, at)?;
                    self.end();
                }
                Event::End(_) => self.end(),
                Event::Text(text) => {
                    let text = text.decode().map_err(|_| XmlError::Syntax(at))?;
                    self.text(&text, at)?;
                }
                Event::CData(data) => {
                    let text = data.decode().map_err(|_| XmlError::Syntax(at))?;
                    self.text(&text, at)?;
                }
                Event::GeneralRef(reference) => {
                    let c = resolve(&reference).ok_or(XmlError::Entity(at))?;
                    self.text(c.encode_utf8(&mut [0; 4]), at)?;
                }
                Event::DocType(_) => return Err(XmlError::Entity(at)),
                Event::Eof => return self.finish(at),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    fn start(&mut self, start: &BytesStart<'_>, at: usize) -> Result<(), XmlError> {
        self.elements += 1;
        if self.elements > MAX_XML_ELEMENTS {
            return Err(XmlError::TooMany(at));
        }
        if self.open.len() >= MAX_XML_DEPTH {
            return Err(XmlError::TooDeep(at));
        }
        let name = std::str::from_utf8(start.name().into_inner());
        let mut element = Element::new(name.map_err(|_| XmlError::Syntax(at))?);
        for (count, attribute) in start.attributes().enumerate() {
            if count == MAX_ATTRIBUTES {
                return Err(XmlError::TooMany(at));
            }
            let attribute = attribute.map_err(|_| XmlError::Syntax(at))?;
            let name = std::str::from_utf8(attribute.key.into_inner());
            let value = std::str::from_utf8(&attribute.value).ok().map(unescape);
            let value = value.ok_or(XmlError::Syntax(at))?;
            let value = value.ok_or(XmlError::Entity(at))?;
            element.attributes.push((
                name.map_err(|_| XmlError::Syntax(at))?.to_owned(),
                value.chars().map(readable).collect(),
            ));
        }
        self.open.push(element);
        Ok(())
    }

    fn end(&mut self) {
        let Some(mut element) = self.open.pop() else {
            return;
        };
        let trimmed = element.text.trim();
        if trimmed.len() != element.text.len() {
            element.text = trimmed.to_owned();
        }
        match (self.open.last_mut(), &mut self.root) {
            (Some(parent), _) => parent.children.push(element),
            (None, Some(root)) => root.children.push(element),
            (None, none) => *none = Some(element),
        }
    }

    fn text(&mut self, text: &str, at: usize) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.extend(text.chars().map(readable)),
            None if text
                .trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n'])
                .is_empty() => {}
            None => return Err(XmlError::Syntax(at)),
        }
        Ok(())
    }

    fn finish(self, at: usize) -> Result<Element, XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::Syntax(at));
        }
        self.root.ok_or(XmlError::Syntax(at))
    }
}

/// The five entities of XML 1.0 §4.6, and characters by number.
fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    if reference.is_char_ref() {
        return reference
            .resolve_char_ref()
            .ok()
            .flatten()
            .filter(|c| is_char(*c));
    }
    named(std::str::from_utf8(reference).ok()?)
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => return None,
    })
}

/// An attribute's value; `None` where it uses an entity of its own.
fn unescape(value: &str) -> Option<String> {
    let unescaped = quick_xml::escape::unescape(value).ok()?;
    unescaped
        .chars()
        .all(is_char)
        .then(|| unescaped.into_owned())
}

/// Attributes of one element (our choice: one was seen). Whether one stands there twice is looked
/// up among all before it, so that this also bounds time.
const MAX_ATTRIBUTES: usize = 16;
