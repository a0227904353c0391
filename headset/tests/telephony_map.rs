//! What is read from report descriptors: those of real devices against the table that was made by
//! hand from them, our own against every trap.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

mod support;

use headset::{DescriptorError, Inspection, MAX_DESCRIPTOR_BYTES, TelephonyMap, Unmanaged};
use proptest::prelude::*;
use support::{fixture, fixtures, recorded, rows};

/// Keys 0 to pound of a telephone key pad, at this place.
fn keys(place: &str) -> Vec<String> {
    let names = [
        "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "star", "pound",
    ];
    let row = |(name, id): (&&str, u16)| format!("{place} 0b:{id:02x} key_{name} array");
    names.iter().zip(0xB0..).map(row).collect()
}

/// Rows as `support::rows` gives them; `KEYS place` stands for twelve of them.
fn expected(table: &[&str]) -> Vec<String> {
    let row = |row: &&str| match row.strip_prefix("KEYS ") {
        Some(place) => keys(place),
        None => vec![(*row).to_owned()],
    };
    table.iter().flat_map(row).collect()
}

fn real(name: &str, inputs: &[&str], outputs: &[&str]) {
    let Some((_, descriptor)) = recorded().into_iter().find(|(known, _)| known == name) else {
        return;
    };
    let (read_inputs, read_outputs) = rows(&descriptor);
    assert_eq!(read_inputs, expected(inputs), "{name}");
    assert_eq!(read_outputs, expected(outputs), "{name}");
}

#[test]
fn jabra_evolve_link_ms() {
    real(
        "jabra-evolve-link-ms",
        &[
            "02.0/1 0b:20 hook_switch state",
            "02.1/1 0b:97 line_busy_tone state",
            "02.2/1 0b:2f phone_mute toggle",
            "02.3/1 0b:21 flash toggle",
            "02.4/1 0b:24 redial toggle",
            "02.6/1 09:07 reject momentary",
            "KEYS 02.7/4",
        ],
        &[
            "02.0/1 08:17 off_hook state",
            "02.1/1 08:09 mute state",
            "02.2/1 08:18 ring state",
            "02.3/1 08:20 hold state",
            "02.4/1 08:21 microphone state",
            "02.5/1 0b:9e ringer state",
        ],
    );
}

#[test]
fn jabra_biz_2400_ii() {
    real(
        "jabra-biz-2400-ii",
        &[
            "02.0/1 0b:20 hook_switch state",
            "02.1/1 0b:97 line_busy_tone state",
            "02.2/1 0b:2f phone_mute toggle",
            "02.3/1 0b:21 flash toggle",
            "02.4/1 0b:24 redial toggle",
            "KEYS 02.7/4",
            "02.11/1 09:07 reject momentary",
        ],
        &[
            "02.0/1 08:17 off_hook state",
            "02.1/1 08:09 mute state",
            "02.2/1 08:18 ring state",
            "02.3/1 08:20 hold state",
            "02.4/1 08:21 microphone state",
            "02.5/1 0b:9e ringer state",
        ],
    );
}

#[test]
fn poly_bt700() {
    real(
        "plantronics-poly-bt700",
        &[
            "20.0/1 0b:20 hook_switch state",
            "20.1/1 0b:2f phone_mute toggle",
            "20.2/1 0b:21 flash momentary",
            "20.3/1 0b:24 redial toggle",
            "20.4/1 09:07 reject toggle",
        ],
        &[
            "21.0/1 08:18 ring state",
            "22.0/1 08:1e speaker state",
            "23.0/1 08:09 mute state",
            "24.0/1 08:17 off_hook state",
            "25.0/1 08:20 hold state",
        ],
    );
}

#[test]
fn plantronics_blackwire_c5220() {
    real(
        "plantronics-blackwire-c5220",
        &[
            "08.0/1 0b:2f phone_mute toggle",
            "08.1/1 0b:20 hook_switch state",
            "08.2/1 0b:21 flash momentary",
            "08.3/1 0b:24 redial toggle",
            "08.4/1 09:07 reject momentary",
        ],
        &[
            "09.0/1 08:09 mute state",
            "17.0/1 08:17 off_hook state",
            "18.0/1 08:18 ring state",
            "1a.0/1 08:1e speaker state",
            "20.0/1 08:20 hold state",
            "2a.0/1 08:2a online state",
        ],
    );
}

#[test]
fn plantronics_blackwire_3220() {
    real(
        "plantronics-blackwire-3220-full",
        &[
            "08.0/1 0b:2f phone_mute toggle",
            "08.1/1 0b:20 hook_switch state",
            "08.2/1 0b:21 flash state",
        ],
        &[
            "09.0/1 08:09 mute state",
            "17.0/1 08:17 off_hook state",
            "18.0/1 08:18 ring state",
            "1e.0/1 08:1e speaker state",
            "20.0/1 08:20 hold state",
            "2a.0/1 08:2a online state",
        ],
    );
}

#[test]
fn sennheiser_sc660() {
    real(
        "sennheiser-sc660-anc-usb",
        &[
            "08.0/1 0b:2f phone_mute toggle",
            "08.1/1 0b:20 hook_switch state",
            "08.2/1 0b:24 redial toggle",
            "08.3/1 0b:21 flash toggle",
            "08.4/1 0b:26 drop toggle",
            "08.5/1 09:07 reject momentary",
        ],
        &[
            "09.0/1 08:09 mute state",
            "09.1/1 08:17 off_hook state",
            "09.2/1 08:18 ring state",
            "09.3/1 08:21 microphone state",
            "09.4/1 08:2a online state",
            "09.5/1 08:20 hold state",
        ],
    );
}

#[test]
fn epos_impact_d1() {
    real(
        "epos-impact-d1",
        &[
            "02.0/1 0b:20 hook_switch momentary",
            "02.1/1 0b:21 flash toggle",
            "02.2/1 0b:24 redial toggle",
            "02.3/1 0b:2f phone_mute toggle",
            "02.4/1 0b:26 drop toggle",
            "02.5/1 09:07 reject array",
        ],
        &[
            "03.0/1 08:17 off_hook momentary",
            "03.1/1 08:21 microphone momentary",
            "03.2/1 08:18 ring momentary",
            "03.3/1 08:09 mute momentary",
            "03.4/1 08:2a online momentary",
            "03.5/1 08:20 hold momentary",
        ],
    );
}

#[test]
fn real_devices_without_call_control_are_left_alone_and_the_others_managed() {
    for (name, descriptor) in recorded() {
        let verdict = TelephonyMap::parse(&descriptor).unwrap().managed();
        let expected = match name.as_str() {
            "logitech-g535" => Err(Unmanaged::NoTelephony),
            "razer-1532-0511-mic" => Err(Unmanaged::NothingToDo),
            _ => Ok(()),
        };
        assert_eq!(verdict, expected, "{name}");
    }
}

#[test]
fn a_vendors_copy_is_ignored_and_constant_fields_with_usages_are_data() {
    let (inputs, outputs) = rows(&fixture("shared-report"));
    let table = [
        "05.0/1 0b:20 hook_switch state",
        "05.1/1 0b:97 line_busy_tone state",
        "05.2/1 0b:2f phone_mute toggle",
        "05.3/1 0b:21 flash toggle",
        "05.4/1 0b:24 redial toggle",
        "05.5/1 09:07 reject momentary",
        "KEYS 05.6/4",
    ];
    assert_eq!(inputs, expected(&table));
    let lamps = [
        "05.0/1 08:17 off_hook state",
        "05.1/1 08:09 mute state",
        "05.2/1 08:18 ring state",
        "05.3/1 08:20 hold state",
        "05.4/1 08:21 microphone state",
        "05.5/1 0b:9e ringer state",
    ];
    assert_eq!(outputs, lamps);
}

#[test]
fn global_items_outlive_a_collection_and_reports_come_in_any_order() {
    let (inputs, outputs) = rows(&fixture("report-per-lamp"));
    let buttons = [
        "32.0/1 0b:20 hook_switch state",
        "32.1/1 0b:2f phone_mute toggle",
        "32.2/1 0b:21 flash momentary",
        "32.3/1 0b:26 drop momentary",
    ];
    assert_eq!(inputs, buttons);
    let lamps = [
        "3a.0/1 08:20 hold state",
        "31.0/1 08:18 ring state",
        "33.0/1 08:09 mute state",
        "30.0/1 08:17 off_hook state",
    ];
    assert_eq!(outputs, lamps);
}

#[test]
fn nested_applications_one_bit_arrays_and_surplus_usages_are_read() {
    let (inputs, outputs) = rows(&fixture("nested"));
    let buttons = [
        "0a.0/1 0b:20 hook_switch momentary",
        "0a.1/1 0b:2f phone_mute toggle",
        "0a.2/1 0b:26 drop toggle",
        "0a.3/1 09:07 reject array",
        "0a.4/1 0b:21 flash toggle",
    ];
    assert_eq!(inputs, buttons);
    let lamps = [
        "0b.0/1 08:17 off_hook momentary",
        "0b.1/1 08:18 ring momentary",
        "0b.2/1 08:09 mute momentary",
        "0b.3/1 08:20 hold momentary",
    ];
    assert_eq!(outputs, lamps);
}

#[test]
fn long_items_wide_usages_and_repeated_ones_are_read() {
    let (inputs, outputs) = rows(&fixture("unnumbered"));
    let buttons = [
        "00.0/2 0b:20 hook_switch on_off",
        "00.2/1 0b:2f phone_mute toggle",
        "00.3/1 0b:26 drop toggle",
    ];
    assert_eq!(inputs, buttons);
    let lamps = [
        "00.0/1 08:17 off_hook state",
        "00.1/1 08:18 ring state",
        "00.2/1 08:09 mute state",
        "00.3/1 08:20 hold state",
        "00.4/1 08:20 hold state",
    ];
    assert_eq!(outputs, lamps);
    assert!(
        !TelephonyMap::parse(&fixture("unnumbered"))
            .unwrap()
            .is_numbered()
    );
}

/// Telephony, Headset, with this inside.
fn telephony(inside: &[u8]) -> Vec<u8> {
    [&[0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01][..], inside, &[0xC0]].concat()
}

#[test]
fn an_array_names_each_choice_with_its_field() {
    // Usages 0B:20 to 0B:24, values 1 to 5 in eight bits, two fields.
    let array = telephony(&[
        0x19, 0x20, 0x29, 0x24, 0x15, 0x01, 0x25, 0x05, 0x75, 0x08, 0x95, 0x02, 0x81, 0x00,
    ]);
    let buttons = [
        "00.0/8 0b:20 hook_switch array",
        "00.0/8 0b:21 flash array",
        "00.0/8 0b:23 hold array",
        "00.0/8 0b:24 redial array",
    ];
    assert_eq!(rows(&array).0, buttons);
}

#[test]
fn of_alternative_usages_the_first_that_means_something_counts() {
    let either = telephony(&[
        0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0xA9, 1, 0x0B, 1, 0, 1, 0, 0x09, 0x2F, 0x09, 0x21,
        0xA9, 0, 0x09, 0x26, 0x95, 2, 0x81, 0x06,
    ]);
    let buttons = ["00.0/1 0b:2f phone_mute toggle", "00.1/1 0b:26 drop toggle"];
    assert_eq!(rows(&either).0, buttons);
}

#[test]
fn pushed_globals_come_back_with_everything() {
    let pushed = telephony(&[
        0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0xA4, 0x05, 0x08, 0x15, 0xFF, 0x75, 4, 0x95, 3, 0x85,
        9, 0xB4, 0x09, 0x2F, 0x81, 0x06,
    ]);
    assert_eq!(rows(&pushed).0, ["00.0/1 0b:2f phone_mute toggle"]);
}

#[test]
fn several_telephony_collections_count_and_a_consumer_collection_does_not() {
    let mute = [0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x2F, 0x81, 0x06];
    let flash = [0x09, 0x21, 0x81, 0x06, 0x95, 6, 0x81, 1];
    let consumer = [
        &[0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0x05, 0x0B][..],
        &mute,
        &[0xC0],
    ]
    .concat();
    assert_eq!(
        TelephonyMap::parse(&consumer).unwrap().managed(),
        Err(Unmanaged::NoTelephony)
    );
    let both = [telephony(&mute), telephony(&flash)].concat();
    let buttons = [
        "00.0/1 0b:2f phone_mute toggle",
        "00.1/1 0b:21 flash toggle",
    ];
    assert_eq!(rows(&both).0, buttons);
}

#[test]
fn a_malformed_descriptor_is_a_typed_error_and_left_alone_with_the_reason() {
    let rows: [(&[u8], DescriptorError); 9] = [
        (&[0x05], DescriptorError::Truncated { at: 0 }),
        (&[0xC0], DescriptorError::NotOpen { at: 0 }),
        (&[0xA1, 0x01], DescriptorError::NotClosed(1)),
        (&[0xB4], DescriptorError::NothingPushed { at: 0 }),
        (&[0xA4; 17], DescriptorError::TooDeep { at: 16 }),
        (&[0xA9, 1, 0xA9, 1], DescriptorError::Delimiters { at: 2 }),
        (&[0xA9, 1, 0x81, 2], DescriptorError::Delimiters { at: 2 }),
        (&[0x85, 0x00], DescriptorError::ReportId { at: 0 }),
        (
            &[0x77, 255, 255, 255, 255, 0x97, 255, 255, 255, 255, 0x81, 2],
            DescriptorError::ReportTooLong { at: 10 },
        ),
    ];
    for (bytes, error) in rows {
        assert_eq!(TelephonyMap::parse(bytes), Err(error), "{bytes:x?}");
        let inspection = Inspection::of(bytes);
        assert!(!inspection.managed);
        assert!(inspection.reason.contains(&error.to_string()));
    }
    let nested = [0xA1, 0x01].repeat(33);
    assert_eq!(
        TelephonyMap::parse(&nested),
        Err(DescriptorError::TooDeep { at: 64 })
    );
    let long = vec![0x04; MAX_DESCRIPTOR_BYTES + 1];
    assert_eq!(
        TelephonyMap::parse(&long),
        Err(DescriptorError::TooLong(MAX_DESCRIPTOR_BYTES + 1))
    );
    // Four reports full of mute buttons.
    let many: Vec<u8> = (1..=4)
        .flat_map(|id| [0x85, id, 0x75, 1, 0x95, 200, 0x09, 0x2F, 0x81, 6])
        .collect();
    assert_eq!(
        TelephonyMap::parse(&telephony(&many)),
        Err(DescriptorError::TooManyControls)
    );
}

#[test]
fn a_report_too_long_to_be_moved_is_not_used() {
    let long = telephony(&[
        0x15, 0, 0x25, 1, 0x75, 1, 0x95, 1, 0x09, 0x2F, 0x81, 6, 0x75, 8, 0x96, 0, 1, 0x81, 1,
    ]);
    assert_eq!(
        TelephonyMap::parse(&long).unwrap().managed(),
        Err(Unmanaged::NothingToDo)
    );
}

#[test]
fn the_json_of_an_inspection_is_what_programs_expect() {
    let json: serde_json::Value =
        serde_json::from_str(&Inspection::of(&fixture("nested")).json()).unwrap();
    assert_eq!(json["managed"], true);
    assert!(json["reason"].is_string());
    let hook = serde_json::json!({
        "usage": "0b:20", "name": "hook_switch", "report_id": 10, "bit": 0, "bits": 1,
        "kind": "momentary",
    });
    assert_eq!(json["inputs"][0], hook);
    assert_eq!(json["outputs"][3]["name"], "hold");
    let broken = Inspection::of(&[0x05]).json();
    let broken: serde_json::Value = serde_json::from_str(&broken).unwrap();
    assert_eq!(broken["managed"], false);
    assert_eq!(broken["inputs"], serde_json::json!([]));
}

proptest! {
    #[test]
    fn nothing_that_a_device_says_of_itself_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let inspection = Inspection::of(&bytes);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&inspection.json()).is_ok());
    }

    #[test]
    fn a_known_descriptor_with_some_bytes_changed_is_read_or_refused(
        which in 0usize..4, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let (_, mut bytes) = fixtures().swap_remove(which);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let map = Inspection::of(&bytes).map;
        for control in map.inputs() {
            prop_assert!((1..=32).contains(&control.place.bits));
        }
    }
}
