//! What an edit promises.

use uc_model::{Capability, ContactDraft, Conversation, KnownContact, Redacted};

use super::{Peer, Rig, ring};
use crate::port::{
    BackendError, ContactEdit, ConversationEdit, Edit, Outcome, RequestKey, ServerChange, Service,
};

/// A missed call is looked at by one client of its user and deleted by another: each has in its
/// answer what the other is told. Once more, nothing changes. Without the capability:
/// `Unsupported`.
pub async fn an_edit_is_answered_with_what_it_changed_and_told_to_other_clients(rig: &dyn Rig) {
    let (caller, _) = Peer::ready(rig, 0).await;
    let (one, _) = Peer::ready(rig, 1).await;
    if !one.capabilities.has(Capability::Conversations) {
        let refused = one.edit_conversations(ConversationEdit::DeleteAll).await;
        assert_eq!(refused, Err(BackendError::Unsupported));
        caller.end().await;
        return one.end().await;
    }
    let (other, _) = Peer::ready(rig, 1).await;
    let missed = miss(rig, &caller, &one).await;
    other.conversation(|c| c.unread == missed.unread).await;

    let read = ConversationEdit::MarkRead(missed.id.clone());
    let changes = one.edit_conversations(read.clone()).await;
    let seen = other.conversation(|c| c.unread == 0).await;
    assert!(seen.rev > missed.rev);
    assert_eq!(
        changes,
        Ok(vec![ServerChange::Conversation(Box::new(seen))])
    );
    assert_eq!(one.edit_conversations(read.clone()).await, Ok(Vec::new()));

    let delete = ConversationEdit::Delete(missed.id.clone());
    let changes = other.edit_conversations(delete.clone()).await;
    let gone = |change| match change {
        ServerChange::ConversationDeleted { id, rev } => (id == missed.id).then_some(rev),
        _ => None,
    };
    let rev = one.change("the deletion", gone).await;
    let id = missed.id.clone();
    let deletion = ServerChange::ConversationDeleted { id, rev };
    assert_eq!(changes, Ok(vec![deletion]));
    assert_eq!(one.edit_conversations(delete).await, Ok(Vec::new()));
    let late = one.edit_conversations(read).await;
    assert_eq!(late, Err(BackendError::NotFound));
    for peer in [caller, one, other] {
        peer.end().await;
    }
}

/// A call that `callee` misses, as it stands in the conversation.
async fn miss(rig: &dyn Rig, caller: &Peer, callee: &Peer) -> Conversation {
    let (call, _) = ring(rig, caller, callee, "conformance-missed").await;
    let cancel = Service::Clear { call, cause: None };
    caller.changed(cancel).await;
    callee.conversation(|c| c.unread > 0).await
}

/// What is made by an edit is made once, and told to the user's other client. Without the
/// capability: `Unsupported`.
pub async fn the_same_key_makes_one_contact(rig: &dyn Rig) {
    let (one, _) = Peer::ready(rig, 0).await;
    let (other, before) = Peer::ready(rig, 0).await;
    let mut draft = ContactDraft::default();
    draft.last_name = Redacted::new("Conformance".to_owned());
    let add = Service::Edit {
        edit: Edit::Contacts(ContactEdit::Add(draft)),
        key: RequestKey("conformance-contact".to_owned()),
    };
    let added = one.ask(add.clone()).await;
    if !one.capabilities.has(Capability::EditContacts) {
        assert_eq!(added, Err(BackendError::Unsupported));
        one.end().await;
        return other.end().await;
    }
    let told = other.change("the contact", contact).await;
    assert!(told.rev > before.rev);
    let change = ServerChange::Contact(Box::new(told.clone()));
    assert_eq!(added, Ok(Outcome::Edited(vec![change])));
    assert_eq!(
        one.ask(add).await,
        added,
        "sent once more, it is the same contact"
    );
    let looked_up = other.ask(Service::Contact(told.contact.id.clone())).await;
    assert_eq!(
        looked_up,
        Ok(Outcome::Contact(Box::new(told.contact.clone())))
    );
    let delete = Service::Edit {
        edit: Edit::Contacts(ContactEdit::Delete(told.contact.id)),
        key: RequestKey("conformance-contact-gone".to_owned()),
    };
    assert!(matches!(one.ask(delete).await, Ok(Outcome::Edited(changes)) if changes.len() == 1));
    one.end().await;
    other.end().await;
}

fn contact(change: ServerChange) -> Option<KnownContact> {
    match change {
        ServerChange::Contact(contact) => Some(*contact),
        _ => None,
    }
}

impl Peer {
    async fn edit_conversations(
        &self,
        edit: ConversationEdit,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let edit = Edit::Conversations(edit);
        let key = RequestKey("conformance-edit".to_owned());
        match self.ask(Service::Edit { edit, key }).await? {
            Outcome::Edited(changes) => Ok(changes),
            other => panic!("an edit gave {other:?}"),
        }
    }
}
