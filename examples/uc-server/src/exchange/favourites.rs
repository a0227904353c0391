use uc_model::{Contact, ContactId, Directory, FavouriteChange, Favourites};
use uc_protocol::ucx::{self, Changes, Event, FavouritesResource};

use super::{Exchange, Refusal, SessionId, events::Audience, wire};
use crate::store::{Kind, Owned, Write};

impl Exchange {
    /// The favourites of the session's user.
    pub(crate) fn favourites(&self, session: &SessionId) -> Result<FavouritesResource, Refusal> {
        Ok(self.favourites_of(self.user_of(session)?))
    }

    /// Changes the favourites of the session's user.
    pub(crate) fn change_favourites(
        &mut self,
        session: &SessionId,
        change: ucx::FavouriteChange,
    ) -> Result<Changes, Refusal> {
        let change = wire::read_favourite_change(change)?;
        let mode = self.company.system.model_mode();
        self.edit(session, |exchange, user| {
            let mut favourites = exchange.users[user].favourites.1.clone();
            favourites.make(&change, mode, |id| exchange.find_contact(user, id))?;
            if let FavouriteChange::Add { contact, .. } = &change {
                exchange.introduce(user, contact);
            }
            exchange.put_favourites(user, favourites);
            Ok(())
        })
    }

    pub(super) fn favourites_of(&self, user: &str) -> FavouritesResource {
        let (rev, favourites) = &self.users[user].favourites;
        wire::write_favourites(*rev, favourites)
    }

    /// The favourites that are no personal contacts, for clients to keep.
    pub(super) fn favourite_contacts(&self, user: &str) -> Vec<ucx::KnownContact> {
        let (rev, favourites) = &self.users[user].favourites;
        let mut ids: Vec<_> = favourites.contacts().collect();
        ids.sort();
        ids.dedup();
        let known = ids.into_iter().filter_map(|id| self.find_contact(user, id));
        let others = known.filter(|contact| !is_personal(contact));
        others
            .map(|contact| wire::write_known(contact, None, *rev))
            .collect()
    }

    /// A contact that is gone is nobody's favourite.
    pub(super) fn forget_favourite(&mut self, user: &str, contact: &ContactId) {
        let mut favourites = self.users[user].favourites.1.clone();
        if favourites.contains(contact) {
            favourites.forget(contact);
            self.put_favourites(user, favourites);
        }
    }

    pub(super) fn take_up_favourites(&mut self, saved: &Owned) {
        let Some(state) = self.users.get_mut(&saved.user) else {
            return;
        };
        if let Some(resource) = saved.read::<FavouritesResource>() {
            let rev = resource.rev;
            state.favourites = (rev, wire::read_favourites(resource));
        }
    }

    /// Tells the user's clients who a new favourite is, unless they have all personal contacts
    /// anyway.
    fn introduce(&mut self, user: &str, id: &ContactId) {
        let rev = self.next_rev(user);
        let known = self.find_contact(user, id);
        let other = known.filter(|contact| !is_personal(contact));
        if let Some(card) = other.map(|contact| wire::write_known(contact, None, rev)) {
            self.log(user, Event::Contact(card), Audience::Everybody);
        }
    }

    fn put_favourites(&mut self, user: &str, favourites: Favourites) {
        let rev = self.next_rev(user);
        let resource = wire::write_favourites(rev, &favourites);
        let owned = Owned::new(user, Kind::Favourites, "", &resource);
        self.effects.writes.push(Write::Owned(owned));
        self.log(user, Event::Favourites(resource), Audience::Everybody);
        if let Some(state) = self.users.get_mut(user) {
            state.favourites = (rev, favourites);
        }
    }
}

fn is_personal(contact: &Contact) -> bool {
    contact.directory == Directory::Personal
}
