//! What colleagues see of each other's telephones.

use uc_protocol::ucx::LineState;

use super::*;

impl Rig {
    fn line(&self, reader: &str, user: &str) -> Option<LineState> {
        let snapshot = self.exchange.snapshot(&session_id(reader)).unwrap();
        let mut presences = snapshot.presences.into_iter();
        presences.find(|p| p.user == user).unwrap().line
    }

    /// What `reader` was told since the last time.
    fn told(&mut self, reader: &str) -> Vec<(String, Option<LineState>)> {
        let told = self.lines.drain(..).filter(|(to, _)| to == reader);
        let line = |logged: &Logged| match &logged.event {
            Event::Presence(presence) => (presence.user.clone(), presence.line),
            other => panic!("{other:?}"),
        };
        told.map(|(_, logged)| line(&logged)).collect()
    }
}

#[test]
fn colleagues_see_a_line_from_dialling_to_idle() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    assert_eq!(rig.line("332", "330"), Some(LineState::Idle));
    assert_eq!(rig.line("330", "330"), None, "one's own calls say it all");
    let both = |one, other| {
        vec![
            ("330".to_owned(), Some(one)),
            ("331".to_owned(), Some(other)),
        ]
    };
    let caller = rig.dial("330", "331").unwrap().id;
    let ringing = both(LineState::Dialling, LineState::RingingInternal);
    assert_eq!(rig.told("332"), ringing);
    let callee = rig.ringing("331");
    rig.answer("331", &callee).unwrap();
    let busy = both(LineState::BusyInternal, LineState::BusyInternal);
    assert_eq!(rig.told("332"), busy);
    rig.hold("330", &caller).unwrap();
    assert_eq!(rig.told("332"), [], "a held call is one");
    rig.restart();
    assert_eq!(rig.line("332", "330"), Some(LineState::BusyInternal));
    rig.clear("330", &caller).unwrap();
    assert_eq!(rig.told("332"), both(LineState::Idle, LineState::Idle));
}

#[test]
fn one_is_told_of_the_others_lines_only() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.dial("330", "331").unwrap();
    let other = [("331".to_owned(), Some(LineState::RingingInternal))];
    assert_eq!(rig.told("330"), other);
}

#[test]
fn a_call_handed_over_leaves_an_idle_line_and_rings_on_another() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (_, own) = rig.talking();
    rig.hand_over("331", &own, "332").unwrap();
    assert_eq!(rig.line("330", "331"), Some(LineState::Idle));
    assert_eq!(rig.line("330", "332"), Some(LineState::RingingInternal));
    // It goes on, with somebody who doesn't answer yet.
    assert_eq!(rig.line("332", "330"), Some(LineState::Dialling));
    rig.pick_up("331", "332").unwrap();
    assert_eq!(rig.line("330", "332"), Some(LineState::Idle));
    assert_eq!(rig.line("330", "331"), Some(LineState::RingingInternal));
}

#[test]
fn a_networked_users_line_is_not_told_in_suite() {
    for (mode, line) in [("smart", Some(LineState::Dialling)), ("suite", None)] {
        let user = |user: &str, networked: bool| {
            format!(
                "[[user]]\nextension = \"{user}\"\nlast_name = \"A\"\npassword = \"a\"\n\
                 networked = {networked}\n"
            )
        };
        let users = user("330", true) + &user("331", false);
        let company = format!("[system]\nmode = \"{mode}\"\n{users}");
        let company = Company::from_toml(&company).unwrap();
        let mut rig = Rig::new();
        rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
        for user in ["330", "331"] {
            rig.sign_in(user, user);
        }
        rig.dial("330", "331").unwrap();
        assert_eq!(rig.line("331", "330"), line);
        assert_eq!(rig.told("331").len(), usize::from(line.is_some()));
    }
}
