use std::sync::Arc;

use uc_model::{
    Contact, Language, NumberKind, PhoneNumber, Photo, Profile, ProfileError, Redacted,
    ServerSettings, Settings,
};
use uc_server::{Mode, Server, Storage};
use uc_session::{Client, EditError, ServiceError};

use super::{client, server};
use crate::{
    client::{until, within},
    place::empty_place,
};

fn profile(mobile: &str, private: &str, email: &str) -> Profile {
    Profile {
        mobile: PhoneNumber::new(mobile).ok(),
        private: PhoneNumber::new(private).ok(),
        email: Some(Redacted::new(email.to_owned())),
    }
}

async fn found(client: &Client, query: &str) -> Vec<Contact> {
    within(client.search(query)).await.unwrap().contacts
}

#[tokio::test]
async fn the_own_profile_is_seen_by_others_and_kept() {
    let place = empty_place("profile");
    let start = || {
        Server::builder()
            .storage(Storage::Directory(place.clone()))
            .start()
    };
    let server = start().await.unwrap();
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    assert_eq!(
        rosa.view()
            .account()
            .profile
            .email
            .as_ref()
            .unwrap()
            .expose(),
        "ahorn@forest.example"
    );
    let new = profile(
        "+49 (171) 392 0099",
        "+49 40 66969-330",
        "rosa@forest.example",
    );
    within(rosa.set_profile(new.clone())).await.unwrap();
    assert_eq!(rosa.view().account().profile, new);
    let seen = found(&bruno, "ahorn").await;
    let rosa_seen = seen.first().expect("she is found");
    assert_eq!(rosa_seen.email, new.email);
    let number = |kind| {
        rosa_seen
            .numbers
            .iter()
            .find(|n| n.kind == kind)
            .map(|n| &n.number)
    };
    assert_eq!(number(NumberKind::Mobile), new.mobile.as_ref());
    assert_eq!(number(NumberKind::Private), new.private.as_ref());
    let old = found(&bruno, "+491713920030").await;
    assert_eq!(old, [], "the old number finds nobody");
    assert_eq!(found(&bruno, "+491713920099").await.len(), 1);
    server.stop().await;
    let server = start().await.unwrap();
    let again = client(&server, "330").await;
    assert_eq!(again.view().account().profile, new);
    let clara = client(&server, "332").await;
    assert_eq!(found(&clara, "+491713920099").await.len(), 1);
}

#[tokio::test]
async fn a_profile_that_is_not_canonical_is_refused_before_anything_is_sent() {
    let server = server("", "").await;
    let rosa = client(&server, "330").await;
    let local = profile("0171 3920099", "", "rosa@forest.example");
    let error = within(rosa.set_profile(local)).await;
    assert_eq!(error, Err(EditError::Profile(ProfileError::Mobile)));
}

#[tokio::test]
async fn a_photo_is_scaled_stored_fetched_once_and_deleted() {
    let server = server("", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let me = rosa.view().user.as_ref().unwrap().user.clone();
    assert_eq!(within(bruno.photo(&me)).await, Ok(None));
    let photo = Photo::from_file(&picture(64, 48)).unwrap();
    within(rosa.set_photo(photo.clone())).await.unwrap();
    let told = rosa.view().account().photo;
    assert!(told.is_some(), "the account tells its revision");
    let seen = within(bruno.photo(&me)).await.unwrap().unwrap();
    assert_eq!(*seen, photo);
    let again = within(bruno.photo(&me)).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&seen, &again), "it isn't fetched again");
    within(rosa.delete_photo()).await.unwrap();
    assert_eq!(rosa.view().account().photo, None);
    assert_eq!(within(bruno.photo(&me)).await, Ok(None));
}

#[tokio::test]
async fn suite_has_no_photos() {
    let server = Server::builder().mode(Mode::Suite).start().await.unwrap();
    let rosa = client(&server, "330").await;
    let photo = Photo::from_file(&picture(64, 48)).unwrap();
    let error = within(rosa.set_photo(photo)).await;
    assert_eq!(error, Err(ServiceError::Unsupported.into()));
}

/// A PNG of one colour, written by the model: a photo is a PNG of 200 by 200.
pub(crate) fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    writer
        .write_image_data(&vec![200; (width * height * 3) as usize])
        .unwrap();
    writer.finish().unwrap();
    file
}

#[tokio::test]
async fn settings_appear_at_the_first_sign_in_on_another_computer() {
    let place = empty_place("settings");
    let start = || {
        Server::builder()
            .storage(Storage::Directory(place.clone()))
            .start()
    };
    let server = start().await.unwrap();
    let office = client(&server, "330").await;
    let first = office.view();
    assert_eq!(
        Settings::at_first_sign_in(first.account().settings.as_ref()),
        Settings::default()
    );
    let elsewhere = client(&server, "330").await;
    let mut settings = Settings::default();
    settings.language = Language::Dutch;
    settings.start_at_log_in = true;
    let own = ServerSettings::of(&settings);
    within(office.set_settings(own.clone())).await.unwrap();
    until(|| elsewhere.view().account().settings == Some(own.clone())).await;
    server.stop().await;
    let server = start().await.unwrap();
    let home = client(&server, "330").await;
    let here = Settings::at_first_sign_in(home.view().account().settings.as_ref());
    assert_eq!(here.language, Language::Dutch);
    assert!(!here.start_at_log_in, "that belongs to the other computer");
}

#[tokio::test]
async fn what_is_no_photo_is_refused_by_the_server_too() {
    use uc_protocol::{
        net::{Dialer, HostPort, Request},
        ucx::{self, paths::Route},
    };
    let server = server("", "").await;
    let dialer = Dialer::new(Default::default());
    let address = HostPort::new("127.0.0.1", server.address().port()).unwrap();
    let link = dialer.dial(&address).await.unwrap().into_link();
    let credentials = ucx::SignIn {
        user: "330".into(),
        password: ucx::Secret("demo-330".into()),
        client: "test".into(),
    };
    let session: ucx::Session = link
        .fetch(Request::post(Route::Session).body(&credentials))
        .await
        .unwrap();
    let link = link.with_token(session.session);
    for (file, expected) in [
        (b"<svg/>".to_vec(), ucx::ProblemType::RefusedValue),
        (picture(39, 39), ucx::ProblemType::RefusedValue),
        (vec![0xFF; 600 * 1024], ucx::ProblemType::TooLarge),
    ] {
        let refused = link
            .request(Request::put(Route::MyPhoto).png(file))
            .await
            .unwrap_err();
        assert_eq!(
            refused.problem().map(|problem| problem.kind),
            Some(expected)
        );
    }
}
