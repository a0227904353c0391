use proptest::prelude::*;

use super::*;
use crate::{Contact, ContactId, Directory};

fn plan() -> DialPlan {
    DialPlan::germany().in_area("89").unwrap()
}

fn csv(text: &str) -> Result<ContactFile, ImportError> {
    let format = ImportFormat::Csv(TextEncoding::Utf8);
    ContactFile::read(text.as_bytes(), format, &plan())
}

fn shown(file: &ContactFile) -> Vec<String> {
    let one = |(line, draft): &(u32, Result<ContactDraft, SkipReason>)| match draft {
        Ok(draft) => {
            let numbers: Vec<_> = draft
                .numbers
                .iter()
                .map(|one| format!("{:?} {}", one.kind, one.number))
                .collect();
            let email = draft.email.as_ref().map_or("", |email| email.expose());
            let (first, last) = (draft.first_name.expose(), draft.last_name.expose());
            format!("{line}: {first}|{last}|{}|{email}", numbers.join(", "))
        }
        Err(reason) => format!("{line}: {reason:?}"),
    };
    file.0.iter().map(one).collect()
}

#[test]
fn outlooks_columns_are_known_in_three_languages() {
    for heading in [
        "First Name,Last Name,Business Phone,Home Phone,Mobile Phone,E-mail Address",
        "\"Vorname\";\"Nachname\";\"Telefon geschäftlich\";\"Telefon privat\";\"Mobiltelefon\";\"E-Mail-Adresse\"",
        "Voornaam\tAchternaam\tTelefoon op werk\tTelefoon thuis\tMobiele telefoon\tE-mailadres",
    ] {
        let separator = heading.matches([',', ';', '\t']).next().unwrap();
        let row = [
            "Anna",
            "Müller",
            "089/7007-98765",
            "",
            "+49 171 1234567",
            "a@example.com",
        ];
        let file = csv(&format!("{heading}\r\n{}\r\n", row.join(separator))).unwrap();
        let expected = "2: Anna|Müller|Business +4989700798765, Mobile +491711234567|a@example.com";
        assert_eq!(shown(&file), [expected], "{heading}");
    }
}

#[test]
fn quotes_line_ends_and_empty_lines_keep_the_lines_right() {
    let file = csv(
        "sep=;\nName;Phone;Notes\n\"Müller, \"\"Anna\"\"\";321;\"two\nlines\"\n\n;;\r\nBernd;x;\n\
         Clara Weiß;322",
    );
    assert_eq!(
        shown(&file.unwrap()),
        [
            "3: Müller,|\"Anna\"|Business 321|",
            "7: BadNumber",
            "8: Clara|Weiß|Business 322|"
        ]
    );
}

#[test]
fn a_row_that_makes_no_contact_says_why() {
    let long = "x".repeat(257);
    let text = format!("First Name,Phone,Mail\n,,a@example.com\n{long},1,\nAnna,,\n,1,\n");
    let expected = [
        "2: Empty",
        "3: FieldTooLong",
        "4: Anna|||",
        "5: ||Business 1|",
    ];
    assert_eq!(shown(&csv(&text).unwrap()), expected);
}

#[test]
fn several_columns_of_a_kind_are_kept_and_the_same_number_once() {
    let file = csv(
        "Name,Business Phone,Business Phone 2,Company\nAnna,089 1234567,+49891234567,x\nB,1,2,y",
    );
    let expected = [
        "2: |Anna|Business +49891234567|",
        "3: |B|Business 1, Business 2|",
    ];
    assert_eq!(shown(&file.unwrap()), expected);
}

#[test]
fn columns_past_the_most_are_left_out_and_the_next_row_is_read() {
    let read = |columns: usize| {
        let empty = ";".repeat(columns - 2);
        let heading = format!("First Name;Last Name{empty}E-mail Address");
        let rows = format!("Rosa;Luxem{empty}r@x\nKarl;Lieb");
        shown(&csv(&format!("{heading}\n{rows}\n")).unwrap())
    };
    assert_eq!(read(MAX_COLUMNS), ["2: Rosa|Luxem||r@x", "3: Karl|Lieb||"]);
    assert_eq!(read(MAX_COLUMNS + 1), ["2: Rosa|Luxem||", "3: Karl|Lieb||"]);
}

#[test]
fn a_file_that_cannot_be_read_says_where() {
    assert_eq!(csv("Name\n\"Anna\n"), Err(ImportError::Quotes { line: 2 }));
    assert_eq!(
        csv("Name\n\"a\nb\"c\n"),
        Err(ImportError::Quotes { line: 3 })
    );
    assert_eq!(csv("Colour,Size\n1,2\n"), Err(ImportError::NoColumns));
    assert_eq!(csv(""), Err(ImportError::NoColumns));
    let format = ImportFormat::Csv(TextEncoding::Utf8);
    let latin = ContactFile::read(b"Name\nAnna\nM\xFCller\n", format, &plan());
    assert_eq!(latin, Err(ImportError::Encoding { line: 3 }));
    let large = vec![b'a'; MAX_BYTES + 1];
    assert_eq!(
        ContactFile::read(&large, format, &plan()),
        Err(ImportError::TooLarge)
    );
    let rows = format!("Name\n{}", "a\n".repeat(MAX_ROWS + 1));
    assert_eq!(csv(&rows), Err(ImportError::TooManyRows));
}

#[test]
fn the_chosen_encoding_is_read() {
    let read = |bytes: &[u8], encoding| {
        let file = ContactFile::read(bytes, ImportFormat::Csv(encoding), &plan());
        file.map(|file| shown(&file))
    };
    let expected = Ok(vec!["2: |Müller€|Business 1|".to_owned()]);
    let text = "Name,Phone\nMüller€,1";
    assert_eq!(
        read(format!("\u{FEFF}{text}").as_bytes(), TextEncoding::Utf8),
        expected
    );
    let windows = b"Name,Phone\nM\xFCller\x80,1";
    assert_eq!(read(windows, TextEncoding::Windows1252), expected);
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&little, TextEncoding::Utf16), expected);
    let big: Vec<u8> = format!("\u{FEFF}{text}")
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(read(&big, TextEncoding::Utf16), expected);
    let error = Err(ImportError::Encoding { line: 2 });
    assert_eq!(
        read(&little[..little.len() - 1], TextEncoding::Utf16),
        error
    );
    let lone = [&little[..], &[0x00, 0xD8]].concat();
    assert_eq!(read(&lone, TextEncoding::Utf16), error);
}

#[cfg(feature = "import")]
fn xml(text: &str) -> Result<Vec<String>, ImportError> {
    let file = ContactFile::read(text.as_bytes(), ImportFormat::Xml, &plan());
    file.map(|file| shown(&file))
}

#[cfg(feature = "import")]
#[test]
fn an_element_per_contact_is_read() {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<contacts>\n <contact>\n\
        <FirstName>Anna</FirstName><LastName>M&#252;ller &amp; Co</LastName>\n\
        <BusinessPhone>089/7007-98765</BusinessPhone><Note>x</Note></contact>\n\
        <contact><Name><![CDATA[Bernd <b>]]></Name><Mobile/></contact>\n\
        <contact><Company>x</Company><Email>x@example.com</Email></contact></contacts>";
    let expected = [
        "3: Anna|Müller & Co|Business +4989700798765|",
        "6: Bernd|<b>||",
        "7: Empty",
    ];
    assert_eq!(xml(text).unwrap(), expected);
}

#[cfg(feature = "import")]
#[test]
fn a_table_saved_by_a_spreadsheet_is_read() {
    let cell = |text: &str| format!("<Cell><Data ss:Type=\"String\">{text}</Data></Cell>");
    let text = format!(
        "<Workbook xmlns:ss=\"urn\"><Worksheet><Table>\n<Row>{}{}{}</Row>\n<Row>{}<Cell \
         ss:Index=\"3\"><Data>321</Data></Cell></Row>\n<Row></Row>\n<Row>{}{}</Row></Table></Worksheet></Workbook>",
        cell("First Name"),
        cell("Last Name"),
        cell("Phone"),
        cell("Anna"),
        cell("Bernd"),
        cell("Weiß"),
    );
    let expected = ["3: Anna||Business 321|", "5: Bernd|Weiß||"];
    assert_eq!(xml(&text).unwrap(), expected);
}

#[cfg(feature = "import")]
#[test]
fn damaged_and_hostile_xml_is_refused() {
    for (text, line) in [
        ("<a>\n<b></a>", 2),
        ("<a><name>x</name>\n", 2),
        ("<a>\n<name>&unknown;</name></a>", 2),
    ] {
        assert_eq!(xml(text), Err(ImportError::Xml { line }), "{text}");
    }
    assert_eq!(xml("<a><b>x</b></a>"), Err(ImportError::NoColumns));
    let bomb =
        "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;\">]>\n<a><name>&y;</name></a>";
    assert_eq!(xml(bomb), Err(ImportError::Xml { line: 2 }));
    let deep = format!(
        "{}<name>x</name>{}",
        "<a>".repeat(100_000),
        "</a>".repeat(100_000)
    );
    assert_eq!(xml(&deep), Err(ImportError::NoColumns));
    let wide = "<Row><Cell Index=\"4000000000\"><Data>Name</Data></Cell></Row>";
    assert!(xml(wide).is_ok_and(|rows| rows.is_empty()));
}

#[test]
fn debug_shows_nothing_of_a_contact() {
    let shown = format!("{:?}", csv("Name,Mail\nSecret,secret@example.com").unwrap());
    assert!(!shown.to_lowercase().contains("secret"), "{shown}");
}

fn contacts() -> impl Strategy<Value = Contact> {
    let kinds = [
        NumberKind::Internal,
        NumberKind::Business,
        NumberKind::Private,
        NumberKind::Mobile,
    ];
    let number = (0..4_usize, "[+]49891[0-9]{5}");
    let name = "[A-Za-zäß,;\"]{1,6}( [a-z\n]{1,3}[a-z])?";
    let numbers = proptest::collection::vec(number, 0..4);
    (name, name, numbers).prop_map(move |(first, last, mut numbers)| {
        numbers.sort();
        numbers.dedup_by(|a, b| a.1 == b.1);
        let numbers = numbers.into_iter().map(|(kind, number)| TypedNumber {
            kind: kinds[kind],
            number: PhoneNumber::new(number).unwrap(),
        });
        Contact {
            id: ContactId::new("1").unwrap(),
            directory: Directory::Personal,
            first_name: first.into(),
            last_name: last.into(),
            numbers: numbers.collect(),
            email: None,
            user: None,
        }
    })
}

proptest! {
    #[test]
    fn what_is_exported_is_imported_again(
        contacts in proptest::collection::vec(contacts(), 0..6),
    ) {
        let text = contacts_to_csv(&contacts);
        let file = csv(&text).unwrap();
        prop_assert_eq!(file.len(), contacts.len(), "{}", text);
        for ((_, draft), contact) in file.0.iter().zip(&contacts) {
            let draft = draft.as_ref().unwrap();
            prop_assert_eq!(&draft.first_name, &contact.first_name);
            prop_assert_eq!(&draft.last_name, &contact.last_name);
            let numbers = |numbers: &[TypedNumber]| {
                let mut numbers: Vec<_> =
                    numbers.iter().map(|one| (one.kind, one.number.to_string())).collect();
                numbers.sort();
                numbers.dedup_by(|a, b| a.1 == b.1);
                numbers
            };
            prop_assert_eq!(numbers(&draft.numbers), numbers(&contact.numbers));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for encoding in [TextEncoding::Utf8, TextEncoding::Windows1252, TextEncoding::Utf16] {
            let _ = ContactFile::read(&bytes, ImportFormat::Csv(encoding), &plan());
        }
    }

    #[cfg(feature = "import")]
    #[test]
    fn any_xml_is_read_without_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("<Row>"), Just("</Row>"), Just("<Cell>"), Just("</Cell>"), Just("<Data>"),
                Just("</Data>"), Just("<name>"), Just("</name>"), Just("<c>"), Just("</c>"),
                Just("x"), Just("&#x41;"), Just("<name/>"), Just("<![CDATA[x]]>"), Just("<"),
            ],
            0..40,
        ),
    ) {
        let _ = xml(&parts.concat());
    }
}
