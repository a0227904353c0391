use proptest::prelude::*;

use super::*;

#[test]
fn extensions_are_short_and_dialable() {
    assert_eq!(Extension::new("330").unwrap().as_str(), "330");
    assert_eq!(Extension::new("*7#").unwrap().to_string(), "*7#");
    assert_eq!(Extension::new(""), Err(ExtensionError::Length));
    assert_eq!(
        Extension::new("1234567890123456"),
        Err(ExtensionError::Length)
    );
    assert_eq!(Extension::new("33a"), Err(ExtensionError::Character));
}

#[test]
fn numbers_keep_how_they_were_written() {
    let number = PhoneNumber::new(" +49 (89) 12-34/5:6;7.8 ").unwrap();
    assert_eq!(number.as_str(), "+49 (89) 12-34/5:6;7.8");
    assert_eq!(number.dialable(), "+498912345678");
}

#[test]
fn what_cannot_be_dialled_is_refused() {
    assert_eq!(PhoneNumber::new("()"), Err(PhoneNumberError::NoDigit));
    assert_eq!(
        PhoneNumber::new("49+1"),
        Err(PhoneNumberError::Character('+'))
    );
    assert_eq!(
        PhoneNumber::new("1x"),
        Err(PhoneNumberError::Character('x'))
    );
    assert_eq!(
        PhoneNumber::new("1".repeat(65)),
        Err(PhoneNumberError::TooLong)
    );
}

#[test]
fn a_sip_address_is_dialled_as_it_is() {
    let alice = PhoneNumber::new(" sip:alice@example.org ").unwrap();
    assert!(alice.is_address() && !alice.is_canonical());
    assert_eq!(alice.dialable(), "sip:alice@example.org");
    assert!(PhoneNumber::new("SIPS:a%20b@[2001:db8::1]:5061").is_ok());
    for text in [
        "sip:",
        "sip:alice",
        "sip:@example.org",
        "sip:alice@",
        "sip:alice:secret@example.org",
        "sip:a b@example.org",
        "sip:alice@example.org;method=BYE",
    ] {
        assert_eq!(
            PhoneNumber::new(text),
            Err(PhoneNumberError::Address),
            "{text}"
        );
    }
    let long = format!("sip:{}@example.org", "a".repeat(128));
    assert_eq!(PhoneNumber::new(long), Err(PhoneNumberError::TooLong));
}

#[test]
fn an_extension_is_a_number_too() {
    let extension = Extension::new("330").unwrap();
    assert_eq!(PhoneNumber::from(&extension).as_str(), "330");
}

#[test]
fn debug_hides_the_digits() {
    let extension = Extension::new("330").unwrap();
    let number = PhoneNumber::from(&extension);
    let shown = format!("{extension:?} {number:?}");
    assert_eq!(shown, "Extension(3 digits) PhoneNumber(3 characters)");
}

proptest! {
    #[test]
    fn what_is_dialled_can_be_dialled(text in "[ +()/:;.*#0-9-]{0,70}") {
        if let Ok(number) = PhoneNumber::new(&text) {
            let dialled = PhoneNumber::new(number.dialable()).unwrap();
            prop_assert_eq!(dialled.dialable(), number.dialable());
        }
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".*") {
        let _ = (PhoneNumber::new(&text), Extension::new(&text));
    }
}
