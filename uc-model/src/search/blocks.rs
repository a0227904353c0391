use super::words::Token;

/// A sorted array of tokens, kept in blocks so that one changed contact moves little. None is
/// empty. What sorts them is known to the caller only, who says for a token whether it stands
/// `before` the place that is meant.
#[derive(Debug, Default)]
pub(super) struct Blocks(Vec<Vec<Token>>);

/// A place in the array: a block and an index inside it.
pub(super) type Place = (usize, usize);

impl Blocks {
    pub(super) fn from_sorted(tokens: &[Token]) -> Self {
        // Half full, so that a new contact seldom splits a block.
        Self(
            tokens
                .chunks(BLOCK_TOKENS / 2)
                .map(<[Token]>::to_vec)
                .collect(),
        )
    }

    /// The first token for which `before` is false.
    pub(super) fn place(&self, before: impl Fn(&Token) -> bool) -> Place {
        let block = self
            .0
            .partition_point(|block| block.last().is_some_and(&before));
        let inside = self.0.get(block);
        (
            block,
            inside.map_or(0, |block| block.partition_point(before)),
        )
    }

    /// The tokens from the first one for which `before` is false.
    pub(super) fn from(&self, before: impl Fn(&Token) -> bool) -> impl Iterator<Item = &Token> {
        let (block, inside) = self.place(before);
        let blocks = self.0.get(block..).unwrap_or_default();
        blocks.iter().flatten().skip(inside)
    }

    /// How many tokens stand between two places.
    pub(super) fn count(&self, start: Place, end: Place) -> usize {
        let between: usize = self.0[start.0..end.0].iter().map(Vec::len).sum();
        between + end.1 - start.1
    }

    pub(super) fn insert(&mut self, token: Token, before: impl Fn(&Token) -> bool) {
        let (mut block, mut inside) = self.place(before);
        if block == self.0.len() {
            // After everything: at the end of the last block.
            match block.checked_sub(1) {
                None => self.0.push(Vec::new()),
                Some(last) => (block, inside) = (last, self.0[last].len()),
            }
        }
        let tokens = &mut self.0[block];
        tokens.insert(inside, token);
        if tokens.len() > BLOCK_TOKENS {
            let half = tokens.split_off(BLOCK_TOKENS / 2);
            self.0.insert(block + 1, half);
        }
    }

    /// Removes the first token for which `before` is false.
    pub(super) fn remove(&mut self, before: impl Fn(&Token) -> bool) {
        let (block, inside) = self.place(before);
        self.0[block].remove(inside);
        if self.0[block].is_empty() {
            self.0.remove(block);
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Most tokens of a block (our choice: 8 KiB of 16-byte tokens move in well under a microsecond).
const BLOCK_TOKENS: usize = 512;
