//! Function keys: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{FunctionKey, FunctionKeys, KeyFunction, PhoneKind, PhoneNumber, Redacted};
use uc_protocol::ucx as wire;

use super::Unreadable;
use crate::port::BackendError;

/// The keys that the server tells. A function that this version doesn't know, or a number that can't
/// be dialled, is left alone like that of a local application.
pub(super) fn read(keys: wire::FunctionKeys) -> Result<FunctionKeys, Unreadable> {
    let kind = read_kind(keys.phone).ok_or(Unreadable)?;
    Ok(FunctionKeys::new(
        kind,
        keys.keys.into_iter().map(read_key).collect(),
    ))
}

/// A kind of telephone; `None` for one that isn't known here.
pub(super) const fn read_kind(kind: wire::PhoneKind) -> Option<PhoneKind> {
    Some(match kind {
        wire::PhoneKind::System => PhoneKind::System,
        wire::PhoneKind::Sip => PhoneKind::Sip,
        wire::PhoneKind::Isdn => PhoneKind::Isdn,
        wire::PhoneKind::Analogue => PhoneKind::Analogue,
        wire::PhoneKind::Dect => PhoneKind::Dect,
        wire::PhoneKind::Webrtc => PhoneKind::WebRtc,
        _ => return None,
    })
}

fn read_key(key: wire::FunctionKey) -> FunctionKey {
    let number = |text: String| PhoneNumber::new(text).ok();
    FunctionKey {
        label: key.label.map(Redacted::new),
        first: match key.first {
            wire::KeyFunction::None => KeyFunction::None,
            wire::KeyFunction::Shift => KeyFunction::Shift,
            wire::KeyFunction::Feature { name } => KeyFunction::Feature(name.into()),
            wire::KeyFunction::Number { number: to } => {
                number(to).map_or(KeyFunction::LocalApplication, KeyFunction::Number)
            }
            _ => KeyFunction::LocalApplication,
        },
        second: key.second.and_then(number),
    }
}

/// What a key becomes.
pub(super) fn write(key: &FunctionKey) -> Result<wire::FunctionKey, BackendError> {
    let text = |number: &PhoneNumber| number.as_str().to_owned();
    Ok(wire::FunctionKey {
        label: key.label.as_ref().map(|label| label.expose().clone()),
        first: match &key.first {
            KeyFunction::None => wire::KeyFunction::None,
            KeyFunction::Number(number) => wire::KeyFunction::Number {
                number: text(number),
            },
            KeyFunction::Shift => wire::KeyFunction::Shift,
            KeyFunction::Feature(name) => wire::KeyFunction::Feature {
                name: name.to_string(),
            },
            _ => return Err(BackendError::Unsupported),
        },
        second: key.second.as_ref().map(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ucx::sample;

    #[test]
    fn a_key_survives_the_wire_and_what_is_unknown_is_left_alone() {
        let number = |text| PhoneNumber::new(text).unwrap();
        let key = FunctionKey {
            label: Some("Anna".to_owned().into()),
            first: KeyFunction::Number(number("321")),
            second: Some(number("+49891234")),
        };
        let sent = sample::through_json(write(&key).unwrap());
        let odd = wire::FunctionKey {
            first: wire::KeyFunction::Number { number: "*".into() },
            ..wire::FunctionKey::default()
        };
        let read = read(wire::FunctionKeys {
            phone: wire::PhoneKind::System,
            keys: vec![sent, odd],
        });
        let read = read.unwrap();
        assert_eq!(read.keys()[0], key);
        assert_eq!(read.keys()[1].first, KeyFunction::LocalApplication);
        let local = FunctionKey {
            first: KeyFunction::LocalApplication,
            ..FunctionKey::default()
        };
        assert_eq!(write(&local), Err(BackendError::Unsupported));
    }
}
