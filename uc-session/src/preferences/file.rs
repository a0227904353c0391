//! Profiles as they are kept: JSON with its version.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::profile::{ProfileId, ServerProfile, ServerProfiles};
use crate::{
    client::parse_address,
    trust::{Pins, parse_fingerprint},
};

/// What only a newer version knows is kept for it, in the file and in each profile.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    last_id: u32,
    in_use: Option<u32>,
    profiles: Vec<Row>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Row {
    id: u32,
    name: String,
    user: String,
    lan: String,
    wan: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default)]
    pins: BTreeMap<String, String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// What a newer version has written besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unknown {
    file: Map<String, Value>,
    profiles: BTreeMap<ProfileId, Map<String, Value>>,
}

/// Gives what a newer version wrote back as it was.
pub(super) fn write(list: &ServerProfiles, unknown: &Unknown) -> Vec<u8> {
    let row = |(id, profile): (ProfileId, &ServerProfile)| Row {
        id: id.0,
        name: profile.name().to_owned(),
        user: profile.user().as_str().to_owned(),
        lan: profile.lan().to_string(),
        wan: profile.wan().map(ToString::to_string),
        phone: profile
            .controlled_phone()
            .map(|phone| phone.as_str().to_owned()),
        pins: profile
            .pins()
            .iter()
            .map(|(address, pin)| (address.to_string(), hex(pin)))
            .collect(),
        unknown: unknown.profiles.get(&id).cloned().unwrap_or_default(),
    };
    let file = File {
        version: VERSION,
        last_id: list.last_id,
        in_use: list.in_use.map(|id| id.0),
        profiles: list.iter().map(row).collect(),
        unknown: unknown.file.clone(),
    };
    serde_json::to_vec(&file).expect("all keys are texts, and writing to memory doesn't fail")
}

/// Reads what this or a newer version wrote, and how many profiles couldn't be read; `None` where
/// it is no such file.
pub(super) fn read(bytes: &[u8]) -> Option<(ServerProfiles, Unknown, usize)> {
    let file: File = serde_json::from_slice(bytes).ok()?;
    let mut list = ServerProfiles {
        last_id: file.last_id,
        ..ServerProfiles::default()
    };
    let mut unknown = Unknown {
        file: file.unknown,
        profiles: BTreeMap::new(),
    };
    let mut unreadable = 0;
    for row in file.profiles {
        let (id, fields) = (ProfileId(row.id), row.unknown.clone());
        match read_row(row) {
            Some(profile) if list.admits(id, &profile) => list.profiles.push((id, profile)),
            _ => {
                unreadable += 1;
                continue;
            }
        }
        list.last_id = list.last_id.max(id.0);
        unknown.profiles.insert(id, fields);
    }
    let first = list.profiles.first().map(|(id, _)| *id);
    let in_use = file.in_use.map(ProfileId);
    list.in_use = in_use.filter(|id| list.get(*id).is_some()).or(first);
    Some((list, unknown, unreadable))
}

impl ServerProfiles {
    fn admits(&self, id: ProfileId, profile: &ServerProfile) -> bool {
        let fresh = self.get(id).is_none() && self.find(profile.name()).is_none();
        fresh && self.profiles.len() < Self::MOST
    }
}

fn read_row(row: Row) -> Option<ServerProfile> {
    let profile = ServerProfile::new(&row.name, &row.user, &row.lan, row.wan.as_deref()).ok()?;
    let phone = row.phone.unwrap_or_default();
    let profile = profile.with_controlled_phone(&phone).ok()?;
    let mut pins = Pins::new();
    for (address, pin) in row.pins {
        pins.insert(parse_address(&address)?, parse_fingerprint(&pin)?);
    }
    Some(profile.with_pins(&pins))
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Counts up when the meaning of a field changes; a new field is no new version.
const VERSION: u32 = 1;
