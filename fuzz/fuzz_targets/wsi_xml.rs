//! Answers of WSI: what is read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::wsi::{
    Answer, DeviceState, Done, Login, MadeCall, Names, PhoneBook, Presences, Refusal,
};

fn survives<T: Answer + PartialEq + std::fmt::Debug>(command: &str, bytes: &[u8]) {
    let names = Names::default();
    if let Ok(Ok(answer)) = T::decode(command, bytes, &names) {
        let again = T::decode(command, &answer.encode(command, &names), &names);
        assert_eq!(again.expect("what was written can be read"), Ok(answer));
    }
}

fuzz_target!(|bytes: &[u8]| {
    survives::<Login>("Login", bytes);
    survives::<MadeCall>("MakeCall", bytes);
    survives::<Presences>("GetPresenceXML", bytes);
    survives::<DeviceState>("GetDeviceState", bytes);
    let names = Names::default();
    let _ = PhoneBook::decode("PhBookSearch", bytes, &names);
    if let Ok(Err(refusal @ Refusal::NotLoggedIn)) = Done::decode("Logout", bytes, &names) {
        let again = Done::decode("Logout", &refusal.encode("Logout"), &names);
        assert_eq!(again, Ok(Err(refusal)));
    }
});
