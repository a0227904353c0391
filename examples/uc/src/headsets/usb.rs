use headset::{
    CallControlDevice, DeviceKey, HidHeadset, HubConfig, Overlay, UDEV_RULE, UsbError, UsbHeadsets,
    Vendor,
};
use serde_json::{Value, json};
use uc_model::{PlantronicsHeadsets, Settings};
use uc_session::{Client, HeadsetConfig, HeadsetEvent, HeadsetEvents, Headsets};

use crate::{failure::Failure, output::Output};

/// What a client's headsets are.
pub(super) struct Worn {
    _headsets: Headsets,
    events: HeadsetEvents,
    /// Why none can be found, until it was told.
    trouble: Option<UsbError>,
}

impl Worn {
    pub(super) async fn by(client: &Client, desk_phones: bool, settings: &Settings) -> Self {
        let plantronics = settings.headset_plantronics;
        let config = HeadsetConfig::default()
            .desk_phones(desk_phones)
            .jabra(settings.headset_jabra)
            .plantronics(plantronics != PlantronicsHeadsets::Off);
        let headsets = client.headsets(config);
        if plantronics == PlantronicsHeadsets::Hub {
            headsets.find_hub(HubConfig::new("uc")).await;
        }
        let trouble = match UsbHeadsets::new() {
            Ok(usb) => {
                headsets.find(usb).await;
                None
            }
            Err(error) => Some(error),
        };
        Self {
            events: headsets.events(),
            _headsets: headsets,
            trouble,
        }
    }

    pub(super) async fn next(&mut self) -> (String, Value) {
        let event = match self.trouble.take() {
            Some(error) => Some(HeadsetEvent::Refused(error)),
            None => self.events.next().await,
        };
        match event {
            Some(event) => (words(&event), value(&event)),
            None => std::future::pending().await,
        }
    }
}

/// A line for a person.
fn words(event: &HeadsetEvent) -> String {
    match event {
        HeadsetEvent::Refused(error) => refusal(error),
        event => event.to_string(),
    }
}

/// What keeps a headset from being used, and what cures it.
fn refusal(error: &UsbError) -> String {
    match error {
        UsbError::NoPermission { .. } => {
            format!("A headset can't be used: {error}. uc headsets --udev-rule prints that file.")
        }
        error => format!("A headset can't be used: {error}."),
    }
}

/// The same for a program.
fn value(event: &HeadsetEvent) -> Value {
    let told = |what: &str, model: Option<&str>| {
        json!({
            "event": "headset",
            "what": what,
            "model": model,
            "text": words(event),
        })
    };
    match event {
        HeadsetEvent::Connected { model, .. } => told("connected", Some(model)),
        HeadsetEvent::Gone { model, .. } => told("gone", Some(model)),
        HeadsetEvent::Failed { model, .. } => told("failed", Some(model)),
        HeadsetEvent::InUseElsewhere { model, in_use, .. } => match in_use {
            true => told("in_use_elsewhere", Some(model)),
            false => told("free", Some(model)),
        },
        HeadsetEvent::MuteLocked { model, .. } => told("mute_locked", Some(model)),
        HeadsetEvent::NotDone { .. } => told("not_done", None),
        HeadsetEvent::Refused(_) | HeadsetEvent::HubRefused(_) => told("refused", None),
        _ => told("unknown", None),
    }
}

/// Lists the headsets that can be used, and those of a maker of headsets that can't.
pub(super) fn list(output: &Output) -> Result<(), Failure> {
    let mut usb = UsbHeadsets::new()?;
    let mut none = true;
    for (key, name) in usb.list()? {
        match usb.open(&key, &name) {
            Ok(device) => {
                let overlay = Overlay::of(Vendor::of(key.vendor));
                // What is no headset is left out.
                let Ok(headset) = HidHeadset::new(device, overlay) else {
                    continue;
                };
                none = false;
                tell(output, &key, headset.model());
            }
            Err(error) if Vendor::of(key.vendor) != Vendor::Other => {
                none = false;
                let plain = format!("{name}: {}", refusal(&error));
                let reason = error.to_string();
                output.line(&plain, &line(&key, &name, Some(&reason), &[]));
            }
            // Nobody wants to hear of a keyboard.
            Err(_) => {}
        }
    }
    if none {
        output.progress("There is no headset whose buttons could control calls.");
    }
    Ok(())
}

fn tell(output: &Output, key: &DeviceKey, model: &str) {
    let sound = sound(model);
    let mut plain = format!("{model} ({})", key.path);
    for (kind, name, id) in &sound {
        plain.push_str(&format!("\n  {kind}: {name} ({id})"));
    }
    output.line(&plain, &line(key, model, None, &sound));
}

fn line(key: &DeviceKey, model: &str, error: Option<&str>, sound: &[Sound]) -> Value {
    let sound = sound
        .iter()
        .map(|(kind, name, id)| json!({ "kind": kind, "name": name, "id": id }));
    json!({
        "model": model,
        "vendor": format!("{:04x}", key.vendor),
        "product": format!("{:04x}", key.product),
        "path": key.path,
        "error": error,
        "sound": sound.collect::<Vec<_>>(),
    })
}

/// Microphone or loudspeaker, its name and its identity.
type Sound = (&'static str, String, String);

/// The sound devices that belong to a headset, as far as their names tell.
#[cfg(feature = "device")]
fn sound(model: &str) -> Vec<Sound> {
    let devices = uc_session::VoipEngine::available_devices().unwrap_or_default();
    let own = uc_session::sound_of_headset(model, &devices).into_iter();
    own.map(|device| {
        let kind = match device.is_microphone {
            true => "microphone",
            false => "loudspeaker",
        };
        (kind, device.name.clone(), device.id.clone())
    })
    .collect()
}

/// Without the computer's sound nothing is known of it.
#[cfg(not(feature = "device"))]
fn sound(_: &str) -> Vec<Sound> {
    Vec::new()
}

/// Prints the rule that lets the person at the screen use headsets on Linux.
pub(super) fn udev_rule(output: &Output) {
    output.line(UDEV_RULE.trim_end(), &json!({ "udev_rule": UDEV_RULE }));
}
