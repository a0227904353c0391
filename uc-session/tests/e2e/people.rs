//! What users tell each other and the server keeps for them: presence, profile, photo, settings,
//! passwords, numbers.

#[cfg(feature = "media")]
mod licences;
mod numbers;
mod password;
mod presence;
mod profile;
mod telephone;

use uc_model::Capability;
use uc_server::{Company, Configuration, Mode, RunningServer, Server};
use uc_session::{Client, ClientBuilder};

pub(crate) use self::profile::picture;
use crate::client::{builder, within};

/// A server of Rosa (330), Bruno (331), Clara (332): `system` is the company file's table
/// `[system]`, `rosa` what stands with Rosa besides.
pub(crate) async fn server(system: &str, rosa: &str) -> RunningServer {
    let user = |extension: &str, first: &str, more: &str| {
        format!(
            "[[user]]\nextension = \"{extension}\"\nfirst_name = \"{first}\"\n\
             password = \"demo-{extension}\"\n{more}\n"
        )
    };
    let text = format!(
        "[system]\n{system}\n{}{}{}",
        user("330", "Rosa", rosa),
        user("331", "Bruno", ""),
        user("332", "Clara", "")
    );
    let company = Company::from_toml(&text).unwrap();
    Server::builder().company(company).start().await.unwrap()
}

pub(crate) async fn client(server: &RunningServer, user: &str) -> Client {
    signed_in(builder(server, user)).await
}

pub(crate) async fn signed_in(builder: ClientBuilder) -> Client {
    within(builder.sign_in()).await.unwrap()
}

#[tokio::test]
async fn each_mode_and_configuration_gives_its_capabilities() {
    use Capability as C;
    let both = [
        C::Presence,
        C::Profile,
        C::PasswordChange,
        C::ServerSettings,
    ];
    let smart = [C::Photo, C::OldPassword];
    let nothing = Configuration::default();
    let voip = Configuration {
        voip: true,
        ..Configuration::default()
    };
    for (mode, on, has, lacks) in [
        (
            Mode::Smart,
            &nothing,
            &smart[..],
            &[C::CallMe, C::VoipCalls][..],
        ),
        (
            Mode::Smart,
            &voip,
            &[C::VoipCalls, C::Hold],
            &[C::DeskPhoneControl],
        ),
        (Mode::Suite, &nothing, &[C::CallMe], &smart),
    ] {
        let server = Server::builder().mode(mode).configuration(on.clone());
        let server = server.start().await.unwrap();
        let can = client(&server, "330").await.capabilities();
        for capability in both.iter().chain(has) {
            assert!(can.has(*capability), "{mode:?} {on:?} {capability:?}");
        }
        for capability in lacks {
            assert!(!can.has(*capability), "{mode:?} {on:?} {capability:?}");
        }
    }
}
