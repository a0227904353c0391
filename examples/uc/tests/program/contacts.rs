//! Contacts and favourites.

use std::path::Path;

use crate::{
    account::{picture_size, write_picture},
    run::{answer, folder, plain, server, told},
};

#[tokio::test]
async fn a_contact_is_added_edited_found_exported_and_deleted() {
    let server = server().await;
    let add = ["contacts", "add", "--first", "Lena", "--last", "Linde"];
    let number = ["--number", "mobile=0171 39200-44"];
    let added = answer(&server, "330", &[&add[..], &number].concat())
        .await
        .expect("it is added");
    assert_eq!(added[0]["numbers"][0]["number"], "+491713920044");
    let id = added[0]["id"].as_str().expect("an id").to_owned();

    let edited = answer(&server, "330", &["contacts", "edit", &id, "--last", "Ulme"]).await;
    assert_eq!(edited.expect("it is edited")[0]["first_name"], "Lena");
    let found = answer(&server, "330", &["search", "ulm", "--in", "personal"]).await;
    assert_eq!(found.expect("it is found")[0]["id"], *id);
    let listed = answer(&server, "330", &["contacts", "list"])
        .await
        .expect("it is listed");
    assert_eq!(listed[0]["origin"], "manual");
    let exported = answer(&server, "330", &["contacts", "export"])
        .await
        .expect("it is exported");
    assert!(
        exported[0]["csv"]
            .as_str()
            .is_some_and(|csv| csv.contains("Lena,Ulme"))
    );
    answer(&server, "330", &["contacts", "delete", &id])
        .await
        .expect("it is deleted");
    assert!(
        answer(&server, "330", &["contacts", "list"])
            .await
            .expect("a list")
            .is_empty()
    );
    let gone = answer(&server, "330", &["contacts", "show", &id]).await;
    assert!(gone.expect_err("it is gone").contains("no such contact"));
}

#[tokio::test]
async fn a_file_is_imported_and_each_line_accounted_for() {
    let server = server().await;
    let file = folder("uc-contacts.csv");
    std::fs::write(&file, "Last Name,Phone\nErle,030 1\n,\"\"\nErle,030 2\n").expect("a file");
    let file = file.to_string_lossy().into_owned();
    let report = answer(&server, "330", &["contacts", "import", &file])
        .await
        .expect("it is imported");
    assert_eq!(report[0]["added"], serde_json::json!([2]));
    assert_eq!(report[0]["skipped"][0]["line"], 4);
    let missing = answer(
        &server,
        "330",
        &["contacts", "import", "/nowhere/contacts.csv"],
    )
    .await;
    assert!(
        missing
            .expect_err("there is none")
            .contains("can't be read")
    );
}

#[tokio::test]
async fn favourites_are_grouped_ordered_and_given_a_default_number() {
    let server = server().await;
    let add = |contact| ["favourites", "add", contact, "Team"];
    answer(&server, "330", &add("internal.331"))
        .await
        .expect("it is added");
    answer(&server, "330", &add("internal.330"))
        .await
        .expect("it is added");
    let twice = answer(&server, "330", &add("internal.330")).await;
    assert!(twice.expect_err("it is there").contains("already"));
    let number = [
        "favourites",
        "default-number",
        "internal.331",
        "+49 30 23125-331",
    ];
    answer(&server, "330", &number).await.expect("it is set");
    let moved = [
        "favourites",
        "move",
        "Team",
        "1",
        "--contact",
        "internal.330",
    ];
    let groups = answer(&server, "330", &moved).await.expect("it is moved");
    let members = groups[0]["members"].as_array().expect("a list");
    let names: Vec<_> = members.iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Rosa Ahorn", "Bruno Birke"]);
    assert_eq!(members[1]["number"], "+49 30 23125-331");
    assert_eq!(members[1]["presence"], "office");
    answer(&server, "330", &["favourites", "delete-group", "team"])
        .await
        .expect("it is deleted");
    assert!(
        answer(&server, "330", &["favourites", "list"])
            .await
            .expect("a list")
            .is_empty()
    );
}

#[tokio::test]
async fn a_colleagues_details_are_shown_with_presence_and_photo() {
    let server = server().await;
    let none = told(&server, "330", &["contacts", "show", "internal.331"]).await;
    assert_eq!(none["photo"], false);
    let (picture, saved) = (folder("uc-colleague.png"), folder("uc-colleague-saved.png"));
    write_picture(&picture);
    let path = |path: &Path| path.to_str().expect("a plain name").to_owned();
    let saved_as = path(&saved);
    let save = ["contacts", "show", "internal.331", "--photo", &saved_as];
    let refused = answer(&server, "330", &save).await;
    assert!(refused.expect_err("none yet").contains("no photo"));
    told(&server, "331", &["photo", "set", &path(&picture)]).await;
    let lunch = ["presence", "lunch", "--until", "2099-01-31T08:00Z"];
    told(&server, "331", &lunch).await;

    let shown = told(&server, "330", &save).await;
    let business = &shown["numbers"][1];
    assert_eq!(
        (&business["kind"], &business["number"]),
        (&"business".into(), &"+49 30 23125-331".into())
    );
    assert_eq!(shown["email"], "birke@forest.example");
    assert_eq!(shown["presence"]["state"], "lunch");
    assert_eq!(shown["photo"], true);
    assert_eq!(picture_size(&saved), (200, 200));
    let plain = plain(&server, "330", &["contacts", "show", "internal.331"]).await;
    for part in [
        "Bruno Birke",
        "business  +49 30",
        "Lunch",
        "2099-01-31 08:00 UTC",
        "photo     yes",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
}

#[tokio::test]
async fn lists_name_what_other_commands_want_named_and_nothing_unknown_is_deleted() {
    let server = server().await;
    let found = plain(&server, "330", &["search", "birke"]).await;
    let id = found.split_whitespace().last().expect("an identity");
    assert_eq!(id, "internal.331");
    plain(&server, "330", &["favourites", "add", id, "Team"]).await;
    let listed = plain(&server, "330", &["favourites", "list"]).await;
    assert!(listed.contains(id), "{listed}");
    for delete in [
        ["contacts", "delete", "nobody"],
        ["conversations", "delete", "nothing"],
    ] {
        let refused = answer(&server, "330", &delete).await;
        let why = refused.expect_err("there is none");
        assert!(why.contains("there is no such"), "{why}");
    }
}
