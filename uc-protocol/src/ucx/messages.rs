use std::fmt;

use serde::{Deserialize, Serialize};

/// `POST /uc/v1/messages`: an instant message (Smart, where chat is on).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessage {
    /// Its identity, made by the sender: sent twice, it is still one message.
    pub id: String,
    /// The number of the user whom it is for, as the sender writes it.
    pub to: String,
    /// What was written: 1 to 4096 bytes, no control characters but line ends and tabulators.
    pub text: String,
}

/// Shows the identity.
impl fmt::Debug for SendMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendMessage")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Delivery {
    /// The server has it.
    Sent,
    /// A client of the other has it.
    Delivered,
}
