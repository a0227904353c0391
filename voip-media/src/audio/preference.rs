//! Which device a person wants, and which one that is among those that are there.

use super::{AudioDevice, AudioDirection, DeviceChoice, DeviceId};

/// A device as it is remembered between two runs of a program.
///
/// The identity decides. Where no device has it (another socket, a new driver), one of the same name
/// is taken for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WantedDevice {
    /// Its identity.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
}

impl WantedDevice {
    /// A device by what a person has typed: its identity or its name.
    pub fn named(text: &str) -> Self {
        Self {
            id: DeviceId(text.to_owned()),
            name: text.to_owned(),
        }
    }

    /// This device among those that are there.
    fn among<'a>(
        &self,
        devices: impl Iterator<Item = &'a AudioDevice> + Clone,
    ) -> Option<&'a AudioDevice> {
        let same_name = |device: &&AudioDevice| device.name.eq_ignore_ascii_case(&self.name);
        devices
            .clone()
            .find(|device| device.id == self.id)
            .or_else(|| devices.clone().find(same_name))
    }
}

impl From<&AudioDevice> for WantedDevice {
    fn from(device: &AudioDevice) -> Self {
        Self {
            id: device.id.clone(),
            name: device.name.clone(),
        }
    }
}

/// The devices a person wants for one purpose, best first; when none of them is there, the system's
/// default. Empty, it follows the default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct DevicePreference(pub Vec<WantedDevice>);

impl DevicePreference {
    /// What to open now, and which device that is, as far as the list says. A device that is to be
    /// avoided is not chosen, but may be the default.
    pub(crate) fn resolve<'a>(
        &self,
        direction: AudioDirection,
        devices: &'a [AudioDevice],
        avoid: impl Fn(&AudioDevice) -> bool,
    ) -> (DeviceChoice, Option<&'a AudioDevice>) {
        let mut devices = devices
            .iter()
            .filter(|device| device.direction == direction);
        let usable = devices.clone().filter(|device| !avoid(device));
        match self
            .0
            .iter()
            .find_map(|wanted| wanted.among(usable.clone()))
        {
            Some(device) => (DeviceChoice::Fixed(device.id.clone()), Some(device)),
            None => {
                let default = devices.find(|device| device.is_default);
                (DeviceChoice::Default, default)
            }
        }
    }
}

impl From<WantedDevice> for DevicePreference {
    fn from(device: WantedDevice) -> Self {
        Self(vec![device])
    }
}

impl From<&AudioDevice> for DevicePreference {
    fn from(device: &AudioDevice) -> Self {
        WantedDevice::from(device).into()
    }
}

impl From<DeviceChoice> for DevicePreference {
    fn from(choice: DeviceChoice) -> Self {
        match choice {
            DeviceChoice::Default => Self::default(),
            DeviceChoice::Fixed(id) => WantedDevice::named(&id.0).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, name: &str) -> AudioDevice {
        AudioDevice {
            id: DeviceId(id.to_owned()),
            name: name.to_owned(),
            direction: AudioDirection::Playout,
            is_default: id == "default",
        }
    }

    fn resolved(preference: &DevicePreference, devices: &[AudioDevice]) -> Option<String> {
        let avoid = |device: &AudioDevice| device.id.0.ends_with('!');
        let (choice, device) = preference.resolve(AudioDirection::Playout, devices, avoid);
        match choice {
            DeviceChoice::Default => assert!(device.is_none_or(|device| device.is_default)),
            DeviceChoice::Fixed(id) => assert_eq!(Some(&id), device.map(|device| &device.id)),
        }
        device.map(|device| device.id.0.clone())
    }

    #[test]
    fn the_best_that_is_there_is_taken_and_else_the_default() {
        let wanted = ["first", "second"].map(WantedDevice::named);
        let preference = DevicePreference(wanted.to_vec());
        let mut devices = vec![
            device("default", "Speaker"),
            device("second", "B"),
            device("first", "A"),
        ];
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("first"));
        devices.pop();
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("second"));
        devices.pop();
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("default"));
        devices.pop();
        assert_eq!(resolved(&preference, &devices), None);
    }

    #[test]
    fn a_device_to_be_avoided_is_not_chosen_but_may_be_the_default() {
        let mut broken = device("broken!", "Broken");
        let preference = DevicePreference::from(&broken);
        let default = device("default", "Speaker");
        let devices = [broken.clone(), default];
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("default"));
        broken.is_default = true;
        assert_eq!(resolved(&preference, &[broken]).as_deref(), Some("broken!"));
    }

    #[test]
    fn the_identity_decides_and_the_name_where_no_device_has_it() {
        let wanted = WantedDevice {
            id: DeviceId("usb-1".to_owned()),
            name: "Headset".to_owned(),
        };
        let preference = DevicePreference::from(wanted);
        let elsewhere = device("usb-2", "headset");
        let default = device("default", "Speaker");
        let devices = [default.clone(), elsewhere.clone()];
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("usb-2"));
        let devices = [default, elsewhere, device("usb-1", "Renamed")];
        assert_eq!(resolved(&preference, &devices).as_deref(), Some("usb-1"));
    }

    #[test]
    fn a_microphone_is_never_taken_for_a_loudspeaker() {
        let mut microphone = device("headset", "Headset");
        microphone.direction = AudioDirection::Capture;
        let preference = DevicePreference::from(&microphone);
        assert_eq!(resolved(&preference, &[microphone]), None);
    }
}
