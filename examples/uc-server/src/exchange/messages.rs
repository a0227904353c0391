use uc_model::{
    CallDirection, Capability, ChatMessage, ConversationEntry, ConversationId, Delivery, EntryId,
    MessageText, PhoneNumber, Rev, Timestamp,
};
use uc_protocol::ucx::{Changes, SendMessage};

use super::{Exchange, Millis, Refusal, SessionId};

impl Exchange {
    /// Takes a message into both users' conversations. One that is there already is the same
    /// message sent once more.
    pub(crate) fn send_message(
        &mut self,
        session: &SessionId,
        message: SendMessage,
        now: Millis,
    ) -> Result<Changes, Refusal> {
        if !self.can(Capability::Chat) {
            return Err(Refusal::NoChat);
        }
        let text = MessageText::new(message.text)?;
        let id = EntryId::new(message.id).map_err(|_| Refusal::Value("this is no identity"))?;
        let number = PhoneNumber::new(&message.to)
            .map_err(|_| Refusal::Value("a message goes to a telephone number"))?;
        self.edit(session, |exchange, user| {
            if exchange.users[user].history.having(&id).is_some() {
                return Ok(());
            }
            let receiver = exchange.receiver(user, &number, &id, now)?;
            let entry = |direction| {
                ConversationEntry::Message(ChatMessage {
                    id: id.clone(),
                    direction,
                    at: Timestamp(now),
                    text: text.clone(),
                    delivery: Delivery::Sent,
                })
            };
            let wanted = exchange.wanted(user, &number).to_string();
            let party = exchange.party(&receiver, Some(wanted));
            exchange.record(user, &party, Some(entry(CallDirection::Outgoing)));
            let party = exchange.party(user, None);
            exchange.record(&receiver, &party, Some(entry(CallDirection::Incoming)));
            Ok(())
        })
    }

    /// The messages in a conversation have arrived at a client of the session's user: both sides
    /// see it.
    pub(crate) fn confirm_messages(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<Changes, Refusal> {
        let id = ConversationId::new(id).map_err(|_| Refusal::NotFound)?;
        self.edit(session, |exchange, user| {
            let history = &exchange.users[user].history;
            let arrived = history.unconfirmed(&id);
            let contact = history
                .conversation(&id)
                .and_then(|known| known.contact.clone());
            let sender =
                contact.and_then(|contact| exchange.directory.contact(&contact)?.user.clone());
            exchange.deliver(user, &arrived);
            if let Some(sender) = sender {
                exchange.deliver(sender.as_str(), &arrived);
            }
            Ok(())
        })
    }

    fn deliver(&mut self, user: &str, messages: &[EntryId]) {
        let mut rev = self.next_rev(user);
        let next = || {
            rev += 1;
            Rev(rev - 1)
        };
        if let Ok(history) = self.history(user) {
            let updates = history.deliver(messages, next);
            self.tell_history(user, updates);
        }
    }

    /// Who has the number, and can receive this message now.
    fn receiver(
        &self,
        sender: &str,
        number: &PhoneNumber,
        message: &EntryId,
        now: Millis,
    ) -> Result<String, Refusal> {
        let receiver = self.reached_by(number).map(|user| &user.me.user);
        let receiver = receiver.filter(|receiver| *receiver != sender);
        let receiver = receiver.ok_or(Refusal::NoReceiver)?;
        // An identity of the other's must not be overwritten.
        if self.users[receiver].history.having(message).is_some() {
            return Err(Refusal::Value(
                "this identity is used already; make a new one",
            ));
        }
        match self.is_reachable(receiver, now) {
            true => Ok(receiver.clone()),
            false => Err(Refusal::Undeliverable),
        }
    }
}
