//! What a user without a licence is told (CONN-5, VOIP-1).

use uc_model::{Capability, FailureCause, Licence};
use uc_session::{Bad, CallError, Client, Good, SignInError, Step, port::BackendError};

use super::{server, signed_in};
use crate::client::{builder, within};

const VOIP: &str = "configuration = { voip = true }";

async fn licence_step(of: uc_session::ClientBuilder) -> Result<Good, Bad> {
    let diagnosis = within(of.diagnose(|_| {})).await.unwrap();
    let mut checks = diagnosis.checks.into_iter();
    checks.find(|c| c.step == Step::Licence).unwrap().result
}

#[tokio::test]
async fn without_a_users_licence_the_sign_in_is_refused_by_name_and_the_diagnosis_says_so() {
    let server = server(VOIP, "licences = [\"voip\"]").await;
    let missing = BackendError::NoLicence(Some(Licence::User));
    let refused = within(builder(&server, "330").sign_in()).await.unwrap_err();
    assert_eq!(refused, SignInError::Backend(missing.clone()));
    assert_eq!(
        refused.to_string(),
        "this user has no UC user licence: ask the administrator to assign one"
    );
    // Who doesn't know the password doesn't learn who has a licence.
    let guess = builder(&server, "330").password("guess".to_owned());
    let refused = within(guess.sign_in()).await.unwrap_err();
    assert_eq!(refused, SignInError::Backend(BackendError::BadCredentials));

    let told = licence_step(builder(&server, "330")).await;
    assert_eq!(told, Err(Bad::Backend(missing)));
    assert_eq!(licence_step(builder(&server, "331")).await, Ok(Good::Yes));
}

async fn with_sound(server: &uc_server::RunningServer, user: &str) -> Client {
    signed_in(builder(server, user).null_sound().unwrap()).await
}

#[tokio::test]
async fn without_a_voip_licence_calls_are_refused_by_name_and_the_rest_works() {
    let server = server(VOIP, "licences = [\"user\", \"voicemail\"]").await;
    let rosa = with_sound(&server, "330").await;
    assert!(!rosa.capabilities().has(Capability::VoipCalls));
    assert!(rosa.capabilities().has(Capability::Presence));
    let refused = within(rosa.call("331")).await.unwrap_err();
    let missing = BackendError::NoLicence(Some(Licence::Voip));
    assert_eq!(refused, CallError::Backend(missing));
    assert_eq!(
        refused.to_string(),
        "this user has no VoIP licence: ask the administrator to assign one"
    );

    let bruno = with_sound(&server, "331").await;
    assert!(bruno.capabilities().has(Capability::VoipCalls));
    let unreachable = within(bruno.call("330")).await.unwrap_err();
    assert_eq!(unreachable, CallError::Ended(FailureCause::Unreachable));

    let told = licence_step(builder(&server, "330")).await;
    let without = vec![Licence::Voip, Licence::Conference];
    assert_eq!(told, Ok(Good::Without(without)));
}
