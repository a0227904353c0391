use clap::Subcommand;
use serde_json::json;
use uc_model::{Capability, EntryId, PhoneNumber};
use uc_session::{Client, ServiceError};

use crate::{
    account::Account,
    conversations::{entry_json, entry_line},
    failure::Failure,
    output::Output,
};

/// What to do with instant messages.
#[derive(Debug, Subcommand)]
pub(crate) enum MessageCommand {
    /// Sends a message, and waits until the server has it or it has failed.
    Send {
        /// The number of a colleague.
        #[arg(value_parser = |text: &str| PhoneNumber::new(text))]
        to: PhoneNumber,
        /// What to write.
        text: String,
    },
    /// Shows the messages and calls with a number, the newest last.
    List {
        /// The number, as it was dialled or as the colleague's is shown.
        #[arg(value_parser = |text: &str| PhoneNumber::new(text))]
        with: PhoneNumber,
    },
}

/// Carries out one command.
pub(crate) async fn message(
    account: &Account,
    output: &Output,
    command: &MessageCommand,
) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    let done = match command {
        MessageCommand::Send { to, text } => send(&client, output, to, text).await,
        MessageCommand::List { with } => list(&client, output, with),
    };
    client.sign_out().await;
    done
}

async fn send(
    client: &Client,
    output: &Output,
    to: &PhoneNumber,
    text: &str,
) -> Result<(), Failure> {
    let id: EntryId = client.send_message(to, text).await?;
    let sent = client.message_sent(to, &id).await;
    sent.map_err(|why| Failure::Delivery {
        to: to.clone(),
        why,
    })?;
    output.line("Sent.", &json!({ "sent": id.as_str() }));
    Ok(())
}

fn list(client: &Client, output: &Output, with: &PhoneNumber) -> Result<(), Failure> {
    if !client.capabilities().has(Capability::Conversations) {
        return Err(ServiceError::Unsupported.into());
    }
    let view = client.view();
    let number = with.dialable();
    let mut all = view.conversations();
    let known = all.find(|known| known.number.dialable() == number);
    if known.is_none() {
        output.progress("There is no conversation with this number.");
    }
    for entry in known.into_iter().flat_map(|known| &known.entries) {
        output.line(&entry_line(output.words(), entry), &entry_json(entry));
    }
    Ok(())
}
