use std::{collections::VecDeque, fmt};

use thiserror::Error;

use crate::{CallDirection, Capability, CapabilitySet, Contact, EntryId, Timestamp};

mod text;

pub use text::{MessageText, MessageTextError, TextDirection};

/// An instant message (IM-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// Its identity, made by the sender: sent twice, it is still one message.
    pub id: EntryId,
    /// Who wrote to whom.
    pub direction: CallDirection,
    /// When the server took it, or when it was written while it hasn't.
    pub at: Timestamp,
    /// What was written.
    pub text: MessageText,
    /// How far it has come.
    pub delivery: Delivery,
}

/// How far a message has come.
///
/// ```text
/// Waiting -> Sending -> Sent -> Delivered
///    ^          |         |
///    |          v         v
///    +-------- Failed <---+
/// ```
///
/// Waiting and sending end when the connection is restored or the user gives up; sent may stay
/// for ever, because not every receiver confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Delivery {
    /// Behind earlier ones, or for want of a connection.
    Waiting,
    /// On its way to the server.
    Sending,
    /// The server has it.
    Sent,
    /// The other has it.
    Delivered,
    /// It didn't arrive; it can be sent again.
    Failed(DeliveryFailure),
}

/// Why a message didn't arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum DeliveryFailure {
    /// The other has no client that receives messages now.
    #[error("the other can't be reached by message now; send it again later, or call")]
    Unreachable,
    /// Nobody with this number receives messages: it is no user's.
    #[error(
        "nobody with this number can receive messages: write to the internal number of a colleague"
    )]
    NoReceiver,
    /// The server refused it.
    #[error("the server refused the message")]
    Refused,
    /// The system has chat switched off.
    #[error("the system has instant messages switched off")]
    ChatOff,
    /// No answer came.
    #[error("the server didn't answer; send the message again")]
    TimedOut,
}

/// Why a message isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChatError {
    /// Suite, chat is off, or the server speaks WSI alone.
    #[error(
        "this server offers no instant messages (only UC Smart does, where they are switched on): \
         call instead"
    )]
    Unsupported,
    /// The contact is no user of the system.
    #[error("this contact can't receive instant messages")]
    NoReceiver,
    /// As many messages wait as are possible.
    #[error(
        "{} messages wait to be sent already; wait for the connection",
        Outbox::CAPACITY
    )]
    TooManyWaiting,
    /// A message with this identity is there already.
    #[error("this message was written already")]
    Duplicate,
    /// No message with this identity has failed.
    #[error("this message hasn't failed")]
    NotFailed,
}

/// The messages to one other that the server doesn't have yet. They go one after the other, so
/// that they arrive in the order in which they were written; one that fails lets the next pass.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    messages: VecDeque<ChatMessage>,
}

impl Outbox {
    /// Most messages that wait or have failed (our choice).
    pub const CAPACITY: usize = 100;

    /// Nothing to send.
    pub const fn new() -> Self {
        Self {
            messages: VecDeque::new(),
        }
    }

    /// The messages that the server doesn't have, in the order in which they will be sent.
    pub fn messages(&self) -> impl ExactSizeIterator<Item = &ChatMessage> {
        self.messages.iter()
    }

    /// Takes a new message.
    ///
    /// # Errors
    /// Too many messages, or one with this identity.
    pub fn write(
        &mut self,
        id: EntryId,
        text: MessageText,
        now: Timestamp,
    ) -> Result<(), ChatError> {
        if self.messages.iter().any(|known| known.id == id) {
            return Err(ChatError::Duplicate);
        }
        if self.messages.len() >= Self::CAPACITY {
            return Err(ChatError::TooManyWaiting);
        }
        self.messages.push_back(ChatMessage {
            id,
            direction: CallDirection::Outgoing,
            at: now,
            text,
            delivery: Delivery::Waiting,
        });
        Ok(())
    }

    /// Takes up a message that was kept over a restart, behind those that are there: what was on its
    /// way goes again, with the same identity. One that the server has, or that doesn't fit in, is
    /// left out.
    pub fn restore(&mut self, message: ChatMessage) {
        let delivery = match message.delivery {
            Delivery::Waiting | Delivery::Sending => Delivery::Waiting,
            failed @ Delivery::Failed(_) => failed,
            Delivery::Sent | Delivery::Delivered => return,
        };
        let known = self.messages.iter().any(|known| known.id == message.id);
        if !known && self.messages.len() < Self::CAPACITY {
            self.messages.push_back(ChatMessage {
                delivery,
                ..message
            });
        }
    }

    /// The next message to send, now marked as on its way; `None` while one is on its way or
    /// nothing waits.
    pub fn next_to_send(&mut self) -> Option<&ChatMessage> {
        let mut messages = self.messages.iter();
        if messages.any(|known| known.delivery == Delivery::Sending) {
            return None;
        }
        let mut waiting = self.messages.iter_mut();
        let next = waiting.find(|known| known.delivery == Delivery::Waiting)?;
        next.delivery = Delivery::Sending;
        Some(next)
    }

    /// The server has taken the message at `at`: it leaves the outbox for the conversation.
    pub fn accepted(&mut self, id: &EntryId, at: Timestamp) -> Option<ChatMessage> {
        let place = self.messages.iter().position(|known| known.id == *id)?;
        let message = self.messages.remove(place)?;
        Some(ChatMessage {
            at,
            delivery: Delivery::Sent,
            ..message
        })
    }

    /// The message didn't arrive.
    pub fn failed(&mut self, id: &EntryId, why: DeliveryFailure) {
        let mut messages = self.messages.iter_mut();
        if let Some(message) = messages.find(|known| known.id == *id) {
            message.delivery = Delivery::Failed(why);
        }
    }

    /// The connection was lost: what was on its way goes again, with the same identity, so that
    /// a server that has it already takes it once.
    pub fn interrupted(&mut self) {
        for message in &mut self.messages {
            if message.delivery == Delivery::Sending {
                message.delivery = Delivery::Waiting;
            }
        }
    }

    /// The user sends a failed message again: behind those written since, as of now.
    ///
    /// # Errors
    /// The message hasn't failed.
    pub fn resend(&mut self, id: &EntryId, now: Timestamp) -> Result<(), ChatError> {
        let failed =
            |known: &ChatMessage| known.id == *id && matches!(known.delivery, Delivery::Failed(_));
        let place = self.messages.iter().position(failed);
        let message = place.and_then(|place| self.messages.remove(place));
        self.messages.push_back(ChatMessage {
            at: now,
            delivery: Delivery::Waiting,
            ..message.ok_or(ChatError::NotFailed)?
        });
        Ok(())
    }

    /// The user gives a message up that isn't on its way.
    pub fn discard(&mut self, id: &EntryId) {
        self.messages
            .retain(|known| known.id != *id || known.delivery == Delivery::Sending);
    }
}

/// Shows how many messages there are.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outbox({} messages)", self.messages.len())
    }
}

impl Contact {
    /// Whether this contact can be written to (IM-1).
    ///
    /// # Errors
    /// What speaks against it.
    pub fn check_chat(&self, capabilities: CapabilitySet) -> Result<(), ChatError> {
        if !capabilities.has(Capability::Chat) {
            return Err(ChatError::Unsupported);
        }
        self.user.as_ref().map(drop).ok_or(ChatError::NoReceiver)
    }
}

#[cfg(test)]
mod tests;
