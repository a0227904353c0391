use uc_model::{
    ChatError, Contact, Delivery, DeliveryFailure, EntryId, MessageText, NumberKind, PhoneNumber,
};

use super::Client;
use crate::{
    core::{Reply, Request},
    error::MessageError,
};

/// Instant messages (IM-1). Those on their way and those that failed stand in
/// [`View::unsent`](crate::View::unsent), the others in the conversation with the number.
impl Client {
    /// Writes a message to the user with this number. It is shown at once and goes behind earlier
    /// ones to the same number, as soon as there is a connection. Gives its identity;
    /// [`Event::Message`](crate::Event::Message) tells what becomes of it, or
    /// [`message_sent`](Self::message_sent).
    ///
    /// # Errors
    /// See [`MessageError`]; then nothing was written.
    pub async fn send_message(
        &self,
        to: &PhoneNumber,
        text: &str,
    ) -> Result<EntryId, MessageError> {
        let text = MessageText::new(text)?;
        let to = to.clone();
        match self.ask(Request::SendMessage { to, text }).await {
            Some(Reply::Message(result)) => result,
            _ => Err(MessageError::Closed),
        }
    }

    /// Writes a message to a contact: to its internal number where it has one.
    ///
    /// # Errors
    /// See [`MessageError`]; `NoReceiver` where the contact can't receive messages.
    pub async fn send_message_to(
        &self,
        contact: &Contact,
        text: &str,
    ) -> Result<EntryId, MessageError> {
        contact.check_chat(self.capabilities())?;
        let internal = contact
            .numbers
            .iter()
            .find(|own| own.kind == NumberKind::Internal);
        let number = internal.or_else(|| contact.numbers.first());
        let number = &number.ok_or(ChatError::NoReceiver)?.number;
        self.send_message(number, text).await
    }

    /// Sends a failed message again, behind those written since.
    ///
    /// # Errors
    /// See [`MessageError`]; `NotFailed` where it hasn't failed.
    pub async fn resend_message(
        &self,
        to: &PhoneNumber,
        message: &EntryId,
    ) -> Result<(), MessageError> {
        let (to, message) = (to.clone(), message.clone());
        match self.ask(Request::ResendMessage { to, message }).await {
            Some(Reply::Message(result)) => result.map(drop),
            _ => Err(MessageError::Closed),
        }
    }

    /// Gives a message up that has failed or waits; one on its way goes on.
    pub async fn discard_message(&self, to: &PhoneNumber, message: &EntryId) {
        let (to, message) = (to.clone(), message.clone());
        self.ask(Request::DiscardMessage { to, message }).await;
    }

    /// Waits until the server has a message, or it has failed. `Ok` too for one that is unknown or
    /// was given up. Dropping the future changes nothing.
    ///
    /// # Errors
    /// Why it failed; it can be sent again.
    pub async fn message_sent(
        &self,
        to: &PhoneNumber,
        message: &EntryId,
    ) -> Result<(), DeliveryFailure> {
        let mut view = self.0.published.view.subscribe();
        loop {
            let current = std::sync::Arc::clone(&view.borrow_and_update());
            let unsent = current.unsent(to);
            let delivery = unsent.iter().find(|own| own.id == *message);
            match delivery.map(|own| own.delivery) {
                None => return Ok(()),
                Some(Delivery::Failed(why)) => return Err(why),
                Some(_) => {}
            }
            if view.changed().await.is_err() {
                return Err(DeliveryFailure::TimedOut);
            }
        }
    }
}
