//! Searching the directories of the embedded server, and what is shown of somebody.

use std::sync::Arc;

use uc_model::{
    Contact, ContactDraft, Directory, NumberKind, PhoneNumber, Photo, Presence, PresenceState,
    Redacted, Timestamp, TypedNumber, UserId,
};
use uc_server::{Company, Mode, RunningServer, Server};
use uc_session::{Client, Connection, Trust, port::BackendError};

use crate::{
    client::{builder, until, within},
    people::picture,
    rogue::{Heard, Rogue, Say, good},
};

async fn client(server: &RunningServer) -> Client {
    within(builder(server, "330").sign_in()).await.unwrap()
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    last_names(&within(client.search(query)).await.unwrap().contacts)
}

async fn names_in(client: &Client, directory: Directory, query: &str) -> Vec<String> {
    let found = within(client.search_directory(directory, query)).await;
    last_names(&found.unwrap().contacts)
}

fn last_names(contacts: &[Contact]) -> Vec<String> {
    contacts
        .iter()
        .map(|c| c.last_name.expose().clone())
        .collect()
}

fn draft(last: &str, number: &str) -> ContactDraft {
    let mut draft = ContactDraft::default();
    draft.last_name = last.to_owned().into();
    draft.numbers.push(TypedNumber {
        kind: NumberKind::Business,
        number: PhoneNumber::new(number).unwrap(),
    });
    draft
}

#[tokio::test]
async fn each_directory_is_searched_with_the_others_or_alone() {
    use Directory::{External, General, Internal, Personal, System};
    let company = [System, General, External]
        .into_iter()
        .zip(["Tanne C", "Tanne D", "Tanne E"]);
    let company = company.fold(Company::twelve(), |company, (directory, name)| {
        company.with_contacts(directory, [draft(name, "+49 40 5")])
    });
    for mode in [Mode::Smart, Mode::Suite] {
        let server = Server::builder().company(company.clone()).mode(mode);
        let server = server.start().await.unwrap();
        let rosa = client(&server).await;
        if mode == Mode::Smart {
            within(rosa.add_contact(draft("Tanne A", "1")))
                .await
                .unwrap();
        }
        let (personal, external): (&[_], &[_]) = match mode {
            Mode::Smart => (&["Tanne A"], &[]),
            Mode::Suite => (&[], &["Tanne E"]),
        };
        assert_eq!(names_in(&rosa, Personal, "tanne").await, personal);
        assert_eq!(names_in(&rosa, System, "tanne").await, ["Tanne C"]);
        assert_eq!(names_in(&rosa, General, "tanne").await, ["Tanne D"]);
        assert_eq!(names_in(&rosa, External, "tanne").await, external);
        let users = names_in(&rosa, Internal, "tanne").await;
        let all = [
            personal,
            &users.iter().map(|n| &**n).collect::<Vec<_>>(),
            &["Tanne C", "Tanne D"],
            external,
        ];
        assert_eq!(
            names(&rosa, "tanne").await,
            all.concat(),
            "in the order of the directories"
        );
    }
}

#[tokio::test]
async fn umlauts_stars_words_and_numbers_in_any_format_are_found() {
    let company = Company::twelve().with_contacts(
        Directory::General,
        [
            draft("Müller-Weiß", "+49 (30) 23125-77"),
            draft("Mulder", "+49 171 3920077"),
        ],
    );
    let server = Server::builder().company(company).start().await.unwrap();
    let rosa = client(&server).await;
    for query in ["müller", "Mueller", "muller*", "WEISS MUE"] {
        assert_eq!(names(&rosa, query).await, ["Müller-Weiß"], "{query}");
    }
    for query in [
        "+49 30 23125-77",
        "030/2312577",
        "004930 2312577",
        "2312577",
        "77",
    ] {
        let found = names(&rosa, query).await;
        assert!(
            found.contains(&"Müller-Weiß".to_owned()),
            "{query}: {found:?}"
        );
    }
    assert_eq!(names(&rosa, "0171 392007").await[0], "Mulder");
}

#[tokio::test]
async fn who_was_spoken_to_lately_comes_first() {
    let company = Company::twelve().with_contacts(
        Directory::General,
        [
            draft("Eiche A", "+49 40 1"),
            draft("Eiche B", "+49 40 2"),
            draft("Eiche C", "+49 40 3"),
        ],
    );
    let server = Server::builder().company(company).desk_phones(true);
    let server = server.start().await.unwrap();
    let rosa = client(&server).await;
    let before = names_in(&rosa, Directory::General, "eiche").await;
    assert_eq!(before, ["Eiche A", "Eiche B", "Eiche C"]);
    assert!(
        within(rosa.call("040 3")).await.is_err(),
        "not a number of this server"
    );
    let after = names_in(&rosa, Directory::General, "eiche").await;
    assert_eq!(after, ["Eiche C", "Eiche A", "Eiche B"]);
}

#[tokio::test]
async fn a_colleagues_details_are_shown_with_presence_return_time_and_note() {
    let server = Server::builder().start().await.unwrap();
    let rosa = client(&server).await;
    let bruno = within(builder(&server, "331").sign_in()).await.unwrap();
    let presence = Presence {
        state: PresenceState::Meeting,
        until: Some(Timestamp(4_000_000_000_000)),
        note: Some(Redacted::new("budget".to_owned())),
    };
    within(bruno.set_presence(presence.clone())).await.unwrap();
    let found = within(rosa.search("birke")).await.unwrap();
    let birke = within(rosa.contact(&found.contacts[0].id)).await.unwrap();
    assert_eq!(birke, found.contacts[0]);
    assert_eq!(birke.display_name().unwrap().expose(), "Bruno Birke");
    let kinds: Vec<_> = birke
        .numbers
        .iter()
        .map(|n| (n.kind, n.number.as_str()))
        .collect();
    let business = (NumberKind::Business, "+49 30 23125-331");
    assert_eq!(kinds, [(NumberKind::Internal, "331"), business]);
    assert_eq!(birke.email.unwrap().expose(), "birke@forest.example");
    let user = birke.user.unwrap();
    until(|| rosa.view().presence(&user) == Some(&presence)).await;
    assert_eq!(within(rosa.photo(&user)).await, Ok(None));
    for size in [40, 300] {
        let photo = Photo::from_file(&picture(size, size)).unwrap();
        within(bruno.set_photo(photo.clone())).await.unwrap();
        let shown = within(rosa.photo(&user)).await.unwrap().unwrap();
        assert_eq!(*shown, photo, "the one that he has now");
        let again = within(rosa.photo(&user)).await.unwrap().unwrap();
        assert!(Arc::ptr_eq(&shown, &again), "it isn't fetched again");
    }
}

#[tokio::test]
async fn what_a_server_sends_as_a_photo_is_checked_and_nothing_else_is_lost() {
    let bomb = {
        let mut file = picture(64, 64);
        // The width and height in a PNG's head: four thousand million pixels a line.
        file[16..24].fill(0xFF);
        file
    };
    for file in [b"<svg/>".to_vec(), bomb, picture(39, 39)] {
        let rogue = Rogue::start(move |heard: &Heard| match heard.path.as_str() {
            "/uc/v1/users/331/photo" => {
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\netag: \"7\"\r\ncontent-length: {}\r\n\r\n",
                    file.len()
                );
                Say::Raw([head.as_bytes(), &file].concat())
            }
            _ => good(heard),
        });
        let rogue = rogue.await;
        let rosa = Client::builder(&rogue.address.to_string(), "330")
            .password("secret".to_owned())
            .trust(Trust::Pin(rogue.sha256));
        let rosa = within(rosa.sign_in()).await.unwrap();
        let bruno = UserId::new("331").unwrap();
        let spoilt = within(rosa.photo(&bruno)).await;
        assert_eq!(spoilt, Err(BackendError::Malformed.into()));
        assert_eq!(rosa.view().connection, Connection::Live);
        let presence = rosa.view().presence(&bruno).cloned().unwrap();
        assert_eq!(presence.state, PresenceState::Lunch);
        assert_eq!(
            within(rosa.search("bruno")).await.unwrap().contacts.len(),
            1
        );
    }
}

#[tokio::test]
async fn a_hundred_thousand_entries_are_searched_as_somebody_types() {
    let syllables = ["ba", "de", "ki", "lo", "mu", "ra", "se", "ti", "vo", "we"];
    let name = |mut at: usize| {
        let mut name = String::new();
        for _ in 0..5 {
            name.push_str(syllables[at % 10]);
            at /= 10;
        }
        name
    };
    let many = (0..100_000).map(|at| draft(&name(at), &format!("+49 40 {at:06}")));
    let company = Company::twelve().with_contacts(Directory::General, many);
    let server = Server::builder().company(company).start().await.unwrap();
    let rosa = client(&server).await;
    let field = rosa.search_field().in_directory(Directory::General);
    let wanted = name(73_915);
    for length in 1..=wanted.len() {
        let found = within(field.enter(&wanted[..length]))
            .await
            .unwrap()
            .unwrap();
        let fits = |c: &Contact| c.last_name.expose().starts_with(&wanted[..length]);
        assert!(!found.contacts.is_empty() && found.contacts.iter().all(fits));
        assert_eq!(found.more, length < 7, "{length}");
    }
    let shown = last_names(&field.shown().unwrap().contacts);
    assert_eq!(shown, std::slice::from_ref(&wanted));
    let by_number = within(field.enter("040/073915")).await.unwrap().unwrap();
    assert_eq!(last_names(&by_number.contacts), [wanted]);
}
