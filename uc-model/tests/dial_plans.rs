//! Dial plans against Google's table of the world's numbers: what a person in Munich, New York,
//! Amsterdam or London dials is the same number for both.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use phonenumber::{Mode, country::Id};
use uc_model::{DialForm, DialPlan, PhoneNumber};

/// The plan, its country, and numbers of that country's own numbering, as people write them.
fn places() -> [(DialPlan, Id, &'static [&'static str]); 4] {
    [
        (
            DialPlan::germany().in_area("89").unwrap(),
            Id::DE,
            &[
                "089 7007-98765",
                "030 901820",
                "0171/1234567",
                "040 428280",
                "0800 3301000",
            ],
        ),
        (
            DialPlan::united_states().in_area("212").unwrap(),
            Id::US,
            &[
                "(212) 555-0123",
                "1 415 555 0123",
                "650-253-0000",
                "1-800-275-2273",
            ],
        ),
        (
            DialPlan::netherlands().in_area("20").unwrap(),
            Id::NL,
            &[
                "020-5241111",
                "06-12345678",
                "070 3400000",
                "0800-1351",
                "0113 211000",
            ],
        ),
        (
            DialPlan::united_kingdom().in_area("20").unwrap(),
            Id::GB,
            &[
                "020 7946 0123",
                "0161 496 0123",
                "07700 900123",
                "0113 496 0123",
                "01632 960123",
            ],
        ),
    ]
}

/// Without what `phonenumber` 0.3.10 gets wrong: it loses the zero of Italian numbers, and keeps
/// `(0)` or loses a digit where a number of one country is read in another; so each is read by itself.
const ABROAD: [&str; 7] = [
    "+49 (89) 7007-98765",
    "+1 (212) 555-0123",
    "+31 20 5241111",
    "+44 20 7946 0123",
    "+33 1 42 34 56 78",
    "+41 44 668 18 00",
    "+7 495 123-45-67",
];

fn e164(country: Option<Id>, text: &str) -> String {
    let parsed = phonenumber::parse(country, text).unwrap();
    parsed.format().mode(Mode::E164).to_string()
}

fn key(plan: &DialPlan, text: &str) -> String {
    plan.key(&PhoneNumber::new(text).unwrap())
        .as_str()
        .to_owned()
}

#[test]
fn national_numbers_mean_what_the_worlds_table_says() {
    for (plan, country, numbers) in places() {
        for text in numbers {
            assert_eq!(
                key(&plan, text),
                e164(Some(country), text),
                "{text} in {country:?}"
            );
        }
    }
}

#[test]
fn canonical_numbers_mean_what_the_worlds_table_says() {
    for (plan, country, _) in places() {
        for text in ABROAD {
            assert_eq!(key(&plan, text), e164(None, text), "{text} in {country:?}");
        }
    }
}

#[test]
fn what_is_dialled_at_home_reaches_the_same_number() {
    for (plan, country, numbers) in places() {
        for text in numbers {
            let number = PhoneNumber::new(text).unwrap();
            let dialled = plan.dialable(&number, DialForm::National).unwrap();
            let reached = e164(Some(country), &dialled);
            assert_eq!(reached, key(&plan, text), "{dialled} in {country:?}");
        }
    }
}
