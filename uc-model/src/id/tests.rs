use proptest::prelude::*;

use super::*;

#[test]
fn identifiers_have_their_limits() {
    assert_eq!(CallId::new(""), Err(IdError::Empty));
    CallId::new("x".repeat(128)).unwrap();
    assert_eq!(CallId::new("x".repeat(129)), Err(IdError::TooLong(129)));
    assert_eq!(UserId::new("a/b"), Err(IdError::Character('/')));
    assert_eq!(UserId::new("ä"), Err(IdError::Character('ä')));
}

proptest! {
    #[test]
    fn identifiers_are_kept_as_they_are(text in "[A-Za-z0-9._@-]{1,128}") {
        let id: ContactId = text.parse().unwrap();
        prop_assert_eq!(id.as_str(), &text);
        prop_assert_eq!(id.to_string(), text);
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".*") {
        let _ = EntryId::new(text);
    }
}
