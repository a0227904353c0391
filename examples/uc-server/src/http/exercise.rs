use http::Method;
use uc_protocol::ucx::{decode, encode, paths::Route};

use super::{
    body::Received,
    resource::{self, Ask},
};
use crate::{
    company::Company,
    exchange::{Exchange, SessionId, Verdict},
    store::Saved,
};

/// Body of a fuzz target: whatever two signed-in users ask, there is an answer, it is not the
/// server's fault, and what the server then tells and shows can be read by a client. A line is a
/// request: who (`0` or `1`), the method, the path, and the rest the body.
#[doc(hidden)]
pub fn exercise_requests(text: &str) {
    let company = Company::twelve();
    let mut exchange = Exchange::new(company, "e".into(), Saved::default(), NOW);
    let sessions = USERS.map(|user| {
        let session = SessionId::of_token(user);
        let signed_in = exchange.sign_in(user, Verdict::Fits, session.clone(), NOW);
        assert!(signed_in.is_ok());
        session
    });
    for (line, now) in text.lines().take(MOST_REQUESTS).zip(NOW..) {
        let Some(ask) = ask(line, &sessions) else {
            continue;
        };
        if let Ok(step) = resource::step(ask) {
            let status = step(&mut exchange, now).status();
            assert!((200..500).contains(&status), "{status}");
        }
        for (_, logged) in exchange.take_effects().events {
            assert_eq!(decode(&encode(&logged.event)).as_ref(), Ok(&logged.event));
        }
    }
    for session in sessions {
        if let Ok(snapshot) = exchange.snapshot(&session) {
            assert_eq!(decode(&encode(&snapshot)), Ok(snapshot));
        }
    }
}

fn ask(line: &str, sessions: &[SessionId; 2]) -> Option<Ask> {
    let mut words = line.splitn(4, ' ');
    let session = sessions[usize::from(words.next()? == "1")].clone();
    Some(Ask {
        method: Method::from_bytes(words.next()?.as_bytes()).ok()?,
        route: Route::parse(words.next()?)?,
        session,
        body: Received::new(words.next().unwrap_or_default()),
    })
}

/// Of the built-in company.
const USERS: [&str; 2] = ["330", "331"];
/// Some day, in milliseconds since the Unix epoch.
const NOW: i64 = 1_700_000_000_000;
/// Enough for every resource and for crossing requests.
const MOST_REQUESTS: usize = 64;
