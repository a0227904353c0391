use uc_model::{
    Contact, ContactId, Directory, PhoneNumber, Ranking, SearchIndex, SearchQuery, TypedNumber,
    UserId,
};
use uc_protocol::ucx::{ContactResource, Number, SearchResults, paths::DirectoryQuery};

use super::{Exchange, OwnAccount, Refusal, SessionId, wire};
use crate::company::{Company, User};

impl Exchange {
    /// Searches the user's own contacts and the company's directories by the rules of `uc-model`.
    pub(crate) fn search(
        &self,
        session: &SessionId,
        query: &DirectoryQuery,
    ) -> Result<SearchResults, Refusal> {
        let user = self.user_of(session)?;
        let limit = usize::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refusal::Value("a search asks for 1 to 100 matches"));
        }
        let typed = SearchQuery::new(&query.q);
        let typed = match query.directory.map(wire::read_directory) {
            Some(directory) => typed.in_directory(directory),
            None => typed,
        };
        let indexes = [&self.users[user].contacts.index, &self.directory];
        let ranking = self.ranking(user);
        let found = SearchIndex::search_together(&indexes, &typed, &ranking, limit);
        let contacts = found.contacts.into_iter();
        Ok(SearchResults {
            contacts: contacts.map(wire::write_contact).collect(),
            more: found.more,
        })
    }

    /// One contact that the session's user may see.
    pub(crate) fn contact(
        &self,
        session: &SessionId,
        id: &str,
    ) -> Result<ContactResource, Refusal> {
        let user = self.user_of(session)?;
        let id = ContactId::new(id).map_err(|_| Refusal::NotFound)?;
        let contact = self.find_contact(user, &id).ok_or(Refusal::NotFound)?;
        Ok(wire::write_contact(contact))
    }

    pub(super) fn find_contact(&self, user: &str, id: &ContactId) -> Option<&Contact> {
        let own = self.users.get(user)?.contacts.index.contact(id);
        own.or_else(|| self.directory.contact(id))
    }

    /// Whose number this is, as the user's directories have it.
    pub(super) fn whose(&self, user: &str, number: &PhoneNumber) -> Option<&Contact> {
        let own = self.users.get(user)?.contacts.index.by_number(number);
        own.or_else(|| self.directory.by_number(number))
    }

    /// Who comes first: favourites, then those spoken to lately.
    fn ranking(&self, user: &str) -> Ranking {
        let mut ranking = Ranking::new();
        ranking.set_favourites(&self.users[user].favourites.1);
        for conversation in self.users[user].history.conversations() {
            if let (Some(contact), Some(newest)) = (&conversation.contact, conversation.newest()) {
                ranking.spoken_to(contact.clone(), newest.at());
            }
        }
        ranking
    }

    /// Whom a number reaches: an extension, or a number of the directory, in any notation and with
    /// or without the trunk code.
    pub(super) fn reached_by(&self, number: &PhoneNumber) -> Option<&User> {
        self.reached_among(number, |_| true)
    }

    /// Whom of these users a number reaches.
    pub(super) fn reached_among(
        &self,
        number: &PhoneNumber,
        among: impl Fn(&User) -> bool,
    ) -> Option<&User> {
        let bare = self.company.plan().without_trunk_code(number);
        let dialled = [Some(number), bare.as_ref()];
        dialled.into_iter().flatten().find_map(|number| {
            let key = self.company.plan().key(number);
            let same = |known: &str| {
                PhoneNumber::new(known).is_ok_and(|known| self.company.plan().key(&known) == key)
            };
            let has = |user: &&User| {
                let numbers = self.numbers_of(user);
                let mut numbers = numbers.iter().map(|known| known.number.as_str());
                // Whatever rings at one of several telephones rings at all.
                let mut phones = user.phones.iter().map(|(own, _)| own.as_str());
                among(user) && (numbers.any(same) || phones.any(same))
            };
            self.company.users().iter().find(has)
        })
    }

    /// The number as histories and displays have it: without the trunk code with which it was
    /// dialled, so that it is the number of whoever has it. Where the digits can be read with
    /// and without a code, the reading that somebody has is right; if nobody has either, Smart's
    /// users have dialled the code, since Suite adds it by itself (NUM-3).
    pub(super) fn wanted(&self, user: &str, dialled: &PhoneNumber) -> PhoneNumber {
        let known = |number: &PhoneNumber| self.whose(user, number).is_some();
        let smart = self.company.system.mode == uc_protocol::ucx::Mode::Smart;
        match self.company.plan().without_trunk_code(dialled) {
            Some(bare) if known(&bare) || (smart && !known(dialled)) => bare,
            _ => dialled.clone(),
        }
    }

    fn numbers_of(&self, user: &User) -> Vec<Number> {
        self.users[&user.me.user].account.numbers(user)
    }

    /// Arranges a user for search anew after the profile has changed.
    pub(super) fn list_again(&mut self, user: &str) {
        let account = self.users.get(user).map(|state| &state.account);
        if let Some((user, account)) = self.company.user(user).zip(account)
            && let Some(contact) = contact(user, account)
        {
            self.directory.insert(contact);
        }
    }
}

/// The company's directories, arranged for search. Names and numbers were checked when the company
/// was read; what is no id or number isn't found.
pub(super) fn index(company: &Company) -> SearchIndex {
    let listed = |user| contact(user, &OwnAccount::of(user));
    let users = company.users().iter().filter_map(listed);
    let others = company.contacts().iter().cloned();
    let suite = company.system.mode == uc_protocol::ucx::Mode::Suite;
    let offered = |contact: &Contact| suite || contact.directory != Directory::External;
    SearchIndex::with_plan(company.plan().clone(), users.chain(others).filter(offered))
}

fn contact(user: &User, account: &OwnAccount) -> Option<Contact> {
    let numbers = account.numbers(user);
    let numbers = numbers.iter().filter_map(|number| {
        Some(TypedNumber {
            kind: wire::read_kind(number.kind),
            number: PhoneNumber::new(&number.number).ok()?,
        })
    });
    Some(Contact {
        id: contact_id(&user.me.user)?,
        directory: Directory::Internal,
        first_name: user.first_name.clone().into(),
        last_name: user.last_name.clone().into(),
        numbers: numbers.collect(),
        email: account.profile.email.clone().map(Into::into),
        user: UserId::new(&user.me.user).ok(),
    })
}

/// The directory entry of a user.
pub(super) fn contact_id(user: &str) -> Option<ContactId> {
    ContactId::new(format!("internal.{user}")).ok()
}

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: usize = 100;
