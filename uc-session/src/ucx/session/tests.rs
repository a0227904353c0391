use super::*;
use crate::ucx::sample;

fn hello(mode: wire::Mode, configuration: wire::Configuration) -> wire::Hello {
    wire::Hello {
        server: "Test".into(),
        version: "1.2".into(),
        ucx: vec![UCX_VERSION],
        mode,
        configuration,
        location: None,
    }
}

fn me() -> wire::Me {
    wire::Me {
        user: "330".into(),
        extension: "330".into(),
        name: "Anna Adler".into(),
    }
}

fn all_on() -> wire::Configuration {
    wire::Configuration {
        chat: true,
        voip: true,
        conferences: true,
        desk_phones: true,
        mobility: true,
        mulap: true,
        web_collaboration: true,
        key_programming: true,
        conversations_by_number: true,
    }
}

fn session(me: wire::Me, must_change_password: bool) -> wire::Session {
    wire::Session {
        session: wire::Secret("token".into()),
        me,
        must_change_password,
        missing_licences: vec![wire::Licence::Voip, wire::Licence::Other],
        phone: Some(wire::PhoneKind::Dect),
        assigned_phones: vec![
            wire::AssignedPhone {
                number: "361".to_owned(),
                kind: wire::PhoneKind::Webrtc,
            },
            wire::AssignedPhone {
                number: "362".to_owned(),
                kind: wire::PhoneKind::Other,
            },
        ],
    }
}

#[test]
fn a_sign_in_tells_who_and_where() {
    let signed_in = read(hello(wire::Mode::Suite, all_on()), session(me(), true)).unwrap();
    assert_eq!(signed_in.user.as_str(), "330");
    assert_eq!(signed_in.extension.unwrap().as_str(), "330");
    assert_eq!(signed_in.name.expose(), "Anna Adler");
    assert_eq!(signed_in.server, "Test 1.2");
    assert_eq!(signed_in.mode, Some(Mode::Suite));
    assert_eq!(signed_in.grouping, ConversationGrouping::ByNumber);
    assert!(signed_in.must_change_password);
    assert_eq!(signed_in.missing_licences, [Licence::Voip]);
    assert_eq!(signed_in.phone, Some(uc_model::PhoneKind::Dect));
    let phones = signed_in.assigned_phones.unwrap_or_default();
    let kinds: Vec<_> = phones.iter().map(|phone| phone.kind).collect();
    assert_eq!(kinds, [Some(uc_model::PhoneKind::WebRtc), None]);
    assert!(!signed_in.capabilities.has(Capability::VoipCalls));
}

#[test]
fn an_impossible_user_or_extension_is_unreadable() {
    let hello = || hello(wire::Mode::Smart, all_on());
    let bad_user = wire::Me {
        user: String::new(),
        ..me()
    };
    assert_eq!(read(hello(), session(bad_user, false)), Err(Unreadable));
    let bad_extension = wire::Me {
        extension: "x".into(),
        ..me()
    };
    assert_eq!(
        read(hello(), session(bad_extension, false)),
        Err(Unreadable)
    );
}

#[test]
fn capabilities_follow_the_configuration() {
    use Capability as C;
    let always = [
        C::Presence,
        C::DirectorySearch,
        C::Conversations,
        C::PresenceVisibility,
        C::Profile,
        C::PasswordChange,
        C::ServerSettings,
        C::Redial,
        C::Favourites,
    ];
    let voip = wire::Configuration {
        voip: true,
        ..Default::default()
    };
    let desk = wire::Configuration {
        desk_phones: true,
        ..Default::default()
    };
    let table: [(wire::Configuration, &[C]); 4] = [
        (wire::Configuration::default(), &[]),
        (
            voip,
            &[
                C::VoipCalls,
                C::Hold,
                C::Pickup,
                C::Deflect,
                C::Consult,
                C::Transfer,
                C::PhoneConferences,
                C::Dtmf,
            ],
        ),
        (
            desk,
            &[
                C::DeskPhoneControl,
                C::Hold,
                C::Pickup,
                C::Deflect,
                C::Consult,
                C::Transfer,
                C::PhoneConferences,
            ],
        ),
        (
            all_on(),
            &[
                C::VoipCalls,
                C::DeskPhoneControl,
                C::Hold,
                C::Pickup,
                C::Deflect,
                C::Consult,
                C::Transfer,
                C::PhoneConferences,
                C::Dtmf,
                C::DialMethods,
                C::AssignedPhone,
                C::KeyProgramming,
            ],
        ),
    ];
    let modes: [(wire::Mode, &[C]); 2] = [
        (
            wire::Mode::Smart,
            &[
                C::Photo,
                C::OldPassword,
                C::EditContacts,
                C::DeleteFavouriteGroups,
                C::DefaultNumbers,
                C::Forwarding,
            ],
        ),
        (wire::Mode::Suite, &[C::CallMe, C::ExternalDirectory]),
    ];
    for (mode, of_mode) in modes {
        for (configuration, extra) in &table {
            let chat = mode == wire::Mode::Smart && configuration.chat;
            let chat = chat.then_some(&C::Chat);
            let expected = always.iter().chain(of_mode).chain(*extra).chain(chat);
            let expected: CapabilitySet = expected.copied().collect();
            let found = capabilities(mode, configuration, &[]);
            assert_eq!(found, expected, "{configuration:?}");
        }
    }
}

#[test]
fn a_snapshot_is_whole_or_unreadable() {
    let presence = wire::PresenceResource {
        user: "331".into(),
        rev: 3,
        state: wire::PresenceState::Lunch,
        until: Some(5),
        note: None,
        line: None,
    };
    let good = wire::Snapshot {
        contacts: Vec::new(),
        favourites: wire::FavouritesResource::default(),
        as_of: "e1-7".parse().unwrap(),
        me: me(),
        account: wire::AccountResource::default(),
        presences: vec![presence],
        calls: vec![sample::call("c1", 6)],
        conversations: vec![sample::conversation("v1", 7)],
    };
    let state = read_snapshot(sample::through_json(good.clone())).unwrap();
    assert_eq!(state.as_of, Cursor("e1-7".into()));
    assert_eq!(state.rev, Rev(7));
    assert_eq!(
        (
            state.presences.len(),
            state.calls.len(),
            state.conversations.len()
        ),
        (1, 1, 1)
    );
    let calls = vec![sample::call("c1", 6), sample::call("", 7)];
    assert_eq!(
        read_snapshot(wire::Snapshot { calls, ..good }),
        Err(Unreadable)
    );
}

#[test]
fn events_keep_their_place_and_unknown_kinds_are_passed_over() {
    let id: wire::EventId = "e1-9".parse().unwrap();
    let cursor = Cursor("e1-9".into());
    let at = |event| read_event(&id, sample::through_json(event));
    let Ok(Some(BackendEvent::Change {
        cursor: place,
        change,
    })) = at(wire::Event::Call(sample::call("c1", 9)))
    else {
        panic!("a call event is a change");
    };
    assert_eq!(place, cursor);
    assert!(matches!(change, ServerChange::Call(update) if update.call.rev == Rev(9)));
    let deleted = wire::Event::ConversationDeleted {
        id: "v1".into(),
        rev: 9,
    };
    let change = ServerChange::ConversationDeleted {
        id: ConversationId::new("v1").unwrap(),
        rev: Rev(9),
    };
    assert_eq!(
        at(deleted),
        Ok(Some(BackendEvent::Change {
            cursor: cursor.clone(),
            change
        }))
    );
    assert_eq!(
        at(wire::Event::Reset),
        Ok(Some(BackendEvent::Reset {
            cursor: Some(cursor)
        }))
    );
    assert_eq!(
        at(wire::Event::SessionEnded),
        Ok(Some(BackendEvent::SessionEnded))
    );
    assert_eq!(at(wire::Event::Unknown), Ok(None));
}

#[test]
fn an_event_with_an_impossible_id_is_unreadable() {
    let id: wire::EventId = "e1-9".parse().unwrap();
    let events = [
        wire::Event::Call(sample::call("", 9)),
        wire::Event::Conversation(sample::conversation(" ", 9)),
        wire::Event::ConversationDeleted {
            id: String::new(),
            rev: 9,
        },
    ];
    for event in events {
        assert_eq!(read_event(&id, event), Err(Unreadable));
    }
}
