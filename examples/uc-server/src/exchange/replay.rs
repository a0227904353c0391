use serde::{Deserialize, Serialize};
use uc_protocol::limits::IDEMPOTENCY_S;

use super::{Exchange, Millis, Refusal};
use crate::store::Write;

/// Whose `Idempotency-Key`, and which.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AnswerKey {
    pub(crate) user: String,
    pub(crate) key: String,
}

/// What a request with an `Idempotency-Key` was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// SHA-256 of path and body: another request must not reuse the key.
    pub(crate) request: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) at: Millis,
}

impl Exchange {
    /// The answer that the same request got before.
    pub(crate) fn recall(
        &self,
        key: &AnswerKey,
        request: &[u8],
        now: Millis,
    ) -> Result<Option<&Answer>, Refusal> {
        match self.answers.get(key) {
            Some(answer) if now - answer.at > KEEP_MS => Ok(None),
            Some(answer) if answer.request != request => Err(Refusal::Value(
                "the idempotency key was used for another request; make a new one",
            )),
            found => Ok(found),
        }
    }

    /// Keeps an answer; the user's oldest one goes where there are too many.
    pub(crate) fn remember(&mut self, key: AnswerKey, answer: Answer) {
        let now = answer.at;
        let own = || self.answers.iter().filter(|(k, _)| k.user == key.user);
        let full = own().count() >= MAX_ANSWERS;
        let oldest = own().min_by_key(|(_, a)| a.at);
        if let Some((old, found)) = oldest
            && (full || now - found.at > KEEP_MS)
        {
            let old = old.clone();
            self.answers.remove(&old);
            self.effects.writes.push(Write::AnswerGone(old));
        }
        self.effects
            .writes
            .push(Write::Answer(key.clone(), answer.clone()));
        self.answers.insert(key, answer);
    }
}

const KEEP_MS: Millis = IDEMPOTENCY_S as Millis * 1000;
/// Answers kept per user; a key is needed for seconds only, 24 hours are the contract's most.
const MAX_ANSWERS: usize = 256;
