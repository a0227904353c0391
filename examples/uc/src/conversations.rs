use std::sync::Arc;

use clap::Subcommand;
use serde_json::{Value, json};
use uc_model::{
    CallDirection, Capability, Conversation, ConversationEntry, ConversationId, Delivery, EntryId,
    Redacted,
};
use uc_session::Client;

use crate::{
    account::Account,
    failure::Failure,
    output::Output,
    words::{Phrase, Words},
};

/// What to do with the conversations.
#[derive(Debug, Subcommand)]
pub(crate) enum ConversationsCommand {
    /// Lists the conversations, the newest first, with what is unread.
    List,
    /// Shows the entries of one conversation, the newest last.
    Show {
        /// Which, as `list` names it.
        id: ConversationId,
    },
    /// Marks a conversation as looked at.
    Read {
        /// Which.
        id: ConversationId,
    },
    /// Deletes a conversation, one entry of it, or with --all every conversation.
    Delete {
        /// Which.
        #[arg(required_unless_present = "all")]
        id: Option<ConversationId>,
        /// Only this entry.
        #[arg(long, requires = "id")]
        entry: Option<EntryId>,
        /// All conversations.
        #[arg(long, conflicts_with_all = ["id", "entry"])]
        all: bool,
    },
}

/// Carries out one command.
pub(crate) async fn conversations(
    account: &Account,
    output: &Output,
    command: &ConversationsCommand,
) -> Result<(), Failure> {
    let client = account
        .sign_in_for(output, Capability::Conversations)
        .await?;
    let done = carry_out(&client, output, command).await;
    client.sign_out().await;
    done
}

async fn carry_out(
    client: &Client,
    output: &Output,
    command: &ConversationsCommand,
) -> Result<(), Failure> {
    match command {
        ConversationsCommand::List => {
            let rows = client.view().conversation_list().rows;
            if rows.is_empty() {
                output.progress("There are no conversations.");
            }
            for (known, _) in rows {
                output.line(&line(output.words(), &known), &value(&known));
            }
        }
        ConversationsCommand::Show { id } => {
            let known = client.view().conversation(id).cloned();
            let known = known.ok_or(Failure::NoConversation)?;
            for entry in &known.entries {
                output.line(&entry_line(output.words(), entry), &entry_json(entry));
            }
        }
        ConversationsCommand::Read { id } => {
            client.mark_read(id).await?;
            output.line("Marked as read.", &json!({ "read": id.as_str() }));
        }
        ConversationsCommand::Delete { id, entry, .. } => {
            match (id, entry) {
                (None, _) => client.delete_all_conversations().await?,
                (Some(id), _) if client.view().conversation(id).is_none() => {
                    return Err(Failure::NoConversation);
                }
                (Some(id), None) => client.delete_conversation(id).await?,
                (Some(id), Some(entry)) => client.delete_entry(id, entry).await?,
            }
            output.line("Deleted.", &json!({ "deleted": true }));
        }
    }
    Ok(())
}

fn line(words: Words, known: &Arc<Conversation>) -> String {
    let name = known.name.as_ref().map_or("", |name| name.expose());
    let unread = match known.unread {
        0 => String::new(),
        unread => format!("{unread} {}", words.say(Phrase::Unread)),
    };
    let newest = known.newest().map(|entry| entry_line(words, entry));
    let newest = newest.unwrap_or_default();
    format!(
        "{name:<24} {:<20} {unread:<10} {newest}  ({})",
        known.number.as_str(),
        known.id
    )
}

fn value(known: &Arc<Conversation>) -> Value {
    json!({
        "id": known.id.as_str(),
        "number": known.number.as_str(),
        "name": known.name.as_ref().map(Redacted::expose),
        "contact": known.contact.as_ref().map(|id| id.as_str()),
        "unread": known.unread,
        "newest": known.newest().map(entry_json),
    })
}

/// One line about an entry.
pub(crate) fn entry_line(words: Words, entry: &ConversationEntry) -> String {
    match entry {
        ConversationEntry::Call { at, duration_s, .. } => {
            let what = match entry.history_kind() {
                Some(kind) if kind.is_missed() => words.say(Phrase::MissedCall).to_owned(),
                _ if *duration_s == 0 => words.say(Phrase::CallWithoutAnswer).to_owned(),
                _ => format!("{} {duration_s} s", words.say(Phrase::CallOf)),
            };
            format!("{} {what}", words.moment(*at))
        }
        // What somebody wrote can't turn the line around it.
        ConversationEntry::Message(message) => {
            let from = match message.direction {
                CallDirection::Incoming => "<",
                CallDirection::Outgoing => ">",
            };
            let text = message.text.isolated().replace('\n', " ");
            format!("{} {from} {text}", words.moment(message.at))
        }
        _ => String::new(),
    }
}

/// An entry for a program.
pub(crate) fn entry_json(entry: &ConversationEntry) -> Value {
    match entry {
        ConversationEntry::Call {
            id,
            direction,
            at,
            duration_s,
            ..
        } => json!({
            "type": "call",
            "id": id.as_str(),
            "direction": direction_name(*direction),
            "kind": entry.history_kind().map(|kind| format!("{kind:?}")),
            "at_ms": at.0,
            "duration_s": duration_s,
        }),
        ConversationEntry::Message(message) => json!({
            "type": "message",
            "id": message.id.as_str(),
            "direction": direction_name(message.direction),
            "at_ms": message.at.0,
            "text": message.text.expose(),
            "delivery": match message.delivery {
                Delivery::Delivered => "delivered",
                _ => "sent",
            },
        }),
        _ => json!({ "id": entry.id().as_str() }),
    }
}

const fn direction_name(direction: CallDirection) -> &'static str {
    match direction {
        CallDirection::Incoming => "incoming",
        CallDirection::Outgoing => "outgoing",
    }
}
