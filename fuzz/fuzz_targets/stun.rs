//! STUN from anybody: our own client, and the crate that ICE reads it with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stun::{
    addr::MappedAddress,
    attributes::ATTR_USERNAME,
    message::{Getter as _, Message},
    textattrs::TextAttribute,
    xoraddr::XorMappedAddress,
};

fuzz_target!(|bytes: &[u8]| {
    voip_media::exercise_stun(bytes);
    let mut message = Message::new();
    if message.unmarshal_binary(bytes).is_ok() {
        let _ = XorMappedAddress::default().get_from(&message);
        let _ = MappedAddress::default().get_from(&message);
        let _ = TextAttribute::get_from_as(&message, ATTR_USERNAME);
        let _ = message.to_string();
    }
});
