use crate::port::SoundDevice;

/// Those of the sound devices that belong to a headset of this model, by their names: systems name
/// a device after its USB product, with words of their own around it ("Monitor of …" is none). Two
/// headsets of one model can't be told apart, and one whose maker calls its sound differently isn't found.
///
/// The rules are from the documented forms of ALSA, PulseAudio, Windows and macOS; no headset was at
/// hand to try them on.
///
/// ```
/// use uc_session::{port::SoundDevice, sound_of_headset};
///
/// let device = |name: &str, is_microphone| SoundDevice {
///     id: name.to_owned(),
///     name: name.to_owned(),
///     is_microphone,
///     is_default: false,
/// };
/// let devices = [
///     device("Built-in Audio Analog Stereo", true),
///     device("Jabra EVOLVE LINK MS Mono", true),
///     device("Jabra EVOLVE LINK MS Analog Stereo", false),
/// ];
/// assert_eq!(sound_of_headset("Jabra EVOLVE LINK MS", &devices).len(), 2);
/// ```
pub fn sound_of_headset<'a>(model: &str, devices: &'a [SoundDevice]) -> Vec<&'a SoundDevice> {
    let model = words(model);
    let belongs = |device: &&SoundDevice| {
        let name = words(&device.name);
        let monitor = name.starts_with(&["monitor".to_owned(), "of".to_owned()]);
        !monitor && (contains(&name, &model) || is_cut(&device.name, &model))
    };
    match model.is_empty() {
        true => Vec::new(),
        false => devices.iter().filter(belongs).collect(),
    }
}

/// Whether the model's words are in the name, in a row.
fn contains(name: &[String], model: &[String]) -> bool {
    name.windows(model.len()).any(|window| window == model)
}

/// Whether the name is the beginning of the model: ALSA cuts a card's name off after 31 bytes, and
/// what it says of the card's part comes behind a comma.
fn is_cut(name: &str, model: &[String]) -> bool {
    let card = name.split(',').next().unwrap_or(name).trim();
    let joined = words(card).join(" ");
    card.len() == CARD_NAME_BYTES && model.join(" ").starts_with(&joined)
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Of `struct snd_card`'s `shortname[32]`, without its zero (include/sound/core.h of Linux).
const CARD_NAME_BYTES: usize = 31;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(model: &str, names: &[&str]) -> Vec<String> {
        let device = |name: &&str| SoundDevice {
            id: format!("test:{name}"),
            name: (*name).to_owned(),
            is_microphone: true,
            is_default: false,
        };
        let devices: Vec<_> = names.iter().map(device).collect();
        let found = sound_of_headset(model, &devices);
        found.iter().map(|device| device.name.clone()).collect()
    }

    #[test]
    fn a_headsets_sound_is_found_by_its_model_in_the_names_of_every_system() {
        for name in [
            "Jabra EVOLVE LINK MS",
            "Jabra EVOLVE LINK MS Analog Stereo",
            "Jabra Evolve Link MS, USB Audio",
            "Headset Microphone (2- Jabra EVOLVE LINK MS)",
            "alsa_input.usb-0b0e_Jabra_EVOLVE_LINK_MS_00-00.mono-fallback",
        ] {
            assert_eq!(found("Jabra EVOLVE LINK MS", &[name]), [name]);
        }
        let cut = "Plantronics Blackwire 5220 Seri";
        assert_eq!(found("Plantronics Blackwire 5220 Series", &[cut]), [cut]);
    }

    #[test]
    fn other_devices_and_what_a_loudspeaker_plays_are_not_a_headsets() {
        let others = [
            "Built-in Audio Analog Stereo",
            "Jabra EVOLVE LINK",
            "Monitor of Jabra EVOLVE LINK MS Analog Stereo",
            "Plantronics Blackwire",
            "",
        ];
        let none: [String; 0] = [];
        assert_eq!(found("Jabra EVOLVE LINK MS", &others), none);
        assert_eq!(found("Plantronics Blackwire 5220 Series", &others), none);
        assert_eq!(found("BT600", &["Plantronics BT6000"]), none);
        for unnamed in ["", " - "] {
            assert_eq!(found(unnamed, &others), none);
        }
    }
}
