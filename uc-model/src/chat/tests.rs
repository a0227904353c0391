use proptest::prelude::*;

use super::*;

fn id(text: &str) -> EntryId {
    EntryId::new(text).unwrap()
}

fn write(outbox: &mut Outbox, text: &str, at: i64) {
    let message = MessageText::new(text).unwrap();
    outbox.write(id(text), message, Timestamp(at)).unwrap();
}

fn next(outbox: &mut Outbox) -> Option<String> {
    outbox.next_to_send().map(|message| message.id.to_string())
}

fn order(outbox: &Outbox) -> String {
    let ids: Vec<_> = outbox
        .messages()
        .map(|message| message.id.as_str())
        .collect();
    ids.join(" ")
}

#[test]
fn messages_go_one_after_the_other_in_the_order_written() {
    let mut outbox = Outbox::new();
    write(&mut outbox, "a", 1);
    write(&mut outbox, "b", 2);
    assert_eq!(next(&mut outbox).as_deref(), Some("a"));
    assert_eq!(next(&mut outbox), None, "one is on its way");
    let sent = outbox.accepted(&id("a"), Timestamp(5)).unwrap();
    assert_eq!((sent.delivery, sent.at), (Delivery::Sent, Timestamp(5)));
    assert_eq!(next(&mut outbox).as_deref(), Some("b"));
    outbox.accepted(&id("b"), Timestamp(6)).unwrap();
    assert_eq!((next(&mut outbox), outbox.messages().len()), (None, 0));
    assert_eq!(outbox.accepted(&id("b"), Timestamp(7)), None, "told twice");
}

#[test]
fn a_failed_message_is_shown_and_sent_again_behind_later_ones() {
    let mut outbox = Outbox::new();
    write(&mut outbox, "a", 1);
    write(&mut outbox, "b", 2);
    next(&mut outbox);
    outbox.failed(&id("a"), DeliveryFailure::Unreachable);
    let failed = outbox.messages().next().unwrap();
    assert_eq!(
        failed.delivery,
        Delivery::Failed(DeliveryFailure::Unreachable)
    );
    assert_eq!(
        outbox.resend(&id("b"), Timestamp(3)),
        Err(ChatError::NotFailed)
    );
    outbox.resend(&id("a"), Timestamp(3)).unwrap();
    assert_eq!(order(&outbox), "b a");
    assert_eq!(next(&mut outbox).as_deref(), Some("b"));
    outbox.accepted(&id("b"), Timestamp(4));
    assert_eq!(next(&mut outbox).as_deref(), Some("a"));
}

#[test]
fn what_was_on_its_way_goes_again_with_the_same_identity() {
    let mut outbox = Outbox::new();
    write(&mut outbox, "a", 1);
    write(&mut outbox, "b", 2);
    next(&mut outbox);
    outbox.interrupted();
    assert_eq!(next(&mut outbox).as_deref(), Some("a"));
}

#[test]
fn a_message_is_given_up_unless_it_is_on_its_way() {
    let mut outbox = Outbox::new();
    write(&mut outbox, "a", 1);
    write(&mut outbox, "b", 2);
    next(&mut outbox);
    outbox.discard(&id("a"));
    outbox.discard(&id("b"));
    assert_eq!(order(&outbox), "a");
}

#[test]
fn an_outbox_is_bounded_and_takes_a_message_once() {
    let mut outbox = Outbox::new();
    for number in 0..Outbox::CAPACITY {
        write(&mut outbox, &format!("m{number}"), 0);
    }
    let text = MessageText::new("x").unwrap();
    let more = outbox.write(id("x"), text.clone(), Timestamp(0));
    assert_eq!(more, Err(ChatError::TooManyWaiting));
    let again = outbox.write(id("m0"), text, Timestamp(0));
    assert_eq!(again, Err(ChatError::Duplicate));
    assert_eq!(format!("{outbox:?}"), "Outbox(100 messages)");
}

#[test]
fn who_can_be_written_to() {
    let mut contact = Contact {
        id: crate::ContactId::new("1").unwrap(),
        directory: crate::Directory::Internal,
        first_name: String::new().into(),
        last_name: String::new().into(),
        numbers: Vec::new(),
        email: None,
        user: None,
    };
    let chat = CapabilitySet::EMPTY.with(Capability::Chat);
    assert_eq!(
        contact.check_chat(CapabilitySet::EMPTY),
        Err(ChatError::Unsupported)
    );
    assert_eq!(contact.check_chat(chat), Err(ChatError::NoReceiver));
    contact.user = Some(crate::UserId::new("330").unwrap());
    assert_eq!(contact.check_chat(chat), Ok(()));
}

proptest! {
    /// Whatever is lost on the way to the server or back, it takes every message once, and in
    /// the order written where none failed.
    #[test]
    fn every_message_arrives_once_and_in_order(
        fates in proptest::collection::vec(0..4_u8, 0..60),
        messages in 1..8_usize,
    ) {
        let mut outbox = Outbox::new();
        for number in 0..messages {
            write(&mut outbox, &format!("m{number}"), number as i64);
        }
        let mut server: Vec<String> = Vec::new();
        let mut fates = fates.into_iter();
        while let Some(sent) = next(&mut outbox) {
            let fate = fates.next().unwrap_or(0);
            if fate != 1 && !server.contains(&sent) {
                server.push(sent.clone());
            }
            match fate {
                // Lost on the way there, or on the way back.
                1 | 2 => outbox.interrupted(),
                _ => drop(outbox.accepted(&id(&sent), Timestamp(0))),
            }
        }
        let written: Vec<_> = (0..messages).map(|number| format!("m{number}")).collect();
        prop_assert_eq!(server, written);
    }
}
