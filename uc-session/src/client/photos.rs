use std::{collections::VecDeque, sync::Arc};

use uc_model::{Photo, Rev, UserId};

/// The photos fetched lately, so that each is fetched once until it changes.
///
/// Bounded: where it is full, the one longest not asked for is forgotten.
#[derive(Debug, Default)]
pub(super) struct Photos(VecDeque<(UserId, Rev, Arc<Photo>)>);

impl Photos {
    /// A user's photo as it was last fetched.
    pub(super) fn get(&self, user: &UserId) -> Option<(Rev, Arc<Photo>)> {
        let found = self.0.iter().find(|(known, ..)| known == user);
        found.map(|(_, rev, photo)| (*rev, Arc::clone(photo)))
    }

    /// Keeps a photo as the one asked for last.
    pub(super) fn keep(&mut self, user: UserId, rev: Rev, photo: Arc<Photo>) {
        self.forget(&user);
        self.0.push_back((user, rev, photo));
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// Forgets a photo that is gone.
    pub(super) fn forget(&mut self, user: &UserId) {
        self.0.retain(|(known, ..)| known != user);
    }
}

/// Most photos that are kept (our choice: what a screen shows at once; each has at most 120 kB).
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn user(at: usize) -> UserId {
        UserId::new(at.to_string()).unwrap()
    }

    fn photo() -> Arc<Photo> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 40, 40);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[7; 1600]).unwrap();
        writer.finish().unwrap();
        Arc::new(Photo::from_file(&file).unwrap())
    }

    #[test]
    fn what_was_not_asked_for_longest_is_forgotten_first() {
        let (mut photos, photo) = (Photos::default(), photo());
        for at in 0..MOST {
            photos.keep(user(at), Rev(1), Arc::clone(&photo));
        }
        photos.keep(user(0), Rev(2), Arc::clone(&photo));
        photos.keep(user(MOST), Rev(1), photo);
        let rev = |at| photos.get(&user(at)).map(|(rev, _)| rev);
        assert_eq!((rev(0), rev(1), rev(2)), (Some(Rev(2)), None, Some(Rev(1))));
        assert_eq!(photos.0.len(), MOST);
    }

    #[test]
    fn a_photo_that_is_gone_is_forgotten() {
        let mut photos = Photos::default();
        photos.keep(user(1), Rev(1), photo());
        photos.forget(&user(1));
        assert_eq!(photos.get(&user(1)), None);
    }
}
