//! Personal contacts at two clients of a user, by the embedded server.

use uc_model::{
    ContactDraft, ContactId, ContactOrigin, ConversationId, DialPlan, ImportError, ImportFormat,
    NumberKind, PersonalDirectoryError, PhoneNumber, SkipReason, TextEncoding, TypedNumber,
};
use uc_server::{Mode, RunningServer, Server, Storage};
use uc_session::{Client, EditError, ServiceError, port::BackendError};

use crate::{
    client::{builder, until, within},
    place::empty_place,
};

const CSV: ImportFormat = ImportFormat::Csv(TextEncoding::Utf8);

async fn server() -> RunningServer {
    Server::builder().desk_phones(true).start().await.unwrap()
}

async fn client(server: &RunningServer, user: &str) -> Client {
    within(builder(server, user).sign_in()).await.unwrap()
}

fn draft(first: &str, last: &str, numbers: &[&str]) -> ContactDraft {
    let mut draft = ContactDraft::default();
    draft.first_name = first.to_owned().into();
    draft.last_name = last.to_owned().into();
    draft.numbers = numbers
        .iter()
        .map(|number| TypedNumber {
            kind: NumberKind::Business,
            number: PhoneNumber::new(number).unwrap(),
        })
        .collect();
    draft
}

/// Name and numbers of each personal contact, by name.
fn all(client: &Client) -> Vec<String> {
    let view = client.view();
    let mut all: Vec<String> = view
        .personal_contacts()
        .map(|known| {
            let numbers: Vec<_> = known
                .contact
                .numbers
                .iter()
                .map(|n| n.number.as_str())
                .collect();
            let name = known.contact.display_name();
            let name = name.as_ref().map_or("", |name| name.expose());
            format!("{name} {} {:?}", numbers.join(" "), known.origin.unwrap())
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn personal_contacts_are_added_changed_and_deleted_on_all_clients_of_their_user() {
    let server = server().await;
    let (rosa, other) = (client(&server, "330").await, client(&server, "330").await);
    let palme = draft("Lena", "Palme", &["0171 39200-44", "*12 34"]);
    let palme = within(rosa.add_contact(palme)).await.unwrap();
    assert_eq!(palme.numbers[0].number.as_str(), "+491713920044");
    assert!(
        palme.numbers[0].number.is_canonical(),
        "canonical where there is such a form"
    );
    assert!(
        !palme.numbers[1].number.is_canonical(),
        "else as it is, and flagged"
    );
    let added = ["Lena Palme +491713920044 *12 34 Manual"];
    assert_eq!(all(&rosa), added);
    until(|| all(&other) == added).await;

    let mut changed = ContactDraft::from(palme.clone());
    changed.numbers.truncate(1);
    changed.last_name = "Palme-Zeder".to_owned().into();
    within(other.change_contact(&palme.id, changed))
        .await
        .unwrap();
    until(|| all(&rosa) == ["Lena Palme-Zeder +491713920044 Manual"]).await;

    let found = within(rosa.search("eder")).await.unwrap();
    assert!(found.contacts.is_empty(), "a word begins so");
    let found = within(rosa.search("palme")).await.unwrap();
    assert_eq!(found.contacts[0].id, palme.id);
    let bruno = client(&server, "331").await;
    assert!(
        within(bruno.search("palme"))
            .await
            .unwrap()
            .contacts
            .is_empty()
    );
    let foreign = within(bruno.contact(&palme.id)).await;
    assert_eq!(foreign, Err(BackendError::NotFound.into()));
    let foreign = within(bruno.change_contact(&palme.id, draft("", "Mine", &[]))).await;
    assert_eq!(foreign, Err(BackendError::NotFound.into()));

    within(rosa.delete_contact(&palme.id)).await.unwrap();
    assert!(all(&rosa).is_empty());
    until(|| all(&other).is_empty()).await;
    assert_eq!(within(other.delete_contact(&palme.id)).await, Ok(()));
    assert!(
        within(rosa.search("palme"))
            .await
            .unwrap()
            .contacts
            .is_empty()
    );
}

#[tokio::test]
async fn what_can_be_no_contact_is_told_before_anything_is_sent() {
    let server = server().await;
    let rosa = client(&server, "330").await;
    let empty = within(rosa.add_contact(ContactDraft::default())).await;
    assert_eq!(empty, Err(PersonalDirectoryError::Empty.into()));
    let many = within(rosa.add_contact(draft("", "Many", &["123"; 17]))).await;
    assert_eq!(many, Err(PersonalDirectoryError::TooManyNumbers.into()));
    let gone = ContactId::new("contact.of.nobody").unwrap();
    let changed = within(rosa.change_contact(&gone, draft("", "Gone", &[]))).await;
    assert_eq!(changed, Err(BackendError::NotFound.into()));
    assert!(all(&rosa).is_empty());
}

#[tokio::test]
async fn a_file_is_imported_line_by_line_with_a_report_and_spares_what_was_changed_by_hand() {
    let server = server().await;
    let (rosa, other) = (client(&server, "330").await, client(&server, "330").await);
    let file = "First Name;Last Name;Business Phone;Mobile Phone\n\
        Lena;Palme;030 23125-7;\n\
        Kurt;Kiefer;;0171 39200-55\n\
        ;;;\n\
        Emil;Erle;*99 88;\n\
        Kurt;Kiefer;030 1;\n";
    let report = within(rosa.import_contacts(file.as_bytes(), CSV))
        .await
        .unwrap();
    assert_eq!(
        (&report.added[..], &report.changed[..]),
        (&[2, 3, 5][..], &[][..])
    );
    assert_eq!(report.skipped, [(6, SkipReason::Duplicate(3))]);
    assert_eq!(report.flagged, [5]);
    let imported = [
        "Emil Erle *99 88 Imported",
        "Kurt Kiefer +491713920055 Imported",
        "Lena Palme +4930231257 Imported",
    ];
    assert_eq!(all(&rosa), imported);
    until(|| all(&other) == imported).await;

    let view = rosa.view();
    let emil = view
        .personal_contacts()
        .find(|k| k.contact.first_name.expose() == "Emil");
    let emil = emil.unwrap();
    assert_eq!(emil.origin, Some(ContactOrigin::Imported));
    within(other.change_contact(&emil.contact.id, draft("Emil", "Erle", &["321"])))
        .await
        .unwrap();
    let again = "Last Name,First Name,Business Phone\nErle,Emil,*77\nKiefer,Kurt,0171 39200-56\n";
    let report = within(rosa.import_contacts(again.as_bytes(), CSV))
        .await
        .unwrap();
    assert_eq!(report.changed, [3]);
    assert_eq!(report.skipped, [(2, SkipReason::ChangedByHand)]);
    let after = [
        "Emil Erle +493023125321 Manual",
        "Kurt Kiefer +491713920056 Imported",
        "Lena Palme +4930231257 Imported",
    ];
    assert_eq!(all(&rosa), after);
    until(|| all(&other) == after).await;
}

#[tokio::test]
async fn xml_and_the_chosen_encoding_are_imported() {
    let server = server().await;
    let rosa = client(&server, "330").await;
    let xml =
        "<contacts><contact><LastName>Müller</LastName><Phone>030 5</Phone></contact></contacts>";
    let report = within(rosa.import_contacts(xml.as_bytes(), ImportFormat::Xml))
        .await
        .unwrap();
    assert_eq!(report.added.len(), 1);
    let windows = b"Last Name,Phone\nWei\xDFdorn,030 6\n";
    let encoding = ImportFormat::Csv(TextEncoding::Windows1252);
    within(rosa.import_contacts(windows, encoding))
        .await
        .unwrap();
    let names = ["Müller +49305 Imported", "Weißdorn +49306 Imported"];
    assert_eq!(all(&rosa), names);
    let found = within(rosa.search("mueller")).await.unwrap();
    assert_eq!(found.contacts.len(), 1);
}

#[tokio::test]
async fn a_damaged_or_too_large_file_changes_nothing() {
    let server = server().await;
    let rosa = client(&server, "330").await;
    let damaged = within(rosa.import_contacts(b"Last Name,Phone\nA,\"1\n", CSV)).await;
    assert_eq!(damaged, Err(ImportError::Quotes { line: 2 }.into()));
    let unknown = within(rosa.import_contacts(b"Colour,Size\nred,1\n", CSV)).await;
    assert_eq!(unknown, Err(ImportError::NoColumns.into()));
    let large = vec![b' '; 8 * 1024 * 1024 + 1];
    let large = within(rosa.import_contacts(&large, CSV)).await;
    assert_eq!(large, Err(ImportError::TooLarge.into()));
    assert!(all(&rosa).is_empty());
}

fn people(count: usize) -> String {
    let row = |at: usize| format!("Last{at:05},0171 39{at:05}\n");
    let rows: String = (0..count).map(row).collect();
    format!("Last Name,Mobile Phone\n{rows}")
}

#[tokio::test]
async fn three_thousand_contacts_fit_reach_every_client_and_are_kept() {
    let place = empty_place("three-thousand-contacts");
    let start = || {
        Server::builder()
            .storage(Storage::Directory(place.clone()))
            .start()
    };
    let server = start().await.unwrap();
    let (rosa, other) = (client(&server, "330").await, client(&server, "330").await);
    let report = within(rosa.import_contacts(people(3000).as_bytes(), CSV))
        .await
        .unwrap();
    assert_eq!(report.added.len(), 3000);
    assert_eq!(all(&rosa).len(), 3000);
    until(|| all(&other).len() == 3000).await;

    let one_more = within(rosa.add_contact(draft("One", "More", &[]))).await;
    assert_eq!(one_more, Err(PersonalDirectoryError::Full.into()));
    let more = "Last Name,Mobile Phone\nMore,0171 1\nLast00001,0171 2\n";
    let more = within(rosa.import_contacts(more.as_bytes(), CSV)).await;
    assert_eq!(
        more,
        Err(BackendError::Full.into()),
        "and not one line of it"
    );
    assert_eq!(all(&rosa).len(), 3000);
    server.stop().await;
    let server = start().await.unwrap();
    assert_eq!(all(&client(&server, "330").await), all(&other));
}

#[tokio::test]
async fn in_suite_personal_contacts_are_seen_and_another_client_changes_them() {
    let place = empty_place("contacts-in-suite");
    let server = Server::builder().storage(Storage::Directory(place));
    let smart = server.clone().start().await.unwrap();
    let rosa = client(&smart, "330").await;
    let palme = within(rosa.add_contact(draft("", "Palme", &["030 7"])))
        .await
        .unwrap();
    smart.stop().await;
    let suite = server.mode(Mode::Suite).start().await.unwrap();
    let rosa = client(&suite, "330").await;
    assert_eq!(all(&rosa), ["Palme +49307 Manual"]);
    assert_eq!(
        within(rosa.search("palme")).await.unwrap().contacts.len(),
        1
    );
    let unsupported = EditError::Service(ServiceError::Unsupported);
    let added = within(rosa.add_contact(draft("", "Zeder", &[]))).await;
    assert_eq!(added, Err(unsupported.clone()));
    let deleted = within(rosa.delete_contact(&palme.id)).await;
    assert_eq!(deleted, Err(unsupported.clone()));
    let imported = within(rosa.import_contacts(people(1).as_bytes(), CSV)).await;
    assert_eq!(imported, Err(unsupported));
}

#[tokio::test]
async fn a_conversations_number_becomes_a_contact_that_the_conversation_shows() {
    let server = server().await;
    let (rosa, other) = (client(&server, "330").await, client(&server, "330").await);
    let nobody = within(rosa.call("0171 39200-77")).await;
    assert!(nobody.is_err(), "but the attempt is in the history");
    until(|| rosa.view().conversations().len() == 1).await;
    let view = rosa.view();
    let conversation = view.conversations().next().unwrap();
    assert_eq!((&conversation.name, &conversation.contact), (&None, &None));
    let any = ContactId::new("new").unwrap();
    let mut new = ContactDraft::from(conversation.new_contact(any, &DialPlan::germany()));
    new.last_name = "Zirbel".to_owned().into();
    let contact = within(rosa.add_contact(new)).await.unwrap();
    assert_eq!(contact.numbers[0].number.as_str(), "+491713920077");

    let id: ConversationId = conversation.id.clone();
    let named = |client: &Client| {
        let view = client.view();
        let known = view.conversation(&id).unwrap();
        let name = known.name.as_ref().map(|name| name.expose().clone());
        (known.contact.clone(), name)
    };
    let expected = (Some(contact.id.clone()), Some("Zirbel".to_owned()));
    assert_eq!(named(&rosa), expected);
    until(|| named(&other) == expected).await;
    assert_eq!(within(other.contact(&contact.id)).await, Ok(contact));
}
