use super::*;

fn plan() -> DialPlan {
    let plan = DialPlan::germany().in_area("89").unwrap();
    plan.with_trunk_code("0").unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

fn to(text: &str, line: Line) -> Destination {
    Destination {
        number: number(text),
        line,
    }
}

#[test]
fn smart_asks_whether_a_dialable_number_is_internal_or_external() {
    for (typed, internal, external) in [
        ("321", "321", "0321"),
        ("700798765", "700798765", "0700798765"),
        ("089 7007-98765", "089700798765", "0089700798765"),
    ] {
        let expected = Dialling::Ask {
            internal: to(internal, Line::Internal),
            external: to(external, Line::WithTrunkCode),
            is_short: internal.len() <= 5,
        };
        let at_once = if internal.len() <= 5 {
            internal
        } else {
            external
        };
        assert_eq!(expected.clone().at_once().number, number(at_once));
        assert_eq!(
            plan().dial(&number(typed), Mode::Smart),
            expected,
            "{typed}"
        );
    }
}

#[test]
fn suite_leaves_the_trunk_code_to_the_system() {
    for typed in ["321", "700798765", "089700798765", "004989700798765"] {
        let expected = Dialling::Send(to(typed, Line::DefaultLine));
        assert_eq!(plan().dial(&number(typed), Mode::Suite), expected);
    }
}

#[test]
fn canonical_numbers_and_codes_go_as_they_are() {
    for mode in [Mode::Smart, Mode::Suite] {
        let canonical = plan().dial(&number("+49 (89) 7007-98765"), mode);
        let expected = Dialling::Send(to("+4989700798765", Line::BySystem));
        assert_eq!(canonical, expected);
        let code = plan().dial(&number("*7 321#"), mode);
        assert_eq!(code, Dialling::Send(to("*7321#", Line::BySystem)));
    }
}

#[test]
fn a_converted_canonical_number_is_external_without_a_question() {
    let plan = DialPlan::united_states().in_area("212").unwrap();
    let plan = plan.with_trunk_code("9").unwrap();
    let typed = number("+1 (415) 555-0123");
    let smart = Dialling::Send(to("914155550123", Line::WithTrunkCode));
    assert_eq!(plan.dial(&typed, Mode::Smart), smart);
    let suite = Dialling::Send(to("14155550123", Line::DefaultLine));
    assert_eq!(plan.dial(&typed, Mode::Suite), suite);
}

#[test]
fn an_emergency_number_bypasses_question_callback_and_call_me() {
    for mode in [Mode::Smart, Mode::Suite] {
        let expected = Dialling::Send(to("112", Line::Emergency));
        assert_eq!(plan().dial(&number("112"), mode), expected);
    }
    for call_me in [false, true] {
        let path = plan().outgoing_path(&number("112"), DialMethod::Callback, call_me);
        assert_eq!(path, OutgoingPath::Direct);
    }
}

#[test]
fn the_dialling_method_decides_which_phone_rings_first() {
    let path = |method, call_me| plan().outgoing_path(&number("321"), method, call_me);
    assert_eq!(path(DialMethod::DeskPhone, false), OutgoingPath::Direct);
    assert_eq!(path(DialMethod::Callback, false), OutgoingPath::Callback);
    assert_eq!(path(DialMethod::DeskPhone, true), OutgoingPath::CallMe);
    assert_eq!(path(DialMethod::Callback, true), OutgoingPath::CallMe);
}
