use proptest::prelude::*;

use super::{PasswordFault as F, *};

fn faults(mode: Mode, password: &str) -> Vec<PasswordFault> {
    mode.password_faults(password, &UserName::new("330").unwrap())
}

#[test]
fn smart_wants_8_to_16_characters_of_four_kinds() {
    for good in [
        "Abcdef1!",
        "Abcdefghijklm12!",
        "Übung 12",
        "aA0#aA0#",
        "ÄÖÜäöü1€",
    ] {
        assert_eq!(faults(Mode::Smart, good), [], "{good}");
    }
    for (bad, expected) in [
        ("Abcde1!", vec![F::Length]),
        ("Abcdefghijklmn12!", vec![F::Length]),
        ("abcdef1!", vec![F::NoUpperCase]),
        ("ABCDEF1!", vec![F::NoLowerCase]),
        ("Abcdefg!", vec![F::NoDigit]),
        ("Abcdefg1", vec![F::NoSpecial]),
        ("Abcdef1!\n", vec![F::Control]),
        ("Abcdef1\t", vec![F::NoSpecial, F::Control]),
        (
            "abc",
            vec![F::Length, F::NoUpperCase, F::NoDigit, F::NoSpecial],
        ),
        (
            "",
            vec![
                F::Length,
                F::NoUpperCase,
                F::NoLowerCase,
                F::NoDigit,
                F::NoSpecial,
            ],
        ),
    ] {
        assert_eq!(faults(Mode::Smart, bad), expected, "{bad:?}");
    }
}

#[test]
fn suite_wants_six_digits_without_patterns() {
    for good in [
        "246801",
        "112233",
        "123123",
        "321321",
        "918273645",
        "135791",
        "890246",
    ] {
        assert_eq!(faults(Mode::Suite, good), [], "{good}");
    }
    for (bad, expected) in [
        ("24680", vec![F::TooFewDigits]),
        ("24680a", vec![F::NotDigits]),
        ("２４６８０１", vec![F::NotDigits]),
        ("111246", vec![F::Repeated]),
        ("246888", vec![F::Repeated]),
        ("123456", vec![F::Consecutive]),
        ("951234", vec![F::Consecutive]),
        ("954321", vec![F::Consecutive]),
        ("246330", vec![F::ContainsAccount]),
        ("033246", vec![F::ContainsAccount]),
        ("333330", vec![F::Repeated, F::ContainsAccount]),
        ("", vec![F::TooFewDigits]),
    ] {
        assert_eq!(faults(Mode::Suite, bad), expected, "{bad:?}");
    }
    assert_eq!(faults(Mode::Suite, &"13".repeat(33)), [F::TooManyDigits]);
}

fn change(old: Option<&str>, new: &str, repeated: &str) -> PasswordChange {
    PasswordChange {
        old: old.map(|old| Redacted::new(old.to_owned())),
        new: Redacted::new(new.to_owned()),
        repeated: Redacted::new(repeated.to_owned()),
    }
}

fn check(mode: Mode, change: &PasswordChange) -> Result<(), PasswordChangeError> {
    change.check(mode, &UserName::new("330").unwrap(), true)
}

#[test]
fn smart_asks_for_the_old_password_and_suite_does_not() {
    let without = change(None, "Abcdef1!", "Abcdef1!");
    assert_eq!(
        check(Mode::Smart, &without),
        Err(PasswordChangeError::OldMissing)
    );
    let empty = change(Some(""), "Abcdef1!", "Abcdef1!");
    assert_eq!(
        check(Mode::Smart, &empty),
        Err(PasswordChangeError::OldMissing)
    );
    let with = change(Some("old"), "Abcdef1!", "Abcdef1!");
    assert_eq!(check(Mode::Smart, &with), Ok(()));
    assert_eq!(
        check(Mode::Suite, &change(None, "246801", "246801")),
        Ok(())
    );
}

#[test]
fn a_new_password_is_another_one() {
    let same = change(Some("Abcdef1!"), "Abcdef1!", "Abcdef1!");
    let unchanged = Err(PasswordChangeError::Unchanged);
    assert_eq!(check(Mode::Smart, &same), unchanged);
}

#[test]
fn a_password_is_changed_over_an_encrypted_connection_only() {
    let good = change(Some("old"), "Abcdef1!", "Abcdef1!");
    let account = UserName::new("330").unwrap();
    let error = good.check(Mode::Smart, &account, false);
    assert_eq!(error, Err(PasswordChangeError::NotEncrypted));
}

#[test]
fn the_repetition_must_be_the_same_and_the_policy_be_kept() {
    let differs = change(Some("old"), "Abcdef1!", "Abcdef1?");
    assert_eq!(
        check(Mode::Smart, &differs),
        Err(PasswordChangeError::RepetitionDiffers)
    );
    let weak = change(None, "12345", "12345");
    let error = check(Mode::Suite, &weak).unwrap_err();
    assert_eq!(
        error,
        PasswordChangeError::Policy(vec![F::TooFewDigits, F::Consecutive])
    );
    assert_eq!(
        error.to_string(),
        "the new password can't be used: use at least six digits; use no more than three \
         consecutive digits in a row, such as 123"
    );
}

#[test]
fn an_initial_password_is_changed_here_in_smart_and_elsewhere_in_suite() {
    assert_eq!(Mode::Smart.initial_password(), InitialPassword::ChangeHere);
    assert_eq!(
        Mode::Suite.initial_password(),
        InitialPassword::ChangeElsewhere
    );
}

#[test]
fn debug_shows_no_password() {
    let shown = format!("{:?}", change(Some("Secret1!"), "Secret2!", "Secret2!"));
    assert!(!shown.contains("Secret"), "{shown}");
}

proptest! {
    #[test]
    fn any_password_is_judged_without_panic(password in ".{0,40}", account in "[0-9]{1,5}") {
        let account = UserName::new(account).unwrap();
        for mode in [Mode::Smart, Mode::Suite] {
            let faults = mode.password_faults(&password, &account);
            prop_assert!(faults.is_sorted());
        }
    }

    #[test]
    fn suite_passwords_with_the_account_inside_are_refused(
        account in "[0-9]{2,4}", before in "[0-9]{0,4}", after in "[0-9]{0,4}", backwards: bool,
    ) {
        let name: String = match backwards {
            true => account.chars().rev().collect(),
            false => account.clone(),
        };
        let faults = Mode::Suite.password_faults(
            &format!("{before}{name}{after}"),
            &UserName::new(account).unwrap(),
        );
        prop_assert!(faults.contains(&F::ContainsAccount));
    }
}
