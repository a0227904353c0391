//! The OpenAPI description and the Rust types say the same.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

#[path = "samples/mod.rs"]
mod samples;

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};
use serde_json::Value;
use uc_protocol::ucx::{
    Resource, encode,
    paths::{CallService, EventsQuery, FileFormat, Route},
};

/// The description, with the properties and enumerated values that samples have shown so far.
struct Contract {
    document: Value,
    seen: BTreeSet<String>,
}

impl Contract {
    fn read() -> Self {
        let text = include_str!("../openapi.json");
        Self {
            document: serde_json::from_str(text).unwrap(),
            seen: BTreeSet::new(),
        }
    }

    fn schema(&self, name: &str) -> Value {
        let schema = &self.document["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema.clone()
    }

    /// Checks a value against a schema; `at` names the schema's place.
    fn check(&mut self, at: &str, schema: &Value, value: &Value) -> Result<(), String> {
        if let Some(name) = reference(schema) {
            return self.check(name, &self.schema(name), value);
        }
        if let Some(variants) = schema["oneOf"].as_array() {
            let results: Vec<_> = variants.iter().map(|v| self.check(at, v, value)).collect();
            let fitting = results.iter().filter(|result| result.is_ok()).count();
            return if fitting == 1 {
                Ok(())
            } else {
                Err(format!("{at}: {results:?}"))
            };
        }
        if schema.get("allOf").is_some() {
            let merged = self.merge(schema);
            return self.check(at, &merged, value);
        }
        match schema["type"].as_str() {
            Some("object") => self.check_object(at, schema, value),
            Some("array") => {
                let items = value.as_array().ok_or(format!("{at} is no array"))?;
                items
                    .iter()
                    .try_for_each(|item| self.check(at, &schema["items"], item))
            }
            Some("string") => self.check_string(at, schema, value),
            Some("integer") if value.is_i64() || value.is_u64() => Ok(()),
            Some("boolean") if value.is_boolean() => Ok(()),
            other => Err(format!("{at}: {value} is no {other:?}")),
        }
    }

    fn check_object(&mut self, at: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let fields = value.as_object().ok_or(format!("{at} is no object"))?;
        for required in schema["required"].as_array().into_iter().flatten() {
            let name = required.as_str().unwrap();
            fields.get(name).ok_or(format!("{at}.{name} is missing"))?;
        }
        for (name, field) in fields {
            let property = &schema["properties"][name];
            if property.is_null() {
                return Err(format!("{at}.{name} is not described"));
            }
            self.check(&format!("{at}.{name}"), property, field)?;
            self.seen.insert(format!("{at}.{name}"));
        }
        Ok(())
    }

    fn check_string(&mut self, at: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let text = value.as_str().ok_or(format!("{at} is no text"))?;
        let allowed = schema["enum"].as_array();
        let known = allowed.is_none_or(|all| all.contains(value));
        let constant = schema["const"].as_str().is_none_or(|only| only == text);
        if !known || !constant {
            return Err(format!("{at}: {text} is not one of its values"));
        }
        if allowed.is_some() {
            self.seen.insert(format!("{at}={text}"));
        }
        Ok(())
    }

    fn merge(&self, schema: &Value) -> Value {
        let mut merged = serde_json::json!({"type": "object", "properties": {}, "required": []});
        for part in schema["allOf"].as_array().unwrap() {
            let part = reference(part).map_or_else(|| part.clone(), |name| self.schema(name));
            for (name, property) in part["properties"].as_object().unwrap() {
                merged["properties"][name] = property.clone();
            }
            let required = part["required"].as_array().cloned().unwrap_or_default();
            merged["required"].as_array_mut().unwrap().extend(required);
        }
        merged
    }

    /// Every property and enumerated value of the plain schemas.
    fn described(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (name, schema) in self.document["components"]["schemas"].as_object().unwrap() {
            let properties = schema["properties"].as_object();
            all.extend(
                properties
                    .into_iter()
                    .flatten()
                    .map(|(p, _)| format!("{name}.{p}")),
            );
            let values = schema["enum"].as_array();
            let values = values.into_iter().flatten().filter_map(Value::as_str);
            all.extend(values.map(|value| format!("{name}={value}")));
        }
        all
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"]
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

fn check_samples<T: Resource>(
    contract: &mut Contract,
    name: &str,
    samples: impl Strategy<Value = T>,
) {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let schema = contract.schema(name);
    for _ in 0..300 {
        let sample = samples.new_tree(&mut runner).unwrap().current();
        let value: Value = serde_json::from_slice(&encode(&sample)).unwrap();
        contract.check(name, &schema, &value).unwrap();
    }
}

#[test]
fn every_resource_is_as_described_and_everything_described_exists() {
    let mut contract = Contract::read();
    let c = &mut contract;
    check_samples(c, "Hello", samples::hello());
    check_samples(c, "SignIn", samples::sign_in());
    check_samples(c, "Session", samples::session());
    check_samples(c, "Snapshot", samples::snapshot());
    check_samples(c, "Event", samples::event());
    check_samples(c, "Changes", samples::changes());
    check_samples(c, "ContactList", samples::contact_list());
    check_samples(c, "ContactDraft", samples::contact_draft());
    check_samples(c, "FavouritesResource", samples::favourites());
    check_samples(c, "FavouriteChange", samples::favourite_change());
    check_samples(c, "SendMessage", samples::send_message());
    check_samples(c, "ImportReport", samples::import_report());
    check_samples(c, "SearchResults", samples::search_results());
    check_samples(c, "PresenceResource", samples::presence());
    check_samples(c, "PresenceUpdate", samples::presence_update());
    check_samples(c, "AccountResource", samples::account());
    check_samples(c, "VisibilityUpdate", samples::visibility_update());
    check_samples(c, "Profile", samples::profile());
    check_samples(c, "SettingsUpdate", samples::settings_update());
    check_samples(c, "PasswordUpdate", samples::password_update());
    check_samples(c, "CallMeUpdate", samples::call_me_update());
    check_samples(c, "ForwardingEntry", samples::forwarding_entry());
    check_samples(c, "DialMethodUpdate", samples::dial_method_update());
    check_samples(c, "FunctionKey", samples::function_key());
    check_samples(c, "FunctionKeys", samples::function_keys());
    check_samples(c, "MakeCall", samples::make_call());
    check_samples(c, "Describe", samples::describe());
    check_samples(c, "Clear", samples::clear());
    check_samples(c, "NewDestination", samples::new_destination());
    check_samples(c, "Deflect", samples::deflect());
    check_samples(c, "HeldCall", samples::held_call());
    check_samples(c, "DirectedPickup", samples::directed_pickup());
    check_samples(c, "Candidates", samples::candidates());
    check_samples(c, "CallResource", samples::call());
    check_samples(c, "ConversationResource", samples::conversation());
    check_samples(c, "ConversationList", samples::conversation_list());
    check_samples(c, "Problem", samples::problem());
    let described = contract.described();
    let unseen: Vec<_> = described.difference(&contract.seen).collect();
    assert!(
        unseen.is_empty(),
        "described, but the types don't have it: {unseen:?}"
    );
}

#[test]
fn required_fields_are_really_required() {
    let contract = Contract::read();
    for (name, sample) in [
        (
            "Hello",
            r#"{"server":"","version":"","ucx":[],"mode":"smart","configuration":{}}"#,
        ),
        ("PresenceUpdate", r#"{"state":"home"}"#),
        ("Profile", "{}"),
        ("VisibilityUpdate", r#"{"visibility":"internal"}"#),
        ("SettingsUpdate", r#"{"settings":""}"#),
        ("PasswordUpdate", r#"{"new":"x"}"#),
        ("CallMeUpdate", "{}"),
        ("ForwardingEntry", r#"{"state":"home"}"#),
        ("DialMethodUpdate", r#"{"method":"callback"}"#),
        ("FunctionKey", "{}"),
        ("FunctionKeys", r#"{"phone":"system","keys":[]}"#),
        ("MakeCall", r#"{"to":"1","device":"voip"}"#),
        ("Deflect", "{}"),
        ("Describe", "{}"),
        ("Clear", "{}"),
        ("NewDestination", r#"{"to":"1"}"#),
        ("HeldCall", r#"{"held":"1"}"#),
        ("DirectedPickup", r#"{"number":"1"}"#),
        ("Candidates", r#"{"generation":1,"candidates":[]}"#),
    ] {
        let value: Value = serde_json::from_str(sample).unwrap();
        let required = contract.schema(name)["required"].as_array().cloned();
        let required: BTreeSet<_> = required
            .unwrap_or_default()
            .into_iter()
            .map(|v| v.to_string())
            .collect();
        let fields = value
            .as_object()
            .unwrap()
            .keys()
            .map(|k| format!("{k:?}"))
            .collect();
        assert_eq!(required, fields, "{name}");
        let all_there = decodes(name, &value);
        assert!(all_there, "{name} without optional fields");
        for field in value.as_object().unwrap().keys() {
            let mut cut = value.clone();
            cut.as_object_mut().unwrap().remove(field);
            assert!(!decodes(name, &cut), "{name} without {field}");
        }
    }
}

fn decodes(name: &str, value: &Value) -> bool {
    use uc_protocol::ucx::{self, decode};
    let bytes = value.to_string();
    let bytes = bytes.as_bytes();
    match name {
        "Hello" => decode::<ucx::Hello>(bytes).is_ok(),
        "PresenceUpdate" => decode::<ucx::PresenceUpdate>(bytes).is_ok(),
        "Profile" => decode::<ucx::Profile>(bytes).is_ok(),
        "VisibilityUpdate" => decode::<ucx::VisibilityUpdate>(bytes).is_ok(),
        "SettingsUpdate" => decode::<ucx::SettingsUpdate>(bytes).is_ok(),
        "PasswordUpdate" => decode::<ucx::PasswordUpdate>(bytes).is_ok(),
        "CallMeUpdate" => decode::<ucx::CallMeUpdate>(bytes).is_ok(),
        "ForwardingEntry" => decode::<ucx::ForwardingEntry>(bytes).is_ok(),
        "DialMethodUpdate" => decode::<ucx::DialMethodUpdate>(bytes).is_ok(),
        "FunctionKey" => decode::<ucx::FunctionKey>(bytes).is_ok(),
        "FunctionKeys" => decode::<ucx::FunctionKeys>(bytes).is_ok(),
        "Deflect" => decode::<ucx::Deflect>(bytes).is_ok(),
        "MakeCall" => decode::<ucx::MakeCall>(bytes).is_ok(),
        "Describe" => decode::<ucx::Describe>(bytes).is_ok(),
        "Clear" => decode::<ucx::Clear>(bytes).is_ok(),
        "NewDestination" => decode::<ucx::NewDestination>(bytes).is_ok(),
        "HeldCall" => decode::<ucx::HeldCall>(bytes).is_ok(),
        "DirectedPickup" => decode::<ucx::DirectedPickup>(bytes).is_ok(),
        "Candidates" => decode::<ucx::Candidates>(bytes).is_ok(),
        other => panic!("{other} isn't tested"),
    }
}

#[test]
fn the_described_paths_are_those_of_the_code() {
    let contract = Contract::read();
    let described: BTreeSet<String> = contract.document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let plain = [
        Route::Hello,
        Route::Session,
        Route::Snapshot,
        Route::Events(EventsQuery::default()),
        Route::Directory(Default::default()),
        Route::Me,
        Route::MyPresence,
        Route::MyVisibility,
        Route::MyProfile,
        Route::MySettings,
        Route::MyPhoto,
        Route::MyPassword,
        Route::MyCallMe,
        Route::MyForwarding,
        Route::MyDialMethod,
        Route::MyKeys,
        Route::MyKey(1),
        Route::UserPhoto("ID".into()),
        Route::Calls,
        Route::Call("ID".into()),
        Route::Pickups,
        Route::Conversations,
        Route::Conversation("ID".into()),
        Route::ConversationRead("ID".into()),
        Route::ConversationEntry("ID".into(), "ENTRY".into()),
        Route::DirectoryEntry("ID".into()),
        Route::Contacts,
        Route::Favourites,
        Route::Messages,
        Route::ConversationReceived("ID".into()),
        Route::Contact("ID".into()),
        Route::ContactImports(FileFormat::Xml),
    ];
    let services = CallService::ALL.map(|service| Route::CallService("ID".into(), service));
    let coded: BTreeSet<String> = plain
        .iter()
        .chain(&services)
        .map(|route| {
            route
                .path()
                .split('?')
                .next()
                .unwrap()
                .replace("ID", "{id}")
                .replace("ENTRY", "{entry}")
                .replace("keys/1", "keys/{number}")
        })
        .collect();
    assert_eq!(described, coded);
    for route in plain.iter().chain(&services) {
        let path = route.path();
        let path = path.split('?').next().unwrap().replace("ID", "{id}");
        let path = path.replace("ENTRY", "{entry}");
        let path = path.replace("keys/1", "keys/{number}");
        let described = contract.document["paths"][&path].as_object().unwrap();
        let described: BTreeSet<String> = described.keys().map(|m| m.to_uppercase()).collect();
        let coded: BTreeSet<String> = route.allow().split(", ").map(Into::into).collect();
        assert_eq!(described, coded, "{path}");
    }
}
