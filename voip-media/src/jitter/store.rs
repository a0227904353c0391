//! Packets that wait, in preallocated slots addressed by sequence number.

/// What a packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Something for the decoder.
    Speech,
    /// What the noise in a pause is like.
    Noise,
}

/// What is known about a waiting packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Sequence number, unwrapped.
    pub(super) seq: i64,
    /// Timestamp, unwrapped, in units of the clock rate.
    pub(super) timestamp: i64,
    /// Length in units of the clock rate.
    pub(super) duration: i64,
    /// Samples at the decoder's rate.
    pub(super) samples: usize,
    pub(super) content: Content,
    length: usize,
    /// Which piece of the payload memory.
    piece: usize,
}

/// A ring of slots: packet `seq` is in slot `seq mod capacity`. Bounded and without allocation
/// after construction.
#[derive(Debug)]
pub(super) struct PacketStore {
    slots: Vec<Option<Waiting>>,
    payloads: Vec<u8>,
    /// Pieces that are free. The one freed last is used first: it is still in the cache.
    free: Vec<usize>,
    max_payload: usize,
    waiting: usize,
    /// Highest sequence number that waits or has waited.
    newest: i64,
}

impl PacketStore {
    /// `capacity` is a power of two.
    pub(super) fn new(capacity: usize, max_payload: usize) -> Self {
        Self {
            slots: vec![None; capacity],
            payloads: vec![0; capacity * max_payload],
            free: (0..capacity).rev().collect(),
            max_payload,
            waiting: 0,
            newest: NONE,
        }
    }

    /// Packets that fit.
    pub(super) fn capacity(&self) -> i64 {
        self.slots.len() as i64
    }

    /// Packets that wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// The highest sequence number that waits or has waited; very low if there is none.
    pub(super) fn newest(&self) -> i64 {
        self.newest
    }

    /// Throws all packets away.
    pub(super) fn clear(&mut self) {
        self.slots.fill(None);
        self.free.clear();
        self.free.extend((0..self.slots.len()).rev());
        self.waiting = 0;
        self.newest = NONE;
    }

    /// The packet with this sequence number.
    pub(super) fn find(&self, seq: i64) -> Option<Waiting> {
        self.slots[self.slot(seq)].filter(|packet| packet.seq == seq)
    }

    /// The earliest packet at or after `seq`.
    pub(super) fn first_from(&self, seq: i64) -> Option<Waiting> {
        if self.waiting == 0 {
            return None;
        }
        let last = self.newest.min(seq + self.capacity() - 1);
        (seq..=last).find_map(|seq| self.find(seq))
    }

    /// The payload of a packet that [`PacketStore::find`] or [`PacketStore::first_from`] gave.
    pub(super) fn payload(&self, packet: &Waiting) -> &[u8] {
        let start = packet.piece * self.max_payload;
        &self.payloads[start..start + packet.length]
    }

    /// Keeps a packet. The slot is free: the caller has asked [`PacketStore::find`] and made room
    /// with [`PacketStore::remove`]. `payload` is at most `max_payload` long.
    pub(super) fn put(
        &mut self,
        (seq, timestamp): (i64, i64),
        (duration, samples): (i64, usize),
        (content, payload): (Content, &[u8]),
    ) {
        let slot = self.slot(seq);
        if let Some(older) = self.slots[slot] {
            self.remove(older.seq);
        }
        let piece = self
            .free
            .pop()
            .expect("as many pieces as slots, and this slot is free");
        let start = piece * self.max_payload;
        let length = payload.len();
        self.payloads[start..start + length].copy_from_slice(payload);
        self.slots[slot] = Some(Waiting {
            seq,
            timestamp,
            duration,
            samples,
            content,
            length,
            piece,
        });
        self.waiting += 1;
        self.newest = self.newest.max(seq);
    }

    /// Removes the packet with this sequence number.
    pub(super) fn remove(&mut self, seq: i64) -> Option<Waiting> {
        let packet = self.find(seq)?;
        let slot = self.slot(seq);
        self.slots[slot] = None;
        self.free.push(packet.piece);
        self.waiting -= 1;
        Some(packet)
    }

    fn slot(&self, seq: i64) -> usize {
        (seq & (self.capacity() - 1)) as usize
    }
}

/// Below every sequence number, and far from overflow.
const NONE: i64 = i64::MIN / 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn put(store: &mut PacketStore, seq: i64) {
        store.put(
            (seq, seq * 160),
            (160, 160),
            (Content::Speech, &[seq as u8; 4]),
        );
    }

    #[test]
    fn packets_are_found_in_order_whatever_the_order_of_arrival() {
        let mut store = PacketStore::new(16, 8);
        for seq in [5, 3, 9, 4] {
            put(&mut store, seq);
        }
        let mut order = Vec::new();
        while let Some(packet) = store.first_from(3) {
            assert_eq!(store.payload(&packet), [packet.seq as u8; 4]);
            order.push(packet.seq);
            store.remove(packet.seq);
        }
        assert_eq!(order, [3, 4, 5, 9]);
        assert_eq!(store.waiting(), 0);
    }

    #[test]
    fn a_slot_of_another_turn_is_not_mistaken() {
        let mut store = PacketStore::new(16, 8);
        put(&mut store, 1);
        assert_eq!(store.find(17), None);
        assert_eq!(store.remove(17), None);
        assert_eq!(store.waiting(), 1);
    }

    #[test]
    fn negative_sequence_numbers_work() {
        let mut store = PacketStore::new(16, 8);
        put(&mut store, -3);
        assert_eq!(store.first_from(-5).map(|packet| packet.seq), Some(-3));
    }
}
