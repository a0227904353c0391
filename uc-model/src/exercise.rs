//! Bodies of fuzz targets, which the tests replay with the kept seeds.

use crate::{
    Contact, ContactFile, ContactId, DialPlan, ImportFormat, Mode, PersonalDirectory, Settings,
    TextEncoding, contacts_to_csv,
};

/// A file of contacts is read or refused; what was imported can be exported and read again, and
/// importing the same file once more changes nothing. The first byte chooses the format.
#[doc(hidden)]
pub fn exercise_import(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else {
        return;
    };
    let plan = DialPlan::germany();
    let Ok(file) = ContactFile::read(file, format(*choice), &plan) else {
        return;
    };
    let mut directory = PersonalDirectory::new();
    let mut last = 0;
    let mut next_id = || {
        last += 1;
        ContactId::new(last.to_string()).expect("a number is an id")
    };
    let Ok(report) = directory.import(&file, &mut next_id) else {
        return;
    };
    assert_eq!(report.added.len(), directory.contacts().len());
    let again = directory.import(&file, &mut next_id);
    let again = again.expect("what fitted fits");
    assert_eq!(again.added, [], "the same file adds nothing");
    survives_export(&directory, &plan);
}

fn survives_export(directory: &PersonalDirectory, plan: &DialPlan) {
    let contacts: Vec<&Contact> = directory.contacts().map(|(contact, _)| contact).collect();
    if contacts.is_empty() {
        return;
    }
    let exported = contacts_to_csv(contacts.iter().copied());
    let format = ImportFormat::Csv(TextEncoding::Utf8);
    let read = ContactFile::read(exported.as_bytes(), format, plan);
    let read = read.expect("what was exported can be read");
    assert_eq!(read.len(), contacts.len());
    let mut copy = PersonalDirectory::new();
    for contact in contacts {
        let added = copy.add(contact.clone(), Mode::Smart, plan);
        assert_eq!(added, Ok(()), "an imported contact may be added by hand");
    }
}

fn format(choice: u8) -> ImportFormat {
    match choice % 4 {
        0 => ImportFormat::Csv(TextEncoding::Utf8),
        1 => ImportFormat::Csv(TextEncoding::Windows1252),
        2 => ImportFormat::Csv(TextEncoding::Utf16),
        #[cfg(feature = "import")]
        _ => ImportFormat::Xml,
        #[cfg(not(feature = "import"))]
        _ => ImportFormat::Csv(TextEncoding::Utf8),
    }
}

/// Settings are read or refused; what is written then is read as the same.
#[doc(hidden)]
pub fn exercise_settings(text: &str) {
    let Ok(read) = Settings::read(text) else {
        return;
    };
    let written = read.settings.write();
    let Ok(again) = Settings::read(&written) else {
        // Only what a newer version added can make it too long.
        return assert!(read.version > Settings::VERSION);
    };
    let again = again.settings.write();
    let known = |text: &str| text.lines().take(10).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(known(&again), known(&written));
}

/// A photo is made or refused; it has its size, and making it once more gives a photo too.
#[cfg(feature = "photo")]
#[doc(hidden)]
pub fn exercise_photo(file: &[u8]) {
    if let Ok(photo) = crate::Photo::from_file(file) {
        let again = crate::Photo::from_file(photo.png());
        assert!(again.is_ok(), "a photo is a photo");
    }
}
