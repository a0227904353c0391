//! Instant messages between two users with two clients each, by the embedded server.

use uc_model::{
    Capability, ChatError, ConversationEntry, Delivery, DeliveryFailure, MessageText, PhoneNumber,
    TextDirection,
};
use uc_server::{Mode, RunningServer, Server};
use uc_session::{Client, MessageError};

use crate::client::{builder, until, within};

async fn client(server: &RunningServer, user: &str) -> Client {
    within(builder(server, user).sign_in()).await.unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

/// What was written in the conversation with `other`, and how far it has come.
fn written(client: &Client, other: &str) -> Vec<(String, Delivery)> {
    let view = client.view();
    let with = number(other).dialable();
    let known = view
        .conversations()
        .find(|known| known.number.dialable() == with);
    let entries = known.into_iter().flat_map(|known| &known.entries);
    let messages = entries.filter_map(|entry| match entry {
        ConversationEntry::Message(message) => {
            Some((message.text.expose().to_owned(), message.delivery))
        }
        _ => None,
    });
    messages.collect()
}

fn texts(client: &Client, other: &str) -> Vec<String> {
    written(client, other)
        .into_iter()
        .map(|(text, _)| text)
        .collect()
}

fn unread(client: &Client) -> u64 {
    client.view().conversation_list().unread
}

#[tokio::test]
async fn messages_reach_all_clients_of_both_users_in_order_and_are_confirmed() {
    let server = Server::builder().start().await.unwrap();
    let rosa = [client(&server, "330").await, client(&server, "330").await];
    let bruno = [client(&server, "331").await, client(&server, "331").await];
    let lines = ["hello", "👩‍👩‍👧‍👦 👍🏽", "שלום עולם", "a \"quoted\"\nline"];
    let mut ids = Vec::new();
    for line in lines {
        ids.push(
            within(rosa[0].send_message(&number("331"), line))
                .await
                .unwrap(),
        );
    }
    for id in &ids {
        within(rosa[0].message_sent(&number("331"), id))
            .await
            .unwrap();
    }
    for client in &rosa {
        until(|| texts(client, "331") == lines).await;
        assert_eq!(unread(client), 0);
        let delivered = |(_, delivery): &(String, Delivery)| *delivery == Delivery::Delivered;
        until(|| written(client, "331").iter().all(delivered)).await;
    }
    assert!(
        rosa[0].view().unsent_to().len() == 0,
        "nothing is left over"
    );
    for client in &bruno {
        until(|| texts(client, "330") == lines).await;
        assert_eq!(unread(client), 4);
    }
    let hebrew = MessageText::new(&texts(&bruno[0], "330")[2]).unwrap();
    assert_eq!(hebrew.direction(), TextDirection::RightToLeft);

    within(bruno[1].send_message(&number("330"), "hello back"))
        .await
        .unwrap();
    for client in &rosa {
        until(|| texts(client, "331").len() == 5 && unread(client) == 1).await;
    }
    let known = rosa[1].view().conversations().next().unwrap().id.clone();
    within(rosa[1].mark_read(&known)).await.unwrap();
    until(|| unread(&rosa[0]) == 0).await;
}

#[tokio::test]
async fn a_message_that_does_not_arrive_is_shown_and_sent_again_behind_later_ones() {
    let server = Server::builder().start().await.unwrap();
    let rosa = client(&server, "330").await;
    let to = number("331");
    let first = within(rosa.send_message(&to, "first")).await.unwrap();
    let failed = within(rosa.message_sent(&to, &first)).await;
    assert_eq!(failed, Err(DeliveryFailure::Unreachable));
    let view = rosa.view();
    let unsent = view.unsent(&to);
    assert_eq!(
        unsent[0].delivery,
        Delivery::Failed(DeliveryFailure::Unreachable)
    );
    assert!(texts(&rosa, "331").is_empty());

    let bruno = client(&server, "331").await;
    let second = within(rosa.send_message(&to, "second")).await.unwrap();
    within(rosa.message_sent(&to, &second)).await.unwrap();
    within(rosa.resend_message(&to, &first)).await.unwrap();
    within(rosa.message_sent(&to, &first)).await.unwrap();
    until(|| texts(&bruno, "330") == ["second", "first"]).await;
    assert_eq!(texts(&rosa, "331"), ["second", "first"]);
    let again = within(rosa.resend_message(&to, &first)).await;
    assert_eq!(again, Err(ChatError::NotFailed.into()));
}

#[tokio::test]
async fn what_was_written_without_a_connection_goes_once_when_it_is_back() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let to = number("331");
    for round in 0..3 {
        server.cut_connections();
        for line in ["a", "b", "c"] {
            let text = format!("{line}{round}");
            within(rosa.send_message(&to, &text)).await.unwrap();
        }
    }
    let all = ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"];
    until(|| texts(&bruno, "330").len() >= all.len()).await;
    assert_eq!(texts(&bruno, "330"), all, "each once, in the order written");
    until(|| texts(&rosa, "331") == all && rosa.view().unsent_to().len() == 0).await;
}

#[tokio::test]
async fn a_contact_is_written_to_where_it_is_a_user_and_chat_is_on() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let birke = within(rosa.search("birke"))
        .await
        .unwrap()
        .contacts
        .remove(0);
    within(rosa.send_message_to(&birke, "hi")).await.unwrap();
    until(|| texts(&bruno, "330") == ["hi"]).await;
    let pforte = within(rosa.search("pforte"))
        .await
        .unwrap()
        .contacts
        .remove(0);
    let nobody = within(rosa.send_message_to(&pforte, "hi")).await;
    assert_eq!(nobody, Err(ChatError::NoReceiver.into()));
    let outside = number("0171 39200-77");
    let id = within(rosa.send_message(&outside, "hi")).await.unwrap();
    let refused = within(rosa.message_sent(&outside, &id)).await;
    assert_eq!(refused, Err(DeliveryFailure::NoReceiver));
    within(rosa.discard_message(&outside, &id)).await;
    assert!(rosa.view().unsent(&outside).is_empty());

    let off = Err(MessageError::Chat(ChatError::Unsupported));
    let suite = Server::builder().mode(Mode::Suite).start().await.unwrap();
    let quiet = Server::builder().chat(false).start().await.unwrap();
    for server in [suite, quiet] {
        let rosa = client(&server, "330").await;
        assert!(!rosa.capabilities().has(Capability::Chat));
        assert_eq!(within(rosa.send_message(&number("331"), "hi")).await, off);
    }
}
