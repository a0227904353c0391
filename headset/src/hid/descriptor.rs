//! From items to fields: state tables, collections, usages (USB HID 1.11 §5.4, §6.2.2).

use std::collections::BTreeMap;
use std::iter;

use thiserror::Error;

use super::item::{Item, ItemType, items};
use crate::{ReportId, Usage};

/// Longest report descriptor that is read, in bytes (the limit of Linux; real headsets stay below
/// 1,000).
pub const MAX_DESCRIPTOR_BYTES: usize = 4096;

/// Deepest nesting of collections (three is the deepest seen).
const MAX_COLLECTION_DEPTH: usize = 32;

/// Deepest stack of pushed global items (four is what parsers of small devices offer).
const MAX_PUSHED: usize = 16;

/// Most buttons, and most lamps, of a device (23 is the most seen).
pub(crate) const MAX_CONTROLS: usize = 512;

/// Most usages that one array can choose from (the limit of Linux).
const MAX_USAGES: usize = 12_288;

/// Longest report in bits: what the transfer length of a control request can say, 65,535 bytes.
const MAX_REPORT_BITS: u32 = 65_535 * 8;

/// Why a report descriptor can't be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DescriptorError {
    /// Longer than [`MAX_DESCRIPTOR_BYTES`].
    #[error("the descriptor has {0} bytes; {MAX_DESCRIPTOR_BYTES} are the limit")]
    TooLong(usize),
    /// The last item has less data than it says.
    #[error("the item at byte {at} is cut short")]
    Truncated {
        /// Where it begins.
        at: usize,
    },
    /// A collection is closed that was never opened.
    #[error("byte {at} closes a collection that is not open")]
    NotOpen {
        /// Where.
        at: usize,
    },
    /// The descriptor ends inside a collection.
    #[error("{0} collections are never closed")]
    NotClosed(usize),
    /// Collections, pushed states or delimiters nested too deep.
    #[error("nested too deep at byte {at}")]
    TooDeep {
        /// Where.
        at: usize,
    },
    /// Global items are popped that were never pushed.
    #[error("byte {at} pops global items that were never pushed")]
    NothingPushed {
        /// Where.
        at: usize,
    },
    /// A set of alternative usages is closed that is not open, or still open at a main item.
    #[error("the delimiters around byte {at} don't pair")]
    Delimiters {
        /// Where.
        at: usize,
    },
    /// Report id 0 is reserved, and ids have one byte.
    #[error("byte {at} gives a report an id that is not 1 to 255")]
    ReportId {
        /// Where.
        at: usize,
    },
    /// More buttons or lamps than any headset has.
    #[error("the descriptor names over {MAX_CONTROLS} buttons or lamps")]
    TooManyControls,
    /// A report is longer than anything that could be transferred.
    #[error("the report of the field at byte {at} is too long")]
    ReportTooLong {
        /// Where.
        at: usize,
    },
}

/// Which way a field's report goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Direction {
    /// From the device.
    Input,
    /// To the device.
    Output,
    /// Both ways, on request.
    Feature,
}

/// The flags of a main item (§6.2.2.5). Constant is not asked for: devices flag fields with usages so, and
/// padding is what has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FieldFlags(u32);

impl FieldFlags {
    /// One control for each field; otherwise an array of the controls that are active.
    pub(crate) fn is_variable(self) -> bool {
        self.has(1)
    }
    /// A change since the last report; otherwise an absolute value.
    pub(crate) fn is_relative(self) -> bool {
        self.has(2)
    }
    /// Stays as it was left; otherwise it returns by itself.
    pub(crate) fn has_no_preferred_state(self) -> bool {
        self.has(5)
    }
    fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 == 1
    }
}

/// Usages that one local item, or a pair of minimum and maximum, gives to controls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsageSpan {
    first: Usage,
    /// At least the id of `first`.
    last_id: u16,
    /// Other names of the same control, less preferred (delimiters, §6.2.2.8).
    alternatives: Vec<Usage>,
}

/// What one main item describes: `count` controls of `bits` bits each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) direction: Direction,
    pub(crate) report_id: ReportId,
    /// Of the first control, after the byte of the report's id.
    pub(crate) bit: u32,
    pub(crate) bits: u32,
    pub(crate) count: u32,
    pub(crate) flags: FieldFlags,
    pub(crate) minimum: i32,
    pub(crate) maximum: i64,
    /// The application collections around it, outermost first.
    pub(crate) applications: Vec<Usage>,
    spans: Vec<UsageSpan>,
}

impl Field {
    /// The usages in the order of the controls, each with its alternatives; the last goes on for
    /// ever (§6.2.2.8). Nothing at all for padding.
    pub(crate) fn usages(&self) -> impl Iterator<Item = (Usage, &[Usage])> {
        let last = self.spans.last().map(UsageSpan::last);
        let named = self.spans.iter().flat_map(UsageSpan::usages);
        named.chain(iter::repeat_with(move || last).map_while(|last| last))
    }

    /// The usages that are named, without repetition of the last.
    pub(crate) fn named_usages(&self) -> impl Iterator<Item = (Usage, &[Usage])> {
        let named = self.spans.iter().flat_map(UsageSpan::usages);
        named.take(MAX_USAGES)
    }
}

impl UsageSpan {
    fn usages(&self) -> impl Iterator<Item = (Usage, &[Usage])> {
        let page = self.first.page;
        (self.first.id..=self.last_id).map(move |id| (Usage::new(page, id), &*self.alternatives))
    }

    fn last(&self) -> (Usage, &[Usage]) {
        let last = Usage::new(self.first.page, self.last_id);
        (last, &self.alternatives)
    }
}

/// A report descriptor, read as the specification has it and without judging.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ReportDescriptor {
    pub(crate) fields: Vec<Field>,
    /// Length of each report in bits, without the byte of its id.
    lengths: BTreeMap<(Direction, ReportId), u32>,
    /// Every report begins with its id.
    pub(crate) numbered: bool,
}

impl ReportDescriptor {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, DescriptorError> {
        if bytes.len() > MAX_DESCRIPTOR_BYTES {
            return Err(DescriptorError::TooLong(bytes.len()));
        }
        let mut parser = Parser::default();
        for item in items(bytes) {
            let (at, item) = item?;
            parser.handle(at, &item)?;
        }
        match parser.collections.len() {
            0 => Ok(parser.descriptor),
            open => Err(DescriptorError::NotClosed(open)),
        }
    }

    /// Bytes of a report without the byte of its id.
    pub(crate) fn report_bytes(&self, direction: Direction, id: ReportId) -> usize {
        let bits = self.lengths.get(&(direction, id)).copied().unwrap_or(0);
        usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX)
    }
}

/// The global items (§6.2.2.7) that matter here.
#[derive(Debug, Clone, Copy, Default)]
struct Globals {
    page: u16,
    minimum: i32,
    maximum_signed: i32,
    maximum_unsigned: u32,
    bits: u32,
    count: u32,
    report_id: u8,
}

/// A usage whose page is complete only at the main item (§6.2.2.8).
#[derive(Debug, Clone, Copy)]
struct LocalUsage {
    page: Option<u16>,
    id: u16,
}

impl LocalUsage {
    fn read(item: &Item<'_>) -> Self {
        let [low, high] = split(item.unsigned());
        Self {
            page: (item.width() == 4).then_some(high),
            id: low,
        }
    }

    fn complete(self, page: u16) -> Usage {
        Usage::new(self.page.unwrap_or(page), self.id)
    }
}

#[derive(Debug)]
struct LocalSpan {
    first: LocalUsage,
    last: LocalUsage,
    alternatives: Vec<LocalUsage>,
}

/// The local items (§6.2.2.8) that matter here; they live until the next main item.
#[derive(Debug, Default)]
struct Locals {
    spans: Vec<LocalSpan>,
    minimum: Option<LocalUsage>,
    maximum: Option<LocalUsage>,
    /// Inside a set of alternatives: where its first usage is in `spans`.
    delimiter: Option<usize>,
}

#[derive(Debug, Default)]
struct Parser {
    descriptor: ReportDescriptor,
    globals: Globals,
    pushed: Vec<Globals>,
    locals: Locals,
    /// The open collections; application collections with their usage.
    collections: Vec<Option<Usage>>,
}

impl Parser {
    fn handle(&mut self, at: usize, item: &Item<'_>) -> Result<(), DescriptorError> {
        match item.kind {
            ItemType::Main => self.main(at, item),
            ItemType::Global => self.global(at, item),
            ItemType::Local => self.locals.handle(at, item),
            ItemType::Reserved => Ok(()),
        }
    }

    fn main(&mut self, at: usize, item: &Item<'_>) -> Result<(), DescriptorError> {
        if self.locals.delimiter.is_some() {
            return Err(DescriptorError::Delimiters { at });
        }
        let spans = std::mem::take(&mut self.locals).complete(self.globals.page);
        match item.tag {
            0x8 => self.field(at, item, Direction::Input, spans),
            0x9 => self.field(at, item, Direction::Output, spans),
            0xB => self.field(at, item, Direction::Feature, spans),
            0xA => self.open_collection(at, item, &spans),
            0xC => match self.collections.pop() {
                Some(_) => Ok(()),
                None => Err(DescriptorError::NotOpen { at }),
            },
            _ => Ok(()),
        }
    }

    fn open_collection(
        &mut self,
        at: usize,
        item: &Item<'_>,
        spans: &[UsageSpan],
    ) -> Result<(), DescriptorError> {
        if self.collections.len() == MAX_COLLECTION_DEPTH {
            return Err(DescriptorError::TooDeep { at });
        }
        let unnamed = Usage::new(self.globals.page, 0);
        let usage = spans.first().map_or(unnamed, |span| span.first);
        let application = item.unsigned() == APPLICATION;
        self.collections.push(application.then_some(usage));
        Ok(())
    }

    fn field(
        &mut self,
        at: usize,
        item: &Item<'_>,
        direction: Direction,
        spans: Vec<UsageSpan>,
    ) -> Result<(), DescriptorError> {
        let Globals { bits, count, .. } = self.globals;
        let report_id = ReportId(self.globals.report_id);
        let length = self.descriptor.lengths.entry((direction, report_id));
        let length = length.or_insert(0);
        let bit = *length;
        let end = bits.checked_mul(count).and_then(|all| all.checked_add(bit));
        *length = end
            .filter(|end| *end <= MAX_REPORT_BITS)
            .ok_or(DescriptorError::ReportTooLong { at })?;
        if bits > 0 && count > 0 && !spans.is_empty() {
            self.descriptor.fields.push(Field {
                direction,
                report_id,
                bit,
                bits,
                count,
                flags: FieldFlags(item.unsigned()),
                minimum: self.globals.minimum,
                maximum: self.globals.maximum(),
                applications: self.collections.iter().flatten().copied().collect(),
                spans,
            });
        }
        Ok(())
    }

    fn global(&mut self, at: usize, item: &Item<'_>) -> Result<(), DescriptorError> {
        let globals = &mut self.globals;
        match item.tag {
            0x0 => globals.page = split(item.unsigned())[0],
            0x1 => globals.minimum = item.signed(),
            0x2 => {
                globals.maximum_signed = item.signed();
                globals.maximum_unsigned = item.unsigned();
            }
            0x7 => globals.bits = item.unsigned(),
            0x8 => {
                let id = u8::try_from(item.unsigned()).ok().filter(|id| *id > 0);
                globals.report_id = id.ok_or(DescriptorError::ReportId { at })?;
                self.descriptor.numbered = true;
            }
            0x9 => globals.count = item.unsigned(),
            0xA if self.pushed.len() == MAX_PUSHED => {
                return Err(DescriptorError::TooDeep { at });
            }
            0xA => self.pushed.push(*globals),
            0xB => {
                let popped = self.pushed.pop();
                *globals = popped.ok_or(DescriptorError::NothingPushed { at })?;
            }
            // Physical extent, exponent, unit; reserved tags.
            _ => {}
        }
        Ok(())
    }
}

impl Globals {
    /// Devices write 255 as the single byte FF, which the specification reads as -1; as Linux does,
    /// a maximum is signed only where the minimum is negative.
    fn maximum(&self) -> i64 {
        if self.minimum < 0 {
            i64::from(self.maximum_signed)
        } else {
            i64::from(self.maximum_unsigned)
        }
    }
}

impl Locals {
    fn handle(&mut self, at: usize, item: &Item<'_>) -> Result<(), DescriptorError> {
        match item.tag {
            0x0 => {
                let usage = LocalUsage::read(item);
                self.add(usage, usage);
            }
            0x1 => self.minimum = Some(LocalUsage::read(item)),
            0x2 => self.maximum = Some(LocalUsage::read(item)),
            0xA => return self.delimit(at, item.unsigned() == 1),
            // Designators and strings; reserved tags.
            _ => {}
        }
        if let (Some(first), Some(last)) = (self.minimum, self.maximum) {
            (self.minimum, self.maximum) = (None, None);
            self.add(first, last);
        }
        Ok(())
    }

    fn add(&mut self, first: LocalUsage, last: LocalUsage) {
        match self.delimiter.and_then(|at| self.spans.get_mut(at)) {
            Some(preferred) => preferred.alternatives.push(first),
            None => self.spans.push(LocalSpan {
                first,
                last,
                alternatives: Vec::new(),
            }),
        }
    }

    fn delimit(&mut self, at: usize, open: bool) -> Result<(), DescriptorError> {
        if open == self.delimiter.is_some() {
            return Err(DescriptorError::Delimiters { at });
        }
        self.delimiter = open.then_some(self.spans.len());
        Ok(())
    }

    /// Gives every usage without a page of its own the one that holds now. A range that ends before
    /// it begins, or on another page, names nothing.
    fn complete(self, page: u16) -> Vec<UsageSpan> {
        let spans = self.spans.into_iter().filter_map(|span| {
            let (first, last) = (span.first.complete(page), span.last.complete(page));
            let alternatives = span.alternatives.into_iter();
            (first.page == last.page && first.id <= last.id).then(|| UsageSpan {
                first,
                last_id: last.id,
                alternatives: alternatives.map(|usage| usage.complete(page)).collect(),
            })
        });
        spans.collect()
    }
}

/// Low and high half.
fn split(value: u32) -> [u16; 2] {
    let [a, b, c, d] = value.to_le_bytes();
    [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])]
}

/// An application collection (§6.2.2.6).
const APPLICATION: u32 = 1;
