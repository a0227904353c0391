use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::Arc,
};

/// A value that knows what it is kept under.
pub(crate) trait Keyed {
    type Key: Ord + Hash;

    fn key(&self) -> &Self::Key;
}

/// Values in the order of their keys, in blocks of chunks that clones share.
///
/// A clone costs one reference count. Changing a table of which clones exist copies, once after
/// each clone, the list of blocks and of what it touches the pointers of one block and one chunk;
/// without clones a value is replaced in its place. Two tables are compared by looking at unshared
/// chunks only.
#[derive(Debug)]
pub(crate) struct Table<V> {
    blocks: Arc<Vec<Block<V>>>,
    len: usize,
    hints: Hints,
}

/// Chunks in order, never empty.
type Block<V> = Arc<Vec<Chunk<V>>>;

/// Sorted, never empty.
type Chunk<V> = Arc<Vec<Arc<V>>>;

/// Block, chunk and place inside it.
type Steps = (usize, usize, usize);

/// Where a key is, or as an error where it would have to be put.
pub(crate) type Place = Result<Steps, Steps>;

/// A value before and after; one of them is there.
pub(crate) type Difference<'a, V> = (Option<&'a Arc<V>>, Option<&'a Arc<V>>);

/// Where keys were put, by their hash. Believed only when the key is found there, so a hint may
/// be old. It saves the bisection, whose every step waits for memory. Clones begin without any.
#[derive(Debug, Default)]
struct Hints {
    hasher: RandomState,
    places: HashMap<u64, [u32; 3]>,
}

impl Hints {
    fn get<K: Hash>(&self, key: &K) -> Option<Steps> {
        if self.places.is_empty() {
            return None;
        }
        let [block, chunk, inside] = *self.places.get(&self.hasher.hash_one(key))?;
        Some((block as usize, chunk as usize, inside as usize))
    }

    /// `len`: how many keys there are; hints of many more are old.
    fn note<K: Hash>(&mut self, key: &K, (block, chunk, inside): Steps, len: usize) {
        let steps = [block, chunk, inside].map(u32::try_from);
        let [Ok(block), Ok(chunk), Ok(inside)] = steps else {
            return;
        };
        if self.places.len() > 2 * len {
            self.places.clear();
        }
        let hash = self.hasher.hash_one(key);
        self.places.insert(hash, [block, chunk, inside]);
    }
}

impl<V> Clone for Table<V> {
    fn clone(&self) -> Self {
        Self {
            blocks: self.blocks.clone(),
            len: self.len,
            hints: Hints::default(),
        }
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            blocks: Arc::default(),
            len: 0,
            hints: Hints::default(),
        }
    }
}

impl<V> Table<V> {
    pub(crate) fn iter(&self) -> Iter<'_, V> {
        Iter {
            blocks: &self.blocks,
            place: (0, 0, 0),
            left: self.len,
        }
    }

    fn value(&self, (block, chunk, inside): Steps) -> Option<&Arc<V>> {
        self.blocks.get(block)?.get(chunk)?.get(inside)
    }
}

impl<V: Keyed> Table<V> {
    pub(crate) fn get(&self, key: &V::Key) -> Option<&Arc<V>> {
        self.at(self.find(key))
    }

    /// The value at a place that was found since the last change.
    pub(crate) fn at(&self, place: Place) -> Option<&Arc<V>> {
        self.value(place.ok()?)
    }

    /// Puts a value at the place that was found for its key since the last change.
    pub(crate) fn put(&mut self, found: Place, value: V) {
        let (Ok(steps) | Err(steps)) = found;
        self.len += usize::from(found.is_err());
        self.hints.note(value.key(), steps, self.len);
        let (block, chunk, inside) = steps;
        let blocks = Arc::make_mut(&mut self.blocks);
        if blocks.is_empty() {
            blocks.push(Arc::new(vec![Arc::default()]));
        }
        let chunks = Arc::make_mut(&mut blocks[block]);
        let values = Arc::make_mut(&mut chunks[chunk]);
        if found.is_ok() {
            let slot = &mut values[inside];
            match Arc::get_mut(slot) {
                Some(unshared) => *unshared = value,
                None => *slot = Arc::new(value),
            }
            return;
        }
        values.insert(inside, Arc::new(value));
        if values.len() > MOST {
            let half = values.split_off(MOST / 2);
            chunks.insert(chunk + 1, Arc::new(half));
        }
        if chunks.len() > MOST {
            let half = chunks.split_off(MOST / 2);
            blocks.insert(block + 1, Arc::new(half));
        }
    }

    pub(crate) fn remove(&mut self, key: &V::Key) -> Option<Arc<V>> {
        let (block, chunk, inside) = self.find(key).ok()?;
        let blocks = Arc::make_mut(&mut self.blocks);
        let chunks = Arc::make_mut(&mut blocks[block]);
        let removed = Arc::make_mut(&mut chunks[chunk]).remove(inside);
        if chunks[chunk].is_empty() {
            chunks.remove(chunk);
        }
        if chunks.is_empty() {
            blocks.remove(block);
        }
        self.len -= 1;
        Some(removed)
    }

    /// What is in one table and not in the other, or in both and not the same value in memory.
    pub(crate) fn differences<'a>(&'a self, before: &'a Self) -> Vec<Difference<'a, V>> {
        let (mut old, mut new) = (before.iter(), self.iter());
        let mut found = Vec::new();
        loop {
            Iter::skip_shared(&mut old, &mut new);
            let order = match (old.peek(), new.peek()) {
                (None, None) => return found,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(old), Some(new)) => old.key().cmp(new.key()),
            };
            let one = (
                order.is_le().then(|| old.next()).flatten(),
                order.is_ge().then(|| new.next()).flatten(),
            );
            match one {
                (Some(old), Some(new)) if Arc::ptr_eq(old, new) => {}
                one => found.push(one),
            }
        }
    }

    /// Where a key is, or where it would have to be put.
    pub(crate) fn find(&self, key: &V::Key) -> Place {
        if let Some(steps) = self.hints.get(key)
            && self.value(steps).is_some_and(|value| value.key() == key)
        {
            return Ok(steps);
        }
        let after = self
            .blocks
            .partition_point(|block| block[0][0].key() <= key);
        let block = after.saturating_sub(1);
        let Some(chunks) = self.blocks.get(block) else {
            return Err((0, 0, 0));
        };
        let after = chunks.partition_point(|chunk| chunk[0].key() <= key);
        let chunk = after.saturating_sub(1);
        match chunks[chunk].binary_search_by(|value| value.key().cmp(key)) {
            Ok(inside) => Ok((block, chunk, inside)),
            Err(inside) => Err((block, chunk, inside)),
        }
    }
}

impl<V: Keyed> FromIterator<V> for Table<V> {
    /// Of two values with the same key the later one counts.
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        let mut values: Vec<Arc<V>> = values.into_iter().map(Arc::new).collect();
        values.reverse();
        values.sort_by(|a, b| a.key().cmp(b.key()));
        values.dedup_by(|next, kept| next.key() == kept.key());
        let chunks = values.chunks(MOST / 2);
        let chunks: Vec<Chunk<V>> = chunks.map(|chunk| Arc::new(chunk.to_vec())).collect();
        let blocks = chunks.chunks(MOST / 2);
        let blocks = blocks.map(|block| Arc::new(block.to_vec()));
        Self {
            blocks: Arc::new(blocks.collect()),
            len: values.len(),
            hints: Hints::default(),
        }
    }
}

/// The values in order.
#[derive(Debug)]
pub(crate) struct Iter<'a, V> {
    blocks: &'a [Block<V>],
    /// Never at the end of a chunk or of a block.
    place: Steps,
    left: usize,
}

impl<'a, V> Iter<'a, V> {
    fn block(&self) -> Option<&'a Block<V>> {
        self.blocks.get(self.place.0)
    }

    fn chunk(&self) -> Option<&'a Chunk<V>> {
        self.block()?.get(self.place.1)
    }

    fn peek(&self) -> Option<&'a Arc<V>> {
        self.chunk()?.get(self.place.2)
    }

    /// Moves both past blocks and chunks that both begin now and share.
    fn skip_shared(a: &mut Self, b: &mut Self) {
        while a.place.2 == 0
            && b.place.2 == 0
            && let (Some(left), Some(right)) = (a.chunk(), b.chunk())
        {
            if a.place.1 == 0
                && b.place.1 == 0
                && let (Some(left), Some(right)) = (a.block(), b.block())
                && Arc::ptr_eq(left, right)
            {
                let values: usize = left.iter().map(|chunk| chunk.len()).sum();
                for one in [&mut *a, &mut *b] {
                    one.place = (one.place.0 + 1, 0, 0);
                    one.left -= values;
                }
            } else if Arc::ptr_eq(left, right) {
                for one in [&mut *a, &mut *b] {
                    one.left -= left.len();
                    one.next_chunk();
                }
            } else {
                return;
            }
        }
    }

    fn next_chunk(&mut self) {
        let (block, chunk, _) = self.place;
        let last = self.block().is_none_or(|chunks| chunk + 1 == chunks.len());
        self.place = if last {
            (block + 1, 0, 0)
        } else {
            (block, chunk + 1, 0)
        };
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = &'a Arc<V>;

    fn next(&mut self) -> Option<&'a Arc<V>> {
        let chunk = self.chunk()?;
        let value = chunk.get(self.place.2)?;
        self.place.2 += 1;
        if self.place.2 == chunk.len() {
            self.next_chunk();
        }
        self.left -= 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

/// Most values of a chunk, and chunks of a block (our choice: with 20,000 values a change copies
/// three lists of about this many pointers).
const MOST: usize = 32;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Pair(u16, u8);

    impl Keyed for Pair {
        type Key = u16;

        fn key(&self) -> &u16 {
            &self.0
        }
    }

    fn insert(table: &mut Table<Pair>, pair: Pair) {
        table.put(table.find(&pair.0), pair);
    }

    fn pairs(table: &Table<Pair>) -> Vec<Pair> {
        let full = |len: usize| (1..=MOST).contains(&len);
        assert!(table.blocks.iter().all(|block| full(block.len())));
        let mut chunks = table.blocks.iter().flat_map(|block| block.iter());
        assert!(chunks.all(|chunk| full(chunk.len())));
        let pairs: Vec<_> = table.iter().map(|pair| **pair).collect();
        assert_eq!(table.iter().len(), pairs.len());
        pairs
    }

    #[test]
    fn a_clone_shares_everything_until_one_changes() {
        let mut table: Table<Pair> = (0..1000).map(|key| Pair(key, 0)).collect();
        let view = table.clone();
        assert!(Arc::ptr_eq(&view.blocks, &table.blocks));
        insert(&mut table, Pair(500, 1));
        let unshared = view.blocks.iter().zip(table.blocks.iter());
        let unshared: Vec<_> = unshared.filter(|(a, b)| !Arc::ptr_eq(a, b)).collect();
        let [(was, is)] = unshared[..] else {
            panic!("one block, not {}", unshared.len());
        };
        let shared = was.iter().zip(is.iter()).filter(|(a, b)| Arc::ptr_eq(a, b));
        assert_eq!(shared.count(), was.len() - 1);
        assert_eq!(view.get(&500).map(|pair| pair.1), Some(0));
        let found = table.differences(&view);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1.map(|pair| **pair), Some(Pair(500, 1)));
    }

    #[test]
    fn a_value_is_replaced_in_its_place_while_nobody_looks() {
        let mut table: Table<Pair> = (0..100).map(|key| Pair(key, 0)).collect();
        let before = Arc::as_ptr(table.get(&7).unwrap());
        insert(&mut table, Pair(7, 1));
        assert_eq!(Arc::as_ptr(table.get(&7).unwrap()), before);
    }

    #[test]
    fn hints_that_have_become_old_are_not_believed_and_not_kept() {
        let mut table = Table::default();
        for key in (0..1000).rev() {
            // Each is put before all others, which move.
            insert(&mut table, Pair(key, 0));
        }
        for key in 0..1000 {
            assert_eq!(table.get(&key), Some(&Arc::new(Pair(key, 0))));
        }
        for key in 0..1000 {
            assert!(table.remove(&key).is_some());
            assert_eq!(table.get(&key), None);
        }
        insert(&mut table, Pair(5000, 0));
        assert_eq!(table.hints.places.len(), 1);
    }

    proptest! {
        #[test]
        fn a_table_is_a_sorted_map_and_its_differences_lead_from_one_to_the_other(
            built in proptest::collection::vec((0..3000_u16, any::<u8>()), 0..2000),
            steps in proptest::collection::vec((0..3000_u16, proptest::option::of(any::<u8>())), 0..400),
            seen in 0..400_usize,
        ) {
            let mut map: BTreeMap<u16, u8> = built.iter().copied().collect();
            let mut table: Table<Pair> = built.into_iter().map(|(k, v)| Pair(k, v)).collect();
            let (mut view, mut known) = (table.clone(), map.clone());
            for (at, (key, value)) in steps.into_iter().enumerate() {
                if at == seen {
                    (view, known) = (table.clone(), map.clone());
                }
                match value {
                    Some(value) => {
                        insert(&mut table, Pair(key, value));
                        map.insert(key, value);
                    }
                    None => {
                        let removed = table.remove(&key).map(|pair| pair.1);
                        prop_assert_eq!(removed, map.remove(&key));
                    }
                }
            }
            let as_pairs = |map: &BTreeMap<u16, u8>| {
                map.iter().map(|(k, v)| Pair(*k, *v)).collect::<Vec<_>>()
            };
            prop_assert_eq!(pairs(&table), as_pairs(&map));
            prop_assert_eq!(pairs(&view), as_pairs(&known));
            for (before, after) in table.differences(&view) {
                let key = before.or(after).unwrap().0;
                prop_assert_eq!(before.map(|pair| pair.1), known.get(&key).copied());
                match after {
                    Some(pair) => known.insert(key, pair.1),
                    None => known.remove(&key),
                };
            }
            prop_assert_eq!(known, map);
        }
    }
}
