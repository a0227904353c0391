//! Bodies of UCX: what is read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::ucx::{
    Changes, ContactDraft, ContactList, Event, FavouriteChange, ImportReport, MakeCall,
    SearchResults, SendMessage, Session, Snapshot, decode, encode,
};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(event) = decode::<Event>(bytes)
        && event != Event::Unknown
    {
        assert_eq!(decode(&encode(&event)), Ok(event));
    }
    if let Ok(snapshot) = decode::<Snapshot>(bytes) {
        assert_eq!(decode(&encode(&snapshot)), Ok(snapshot));
    }
    let _ = (
        decode::<Session>(bytes),
        decode::<MakeCall>(bytes),
        decode::<SearchResults>(bytes),
        decode::<Changes>(bytes),
        decode::<ContactDraft>(bytes),
        decode::<ContactList>(bytes),
        decode::<ImportReport>(bytes),
        decode::<FavouriteChange>(bytes),
        decode::<SendMessage>(bytes),
    );
});
