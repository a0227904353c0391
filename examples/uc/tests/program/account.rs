//! Presence, and what the server keeps for the user.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run::{answer, bare, finish, folder, lines, plain, server, told, uc};

#[tokio::test]
async fn search_finds_by_first_letters_and_presence_is_set_and_shown() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.args(["search", "bi"]);
    let found = lines(&finish(command).await);
    assert!(
        found.iter().any(|contact| contact["last_name"] == "Birke"),
        "{found:?}"
    );

    let mut command = uc(&server, "330");
    command.args(["presence", "lunch", "--note", "soup"]);
    let set = lines(&finish(command).await);
    assert_eq!(
        (&set[0]["state"], &set[0]["note"]),
        (&"lunch".into(), &"soup".into())
    );
    let mut command = uc(&server, "331");
    command.arg("presence");
    let seen = lines(&finish(command).await);
    let caller = seen
        .iter()
        .find(|presence| presence["user"] == "330")
        .expect("a colleague");
    assert_eq!(
        (&caller["state"], &caller["name"]),
        (&"lunch".into(), &"Rosa Ahorn".into())
    );
    let seen = plain(&server, "331", &["presence"]).await;
    let rosa = seen.lines().find(|line| line.starts_with("330"));
    let rosa = rosa.expect("a colleague");
    for part in ["Rosa Ahorn", "Lunch", "soup"] {
        assert!(rosa.contains(part), "{rosa}");
    }
}

#[tokio::test]
async fn presence_is_set_with_a_return_time_and_hidden() {
    let server = server().await;
    let set = ["presence", "holiday", "--until", "2099-01-31T08:00Z"];
    let set = told(&server, "330", &set).await;
    assert_eq!(set["until_ms"], 4_073_529_600_000_i64);
    let hidden = ["presence", "--visibility", "not-visible"];
    let hidden = told(&server, "330", &hidden).await;
    let shown = (&hidden["state"], &hidden["visibility"]);
    assert_eq!(shown, (&"holiday".into(), &"not-visible".into()));
    let mut command = uc(&server, "331");
    command.arg("presence");
    let seen = lines(&finish(command).await);
    let rosa = seen
        .iter()
        .find(|one| one["user"] == "330")
        .expect("a colleague");
    assert_eq!(
        (&rosa["state"], &rosa["until_ms"]),
        (&"invisible".into(), &Value::Null)
    );
}

#[tokio::test]
async fn profile_and_photo_are_kept_by_the_server() {
    let server = server().await;
    let set = ["me", "set", "--mobile", "+49 171 3920099", "--private", ""];
    let set = told(&server, "330", &set).await;
    assert_eq!(set["mobile"], "+49 171 3920099");
    assert_eq!(
        set["email"], "ahorn@forest.example",
        "what isn't named stays"
    );

    let (picture, saved) = (folder("uc-picture.png"), folder("uc-saved.png"));
    write_picture(&picture);
    let path = |path: &PathBuf| path.to_str().expect("a plain name").to_owned();
    told(&server, "330", &["photo", "set", &path(&picture)]).await;
    told(&server, "331", &["photo", "save", "330", &path(&saved)]).await;
    assert_eq!(picture_size(&saved), (200, 200));
    told(&server, "330", &["photo", "delete"]).await;
    assert_eq!(told(&server, "330", &["me", "show"]).await["photo"], false);

    for missing in [
        &["photo", "set", "/nowhere/at/all.png"][..],
        &["contacts", "import", "/nowhere/at/all.csv"],
        &["contacts", "export", "/nowhere/at/all.csv"],
    ] {
        let refused = answer(&server, "330", missing).await.expect_err("no file");
        let reason = refused.contains("/nowhere/at/all") && refused.contains("os error 2");
        assert!(reason, "it says what the system says: {refused}");
    }
}

pub(crate) fn write_picture(path: &Path) {
    let file = std::fs::File::create(path).expect("made");
    let mut encoder = png::Encoder::new(file, 60, 40);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a head");
    writer.write_image_data(&[90; 2400]).expect("pixels");
    writer.finish().expect("an end");
}

pub(crate) fn picture_size(path: &Path) -> (u32, u32) {
    let file = std::fs::read(path).expect("saved");
    let picture = png::Decoder::new(std::io::Cursor::new(file)).read_info();
    picture.expect("a PNG").info().size()
}

#[tokio::test]
async fn a_password_is_changed_and_the_old_one_is_refused() {
    let server = server().await;
    let file = folder("uc-new-password");
    std::fs::write(&file, "Abcdef1!\n").expect("written");
    let change = [
        "password",
        "--new-password-file",
        file.to_str().expect("a plain name"),
    ];
    told(&server, "330", &change).await;
    let mut command = uc(&server, "330");
    command.arg("redial");
    assert!(!finish(command).await.status.success());
    let mut command = uc(&server, "330");
    command.env("UC_PASSWORD", "Abcdef1!").arg("redial");
    assert!(finish(command).await.status.success());
}

/// Nobody listens there: whatever wants to sign in fails for another reason.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_new_password_is_compared_with_its_repetition_before_the_sign_in() {
    let mut change = bare();
    change
        .args(["--server", "127.0.0.1:1", "--user", "330", "password"])
        .env("UC_PASSWORD", "demo-330");
    let (prompt, again) = ("New password: ", "Once more: ");
    let different = [(prompt, "Abcdef1!"), (again, "Abcdef2!")];
    let (done, screen) = crate::run::at_a_terminal(&change, &different).await;
    assert!(!done && screen.contains("differ"), "{screen}");
    let equal = [(prompt, "Abcdef1!"), (again, "Abcdef1!")];
    let (done, screen) = crate::run::at_a_terminal(&change, &equal).await;
    assert!(!done && screen.contains("port"), "{screen}");
}
