//! The promises of a backend that SIP can keep; the others are of functions that it doesn't have.

use std::sync::Arc;

use uc_session::{
    SipBackend, SipConfig,
    conformance::backend::{
        Rig, a_closed_link_says_so, a_number_nobody_has_fails_with_its_cause,
        a_refused_call_tells_the_caller, a_refused_port_is_told,
        a_session_goes_on_over_another_link, a_wrong_password_is_told,
        dialling_shows_the_certificate_and_says_nothing, services_need_a_session,
        the_end_of_a_session_is_its_end,
    },
    port::{Backend, ServerAddress},
};

use crate::kamailio::{DOMAIN, Kamailio};

impl Rig for Kamailio {
    fn backend(&self) -> Arc<dyn Backend> {
        let mut config = SipConfig::default();
        config.domain = Some(DOMAIN.to_owned());
        Arc::new(SipBackend::new(config))
    }

    fn address(&self) -> ServerAddress {
        ServerAddress {
            host: "127.0.0.1".to_owned(),
            port: self.tls_port(),
        }
    }

    fn refused(&self) -> ServerAddress {
        ServerAddress {
            host: "127.0.0.1".to_owned(),
            port: 1,
        }
    }

    fn users(&self) -> [(String, String); 2] {
        ["100", "101"].map(|user| (user.to_owned(), "secret".to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sip_backend_keeps_its_promises() {
    let Some(server) = Kamailio::start("SHA-256") else {
        return;
    };
    a_refused_port_is_told(&server).await;
    dialling_shows_the_certificate_and_says_nothing(&server).await;
    a_wrong_password_is_told(&server).await;
    services_need_a_session(&server).await;
    a_closed_link_says_so(&server).await;
    a_session_goes_on_over_another_link(&server).await;
    the_end_of_a_session_is_its_end(&server).await;
    a_number_nobody_has_fails_with_its_cause(&server).await;
    a_refused_call_tells_the_caller(&server).await;
}
