//! Conferences by name: they come with their first member and go with their last.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use voip_media::ConferenceId;

use super::{SoundError, lock};

/// The conferences there are.
#[derive(Debug, Default)]
pub(super) struct Rooms(Arc<Mutex<BTreeMap<String, State>>>);

#[derive(Debug)]
struct State {
    id: ConferenceId,
    members: usize,
}

/// A place in a conference, until it is dropped.
#[derive(Debug)]
pub(super) struct Room {
    id: ConferenceId,
    name: String,
    rooms: Arc<Mutex<BTreeMap<String, State>>>,
}

impl Rooms {
    pub(super) fn enter(&self, name: &str) -> Result<Room, SoundError> {
        let mut rooms = lock(&self.0);
        let room = rooms.entry(name.to_owned()).or_insert_with(|| State {
            id: ConferenceId::new(),
            members: 0,
        });
        if room.members == MAX_MEMBERS {
            return Err(SoundError::ConferenceFull);
        }
        room.members += 1;
        Ok(Room {
            id: room.id,
            name: name.to_owned(),
            rooms: Arc::clone(&self.0),
        })
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.0).len()
    }
}

impl Room {
    pub(super) fn id(&self) -> ConferenceId {
        self.id
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut rooms = lock(&self.rooms);
        if let Some(room) = rooms.get_mut(&self.name) {
            room.members -= 1;
            if room.members == 0 {
                rooms.remove(&self.name);
            }
        }
    }
}

/// As CONF-1 has it; a conference controlled by phone has eight (CALL-6).
const MAX_MEMBERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conference_is_there_as_long_as_somebody_is_in_it() {
        let rooms = Rooms::default();
        let (one, two) = (rooms.enter("a").unwrap(), rooms.enter("a").unwrap());
        let other = rooms.enter("b").unwrap();
        assert!(one.id() == two.id() && one.id() != other.id());
        assert_eq!(rooms.len(), 2);
        let former = one.id();
        drop((one, two));
        assert_eq!(rooms.len(), 1);
        assert_ne!(rooms.enter("a").unwrap().id(), former, "a new one");
    }

    #[test]
    fn the_seventeenth_is_refused() {
        let rooms = Rooms::default();
        let mut members: Vec<_> = (0..16).map(|_| rooms.enter("a").unwrap()).collect();
        assert_eq!(rooms.enter("a").err(), Some(SoundError::ConferenceFull));
        members.pop();
        assert!(rooms.enter("a").is_ok());
    }
}
