use uc_model::{
    ContactDraft, ConversationFilter, Destination, Dialling, FailureCause, Line, NumberKind,
    PhoneNumber, SearchQuery, TypedNumber,
};
use uc_server::{RunningServer, Server};
use uc_session::{CallError, Client};

use super::{client, server};
use crate::client::{until, within};

const MUNICH: &str = "configuration = { desk_phones = true }\n\
    location = { country = \"de\", area_code = \"89\", system_number = \"7007\", \
    trunk_code = \"0\", extension_digits = [3, 3] }";
const NEW_YORK: &str = "configuration = { desk_phones = true }\n\
    location = { country = \"us\", area_code = \"212\", system_number = \"555\", \
    trunk_code = \"9\", extension_digits = [3, 4] }";

/// Calls, and hangs up again.
async fn reaches(client: &Client, number: &str, name: &str) {
    let call = within(client.call(number)).await.unwrap();
    let party = call.status().call.remote.party.clone();
    assert_eq!(
        party.name.map(|name| name.into_inner()).as_deref(),
        Some(name),
        "{number}"
    );
    within(call.hang_up()).await.unwrap();
    until(|| client.calls().is_empty()).await;
}

async fn with_numbers(system: &str, number: &str) -> RunningServer {
    let numbers = format!("numbers = [{{ kind = \"business\", number = \"{number}\" }}]");
    server(system, &numbers).await
}

fn redial(client: &Client) -> Vec<String> {
    client
        .redial()
        .numbers()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[tokio::test]
async fn a_number_reaches_its_owner_in_every_notation() {
    let server = with_numbers(MUNICH, "+49 (30) 23125-330").await;
    let bruno = client(&server, "331").await;
    for number in [
        "330",
        "+49 (89) 7007-330",
        "0049 89 7007 330",
        "089 7007330",
        "7007330",
        "+49 (30) 23125/330",
        "030 23125 330",
    ] {
        reaches(&bruno, number, "Rosa").await;
    }
    let nobody = within(bruno.call("999")).await.unwrap_err();
    assert_eq!(nobody, CallError::Ended(FailureCause::NoSuchNumber));
}

#[tokio::test]
async fn smart_asks_and_the_answer_is_dialled() {
    let server = server(MUNICH, "").await;
    let clara = client(&server, "332").await;
    let Ok(Dialling::Ask {
        internal, external, ..
    }) = clara.dialling("331")
    else {
        panic!("it may be both");
    };
    let outside = within(clara.call_destination(external)).await.unwrap_err();
    assert_eq!(outside, CallError::Ended(FailureCause::NoSuchNumber));
    let call = within(clara.call_destination(internal)).await.unwrap();
    let name = call.status().call.remote.party.name.clone();
    assert_eq!(name.map(|name| name.into_inner()).as_deref(), Some("Bruno"));
    within(call.hang_up()).await.unwrap();
}

#[tokio::test]
async fn in_suite_a_number_goes_over_the_default_line_without_a_question() {
    let server = with_numbers(&format!("mode = \"suite\"\n{MUNICH}"), "+49 (30) 23125-330").await;
    let bruno = client(&server, "331").await;
    let Ok(Dialling::Send(sent)) = bruno.dialling("030 23125 330") else {
        panic!("nothing to ask");
    };
    assert_eq!(sent.line, Line::DefaultLine);
    reaches(&bruno, "030 23125 330", "Rosa").await;
}

#[tokio::test]
async fn inside_the_us_a_canonical_number_is_dialled_in_national_form_and_arrives() {
    let server = with_numbers(NEW_YORK, "+1 (646) 555-0123").await;
    let bruno = client(&server, "331").await;
    let Ok(Dialling::Send(sent)) = bruno.dialling("+1 (646) 555-0123") else {
        panic!("nothing to ask");
    };
    assert_eq!(sent.number.as_str(), "916465550123");
    reaches(&bruno, "+1 (646) 555-0123", "Rosa").await;
    assert_eq!(redial(&bruno), ["916465550123"]);
}

/// With whom the client's newest conversation is, and by which number.
async fn newest(client: &Client, entries: usize) -> (String, Option<String>, bool) {
    let all = || client.view().conversation_list().rows;
    let count = || {
        all()
            .iter()
            .map(|(known, _)| known.entries.len())
            .sum::<usize>()
    };
    until(|| count() == entries).await;
    let (newest, _) = all().remove(0);
    let name = newest.name.clone().map(|name| name.into_inner());
    (newest.number.to_string(), name, newest.contact.is_some())
}

#[tokio::test]
async fn what_was_dialled_with_a_trunk_code_is_in_history_and_search_the_number_of_its_owner() {
    let server = with_numbers(MUNICH, "+49 (30) 23125-330").await;
    let bruno = client(&server, "331").await;
    let mut draft = ContactDraft::default();
    draft.last_name = "Tanne".to_owned().into();
    draft.numbers = vec![TypedNumber {
        kind: NumberKind::Business,
        number: PhoneNumber::new("+49 (40) 39200-77").unwrap(),
    }];
    within(bruno.add_contact(draft)).await.unwrap();
    let rosa = Some("Rosa".to_owned());
    let tanne = Some("Tanne".to_owned());
    for (at, (written, number, name)) in [
        ("030 23125 330", "03023125330", rosa),
        ("040 39200-77", "0403920077", tanne.clone()),
        ("0049 40 39200 77", "0049403920077", tanne),
        ("0041 44 668 18 00", "0041446681800", None),
    ]
    .into_iter()
    .enumerate()
    {
        let Ok(Dialling::Ask { external, .. }) = bruno.dialling(written) else {
            panic!("{written} may be both");
        };
        assert_eq!(external.number.as_str(), format!("0{number}"));
        if let Ok(call) = within(bruno.call_destination(external)).await {
            within(call.hang_up()).await.unwrap();
        }
        let found = newest(&bruno, at + 1).await;
        assert_eq!(found, (number.to_owned(), name.clone(), name.is_some()));
    }
    let plan = bruno.view().dial_plan();
    let berlin = plan.canonical(&PhoneNumber::new("030 23125330").unwrap());
    assert_eq!(berlin.unwrap().as_str(), "+493023125330");
    let filter = ConversationFilter::Matching(SearchQuery::new("+49 40 39200"));
    let rows = bruno.view().filtered_conversations(&filter).rows;
    assert_eq!(rows.len(), 2, "in whatever format it was dialled");
}

#[tokio::test]
async fn an_emergency_number_goes_at_once_in_both_modes() {
    for mode in ["smart", "suite"] {
        let system = format!("mode = \"{mode}\"\n{MUNICH}");
        let server = with_numbers(&system, "112").await;
        let bruno = client(&server, "331").await;
        let send = Dialling::Send(Destination {
            number: PhoneNumber::new("112").unwrap(),
            line: Line::Emergency,
        });
        assert_eq!(bruno.dialling("112"), Ok(send));
        reaches(&bruno, "112", "Rosa").await;
    }
}

#[tokio::test]
async fn the_ten_last_dialled_numbers_are_kept_for_all_clients() {
    let server = Server::builder().desk_phones(true).start().await.unwrap();
    let (rosa, elsewhere) = (client(&server, "330").await, client(&server, "330").await);
    for last in 31..=41 {
        let call = within(rosa.call(&format!("3{last}"))).await.unwrap();
        within(call.hang_up()).await.unwrap();
        until(|| rosa.calls().is_empty()).await;
    }
    let call = within(rosa.call("335")).await.unwrap();
    let expected = [
        "335", "341", "340", "339", "338", "337", "336", "334", "333", "332",
    ];
    until(|| redial(&elsewhere) == expected).await;
    assert_eq!(redial(&rosa), expected);
    within(call.hang_up()).await.unwrap();
}
