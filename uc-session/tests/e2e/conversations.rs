//! A user's conversations at two clients, by the embedded server.

use std::sync::Arc;

use uc_model::{Conversation, ConversationGrouping, ConversationId};
use uc_server::{RunningServer, Server};
use uc_session::{Client, EditError, Event, ServiceError, WsiBackend, port::BackendError};

use crate::client::{builder, event, until, within};

async fn server() -> RunningServer {
    Server::builder().desk_phones(true).start().await.unwrap()
}

async fn client(server: &RunningServer, user: &str) -> Client {
    within(builder(server, user).sign_in()).await.unwrap()
}

fn all(client: &Client) -> Vec<Arc<Conversation>> {
    client.view().conversations().cloned().collect()
}

fn unread(client: &Client) -> u32 {
    all(client).iter().map(|known| known.unread).sum()
}

/// 331 calls the number and gives up.
async fn misses(bruno: &Client, number: &str) {
    let call = within(bruno.call(number)).await.unwrap();
    within(call.hang_up()).await.unwrap();
}

/// Rosa (330) twice, with two missed calls of Bruno's (331) and one of Clara's (332).
async fn missed() -> (RunningServer, [Client; 2]) {
    let server = server().await;
    let rosa = [client(&server, "330").await, client(&server, "330").await];
    let bruno = client(&server, "331").await;
    let clara = client(&server, "332").await;
    for caller in [&bruno, &clara, &bruno] {
        misses(caller, "330").await;
    }
    for client in &rosa {
        until(|| unread(client) == 3).await;
    }
    (server, rosa)
}

#[tokio::test]
async fn what_one_client_has_looked_at_is_read_at_the_other() {
    let (server, [rosa, other]) = missed().await;
    let bruno = all(&rosa)
        .into_iter()
        .find(|known| known.unread == 2)
        .unwrap();
    within(rosa.mark_read(&bruno.id)).await.unwrap();
    // The answer has been applied before the caller has it.
    assert_eq!(unread(&rosa), 1);
    until(|| unread(&other) == 1).await;
    assert_eq!(all(&rosa), all(&other));
    assert_eq!(all(&client(&server, "330").await), all(&rosa));
}

#[tokio::test]
async fn deletions_reach_the_users_other_client_and_stay() {
    let (server, [rosa, other]) = missed().await;
    let bruno = all(&rosa)
        .into_iter()
        .find(|known| known.unread == 2)
        .unwrap();
    let mut events = other.events();
    within(rosa.delete_entry(&bruno.id, bruno.entries[0].id()))
        .await
        .unwrap();
    assert_eq!(unread(&rosa), 2);
    until(|| unread(&other) == 2).await;
    within(other.delete_conversation(&bruno.id)).await.unwrap();
    until(|| all(&rosa).len() == 1).await;
    event(&mut events, |event| {
        *event == Event::ConversationDeleted(bruno.id.clone())
    })
    .await;
    within(rosa.delete_all_conversations()).await.unwrap();
    assert!(all(&rosa).is_empty());
    until(|| all(&other).is_empty()).await;
    assert!(all(&client(&server, "330").await).is_empty());
    // Bruno keeps his own.
    assert_eq!(all(&client(&server, "331").await).len(), 1);
}

#[tokio::test]
async fn what_is_gone_is_told_or_gone_as_was_wanted() {
    let (_server, [rosa, _]) = missed().await;
    let gone = ConversationId::new("conversation.of.nobody").unwrap();
    let refused = within(rosa.mark_read(&gone)).await;
    assert_eq!(refused, Err(BackendError::NotFound.into()));
    assert_eq!(within(rosa.delete_conversation(&gone)).await, Ok(()));
    assert_eq!(unread(&rosa), 3);
}

#[tokio::test]
async fn over_wsi_there_are_no_conversations_to_change() {
    let server = server().await;
    let rosa = builder(&server, "330").backend(Arc::new(WsiBackend::default()));
    let rosa = within(rosa.sign_in()).await.unwrap();
    let refused = within(rosa.delete_all_conversations()).await;
    assert_eq!(refused, Err(EditError::Service(ServiceError::Unsupported)));
}

/// 330 tries two numbers that nobody has, and the first one in another format.
async fn three_formats(grouping: ConversationGrouping) -> (RunningServer, Client) {
    let server = Server::builder().desk_phones(true).grouping(grouping);
    let server = server.start().await.unwrap();
    let rosa = client(&server, "330").await;
    for number in ["+49 171 39200-77", "0171 39200-78", "0171 39200-77"] {
        assert!(within(rosa.call(number)).await.is_err());
    }
    (server, rosa)
}

fn listed(client: &Client) -> Vec<String> {
    let rows = client.view().conversation_list().rows;
    rows.iter()
        .map(|(known, _)| known.number.to_string())
        .collect()
}

#[tokio::test]
async fn the_same_number_in_another_format_is_another_conversation_unless_switched_off() {
    let (_server, rosa) = three_formats(ConversationGrouping::ByFormat).await;
    until(|| all(&rosa).len() == 3).await;
    let newest_first = ["0171 39200-77", "0171 39200-78", "+49 171 39200-77"];
    assert_eq!(listed(&rosa), newest_first);
    let (_server, rosa) = three_formats(ConversationGrouping::ByNumber).await;
    until(|| {
        all(&rosa)
            .iter()
            .map(|known| known.entries.len())
            .sum::<usize>()
            == 3
    })
    .await;
    assert_eq!(
        listed(&rosa),
        ["+49 171 39200-77", "0171 39200-78"],
        "the last call too"
    );
}

#[tokio::test]
async fn the_newest_conversation_comes_first_its_newest_event_last_and_the_unread_are_counted() {
    let (server, [rosa, _]) = missed().await;
    let bruno = client(&server, "331").await;
    let list = rosa.view().conversation_list();
    assert_eq!(listed(&rosa), ["331", "332"], "Bruno called last");
    assert_eq!(list.unread, 3);
    assert!(list.rows[0].0.entries.is_sorted_by_key(|entry| entry.at()));

    let clara = client(&server, "332").await;
    let call = within(clara.call("330")).await.unwrap();
    until(|| rosa.view().calls.len() == 1).await;
    let list = rosa.view().conversation_list();
    assert_eq!(listed(&rosa), ["332", "331"], "a call stands on top");
    assert_eq!(list.rows[0].1.len(), 1);
    within(call.hang_up()).await.unwrap();
    until(|| rosa.view().conversation_list().unread == 4).await;
    assert_eq!(listed(&rosa), ["332", "331"]);
    assert_eq!(all(&bruno)[0].unread, 0, "who called has nothing unread");
}
