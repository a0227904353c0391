//! Calls with more than two: consulting, handing over, conferences, picking up.

use serde_json::Value;
use uc_model::FailureCause;

use crate::{
    calls::person,
    control::{Typing, at_desk, at_desks},
    run::{answer, told, within},
};

#[tokio::test]
async fn a_desk_phones_call_is_announced_and_handed_over_by_commands() {
    let server = at_desks().await;
    let (bruno, clara) = (at_desk(&server, "331").await, at_desk(&server, "332").await);
    let state = async |arguments: &[&str]| told(&server, "330", arguments).await["state"].clone();
    told(&server, "330", &["call", "331", "--desk-phone"]).await;
    let first = within(bruno.incoming()).await.expect("it rings");
    within(first.answer()).await.expect("he may");
    let alone = answer(&server, "330", &["transfer"]).await;
    assert!(
        alone
            .expect_err("there is one call")
            .contains("allows that now")
    );
    assert_eq!(state(&["consult", "332"]).await, "consulting");
    let second = within(clara.incoming()).await.expect("it rings");
    within(second.answer()).await.expect("she may");
    assert_eq!(state(&["alternate"]).await, "alternated");
    let listed = answer(&server, "330", &["calls"]).await.expect("two calls");
    let local = |number: &str| -> Value {
        let call = listed.iter().find(|call| call["number"] == number);
        call.expect("listed")["local"].clone()
    };
    assert_eq!(
        (local("331"), local("332")),
        ("connected".into(), "hold".into())
    );
    assert_eq!(state(&["transfer"]).await, "transferred");
    within(first.connected()).await.expect("they talk");
    within(second.connected()).await.expect("they talk");
    let none = answer(&server, "330", &["calls"]).await.expect("a list");
    assert_eq!(none, Vec::<Value>::new());
}

#[tokio::test]
async fn a_desk_phones_calls_become_a_conference_by_a_command() {
    let server = at_desks().await;
    let (bruno, clara) = (at_desk(&server, "331").await, at_desk(&server, "332").await);
    let state = async |arguments: &[&str]| told(&server, "330", arguments).await["state"].clone();
    told(&server, "330", &["call", "331", "--desk-phone"]).await;
    let first = within(bruno.incoming()).await.expect("it rings");
    within(first.answer()).await.expect("he may");
    state(&["consult", "332"]).await;
    let second = within(clara.incoming()).await.expect("it rings");
    within(second.answer()).await.expect("she may");
    assert_eq!(state(&["conference"]).await, "conferenced");
    assert_eq!(state(&["hang-up"]).await, "hung_up");
}

#[tokio::test]
async fn a_running_call_is_handed_over_by_a_line_and_the_program_ends() {
    let server = crate::run::server().await;
    let (bruno, clara) = (person(&server, "331").await, person(&server, "332").await);
    let mut program = Typing::call(&server, "transfer", &["call", "331"]);
    let first = within(bruno.incoming()).await.expect("it rings");
    within(first.answer()).await.expect("he may");
    program.until("connected").await;
    program.line("transfer 332").await;
    // The answer and the call's end may cross; neither is lost.
    let rest = program.rest().await;
    assert!(rest.iter().any(|told| told["state"] == "transferred"));
    let ended = rest.iter().find(|told| told["state"] == "ended");
    let cause = &ended.expect("the call's end is told")["cause"];
    assert_eq!(*cause, FailureCause::Transferred.to_string());
    let second = within(clara.incoming()).await.expect("it rings there");
    within(second.answer()).await.expect("she may");
    within(first.connected()).await.expect("they talk");
    program.ends_well().await;
}

#[tokio::test]
async fn a_colleagues_ringing_call_is_picked_up() {
    let server = crate::run::server().await;
    let (bruno, clara) = (person(&server, "331").await, person(&server, "332").await);
    let call = within(bruno.call("332")).await.expect("it rings");
    within(clara.incoming()).await.expect("there");
    let mut program = Typing::call(&server, "pickup", &["pickup", "332"]);
    program.until("connected").await;
    within(call.connected()).await.expect("they talk");
    program.line("end").await;
    within(call.ended()).await;
    program.ends_well().await;
}
