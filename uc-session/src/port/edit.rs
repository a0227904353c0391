use uc_model::{
    Capability, ContactDraft, ContactId, ConversationId, DialMethod, EntryId, FavouriteChange,
    ForwardingTarget, MessageText, PhoneNumber, Photo, PresenceState, PresenceVisibility, Profile,
    ServerSettings,
};

use crate::error::EditError;

/// One change of the user's own data. The rules are `uc_model`'s, the server's word counts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Of the conversations.
    Conversations(ConversationEdit),
    /// Of the personal contacts.
    Contacts(ContactEdit),
    /// Of the favourites.
    Favourites(FavouriteChange),
    /// Of the instant messages.
    Messages(MessageEdit),
    /// Of what the server keeps for the user besides.
    Account(AccountEdit),
}

/// Something about instant messages (IM-1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageEdit {
    /// Sends a message.
    Send {
        /// Its identity, made here: sent twice, it is still one message.
        id: EntryId,
        /// The number of the user whom it is for.
        to: PhoneNumber,
        /// What was written.
        text: MessageText,
    },
    /// Confirms that the messages in a conversation have arrived here.
    ConfirmReceived(ConversationId),
}

/// A change of the user's personal contacts (DIR-4).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContactEdit {
    /// Adds a contact; the server gives it its identity.
    Add(ContactDraft),
    /// Makes a contact be this.
    Change(ContactId, ContactDraft),
    /// Deletes a contact.
    Delete(ContactId),
}

/// A change of what the server keeps for the user, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountEdit {
    /// Who sees the own presence (PRES-4).
    SetVisibility(PresenceVisibility),
    /// What others are told (PROF-1).
    SetProfile(Profile),
    /// The settings that belong to the person (INST-2).
    SetSettings(ServerSettings),
    /// The own photo (PROF-2).
    SetPhoto(Photo),
    /// No photo any more.
    DeletePhoto,
    /// Where the CallMe service sends calls; `None` ends it (CALLME-1).
    SetCallMe(Option<PhoneNumber>),
    /// Where calls go in a presence state (PRES-3).
    SetForwarding {
        /// In which.
        state: PresenceState,
        /// Where to; `None`: where they go by default.
        target: Option<ForwardingTarget>,
    },
    /// How calls are dialled (CONN-10).
    SetDialMethod(DialMethod),
}

/// A change of the user's conversations (CONV-1, CONV-3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConversationEdit {
    /// The user has looked at it.
    MarkRead(ConversationId),
    /// Deletes one entry; with the last one the conversation goes.
    DeleteEntry {
        /// Of which conversation.
        conversation: ConversationId,
        /// Which.
        entry: EntryId,
    },
    /// Deletes one conversation.
    Delete(ConversationId),
    /// Deletes all of them.
    DeleteAll,
}

impl Edit {
    /// What a server must be capable of.
    pub const fn capability(&self) -> Capability {
        match self {
            Self::Conversations(_) => Capability::Conversations,
            Self::Contacts(_) => Capability::EditContacts,
            Self::Favourites(FavouriteChange::DeleteGroup(_)) => Capability::DeleteFavouriteGroups,
            Self::Favourites(FavouriteChange::SetDefaultNumber { .. }) => {
                Capability::DefaultNumbers
            }
            Self::Favourites(_) => Capability::Favourites,
            Self::Messages(_) => Capability::Chat,
            Self::Account(edit) => edit.capability(),
        }
    }

    /// Checks it by the rules that the server uses too, before anything is sent.
    pub(crate) fn check(&self) -> Result<(), EditError> {
        match self {
            Self::Account(AccountEdit::SetProfile(profile)) => Ok(profile.check()?),
            _ => Ok(()),
        }
    }

    /// Whether a second arrival changes nothing more. What isn't so is sent with its
    /// [`RequestKey`](super::RequestKey), by which a server knows the second one.
    pub const fn is_idempotent(&self) -> bool {
        match self {
            // A conversation that is new since the first arrival must stay.
            Self::Conversations(edit) => !matches!(edit, ConversationEdit::DeleteAll),
            Self::Contacts(edit) => !matches!(edit, ContactEdit::Add(_)),
            // The second time a group would be there already.
            Self::Favourites(_) => false,
            Self::Messages(_) => true,
            Self::Account(_) => true,
        }
    }
}

impl AccountEdit {
    const fn capability(&self) -> Capability {
        match self {
            Self::SetVisibility(_) => Capability::PresenceVisibility,
            Self::SetProfile(_) => Capability::Profile,
            Self::SetSettings(_) => Capability::ServerSettings,
            Self::SetPhoto(_) | Self::DeletePhoto => Capability::Photo,
            Self::SetCallMe(_) => Capability::CallMe,
            Self::SetForwarding { .. } => Capability::Forwarding,
            Self::SetDialMethod(_) => Capability::DialMethods,
        }
    }
}
