use proptest::prelude::*;
use uc_model::{Language, LogLevel, PopUp};

use super::*;
use crate::{
    fake::{MemorySecretStore, MemoryStore},
    port::ServerAddress,
};

struct Desk {
    store: Arc<MemoryStore>,
    secrets: Arc<MemorySecretStore>,
}

impl Desk {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            secrets: Arc::default(),
        }
    }

    /// As a program that starts finds them.
    async fn started(&self) -> Preferences {
        let store = Arc::clone(&self.store) as _;
        let opened = Preferences::open(store, Arc::clone(&self.secrets) as _).await;
        opened.expect("memory can be read")
    }
}

fn profile(name: &str) -> ServerProfile {
    ServerProfile::new(name, "330", "pbx.example", Some("[2001:db8::1]:443")).unwrap()
}

fn address(host: &str, port: u16) -> ServerAddress {
    ServerAddress {
        host: host.into(),
        port,
    }
}

fn hush() -> Redacted<String> {
    Redacted::new("hush".to_owned())
}

#[test]
fn a_profile_reads_names_ipv4_and_ipv6_with_8802_as_the_usual_port() {
    for (text, host, port) in [
        ("pbx.example", "pbx.example", 8802),
        ("10.0.0.1", "10.0.0.1", 8802),
        ("10.0.0.1:443", "10.0.0.1", 443),
        ("2001:db8::1", "2001:db8::1", 8802),
        ("[2001:db8::1]:443", "2001:db8::1", 443),
    ] {
        let profile = ServerProfile::new("Office", "330", text, Some(text)).unwrap();
        assert_eq!(*profile.lan(), address(host, port));
        assert_eq!(profile.wan(), Some(&address(host, port)));
    }
    let refused =
        |name: &str, user: &str, lan: &str| ServerProfile::new(name, user, lan, None).unwrap_err();
    assert_eq!(refused(" ", "330", "pbx"), ProfileError::Name);
    assert_eq!(refused("a\nb", "330", "pbx"), ProfileError::Name);
    assert_eq!(refused(&"x".repeat(65), "330", "pbx"), ProfileError::Name);
    assert!(matches!(refused("a", "", "pbx"), ProfileError::User(_)));
    assert_eq!(refused("a", "330", "pbx:0"), ProfileError::Address);
}

#[tokio::test]
async fn four_profiles_fit_each_with_a_name_of_its_own() {
    let preferences = Desk::new().started().await;
    for name in ["One", "Two", "Three", "Four"] {
        preferences.add(profile(name)).await.unwrap();
    }
    let taken = preferences.add(profile(" two ")).await;
    assert_eq!(taken, Err(ProfileError::NameTaken.into()));
    let fifth = preferences.add(profile("Five")).await;
    assert_eq!(fifth, Err(ProfileError::TooMany.into()));
    let two = preferences.profiles().find("TWO").unwrap();
    let taken = preferences.change(two, profile("three")).await;
    assert_eq!(taken, Err(ProfileError::NameTaken.into()));
    preferences
        .change(two, profile("two, renamed"))
        .await
        .unwrap();
    assert_eq!(preferences.profiles().iter().len(), 4);
}

#[tokio::test]
async fn the_one_in_use_is_chosen_and_follows_when_it_is_removed() {
    let preferences = Desk::new().started().await;
    let one = preferences.add(profile("One")).await.unwrap();
    let two = preferences.add(profile("Two")).await.unwrap();
    assert_eq!(preferences.profiles().in_use(), Some(one), "the first one");
    preferences.choose(two).await.unwrap();
    assert_eq!(preferences.profiles().in_use(), Some(two));
    preferences.remove(two).await.unwrap();
    assert_eq!(preferences.profiles().in_use(), Some(one));
    let gone = Err(PreferencesError::from(ProfileError::NoSuchProfile));
    assert_eq!(preferences.choose(two).await, gone);
    assert_eq!(preferences.remove(two).await, gone);
    preferences.remove(one).await.unwrap();
    assert_eq!(preferences.profiles().in_use(), None);
    let next = preferences.add(profile("Three")).await.unwrap();
    assert!(next > two, "an identity is never given twice");
}

#[tokio::test]
async fn everything_is_there_at_the_next_start() {
    let desk = Desk::new();
    let preferences = desk.started().await;
    let id = preferences.add(profile("Büro")).await.unwrap();
    let pins = Pins::new()
        .with(address("pbx.example", 8802), [7; 32])
        .with(address("2001:db8::1", 443), [8; 32])
        .with(address("elsewhere", 8802), [9; 32]);
    preferences.keep_pins(id, &pins).await.unwrap();
    preferences
        .set(|settings| {
            settings.pop_up = PopUp::TenSeconds;
            settings.log = Some(LogLevel::Debug);
        })
        .await
        .unwrap();
    let again = desk.started().await;
    assert_eq!(*again.watch().borrow(), *preferences.watch().borrow());
    let profiles = again.profiles();
    assert_eq!(
        profiles.get(id).unwrap().pins().iter().count(),
        2,
        "its own addresses' only"
    );
    assert_eq!(again.settings().pop_up, PopUp::TenSeconds);
    assert_eq!(again.replaced(), Replaced::default());
}

#[tokio::test]
async fn pins_of_addresses_that_stay_are_kept_when_a_profile_changes() {
    let preferences = Desk::new().started().await;
    let id = preferences.add(profile("One")).await.unwrap();
    let lan = address("pbx.example", 8802);
    let pins = Pins::new().with(lan.clone(), [7; 32]);
    preferences.keep_pins(id, &pins).await.unwrap();
    preferences.change(id, profile("Renamed")).await.unwrap();
    let kept = |preferences: &Preferences| preferences.profiles().get(id).unwrap().pins().clone();
    assert_eq!(kept(&preferences).get(&lan), Some(&[7; 32]));
    let moved = ServerProfile::new("Renamed", "330", "other.example", None).unwrap();
    preferences.change(id, moved).await.unwrap();
    assert_eq!(kept(&preferences), Pins::new());
}

#[tokio::test]
async fn passwords_are_in_the_key_store_alone_and_go_with_user_and_profile() {
    let desk = Desk::new();
    let preferences = desk.started().await;
    let id = preferences.add(profile("One")).await.unwrap();
    assert_eq!(preferences.automatic().await, Ok(None));
    assert_eq!(
        preferences.builder(id).await.err(),
        Some(PreferencesError::NoPassword)
    );
    preferences.keep_password(id, &hush()).await.unwrap();
    assert_eq!(preferences.automatic().await, Ok(Some(id)));
    assert!(preferences.builder(id).await.is_ok());
    for (key, value) in desk.store.entries("").await.unwrap() {
        assert!(!String::from_utf8_lossy(&value).contains("hush"), "{key}");
    }
    let other = ServerProfile::new("One", "331", "pbx.example", None).unwrap();
    preferences.change(id, other).await.unwrap();
    assert_eq!(preferences.password(id).await, Ok(None), "another user's");
    preferences.keep_password(id, &hush()).await.unwrap();
    preferences.remove(id).await.unwrap();
    assert_eq!(preferences.password(id).await, Ok(None));
    let gone = preferences.keep_password(id, &hush()).await;
    assert_eq!(gone, Err(ProfileError::NoSuchProfile.into()));
}

#[tokio::test]
async fn it_signs_in_by_itself_only_where_the_settings_say_so() {
    let preferences = Desk::new().started().await;
    let id = preferences.add(profile("One")).await.unwrap();
    preferences.keep_password(id, &hush()).await.unwrap();
    preferences
        .set(|settings| settings.automatic_sign_in = false)
        .await
        .unwrap();
    assert_eq!(preferences.automatic().await, Ok(None));
}

#[tokio::test]
async fn what_belongs_to_a_person_is_kept_for_each_profile_and_goes_with_its_user() {
    let desk = Desk::new();
    let preferences = desk.started().await;
    let nobodys = |settings: &mut Settings| settings.language = Language::German;
    preferences.set(nobodys).await.unwrap();
    let rosas = preferences.add(profile("Rosa")).await.unwrap();
    let brunos = preferences.add(profile("Bruno")).await.unwrap();
    preferences
        .set(|settings| {
            settings.language = Language::Dutch;
            settings.start_at_log_in = true;
        })
        .await
        .unwrap();
    let set = preferences.set_of(brunos, |settings| settings.pop_up = PopUp::Never);
    set.await.unwrap();

    let check = |preferences: &Preferences| {
        let [rosa, bruno] = [rosas, brunos].map(|id| preferences.settings_of(id));
        assert_eq!(preferences.settings(), rosa, "she is in use");
        assert_eq!(
            (rosa.language, rosa.pop_up),
            (Language::Dutch, PopUp::Always)
        );
        assert_eq!(
            (bruno.language, bruno.pop_up),
            (Language::German, PopUp::Never)
        );
        assert!(
            rosa.start_at_log_in && bruno.start_at_log_in,
            "of the computer"
        );
    };
    check(&preferences);
    let preferences = desk.started().await;
    check(&preferences);

    let mut screen = preferences.watch();
    preferences.choose(brunos).await.unwrap();
    assert_eq!(screen.borrow_and_update().settings.pop_up, PopUp::Never);
    let other = ServerProfile::new("Bruno", "332", "pbx.example", None).unwrap();
    preferences.change(brunos, other).await.unwrap();
    assert_eq!(
        preferences.settings().pop_up,
        PopUp::Always,
        "another user's"
    );
    preferences.remove(rosas).await.unwrap();
    assert!(desk.store.entries("settings/").await.unwrap().is_empty());
    let gone = preferences.set_of(rosas, |_| {}).await;
    assert_eq!(gone, Err(ProfileError::NoSuchProfile.into()));
}

#[tokio::test]
async fn every_screen_is_told_of_a_change() {
    let preferences = Desk::new().started().await;
    let (mut settings_page, mut sign_in_screen) = (preferences.watch(), preferences.watch());
    preferences.add(profile("One")).await.unwrap();
    for screen in [&mut settings_page, &mut sign_in_screen] {
        assert!(screen.has_changed().unwrap());
        assert_eq!(screen.borrow_and_update().profiles.iter().len(), 1);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_the_rest_is_used() {
    let desk = Desk::new();
    desk.store
        .put("settings", b"version = 2\nlog = loud\npop-up = 5s\n")
        .await
        .unwrap();
    let profiles = r#"{"version":1,"last_id":1,"in_use":9,"profiles":[
        {"id":1,"name":"One","user":"330","lan":"pbx"},
        {"id":2,"name":"Two","user":"330","lan":"p b x"},
        {"id":3,"name":"one","user":"330","lan":"pbx"}]}"#;
    desk.store
        .put("profiles", profiles.as_bytes())
        .await
        .unwrap();
    let preferences = desk.started().await;
    let replaced = Replaced {
        settings: 1,
        profiles: 2,
        ..Replaced::default()
    };
    assert_eq!(preferences.replaced(), replaced);
    assert_eq!(preferences.settings().pop_up, PopUp::FiveSeconds);
    assert_eq!(preferences.profiles().in_use(), Some(ProfileId(1)));

    desk.store
        .put("settings/profile-1", b"language")
        .await
        .unwrap();
    assert_eq!(desk.started().await.replaced().settings, 2);
    desk.store.put("settings", b"\xff").await.unwrap();
    desk.store.put("profiles", b"{}").await.unwrap();
    let replaced = desk.started().await.replaced();
    assert!(replaced.all_settings && replaced.all_profiles);
}

#[tokio::test]
async fn what_a_newer_version_added_is_kept_for_it() {
    let desk = Desk::new();
    let newer = r#"{"version":2,"last_id":1,"in_use":1,"ring":"bell","profiles":[
        {"id":1,"name":"One","user":"330","lan":"pbx","colour":"blue"}]}"#;
    desk.store.put("profiles", newer.as_bytes()).await.unwrap();
    desk.started().await.add(profile("Two")).await.unwrap();
    let kept = desk.store.get("profiles").await.unwrap().unwrap();
    let kept = String::from_utf8(kept).unwrap();
    assert!(
        kept.contains(r#""ring":"bell""#) && kept.contains(r#""colour":"blue""#),
        "{kept}"
    );
}

#[test]
fn debug_shows_neither_name_nor_user() {
    let shown = format!("{:?}", profile("Rosa's office"));
    assert!(!shown.contains("Rosa") && !shown.contains("330"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_are_fatal(bytes: Vec<u8>) {
        let mut replaced = Replaced::default();
        read_settings(Some(&bytes), &mut replaced);
        read_profiles(Some(&bytes), &mut replaced);
        read_personal(&bytes);
    }
}
