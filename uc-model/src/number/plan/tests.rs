use proptest::prelude::*;

use super::*;

/// The manual's location: Munich, a system with the number 7007 and extensions behind it.
fn munich() -> DialPlan {
    let plan = DialPlan::germany().in_area("89").unwrap();
    plan.with_system_number("7007").unwrap()
}

fn new_york() -> DialPlan {
    DialPlan::united_states().in_area("212").unwrap()
}

fn amsterdam() -> DialPlan {
    DialPlan::netherlands().in_area("20").unwrap()
}

fn london() -> DialPlan {
    DialPlan::united_kingdom().in_area("20").unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

fn key(plan: &DialPlan, text: &str) -> String {
    plan.key(&number(text)).as_str().to_owned()
}

fn dialled(plan: &DialPlan, text: &str) -> [Option<String>; 4] {
    [
        DialForm::Internal,
        DialForm::Local,
        DialForm::National,
        DialForm::International,
    ]
    .map(|form| plan.dialable(&number(text), form))
}

fn some<const N: usize>(texts: [&str; N]) -> [Option<String>; N] {
    texts.map(|text| (!text.is_empty()).then(|| text.to_owned()))
}

#[test]
fn the_manuals_number_is_written_in_all_its_forms() {
    let all = some(["98765", "700798765", "089700798765", "004989700798765"]);
    assert_eq!(dialled(&munich(), "+49 (89) 7007-98765"), all);
    for written in [
        "+49 (89) 7007-98765",
        "+4989700798765",
        "+49/89/7007:98765;",
        "98765",
        "700798765",
        "089700798765",
        "089 7007-98765",
        "004989700798765",
        "00 49 89 7007 98765",
        "+49 (0)89 7007-98765",
        "+49 (0) 89 7007-98765",
        "+49089700798765",
    ] {
        assert_eq!(key(&munich(), written), "+4989700798765", "{written}");
        let canonical = munich().canonical(&number(written)).unwrap();
        assert_eq!(canonical.as_str(), "+4989700798765", "{written}");
        let formatted = munich().formatted(&number(written)).unwrap();
        assert_eq!(formatted, "+49 (89) 7007-98765", "{written}");
    }
    assert_eq!(
        dialled(&munich(), "321"),
        some(["321", "7007321", "0897007321", "0049897007321"])
    );
}

#[test]
fn an_extension_of_a_system_without_outside_number_stays_an_extension() {
    let plan = DialPlan::germany().in_area("89").unwrap();
    assert_eq!(key(&plan, "321"), "321");
    assert_eq!(plan.canonical(&number("321")), None);
    assert_eq!(dialled(&plan, "321"), some(["321", "", "", ""]));
    assert_eq!(key(&plan, "700798765"), "+4989700798765");
    assert_eq!(
        plan.formatted(&number("700798765")).unwrap(),
        "+49 (89) 700798765"
    );
}

#[test]
fn german_numbers_of_other_places_are_read_and_dialled() {
    let cases = [
        (
            "030 901820",
            "+4930901820",
            ["", "", "030901820", "004930901820"],
        ),
        (
            "0171/1234567",
            "+491711234567",
            ["", "", "01711234567", "00491711234567"],
        ),
        (
            "0031 20 5241111",
            "+31205241111",
            ["", "", "", "0031205241111"],
        ),
        (
            "+1 (212) 555-0123",
            "+12125550123",
            ["", "", "", "0012125550123"],
        ),
        ("+39 (0)6 6982", "+39066982", ["", "", "", "0039066982"]),
    ];
    for (written, expected, forms) in cases {
        assert_eq!(key(&munich(), written), expected, "{written}");
        assert_eq!(dialled(&munich(), written), some(forms), "{written}");
    }
}

#[test]
fn american_numbers_are_read_and_dialled() {
    let cases = [
        (
            "+1 (212) 555-0123",
            "+12125550123",
            ["", "2125550123", "12125550123", "01112125550123"],
        ),
        (
            "212-555-0123",
            "+12125550123",
            ["", "2125550123", "12125550123", "01112125550123"],
        ),
        (
            "1-415-555-0123",
            "+14155550123",
            ["", "", "14155550123", "01114155550123"],
        ),
        (
            "(415) 555-0123",
            "+14155550123",
            ["", "", "14155550123", "01114155550123"],
        ),
        (
            "555-0123",
            "+12125550123",
            ["", "2125550123", "12125550123", "01112125550123"],
        ),
        (
            "011 49 89 700798765",
            "+4989700798765",
            ["", "", "", "0114989700798765"],
        ),
        ("321", "321", ["321", "", "", ""]),
        ("1234", "1234", ["1234", "", "", ""]),
    ];
    for (written, expected, forms) in cases {
        assert_eq!(key(&new_york(), written), expected, "{written}");
        assert_eq!(dialled(&new_york(), written), some(forms), "{written}");
    }
}

#[test]
fn dutch_numbers_are_read_and_dialled() {
    let cases = [
        (
            "+31 (20) 524-1111",
            "+31205241111",
            ["", "5241111", "0205241111", "0031205241111"],
        ),
        (
            "020-5241111",
            "+31205241111",
            ["", "5241111", "0205241111", "0031205241111"],
        ),
        (
            "5241111",
            "+31205241111",
            ["", "5241111", "0205241111", "0031205241111"],
        ),
        (
            "+31 (0)20 524 1111",
            "+31205241111",
            ["", "5241111", "0205241111", "0031205241111"],
        ),
        (
            "06-12345678",
            "+31612345678",
            ["", "", "0612345678", "0031612345678"],
        ),
        (
            "0032 2 5510000",
            "+3225510000",
            ["", "", "", "003225510000"],
        ),
    ];
    for (written, expected, forms) in cases {
        assert_eq!(key(&amsterdam(), written), expected, "{written}");
        assert_eq!(dialled(&amsterdam(), written), some(forms), "{written}");
    }
}

#[test]
fn british_numbers_are_read_and_dialled() {
    let cases = [
        (
            "+44 (0)20 7946 0123",
            "+442079460123",
            ["", "79460123", "02079460123", "00442079460123"],
        ),
        (
            "020 7946 0123",
            "+442079460123",
            ["", "79460123", "02079460123", "00442079460123"],
        ),
        (
            "7946 0123",
            "+442079460123",
            ["", "79460123", "02079460123", "00442079460123"],
        ),
        (
            "0161 496 0123",
            "+441614960123",
            ["", "", "01614960123", "00441614960123"],
        ),
        (
            "07700 900123",
            "+447700900123",
            ["", "", "07700900123", "00447700900123"],
        ),
    ];
    for (written, expected, forms) in cases {
        assert_eq!(key(&london(), written), expected, "{written}");
        assert_eq!(dialled(&london(), written), some(forms), "{written}");
    }
}

#[test]
fn a_form_that_would_reach_another_number_is_not_offered() {
    let local = munich().dialable(&number("+4989012345"), DialForm::Local);
    assert_eq!(local, None, "012345 is another number");
    let national = munich().dialable(&number("+4989012345"), DialForm::National);
    assert_eq!(national.as_deref(), Some("089012345"));
}

#[test]
fn the_shortest_form_is_preferred() {
    let shortest = |plan: &DialPlan, text| plan.shortest(&number(text));
    let form = |form, digits: &str| (Some(form), digits.to_owned());
    let munich = munich();
    assert_eq!(
        shortest(&munich, "+4989700798765"),
        form(DialForm::Internal, "98765")
    );
    assert_eq!(
        shortest(&munich, "+49891234567"),
        form(DialForm::Local, "1234567")
    );
    assert_eq!(
        shortest(&munich, "+4930901820"),
        form(DialForm::National, "030901820")
    );
    assert_eq!(
        shortest(&munich, "+31205241111"),
        form(DialForm::International, "0031205241111")
    );
    assert_eq!(shortest(&munich, "*7#321"), (None, "*7#321".to_owned()));
}

#[test]
fn inside_the_us_a_canonical_number_is_dialled_in_national_form() {
    let dial = |plan: &DialPlan, text| plan.to_dial(&number(text));
    assert_eq!(dial(&new_york(), "+1 (415) 555-0123"), "14155550123");
    assert_eq!(dial(&new_york(), "+1 (212) 555-0123"), "2125550123");
    assert_eq!(dial(&new_york(), "+49 (89) 7007-98765"), "+4989700798765");
    for plan in [munich(), amsterdam(), london()] {
        assert_eq!(dial(&plan, "+49 (89) 7007-98765"), "+4989700798765");
        assert_eq!(dial(&plan, "+44 20 7946 0123"), "+442079460123");
    }
    assert_eq!(dial(&munich(), "089 7007-98765"), "089700798765");
}

#[test]
fn emergency_numbers_are_recognised_with_trunk_and_country_code() {
    let german = munich().with_trunk_code("0").unwrap();
    for text in ["112", "110", "1 1 2", "0112", "+49112"] {
        assert!(german.is_emergency(&number(text)), "{text}");
    }
    for text in ["1123", "911", "+1112", "00112", "*112"] {
        assert!(!german.is_emergency(&number(text)), "{text}");
    }
    let american = new_york().with_trunk_code("9").unwrap();
    assert!(american.is_emergency(&number("9911")) && american.is_emergency(&number("911")));
    assert!(london().is_emergency(&number("999")) && amsterdam().is_emergency(&number("112")));
    let own = munich().with_emergency_numbers(["112", "222"]).unwrap();
    assert!(own.is_emergency(&number("222")) && !own.is_emergency(&number("110")));
    assert_eq!(key(&own, "222"), "222", "no extension");
}

#[test]
fn a_plan_is_checked() {
    let error = |result: Result<DialPlan, DialPlanError>| result.unwrap_err();
    let not_digits = DialPlanError::NotDigits("a country code");
    assert_eq!(error(DialPlan::new("+49", "0", "00")), not_digits);
    assert_eq!(error(DialPlan::new("", "0", "00")), not_digits);
    let no_area = DialPlan::germany().with_system_number("7007");
    assert_eq!(error(no_area), DialPlanError::NoAreaCode);
    let range = |digits| error(munich().with_extension_digits(digits));
    assert_eq!(range(0..=3), DialPlanError::ExtensionDigits);
    assert_eq!(range(1..=16), DialPlanError::ExtensionDigits);
    let long = munich().with_trunk_code(&"1".repeat(16));
    assert_eq!(error(long), DialPlanError::NotDigits("a trunk code"));
    let belgium = DialPlan::new("32", "0", "00").unwrap();
    assert_eq!(key(&belgium, "02 551 00 00"), "+3225510000");
    assert_eq!(key(&belgium, "5510000"), "5510000", "no area is known");
}

#[test]
fn extensions_have_as_many_digits_as_configured() {
    let three = munich().with_extension_digits(3..=3).unwrap();
    assert_eq!(key(&three, "321"), "+49897007321");
    assert_eq!(key(&three, "98765"), "+498998765", "a local number");
}

#[test]
fn debug_hides_the_number() {
    let shown = format!("{:?} {:?}", munich(), munich().key(&number("98765")));
    assert!(
        !shown.contains("7007") && !shown.contains("98765"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn every_dialable_form_leads_back_to_the_same_key(
        which in 0..4_usize, digits in "[1-9][0-9]{6,10}", own_area: bool,
    ) {
        let (plan, code, area) = [
            (munich(), "49", "89"),
            (new_york(), "1", "212"),
            (amsterdam(), "31", "20"),
            (london(), "44", "20"),
        ][which].clone();
        let local: String = match which {
            1 => digits[..7].to_owned(),
            _ => digits.clone(),
        };
        let text = match (own_area, which) {
            (true, _) => format!("+{code}{area}{local}"),
            (false, 1) => format!("+1415{local}"),
            (false, _) => format!("+{code}{digits}"),
        };
        let canonical = plan.key(&number(&text));
        for dialled in dialled(&plan, &text).into_iter().flatten() {
            prop_assert_eq!(&plan.key(&number(&dialled)), &canonical, "{}", dialled);
        }
    }

    #[test]
    fn a_key_is_its_own_key(text in "[+]?[0-9 ()/*#:;-]{1,30}") {
        for plan in [munich(), new_york(), amsterdam(), london()] {
            let Ok(number) = PhoneNumber::new(&text) else { continue };
            let key = plan.key(&number);
            let Ok(again) = PhoneNumber::new(key.as_str()) else { continue };
            prop_assert_eq!(plan.key(&again), key, "{}", text);
        }
    }

    #[test]
    fn what_is_typed_of_a_number_begins_its_key(at in 1..16_usize) {
        for written in ["+4989700798765", "700798765", "089700798765", "004989700798765", "98765"] {
            let typed = &written[..at.min(written.len())];
            let beginnings = munich().beginnings(typed);
            let found = beginnings.iter().any(|b| "4989700798765".starts_with(b.as_str()));
            // The zeros in front of a number are no digits of it.
            prop_assert!(found || typed.bytes().all(|b| b == b'0'), "{} {:?}", typed, beginnings);
        }
    }
}

#[test]
fn the_trunk_code_is_told_from_the_number_behind_it() {
    let german = munich().with_trunk_code("0").unwrap();
    let wanted = |plan: &DialPlan, dialled: &str| {
        let wanted = plan.without_trunk_code(&number(dialled))?;
        Some(plan.key(&wanted).as_str().to_owned())
    };
    let berlin = Some("+493023125330".to_owned());
    assert_eq!(wanted(&german, "0 030 23125-330"), berlin);
    assert_eq!(wanted(&german, "0 0049 30 23125330"), berlin);
    assert_eq!(
        wanted(&german, "0 70098765"),
        Some("+498970098765".to_owned())
    );
    for other in ["+49 30 23125330", "321", "0321", "0"] {
        assert_eq!(wanted(&german, other), None, "{other}");
    }
    let american = new_york().with_trunk_code("9").unwrap();
    let found = wanted(&american, "9 1 646 555 0123");
    assert_eq!(found, Some("+16465550123".to_owned()));
    assert_eq!(wanted(&munich(), "0 030 23125330"), None, "it has none");
}
