use Capability as C;

use super::*;

#[test]
fn a_set_has_what_was_put_in() {
    let set: CapabilitySet = [Capability::Presence, Capability::CallMe]
        .into_iter()
        .collect();
    assert!(set.has(Capability::Presence) && set.has(Capability::CallMe));
    assert!(!set.has(Capability::Chat));
    assert_eq!(set.with(Capability::Presence), set);
    assert!(!CapabilitySet::EMPTY.has(Capability::Presence));
}

const NOTHING: Configuration = Configuration {
    chat: false,
    voip: false,
    conferences: false,
    desk_phones: false,
    mobility: false,
    mulap: false,
    web_collaboration: false,
    key_programming: false,
};

const BOTH_MODES: [Capability; 9] = [
    Capability::Presence,
    Capability::DirectorySearch,
    Capability::Conversations,
    Capability::PresenceVisibility,
    Capability::Favourites,
    Capability::Profile,
    Capability::PasswordChange,
    Capability::ServerSettings,
    Capability::Redial,
];

const SMART: [Capability; 7] = [
    Capability::Voicemail,
    Capability::Forwarding,
    Capability::EditContacts,
    Capability::DeleteFavouriteGroups,
    Capability::DefaultNumbers,
    Capability::Photo,
    Capability::OldPassword,
];

const SUITE: [Capability; 2] = [Capability::CallMe, Capability::ExternalDirectory];

fn set(parts: &[&[Capability]]) -> CapabilitySet {
    parts.iter().copied().flatten().copied().collect()
}

#[test]
fn the_modes_differ_as_the_manual_says() {
    let smart = CapabilitySet::offered(Mode::Smart, &NOTHING);
    assert_eq!(smart, set(&[&BOTH_MODES, &SMART]));
    let suite = CapabilitySet::offered(Mode::Suite, &NOTHING);
    assert_eq!(suite, set(&[&BOTH_MODES, &SUITE]));
}

#[test]
fn each_switch_adds_its_capabilities_in_its_modes() {
    type Switch = fn(&mut Configuration);
    let table: [(Switch, &[C], &[C]); 8] = [
        (|on| on.chat = true, &[C::Chat], &[]),
        (|on| on.conferences = true, &[C::Conferences], &[]),
        (|on| on.voip = true, &VOIP, &VOIP),
        (|on| on.desk_phones = true, &DESK, &DESK),
        (
            |on| on.mobility = true,
            &[C::DialMethods],
            &[C::DialMethods],
        ),
        (
            |on| on.mulap = true,
            &[C::AssignedPhone],
            &[C::AssignedPhone],
        ),
        (
            |on| on.web_collaboration = true,
            &[C::WebCollaboration],
            &[C::WebCollaboration],
        ),
        (
            |on| on.key_programming = true,
            &[C::KeyProgramming],
            &[C::KeyProgramming],
        ),
    ];
    for (switch, smart, suite) in table {
        let mut on = NOTHING;
        switch(&mut on);
        let offered = CapabilitySet::offered(Mode::Smart, &on);
        assert_eq!(offered, set(&[&BOTH_MODES, &SMART, smart]));
        let offered = CapabilitySet::offered(Mode::Suite, &on);
        assert_eq!(offered, set(&[&BOTH_MODES, &SUITE, suite]));
    }
}

#[test]
fn a_set_is_listed_and_cut() {
    let both = set(&[&[Capability::Hold, Capability::Chat]]);
    let listed: Vec<_> = both.iter().collect();
    assert_eq!(listed, [Capability::Chat, Capability::Hold]);
    assert_eq!(format!("{both:?}"), "{Chat, Hold}");
    let cut = both.intersection(set(&[&[Capability::Hold, Capability::Photo]]));
    assert_eq!(cut, set(&[&[Capability::Hold]]));
    let all: CapabilitySet = Capability::ALL.into_iter().collect();
    assert_eq!(all.iter().count(), Capability::ALL.len());
}

#[test]
fn a_missing_licence_takes_its_capabilities_away_and_no_others() {
    let on = Configuration {
        voip: true,
        conferences: true,
        ..NOTHING
    };
    let all = CapabilitySet::offered(Mode::Smart, &on);
    for (licence, gone) in [
        (Licence::Voip, &VOIP[..]),
        (Licence::Conference, &[C::Conferences]),
        (Licence::Voicemail, &[C::Voicemail]),
    ] {
        let left = CapabilitySet::licensed(Mode::Smart, &on, &[licence]);
        let missing: CapabilitySet = all.iter().filter(|one| !left.has(*one)).collect();
        assert_eq!(missing, set(&[gone]), "{licence}");
    }
    let desk = Configuration {
        desk_phones: true,
        ..on
    };
    let left = CapabilitySet::licensed(Mode::Smart, &desk, &[Licence::Voip]);
    assert!(left.has(C::Hold) && left.has(C::DeskPhoneControl) && !left.has(C::VoipCalls));
}

/// What calls by the computer bring.
const VOIP: [C; 8] = [
    C::VoipCalls,
    C::Hold,
    C::Pickup,
    C::Deflect,
    C::Consult,
    C::Transfer,
    C::PhoneConferences,
    C::Dtmf,
];

/// What control of a desk phone brings.
const DESK: [C; 7] = [
    C::DeskPhoneControl,
    C::Hold,
    C::Pickup,
    C::Deflect,
    C::Consult,
    C::Transfer,
    C::PhoneConferences,
];
