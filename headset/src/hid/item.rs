//! The items of a report descriptor (USB HID 1.11 §6.2.2).

use super::DescriptorError;

/// What an item is for (§6.2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemType {
    Main,
    Global,
    Local,
    /// Reserved, long items among them: to be skipped.
    Reserved,
}

/// One item: its type, tag and up to four bytes of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    pub(crate) kind: ItemType,
    pub(crate) tag: u8,
    data: &'a [u8],
}

impl Item<'_> {
    /// The data as an unsigned number; nothing is 0.
    pub(crate) fn unsigned(&self) -> u32 {
        let bytes = self.data.iter().rev();
        bytes.fold(0, |value, byte| (value << 8) | u32::from(*byte))
    }

    /// The data as a number in two's complement of its own width.
    pub(crate) fn signed(&self) -> i32 {
        match *self.data {
            [byte] => i32::from(i8::from_le_bytes([byte])),
            [low, high] => i32::from(i16::from_le_bytes([low, high])),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
            _ => 0,
        }
    }

    /// How many bytes the data has: only with four a usage carries its page.
    pub(crate) fn width(&self) -> usize {
        self.data.len()
    }
}

/// The items of `bytes`, up to the first that is cut short.
pub(crate) fn items(
    bytes: &[u8],
) -> impl Iterator<Item = Result<(usize, Item<'_>), DescriptorError>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let Some((item, length)) = first_item(rest) else {
            at = bytes.len();
            return Some(Err(DescriptorError::Truncated { at: start }));
        };
        at += length;
        Some(Ok((start, item)))
    })
}

/// The first item and its length with the prefix; `None` when it is cut short.
fn first_item(bytes: &[u8]) -> Option<(Item<'_>, usize)> {
    let (&prefix, rest) = bytes.split_first()?;
    if prefix == LONG_ITEM {
        let &[length, tag] = rest.first_chunk()?;
        let data = rest.get(2..2 + usize::from(length))?;
        let kind = ItemType::Reserved;
        return Some((Item { kind, tag, data }, 3 + data.len()));
    }
    let kind = match (prefix >> 2) & 3 {
        0 => ItemType::Main,
        1 => ItemType::Global,
        2 => ItemType::Local,
        _ => ItemType::Reserved,
    };
    let width = [0, 1, 2, 4][usize::from(prefix & 3)];
    let data = rest.get(..width)?;
    let tag = prefix >> 4;
    Some((Item { kind, tag, data }, 1 + width))
}

/// Prefix of a long item (§6.2.2.3).
const LONG_ITEM: u8 = 0xFE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_item_is_skipped_at_its_full_length() {
        let bytes = [0xFE, 2, 0x55, 0xA1, 0x01, 0x25, 0xFF];
        let read: Vec<_> = items(&bytes).map(Result::unwrap).collect();
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].1.kind, ItemType::Reserved);
        assert_eq!((read[1].0, read[1].1.signed()), (5, -1));
        assert_eq!(read[1].1.unsigned(), 255);
    }

    #[test]
    fn an_item_that_is_cut_short_says_where_and_ends_the_list() {
        for bytes in [&[0x05, 0x0B, 0x27, 1, 2, 3][..], &[0x05, 0x0B, 0xFE, 9, 0]] {
            let read: Vec<_> = items(bytes).collect();
            assert_eq!(read.len(), 2);
            assert_eq!(read[1], Err(DescriptorError::Truncated { at: 2 }));
        }
    }
}
