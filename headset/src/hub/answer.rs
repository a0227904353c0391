//! What the Hub says: JSON of another program, read defensively.

use serde::Deserialize;

use super::HubError;

/// The envelope of every answer; what else is in it doesn't matter.
#[derive(Deserialize)]
struct Answer<T> {
    #[serde(rename = "Result")]
    result: Option<T>,
    #[serde(rename = "isError", default)]
    is_error: bool,
}

#[derive(Deserialize)]
struct Device {
    #[serde(rename = "ProductName")]
    product_name: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Action")]
    action: i64,
    #[serde(rename = "CallId")]
    call: Option<CallId>,
}

#[derive(Deserialize)]
struct CallId {
    #[serde(rename = "Id")]
    id: Id,
}

/// Some answers have it as a number, some as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

/// What a person did at the headset, or what became of it (`CallEvents`, `Action`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    Accept(Option<u32>),
    Terminate(Option<u32>),
    Hold(Option<u32>),
    Resume(Option<u32>),
    Flash,
    Mute(bool),
    Reject(Option<u32>),
    Removed,
}

/// The headset's name, for a person: without control characters, at most 128 characters.
pub(super) fn model(body: &[u8]) -> Result<Box<str>, HubError> {
    let answer: Answer<Device> = read(body)?;
    let device = answer.result.filter(|_| !answer.is_error);
    let name = device.ok_or(HubError::NoHeadset)?.product_name;
    let printable = name.chars().filter(|letter| !letter.is_control());
    let model: String = printable.take(MOST_LETTERS).collect();
    match model.trim() {
        "" => Err(HubError::NoHeadset),
        model => Ok(model.into()),
    }
}

/// What was said since the last question, oldest first; of more than 64 sayings the rest is lost. An empty
/// answer says nothing; one that is an error is of a Hub that has forgotten us.
pub(super) fn sayings(body: &[u8]) -> Result<Vec<Saying>, HubError> {
    let answer: Answer<Vec<Event>> = read(body)?;
    if answer.is_error {
        return Err(HubError::Malformed);
    }
    let events = answer.result.unwrap_or_default().into_iter();
    Ok(events.take(MOST_SAYINGS).filter_map(said).collect())
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, HubError> {
    serde_json::from_slice(body).map_err(|_| HubError::Malformed)
}

/// `None` for what doesn't matter: in progress (6), ringing (7), ended (8), a device that came (33), and more.
fn said(event: Event) -> Option<Saying> {
    let call = event.call.and_then(|call| match call.id {
        Id::Number(id) => id.try_into().ok(),
        Id::Text(id) => id.parse().ok(),
    });
    Some(match event.action {
        1 => Saying::Accept(call),
        2 => Saying::Terminate(call),
        3 => Saying::Hold(call),
        4 => Saying::Resume(call),
        5 => Saying::Flash,
        11 => Saying::Mute(true),
        12 => Saying::Mute(false),
        23 => Saying::Reject(call),
        34 => Saying::Removed,
        _ => return None,
    })
}

/// Of a model's name (our choice).
const MOST_LETTERS: usize = 128;

/// Of one answer (our choice); a person presses a few in a quarter of a second.
const MOST_SAYINGS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headsets_name_is_read_and_made_fit_to_be_shown() {
        let told = |name: &str| {
            let body = format!(
                r#"{{"Type":5,"Result":{{"ProductName":{name},"Uid":"1"}},"isError":false}}"#
            );
            model(body.as_bytes())
        };
        assert_eq!(
            told(r#""Voyager\u001b Focus ""#),
            Ok("Voyager Focus".into())
        );
        assert_eq!(
            told(&format!("{:?}", "x".repeat(4_000))).unwrap().len(),
            128
        );
        assert_eq!(told(r#"" ""#), Err(HubError::NoHeadset));
        assert_eq!(told("7"), Err(HubError::Malformed));
    }

    #[test]
    fn no_headset_is_an_error_of_its_own() {
        let body = br#"{"Result":null,"isError":true,"Err":{"Description":"There are no supported devices"}}"#;
        assert_eq!(model(body), Err(HubError::NoHeadset));
    }

    #[test]
    fn calls_are_named_by_number_or_text_and_what_is_unknown_is_passed_over() {
        let body = br#"{"Result":[{"Action":1,"CallId":{"Id":7}},{"Action":2,"CallId":{"Id":"8"}},{"Action":99},
            {"Action":3,"CallId":{"Id":"x"}},{"Action":4,"CallId":{"Id":-1}},{"Action":11,"CallId":null}]}"#;
        let said = [
            Saying::Accept(Some(7)),
            Saying::Terminate(Some(8)),
            Saying::Hold(None),
            Saying::Resume(None),
            Saying::Mute(true),
        ];
        assert_eq!(sayings(body), Ok(said.to_vec()));
        assert_eq!(sayings(br#"{"Result":null}"#), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_as_expected_is_refused_and_what_is_too_much_is_cut_off() {
        let deep = format!(r#"{{"Result":{}"#, "[".repeat(60_000));
        for body in [
            "",
            "null",
            "[]",
            r#"{"Result":[7]}"#,
            r#"{"isError":true}"#,
            &deep,
        ] {
            assert_eq!(
                sayings(body.as_bytes()),
                Err(HubError::Malformed),
                "{body:.40}"
            );
        }
        let many = format!(r#"{{"Result":[{}]}}"#, [r#"{"Action":5}"#; 500].join(","));
        assert_eq!(sayings(many.as_bytes()).unwrap().len(), MOST_SAYINGS);
    }
}
