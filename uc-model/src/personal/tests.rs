use super::*;
use crate::{ImportFormat, NumberKind, PhoneNumber, TextEncoding, TypedNumber};

fn plan() -> DialPlan {
    DialPlan::germany().in_area("89").unwrap()
}

fn id(text: &str) -> ContactId {
    ContactId::new(text).unwrap()
}

fn contact(text: &str, last: &str, number: &str) -> Contact {
    Contact {
        id: id(text),
        directory: Directory::Internal,
        first_name: String::new().into(),
        last_name: last.to_owned().into(),
        numbers: vec![TypedNumber {
            kind: NumberKind::Business,
            number: PhoneNumber::new(number).unwrap(),
        }],
        email: None,
        user: None,
    }
}

fn file(rows: &[&str]) -> ContactFile {
    let text = format!("Name,Phone,Mail\n{}", rows.join("\n"));
    let format = ImportFormat::Csv(TextEncoding::Utf8);
    ContactFile::read(text.as_bytes(), format, &plan()).unwrap()
}

fn import(directory: &mut PersonalDirectory, rows: &[&str]) -> Result<ImportReport, ImportError> {
    let mut next = directory.contacts().len();
    directory.import(&file(rows), || {
        next += 1;
        id(&format!("i{next}"))
    })
}

fn report(
    added: &[u32],
    changed: &[u32],
    skipped: &[(u32, SkipReason)],
    flagged: &[u32],
) -> ImportReport {
    ImportReport {
        added: added.to_vec(),
        changed: changed.to_vec(),
        skipped: skipped.to_vec(),
        flagged: flagged.to_vec(),
    }
}

fn shown(directory: &PersonalDirectory) -> Vec<String> {
    let one = |(contact, origin): (&Contact, ContactOrigin)| {
        let number = contact.numbers.first().map(|one| one.number.to_string());
        format!(
            "{} {} {origin:?}",
            contact.last_name.expose(),
            number.unwrap_or_default()
        )
    };
    directory.contacts().map(one).collect()
}

#[test]
fn contacts_are_added_changed_and_deleted_in_smart() {
    let mut directory = PersonalDirectory::new();
    directory
        .add(contact("a", "Anna", "089 1234567"), Mode::Smart, &plan())
        .unwrap();
    assert_eq!(
        shown(&directory),
        ["Anna +49891234567 Manual"],
        "in canonical form"
    );
    let (known, _) = directory.contact(&id("a")).unwrap();
    assert_eq!(known.directory, Directory::Personal);
    directory
        .change(contact("a", "Anja", "321"), Mode::Smart, &plan())
        .unwrap();
    assert_eq!(
        shown(&directory),
        ["Anja 321 Manual"],
        "not canonical, but accepted"
    );
    let unknown = directory.change(contact("b", "Bernd", "1"), Mode::Smart, &plan());
    assert_eq!(unknown, Err(PersonalDirectoryError::NoSuchContact));
    directory.delete(&id("a"), Mode::Smart).unwrap();
    let again = directory.delete(&id("a"), Mode::Smart);
    assert_eq!(again, Err(PersonalDirectoryError::NoSuchContact));
    let mut empty = contact("c", " ", "1");
    empty.numbers.clear();
    let empty = directory.add(empty, Mode::Smart, &plan());
    assert_eq!(empty, Err(PersonalDirectoryError::Empty));
}

#[test]
fn in_suite_another_client_changes_personal_contacts() {
    let mut directory = PersonalDirectory::new();
    let refused = Err(PersonalDirectoryError::SmartOnly);
    let anna = contact("a", "Anna", "321");
    assert_eq!(directory.add(anna.clone(), Mode::Suite, &plan()), refused);
    assert_eq!(directory.change(anna, Mode::Suite, &plan()), refused);
    assert_eq!(directory.delete(&id("a"), Mode::Suite), refused);
}

#[test]
fn three_thousand_contacts_fit() {
    let mut directory = PersonalDirectory::new();
    for number in 0..3000 {
        let one = contact(&format!("c{number}"), &format!("n{number}"), "321");
        directory.add(one, Mode::Smart, &plan()).unwrap();
    }
    let more = directory.add(contact("x", "x", "321"), Mode::Smart, &plan());
    assert_eq!(more, Err(PersonalDirectoryError::Full));
    let known = directory.add(contact("c0", "again", "321"), Mode::Smart, &plan());
    assert_eq!(known, Ok(()));
}

#[test]
fn an_import_reports_every_line() {
    let mut directory = PersonalDirectory::new();
    let first = import(
        &mut directory,
        &[
            "Anna,089 1234567,",
            "Bernd,321,",
            "ANNA,1,",
            ",,x",
            "Clara,x,",
        ],
    );
    let skipped = [
        (4, SkipReason::Duplicate(2)),
        (5, SkipReason::Empty),
        (6, SkipReason::BadNumber),
    ];
    assert_eq!(first, Ok(report(&[2, 3], &[], &skipped, &[3])));
    assert_eq!(
        shown(&directory),
        ["Anna +49891234567 Imported", "Bernd 321 Imported"]
    );
    let again = import(
        &mut directory,
        &["anna,089 1234567,", "Bernd,321,", "Clara,+491,"],
    );
    let unchanged = [(3, SkipReason::Unchanged)];
    assert_eq!(
        again,
        Ok(report(&[4], &[2], &unchanged, &[])),
        "a name in another case"
    );
    let expected = [
        "anna +49891234567 Imported",
        "Bernd 321 Imported",
        "Clara +491 Imported",
    ];
    assert_eq!(shown(&directory), expected);
}

#[test]
fn a_contact_changed_by_hand_is_never_overwritten() {
    let mut directory = PersonalDirectory::new();
    import(&mut directory, &["Anna,321,"]).unwrap();
    directory
        .change(contact("i1", "Anna", "322"), Mode::Smart, &plan())
        .unwrap();
    directory
        .add(contact("m", "Bernd", "323"), Mode::Smart, &plan())
        .unwrap();
    let again = import(&mut directory, &["Anna,999,", "Bernd,999,"]);
    let skipped = [
        (2, SkipReason::ChangedByHand),
        (3, SkipReason::ChangedByHand),
    ];
    assert_eq!(again, Ok(report(&[], &[], &skipped, &[])));
    assert_eq!(shown(&directory), ["Anna 322 Manual", "Bernd 323 Manual"]);
}

#[test]
fn an_import_that_does_not_fit_changes_nothing() {
    let mut directory = PersonalDirectory::new();
    let rows: Vec<String> = (0..2999).map(|number| format!("n{number},321,")).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    import(&mut directory, &rows).unwrap();
    let before = directory.clone();
    let full = import(&mut directory, &["n0,322,", "x,1,", "y,2,"]);
    assert_eq!(full, Err(ImportError::DirectoryFull(3001)));
    assert_eq!(directory, before);
    assert!(import(&mut directory, &["x,1,"]).is_ok());
}

#[test]
fn nameless_contacts_are_told_apart_by_their_number() {
    let mut directory = PersonalDirectory::new();
    let rows = [",089 1234567,", ",+49 89 1234567,x@example.com", ",322,"];
    let first = import(&mut directory, &rows);
    let skipped = [(3, SkipReason::Duplicate(2))];
    assert_eq!(first, Ok(report(&[2, 4], &[], &skipped, &[4])));
}

#[test]
fn what_is_too_long_or_too_many_is_refused_by_hand_and_skipped_in_a_file() {
    let mut directory = PersonalDirectory::new();
    let mut add = |contact| directory.add(contact, Mode::Smart, &plan());
    let good = contact("p1", "Linde", "0171 39200");
    let mut long = good.clone();
    long.first_name = "x".repeat(257).into();
    assert_eq!(add(long), Err(PersonalDirectoryError::FieldTooLong));
    let mut many = good.clone();
    many.numbers = vec![good.numbers[0].clone(); 17];
    assert_eq!(add(many), Err(PersonalDirectoryError::TooManyNumbers));
    assert_eq!(add(good), Ok(()));

    let heading = vec!["Phone"; 17].join(",");
    let numbers: Vec<_> = (0..17).map(|at| format!("0171 392{at:02}")).collect();
    let text = format!("Name,{heading}\nLinde,{}", numbers.join(","));
    let format = ImportFormat::Csv(TextEncoding::Utf8);
    let file = ContactFile::read(text.as_bytes(), format, &plan()).unwrap();
    let report = directory.import(&file, || unreachable!()).unwrap();
    assert_eq!(report.skipped, [(2, SkipReason::TooManyNumbers)]);
}

#[test]
fn what_was_kept_elsewhere_is_taken_up_as_it_was() {
    let mut directory = PersonalDirectory::new();
    let odd = contact("p1", "", "12");
    directory.restore(odd.clone(), ContactOrigin::Imported);
    let known = directory.contact(&odd.id);
    assert_eq!(known, Some((&odd, ContactOrigin::Imported)));
    assert_eq!(PersonalDirectory::check_mode(Mode::Smart), Ok(()));
    let refused = Err(PersonalDirectoryError::SmartOnly);
    assert_eq!(PersonalDirectory::check_mode(Mode::Suite), refused);
}
