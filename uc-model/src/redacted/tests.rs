use super::*;

#[test]
fn debug_shows_nothing_and_expose_everything() {
    let secret = Redacted::new("Anna".to_owned());
    assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "… Some(…)");
    assert_eq!(secret.expose(), "Anna");
    assert_eq!(secret.into_inner(), "Anna");
}
