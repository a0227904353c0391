//! Every resource of UCX survives the wire, and damage to it gives a typed error.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "samples/mod.rs"]
mod samples;

use proptest::prelude::*;
use uc_protocol::ucx::{EventId, Resource, decode, encode};

fn survives<T: Resource + PartialEq + std::fmt::Debug>(resource: &T) -> Result<(), TestCaseError> {
    let bytes = encode(resource);
    let decoded = decode::<T>(&bytes);
    prop_assert_eq!(decoded.as_ref(), Ok(resource));
    // Every beginning of it is an error, not a panic and not another resource.
    for end in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
        prop_assert!(decode::<T>(&bytes[..end]).is_err());
    }
    Ok(())
}

macro_rules! round_trips {
    ($($name:ident: $strategy:ident;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig::with_cases(64))]
            $(
                #[test]
                fn $name(resource in samples::$strategy()) {
                    survives(&resource)?;
                }
            )*
        }
    };
}

round_trips! {
    hello_survives_the_wire: hello;
    sign_in_survives_the_wire: sign_in;
    session_survives_the_wire: session;
    snapshot_survives_the_wire: snapshot;
    event_survives_the_wire: event;
    changes_survive_the_wire: changes;
    contact_list_survives_the_wire: contact_list;
    contact_draft_survives_the_wire: contact_draft;
    favourites_survive_the_wire: favourites;
    favourite_change_survives_the_wire: favourite_change;
    send_message_survives_the_wire: send_message;
    import_report_survives_the_wire: import_report;
    search_results_survive_the_wire: search_results;
    presence_survives_the_wire: presence;
    presence_update_survives_the_wire: presence_update;
    account_survives_the_wire: account;
    visibility_update_survives_the_wire: visibility_update;
    profile_survives_the_wire: profile;
    settings_update_survives_the_wire: settings_update;
    password_update_survives_the_wire: password_update;
    make_call_survives_the_wire: make_call;
    describe_survives_the_wire: describe;
    clear_survives_the_wire: clear;
    new_destination_survives_the_wire: new_destination;
    deflect_survives_the_wire: deflect;
    call_me_update_survives_the_wire: call_me_update;
    forwarding_entry_survives_the_wire: forwarding_entry;
    dial_method_update_survives_the_wire: dial_method_update;
    function_key_survives_the_wire: function_key;
    function_keys_survive_the_wire: function_keys;
    held_call_survives_the_wire: held_call;
    directed_pickup_survives_the_wire: directed_pickup;
    candidates_survive_the_wire: candidates;
    call_survives_the_wire: call;
    conversation_survives_the_wire: conversation;
    conversation_list_survives_the_wire: conversation_list;
    problem_survives_the_wire: problem;
}

proptest! {
    #[test]
    fn event_ids_survive_their_text(id in samples::event_id()) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn texts_that_are_no_event_ids_are_refused(text in "[a-z0-9-]{0,3}[^a-zA-Z0-9-][a-z0-9-]{0,3}|-[0-9]*|[a-z]*|[a-z]+-|[a-z]{33}-1") {
        prop_assert!(text.parse::<EventId>().is_err());
    }
}

#[test]
fn debug_shows_no_content() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    for _ in 0..50 {
        let mut call = samples::call().new_tree(&mut runner).unwrap().current();
        call.party.name = Some("Anna Secret".into());
        call.party.number = "4711".into();
        let conversation = samples::conversation()
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut sign_in = samples::sign_in().new_tree(&mut runner).unwrap().current();
        sign_in.password.0 = "hunter2".into();
        let shown = format!("{call:?} {conversation:?} {sign_in:?}");
        for secret in ["Anna", "\"4711\"", "hunter2"] {
            assert!(!shown.contains(secret), "{secret}");
        }
    }
}
