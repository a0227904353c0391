use proptest::prelude::*;

use super::*;

fn link(text: &str) -> Result<String, LinkError> {
    PhoneNumber::from_link(text).map(|number| number.dialable())
}

#[test]
fn links_dial_their_number() {
    for (text, number) in [
        ("tel:+49-89-700798765", "+4989700798765"),
        ("TEL:+49(89)7007.98765", "+4989700798765"),
        ("tel:+49%20(89)%207007-98765", "+4989700798765"),
        ("tel:%2B4989700798765", "+4989700798765"),
        ("tel:321;phone-context=example.com", "321"),
        ("tel:700798765;phone-context=+49-89", "+4989700798765"),
        ("tel:+4989700798765;ext=5;isub=1", "+4989700798765"),
        ("tel:+4989700798765;phone-context=+1", "+4989700798765"),
        ("tel:*21%23", "*21#"),
        ("callto:+49 89 700798765", "+4989700798765"),
        ("callto://+4989700798765/", "+4989700798765"),
        ("CallTo:321?call", "321"),
        (" tel:321 ", "321"),
    ] {
        assert_eq!(link(text).as_deref(), Ok(number), "{text}");
    }
}

#[test]
fn what_is_no_telephony_link_is_refused() {
    assert_eq!(link("mailto:a@example.com"), Err(LinkError::Scheme));
    assert_eq!(link("321"), Err(LinkError::Scheme));
    assert_eq!(link("tel:%2"), Err(LinkError::Percent));
    assert_eq!(link("tel:%ff1"), Err(LinkError::Percent));
    assert_eq!(
        link("tel:"),
        Err(LinkError::Number(PhoneNumberError::NoDigit))
    );
    let letter = LinkError::Number(PhoneNumberError::Character('a'));
    assert_eq!(link("callto:anna"), Err(letter));
    assert_eq!(
        link(&format!("tel:{}", "1".repeat(1024))),
        Err(LinkError::TooLong)
    );
}

#[test]
fn windows_10_gives_away_callto_only() {
    let can = |scheme: LinkScheme, platform| scheme.can_be_registered(platform);
    assert!(!can(LinkScheme::Tel, LinkPlatform::Windows10));
    assert!(can(LinkScheme::Callto, LinkPlatform::Windows10));
    assert!(can(LinkScheme::Tel, LinkPlatform::Other));
    assert!(can(LinkScheme::Callto, LinkPlatform::Other));
}

#[test]
fn a_number_marked_in_another_program_is_found() {
    for (text, number) in [
        ("+49 (89) 7007-98765", "+49 (89) 7007-98765"),
        ("Tel.: 089/7007-98765.", "089/7007-98765"),
        ("\u{a0}089\u{a0}7007\u{2013}98765\r\n", "089 7007-98765"),
        ("Telefon (089) 7007", "(089) 7007"),
        ("call *7#", "*7#"),
    ] {
        let found = PhoneNumber::from_marked_text(text).unwrap();
        assert_eq!(found.as_str(), number, "{text:?}");
    }
    let marked = PhoneNumber::from_marked_text;
    assert_eq!(marked("no digits"), Err(PhoneNumberError::NoDigit));
    assert_eq!(marked("321 or 322"), Err(PhoneNumberError::Character('o')));
    assert_eq!(marked("321\n322"), Err(PhoneNumberError::Character('\n')));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in ".{0,80}", scheme in "(tel:|callto:|)") {
        let _ = PhoneNumber::from_link(&format!("{scheme}{text}"));
        let _ = PhoneNumber::from_marked_text(&text);
    }
}
