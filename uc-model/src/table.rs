use std::sync::Arc;

/// A value that knows what it is kept under.
pub(crate) trait Keyed {
    type Key: Ord;

    fn key(&self) -> &Self::Key;
}

/// Values in the order of their keys, in chunks that clones share.
///
/// A clone costs one reference count. Changing a table of which clones exist copies the list of
/// chunks once after each clone, and of the values the pointers of one chunk; without clones a
/// value is replaced in its place. Two tables are compared by looking at unshared chunks only.
#[derive(Debug)]
pub(crate) struct Table<V> {
    chunks: Arc<Vec<Chunk<V>>>,
    len: usize,
}

/// Sorted, never empty.
type Chunk<V> = Arc<Vec<Arc<V>>>;

/// Chunk and place inside it where a key is, or as an error where it would have to be put.
pub(crate) type Place = Result<(usize, usize), (usize, usize)>;

/// A value before and after; one of them is there.
pub(crate) type Difference<'a, V> = (Option<&'a Arc<V>>, Option<&'a Arc<V>>);

impl<V> Clone for Table<V> {
    fn clone(&self) -> Self {
        Self {
            chunks: self.chunks.clone(),
            len: self.len,
        }
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            chunks: Arc::default(),
            len: 0,
        }
    }
}

impl<V> Table<V> {
    pub(crate) fn iter(&self) -> Iter<'_, V> {
        Iter {
            chunks: &self.chunks,
            place: (0, 0),
            left: self.len,
        }
    }
}

impl<V: Keyed> Table<V> {
    pub(crate) fn get(&self, key: &V::Key) -> Option<&Arc<V>> {
        self.at(self.find(key))
    }

    /// The value at a place that was found since the last change.
    pub(crate) fn at(&self, place: Place) -> Option<&Arc<V>> {
        let (chunk, inside) = place.ok()?;
        Some(&self.chunks[chunk][inside])
    }

    /// Puts a value at the place that was found for its key since the last change.
    pub(crate) fn put(&mut self, found: Place, value: V) {
        let chunks = Arc::make_mut(&mut self.chunks);
        match found {
            Ok((chunk, inside)) => {
                let slot = &mut Arc::make_mut(&mut chunks[chunk])[inside];
                match Arc::get_mut(slot) {
                    Some(unshared) => *unshared = value,
                    None => *slot = Arc::new(value),
                }
            }
            Err((chunk, inside)) => {
                if chunks.is_empty() {
                    chunks.push(Arc::default());
                }
                let values = Arc::make_mut(&mut chunks[chunk]);
                values.insert(inside, Arc::new(value));
                self.len += 1;
                if values.len() > CHUNK {
                    let half = values.split_off(CHUNK / 2);
                    chunks.insert(chunk + 1, Arc::new(half));
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &V::Key) -> Option<Arc<V>> {
        let (chunk, inside) = self.find(key).ok()?;
        let chunks = Arc::make_mut(&mut self.chunks);
        let removed = Arc::make_mut(&mut chunks[chunk]).remove(inside);
        if chunks[chunk].is_empty() {
            chunks.remove(chunk);
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
        let after = self.chunks.partition_point(|chunk| chunk[0].key() <= key);
        let chunk = after.saturating_sub(1);
        let Some(values) = self.chunks.get(chunk) else {
            return Err((0, 0));
        };
        match values.binary_search_by(|value| value.key().cmp(key)) {
            Ok(inside) => Ok((chunk, inside)),
            Err(inside) => Err((chunk, inside)),
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
        let chunks = values
            .chunks(CHUNK / 2)
            .map(|chunk| Arc::new(chunk.to_vec()));
        Self {
            chunks: Arc::new(chunks.collect()),
            len: values.len(),
        }
    }
}

/// The values in order.
#[derive(Debug)]
pub(crate) struct Iter<'a, V> {
    chunks: &'a [Chunk<V>],
    /// Chunk and place inside it; never at the end of a chunk.
    place: (usize, usize),
    left: usize,
}

impl<'a, V> Iter<'a, V> {
    fn peek(&self) -> Option<&'a Arc<V>> {
        self.chunks.get(self.place.0)?.get(self.place.1)
    }

    /// Moves both past chunks that both begin now and share.
    fn skip_shared(a: &mut Self, b: &mut Self) {
        while a.place.1 == 0
            && b.place.1 == 0
            && let (Some(left), Some(right)) = (a.chunks.get(a.place.0), b.chunks.get(b.place.0))
            && Arc::ptr_eq(left, right)
        {
            for one in [&mut *a, &mut *b] {
                one.place.0 += 1;
                one.left -= left.len();
            }
        }
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = &'a Arc<V>;

    fn next(&mut self) -> Option<&'a Arc<V>> {
        let chunk = self.chunks.get(self.place.0)?;
        let value = chunk.get(self.place.1)?;
        self.place.1 += 1;
        if self.place.1 == chunk.len() {
            self.place = (self.place.0 + 1, 0);
        }
        self.left -= 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

/// Most values of a chunk (our choice: a changed chunk copies half a kilobyte of pointers).
const CHUNK: usize = 64;

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
        assert!(
            table
                .chunks
                .iter()
                .all(|chunk| (1..=CHUNK).contains(&chunk.len()))
        );
        let pairs: Vec<_> = table.iter().map(|pair| **pair).collect();
        assert_eq!(table.iter().len(), pairs.len());
        pairs
    }

    #[test]
    fn a_clone_shares_everything_until_one_changes() {
        let mut table: Table<Pair> = (0..1000).map(|key| Pair(key, 0)).collect();
        let view = table.clone();
        assert!(Arc::ptr_eq(&view.chunks, &table.chunks));
        insert(&mut table, Pair(500, 1));
        let shared = view.chunks.iter().zip(table.chunks.iter());
        let shared = shared.filter(|(a, b)| Arc::ptr_eq(a, b)).count();
        assert_eq!(shared, view.chunks.len() - 1);
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

    proptest! {
        #[test]
        fn a_table_is_a_sorted_map_and_its_differences_lead_from_one_to_the_other(
            built in proptest::collection::vec((0..300_u16, any::<u8>()), 0..400),
            steps in proptest::collection::vec((0..300_u16, proptest::option::of(any::<u8>())), 0..400),
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
