//! Which request carries out which edit.

use uc_model::ContactId;
use uc_protocol::{
    net::Request,
    ucx::{self as wire, paths::Route},
};

use super::{account, contact, favourites};
use crate::port::{BackendError, ContactEdit, ConversationEdit, Edit, MessageEdit, RequestKey};

/// The request; with its key where a second arrival would do harm.
pub(super) fn write(edit: Edit, key: &RequestKey) -> Result<Request, BackendError> {
    let is_idempotent = edit.is_idempotent();
    let request = match edit {
        Edit::Conversations(edit) => of_conversations(&edit),
        Edit::Contacts(edit) => of_contacts(&edit),
        Edit::Favourites(change) => {
            Request::post(Route::Favourites).body(&favourites::write_change(&change)?)
        }
        Edit::Messages(edit) => of_messages(&edit),
        Edit::Account(edit) => account::write(edit)?,
    };
    Ok(match is_idempotent {
        true => request,
        false => request.idempotency_key(&key.0),
    })
}

fn of_contacts(edit: &ContactEdit) -> Request {
    let route = |id: &ContactId| Route::Contact(id.as_str().into());
    match edit {
        ContactEdit::Add(draft) => {
            Request::post(Route::Contacts).body(&contact::write_draft(draft))
        }
        ContactEdit::Change(id, draft) => {
            Request::put(route(id)).body(&contact::write_draft(draft))
        }
        ContactEdit::Delete(id) => Request::delete(route(id)),
    }
}

fn of_messages(edit: &MessageEdit) -> Request {
    match edit {
        MessageEdit::Send { id, to, text } => {
            Request::post(Route::Messages).body(&wire::SendMessage {
                id: id.to_string(),
                to: to.as_str().to_owned(),
                text: text.expose().to_owned(),
            })
        }
        MessageEdit::ConfirmReceived(id) => {
            Request::post(Route::ConversationReceived(id.as_str().into()))
        }
    }
}

fn of_conversations(edit: &ConversationEdit) -> Request {
    match edit {
        ConversationEdit::MarkRead(id) => {
            Request::post(Route::ConversationRead(id.as_str().into()))
        }
        ConversationEdit::DeleteEntry {
            conversation,
            entry,
        } => {
            let (conversation, entry) = (conversation.as_str().into(), entry.as_str().into());
            Request::delete(Route::ConversationEntry(conversation, entry))
        }
        ConversationEdit::Delete(id) => Request::delete(Route::Conversation(id.as_str().into())),
        ConversationEdit::DeleteAll => Request::delete(Route::Conversations),
    }
}
