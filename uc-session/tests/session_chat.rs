//! Messages while the connection breaks at every moment.
#![allow(clippy::unwrap_used, reason = "a test")]

mod office;

use office::{desk, server, settle};
use uc_model::{ConversationEntry, Delivery, DeliveryFailure, PhoneNumber};
use uc_session::{
    Client,
    fake::{Fault, Kind},
    port::BackendError,
};

fn texts(client: &Client) -> Vec<String> {
    let view = client.view();
    let entries = view.conversations().flat_map(|known| &known.entries);
    let texts = entries.filter_map(|entry| match entry {
        ConversationEntry::Message(message) => Some(message.text.expose().to_owned()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_is_shown_at_once_and_by_its_conversation_once_it_is_there() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let to = PhoneNumber::new("331").unwrap();
    server.fault(Kind::Edit, Fault::Hangs);
    let id = ada.client.send_message(&to, "one").await.unwrap();
    ada.client.send_message(&to, "two").await.unwrap();
    let view = ada.client.view();
    let states: Vec<_> = view.unsent(&to).iter().map(|m| m.delivery).collect();
    assert_eq!(states, [Delivery::Sending, Delivery::Waiting]);
    assert!(texts(&grace.client).is_empty());
    let failed = ada.client.message_sent(&to, &id).await;
    assert_eq!(failed, Err(DeliveryFailure::TimedOut));
    settle().await;
    assert_eq!(
        texts(&grace.client),
        ["two"],
        "one that fails lets the next pass"
    );
    ada.client.resend_message(&to, &id).await.unwrap();
    settle().await;
    assert_eq!(texts(&grace.client), ["two", "one"]);
    assert_eq!(texts(&ada.client), ["two", "one"]);
    assert!(ada.client.view().unsent(&to).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_answer_is_lost_arrives_once() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let to = PhoneNumber::new("331").unwrap();
    for before_answer in [true, false] {
        let broken = BackendError::Broken { before_answer };
        server.fault(Kind::Edit, Fault::DoneBut(broken));
        let id = ada.client.send_message(&to, "once").await.unwrap();
        assert_eq!(ada.client.message_sent(&to, &id).await, Ok(()));
    }
    settle().await;
    assert_eq!(texts(&grace.client), ["once", "once"], "each of the two");
    assert_eq!(texts(&ada.client), ["once", "once"]);
}
