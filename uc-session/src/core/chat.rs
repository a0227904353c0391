use std::collections::{BTreeMap, BTreeSet};

use uc_model::{
    Capability, ChatError, ChatMessage, Conversation, ConversationEntry, Delivery, DeliveryFailure,
    EntryId, MessageText, Outbox, PhoneNumber, Timestamp,
};

use super::io::{Io, Purpose};
use crate::{
    error::MessageError,
    events::Event,
    port::{BackendError, Edit, MessageEdit, Outcome, ServerChange, Service},
};

/// Instant messages on their way (IM-1). To each number one goes after the other; the rules are
/// [`Outbox`]'s. A message is in the view from the moment it is written until its conversation has
/// it. What the connection interrupts goes again with the same identity, so it arrives once.
///
/// No time-out of its own: a message on its way has its command's.
#[derive(Debug, Default)]
pub(super) struct Chat {
    under_way: BTreeMap<Errand, (PhoneNumber, EntryId)>,
    /// Messages whose request broke though the connection lives: they are sent once more at once.
    broke: BTreeSet<EntryId>,
}

/// A message on its way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Errand(u64);

impl Chat {
    /// Takes a new message; it is in the view afterwards.
    pub(super) fn write(
        &mut self,
        io: &mut Io,
        to: PhoneNumber,
        text: MessageText,
    ) -> Result<EntryId, MessageError> {
        if !io.can(Capability::Chat) {
            return Err(ChatError::Unsupported.into());
        }
        let is_new = !io.view.outboxes.contains_key(&to.dialable());
        if is_new && io.view.outboxes.len() >= MOST_OUTBOXES {
            return Err(ChatError::TooManyWaiting.into());
        }
        let id = EntryId::new(io.request_key().0).expect("a key is made of digits and letters");
        let now = Timestamp(io.now.wall_ms);
        outbox(io, &to).write(id.clone(), text, now)?;
        tell(io, &to, &id);
        self.send_next(io, &to);
        Ok(id)
    }

    /// Sends a failed message again.
    pub(super) fn resend(
        &mut self,
        io: &mut Io,
        to: &PhoneNumber,
        id: &EntryId,
    ) -> Result<(), MessageError> {
        let now = Timestamp(io.now.wall_ms);
        outbox(io, to).resend(id, now)?;
        self.broke.remove(id);
        tell(io, to, id);
        self.send_next(io, to);
        Ok(())
    }

    /// Gives a message up that isn't on its way.
    pub(super) fn discard(&mut self, io: &mut Io, to: &PhoneNumber, id: &EntryId) {
        self.broke.remove(id);
        outbox(io, to).discard(id);
        tidy(io, to);
    }

    /// The server has answered; gives what it changed.
    pub(super) fn sent(
        &mut self,
        io: &mut Io,
        errand: Errand,
        result: Result<Outcome, BackendError>,
    ) -> Vec<ServerChange> {
        let Some((to, id)) = self.under_way.remove(&errand) else {
            return Vec::new();
        };
        let changes = match result {
            Ok(Outcome::Edited(changes)) => {
                accept(io, &to, &id);
                changes
            }
            Ok(_) => {
                fail(io, &to, &id, DeliveryFailure::Refused);
                Vec::new()
            }
            Err(error) => {
                match failure(&error) {
                    Some(why) => fail(io, &to, &id, why),
                    None if io.link.is_none() || self.broke.insert(id.clone()) => {
                        interrupt(io, &to);
                    }
                    None => fail(io, &to, &id, DeliveryFailure::TimedOut),
                }
                self.send_next(io, &to);
                return Vec::new();
            }
        };
        self.broke.remove(&id);
        self.send_next(io, &to);
        changes
    }

    /// What waited goes now.
    pub(super) fn connection_live(&mut self, io: &mut Io) {
        let waiting = io.view.outboxes.values().map(|(to, _)| to.clone());
        for to in waiting.collect::<Vec<_>>() {
            interrupt(io, &to);
            self.send_next(io, &to);
        }
    }

    /// A conversation is new or different: what it has is no longer on its way, and what has
    /// arrived here is confirmed.
    pub(super) fn conversation(&self, io: &mut Io, conversation: &Conversation) {
        if !io.view.outboxes.is_empty() {
            for entry in &conversation.entries {
                if let ConversationEntry::Message(message) = entry {
                    accept_anywhere(io, message);
                }
            }
        }
        let waits = |entry: &ConversationEntry| entry.is_unconfirmed();
        if conversation.entries.iter().any(waits) && io.can(Capability::Chat) {
            let confirm = MessageEdit::ConfirmReceived(conversation.id.clone());
            let (edit, key) = (Edit::Messages(confirm), io.request_key());
            // Without a connection the snapshot of the next one reminds us.
            io.service(Purpose::Untold, Service::Edit { edit, key });
        }
    }

    fn send_next(&mut self, io: &mut Io, to: &PhoneNumber) {
        if io.link.is_none() {
            return;
        }
        let Some(message) = outbox(io, to).next_to_send().cloned() else {
            return tidy(io, to);
        };
        tell(io, to, &message.id);
        let errand = Errand(io.number());
        self.under_way
            .insert(errand, (to.clone(), message.id.clone()));
        let edit = Edit::Messages(MessageEdit::Send {
            id: message.id,
            to: to.clone(),
            text: message.text,
        });
        let key = io.request_key();
        io.service(Purpose::Message(errand), Service::Edit { edit, key });
    }
}

/// Why a message failed; `None` where it only has to go again.
const fn failure(error: &BackendError) -> Option<DeliveryFailure> {
    match error {
        BackendError::Broken { .. } | BackendError::Closed | BackendError::NotSignedIn => None,
        BackendError::NotFound => Some(DeliveryFailure::NoReceiver),
        BackendError::Undeliverable => Some(DeliveryFailure::Unreachable),
        BackendError::Unsupported => Some(DeliveryFailure::ChatOff),
        BackendError::TimedOut | BackendError::Unavailable => Some(DeliveryFailure::TimedOut),
        _ => Some(DeliveryFailure::Refused),
    }
}

fn outbox<'a>(io: &'a mut Io, to: &PhoneNumber) -> &'a mut Outbox {
    let outboxes = std::sync::Arc::make_mut(&mut io.change().outboxes);
    let known = outboxes.entry(to.dialable());
    &mut known.or_insert_with(|| (to.clone(), Outbox::new())).1
}

/// An outbox without messages needs not be kept.
fn tidy(io: &mut Io, to: &PhoneNumber) {
    if outbox(io, to).messages().len() == 0 {
        std::sync::Arc::make_mut(&mut io.change().outboxes).remove(&to.dialable());
    }
}

fn accept(io: &mut Io, to: &PhoneNumber, id: &EntryId) {
    let at = Timestamp(io.now.wall_ms);
    if let Some(message) = outbox(io, to).accepted(id, at) {
        io.event(Event::Message {
            to: to.clone(),
            message,
        });
    }
    tidy(io, to);
}

fn accept_anywhere(io: &mut Io, echo: &ChatMessage) {
    let has = |outbox: &Outbox| outbox.messages().any(|own| own.id == echo.id);
    let mut outboxes = io.view.outboxes.values();
    let found = outboxes.find(|(_, outbox)| has(outbox));
    if let Some(to) = found.map(|(to, _)| to.clone()) {
        accept(io, &to, &echo.id);
    }
}

fn fail(io: &mut Io, to: &PhoneNumber, id: &EntryId, why: DeliveryFailure) {
    outbox(io, to).failed(id, why);
    tell(io, to, id);
}

fn interrupt(io: &mut Io, to: &PhoneNumber) {
    let sending = |message: &&ChatMessage| message.delivery == Delivery::Sending;
    let interrupted = outbox(io, to)
        .messages()
        .find(sending)
        .map(|m| m.id.clone());
    if let Some(id) = interrupted {
        outbox(io, to).interrupted();
        tell(io, to, &id);
    }
}

/// Tells how far a message has come that the server doesn't have yet.
fn tell(io: &mut Io, to: &PhoneNumber, id: &EntryId) {
    let message = outbox(io, to).messages().find(|own| own.id == *id).cloned();
    if let Some(message) = message {
        io.event(Event::Message {
            to: to.clone(),
            message,
        });
    }
}

/// Numbers that messages wait for at once (our choice).
const MOST_OUTBOXES: usize = 100;
