/// Decoded samples that wait to be played, behind a stretch of played ones that stretching and
/// concealment look back on. Fixed memory.
#[derive(Debug)]
pub(super) struct PcmQueue {
    samples: Vec<i16>,
    read: usize,
    write: usize,
    history: usize,
}

impl PcmQueue {
    /// Room for `waiting` samples and `history` played ones.
    pub(super) fn new(history: usize, waiting: usize) -> Self {
        Self {
            samples: vec![0; history + waiting + waiting / 2],
            read: history,
            write: history,
            history,
        }
    }

    /// Samples that wait.
    pub(super) fn len(&self) -> usize {
        self.write - self.read
    }

    /// Forgets everything; the history is silence.
    pub(super) fn clear(&mut self) {
        self.samples.fill(0);
        self.read = self.history;
        self.write = self.history;
    }

    /// Played and waiting samples, and the index of the first waiting one.
    pub(super) fn around(&self) -> (&[i16], usize) {
        let start = self.read - self.history;
        (&self.samples[start..self.write], self.history)
    }

    /// The newest `count` samples, waiting or played.
    pub(super) fn newest(&self, count: usize) -> &[i16] {
        let start = self.write.saturating_sub(count);
        &self.samples[start..self.write]
    }

    /// The waiting samples.
    pub(super) fn waiting_mut(&mut self) -> &mut [i16] {
        &mut self.samples[self.read..self.write]
    }

    /// Room for `count` more samples, to be kept with [`PcmQueue::commit`]; less if it is full.
    pub(super) fn room(&mut self, count: usize) -> &mut [i16] {
        if self.write + count > self.samples.len() {
            self.compact();
        }
        let end = (self.write + count).min(self.samples.len());
        &mut self.samples[self.write..end]
    }

    /// Keeps the first `count` samples of the room given before.
    pub(super) fn commit(&mut self, count: usize) {
        self.write = (self.write + count).min(self.samples.len());
    }

    /// Removes the first `out.len()` waiting samples; what isn't there is silence. Gives the
    /// number of real ones.
    pub(super) fn pop(&mut self, out: &mut [i16]) -> usize {
        let count = out.len().min(self.len());
        out[..count].copy_from_slice(&self.samples[self.read..self.read + count]);
        out[count..].fill(0);
        self.read += count;
        count
    }

    /// Removes `count` waiting samples that begin `at` samples after the first.
    pub(super) fn remove(&mut self, at: usize, count: usize) {
        let from = (self.read + at + count).min(self.write);
        let to = (self.read + at).min(from);
        self.samples.copy_within(from..self.write, to);
        self.write -= from - to;
    }

    /// Opens a hole of `count` samples before the first waiting one and gives it, with the
    /// history before it and the waiting samples after it; `false` if there is no room.
    pub(super) fn open(&mut self, count: usize) -> bool {
        if self.write + count > self.samples.len() {
            self.compact();
        }
        if self.write + count > self.samples.len() {
            return false;
        }
        self.samples
            .copy_within(self.read..self.write, self.read + count);
        self.write += count;
        true
    }

    /// All samples from the oldest played one, and the index of the first waiting one.
    pub(super) fn around_mut(&mut self) -> (&mut [i16], usize) {
        let start = self.read - self.history;
        (&mut self.samples[start..self.write], self.history)
    }

    fn compact(&mut self) {
        let start = self.read - self.history;
        self.samples.copy_within(start..self.write, 0);
        self.read -= start;
        self.write -= start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut PcmQueue, samples: &[i16]) {
        queue.room(samples.len()).copy_from_slice(samples);
        queue.commit(samples.len());
    }

    #[test]
    fn samples_come_out_in_order_over_many_compactions() {
        let mut queue = PcmQueue::new(8, 16);
        let mut next = 0;
        let mut expected = 0;
        for _ in 0..200 {
            let block: Vec<i16> = (next..next + 7).collect();
            next += 7;
            push(&mut queue, &block);
            let mut out = [0; 7];
            assert_eq!(queue.pop(&mut out), 7);
            assert_eq!(out.to_vec(), (expected..expected + 7).collect::<Vec<i16>>());
            expected += 7;
            assert_eq!(queue.around().0[7], expected - 1);
        }
    }

    #[test]
    fn an_empty_queue_gives_silence() {
        let mut queue = PcmQueue::new(4, 8);
        push(&mut queue, &[1, 2]);
        let mut out = [9; 4];
        assert_eq!(queue.pop(&mut out), 2);
        assert_eq!(out, [1, 2, 0, 0]);
    }

    #[test]
    fn removing_closes_the_gap() {
        let mut queue = PcmQueue::new(4, 16);
        push(&mut queue, &[1, 2, 3, 4, 5, 6]);
        queue.remove(1, 3);
        let mut out = [0; 3];
        queue.pop(&mut out);
        assert_eq!(out, [1, 5, 6]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn a_hole_keeps_what_is_on_both_sides() {
        let mut queue = PcmQueue::new(2, 8);
        push(&mut queue, &[1, 2, 3]);
        let mut out = [0; 2];
        queue.pop(&mut out);
        assert!(queue.open(2));
        let (all, at) = queue.around_mut();
        assert_eq!(at, 2);
        all[2] = 7;
        all[3] = 8;
        assert_eq!(all, [1, 2, 7, 8, 3]);
        assert!(!queue.open(100));
    }
}
