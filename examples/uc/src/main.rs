//! A command-line unified-communications client.
#![forbid(unsafe_code)]

mod account;
mod call;
mod calls;
mod computer;
mod console;
mod contacts;
mod control;
mod conversations;
mod desktop;
mod diagnose;
mod failure;
mod favourites;
mod headsets;
mod log;
mod me;
mod message;
mod moment;
mod output;
mod people;
mod profile;
mod settings;
mod sound;
mod telephone;
mod watch;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::{account::Account, failure::Failure, output::Output};

/// Signs in at a UC server, watches what happens there, searches, sets the presence, calls.
///
/// Every command prints plain lines, or JSON with --json. The password comes from a prompt, from
/// --password-file or from the environment variable UC_PASSWORD, never from an argument.
#[derive(Debug, Parser)]
#[command(name = "uc", version)]
struct Arguments {
    #[command(flatten)]
    account: Account,
    /// Prints JSON: one object, or one a line where more follow.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Signs in, says who and where, and signs out again.
    SignIn,
    /// Shows what happens until Ctrl-C.
    Watch,
    /// Finds people by first letters or digits.
    Search {
        /// What to look for, for example "bi" or "33".
        query: String,
        /// Only in this directory.
        #[arg(long = "in", value_name = "DIRECTORY")]
        place: Option<contacts::Where>,
    },
    /// Lists, adds, changes, deletes, imports and exports personal contacts.
    #[command(subcommand)]
    Contacts(contacts::ContactsCommand),
    /// Lists, orders and changes the favourites.
    #[command(subcommand)]
    Favourites(favourites::FavouritesCommand),
    /// Sends and lists instant messages.
    #[command(subcommand)]
    Message(message::MessageCommand),
    /// Lists, shows and deletes conversations, or marks them as looked at.
    #[command(subcommand)]
    Conversations(conversations::ConversationsCommand),
    /// Shows everybody's presence, or sets one's own.
    Presence(people::PresenceArguments),
    /// Shows or sets where calls go in a presence state.
    Forward(telephone::ForwardArguments),
    /// Shows or sets the telephone at another workplace to which calls go and from which yours are
    /// placed (CallMe).
    #[command(name = "callme")]
    CallMe(telephone::CallMeArguments),
    /// Shows or sets how your calls are dialled (Mobility).
    DialMethod(telephone::DialMethodArguments),
    /// Lists and programs the function keys of the desk phone.
    #[command(subcommand)]
    Keys(telephone::KeysCommand),
    /// Lists the telephones that share your number (MULAP), and which of them --phone or the profile
    /// controls.
    AssignedPhones,
    /// Lists what colleagues' telephones do: free, ringing, busy.
    Phones(telephone::PhonesArguments),
    /// Lists the microphones and loudspeakers of this computer; needs no server.
    Devices,
    /// Lists the headsets of this computer whose buttons can control calls; needs no server.
    Headsets(headsets::ListArguments),
    /// Shows or sets what others are told of you.
    #[command(subcommand)]
    Me(me::MeCommand),
    /// Sets, removes or saves a photo.
    #[command(subcommand)]
    Photo(me::PhotoCommand),
    /// Lists and sets the settings: language, dates, pop-ups and the like.
    #[command(subcommand)]
    Settings(settings::SettingsCommand),
    /// Changes the password.
    Password(me::PasswordArguments),
    /// Shows the ten numbers dialled last, or calls one of them.
    Redial(call::RedialArguments),
    /// Calls a number and talks until one side hangs up, or Ctrl-C. Meanwhile it takes commands on
    /// standard input, such as hold, dtmf 12# or end; help lists them.
    Call(call::CallArguments),
    /// Shows a telephone on this terminal: calls, presence, favourites, conversations. Its keys
    /// stand at the bottom.
    Console(console::ConsoleArguments),
    /// Lists and changes server profiles: where and as whom to sign in.
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Says step by step why signing in works or not, and what to do.
    Diagnose,
    /// Switches the trace log on or off.
    #[command(subcommand)]
    Log(log::LogCommand),
    /// Waits for a call, answers it, and talks until one side hangs up, or Ctrl-C. Takes commands as
    /// uc call does.
    Answer(call::AnswerArguments),
    /// Picks up a call that rings at a colleague's number, and talks. Takes commands as uc call does.
    Pickup(call::PickupArguments),
    #[command(flatten)]
    Calls(calls::CallsCommand),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    // What is written over a drawn screen would spoil it.
    let screen = matches!(arguments.command, Command::Console(_));
    log::begin(&arguments.account.computer, &output, !screen).await;
    match carry_out(&arguments, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let account = &arguments.account;
    match &arguments.command {
        Command::SignIn => people::sign_in(account, output).await,
        Command::Watch => watch::watch(account, output).await,
        Command::Search { query, place } => contacts::search(account, output, query, *place).await,
        Command::Contacts(command) => contacts::contacts(account, output, command).await,
        Command::Favourites(command) => favourites::favourites(account, output, command).await,
        Command::Message(command) => message::message(account, output, command).await,
        Command::Conversations(command) => {
            conversations::conversations(account, output, command).await
        }
        Command::Presence(wish) => people::presence(account, output, wish).await,
        Command::Forward(wish) => telephone::forward(account, output, wish).await,
        Command::CallMe(wish) => telephone::call_me(account, output, wish).await,
        Command::DialMethod(wish) => telephone::dial_method(account, output, wish).await,
        Command::Keys(command) => telephone::keys(account, output, command).await,
        Command::AssignedPhones => telephone::assigned_phones(account, output).await,
        Command::Phones(wish) => telephone::phones(account, output, wish).await,
        Command::Devices => sound::list(output),
        Command::Headsets(wish) => headsets::list(output, wish),
        Command::Me(command) => me::me(account, output, command).await,
        Command::Photo(command) => me::photo(account, output, command).await,
        Command::Settings(command) => settings::settings(account, output, command).await,
        Command::Password(wish) => me::password(account, output, wish).await,
        Command::Redial(wish) => call::redial(account, output, wish).await,
        Command::Call(wish) => call::call(account, output, wish).await,
        Command::Console(wish) => console::console(account, output, wish).await,
        Command::Profile(command) => profile::profile(account, output, command).await,
        Command::Diagnose => diagnose::diagnose(account, output).await,
        Command::Log(command) => log::log(&account.computer, output, command).await,
        Command::Answer(wish) => call::answer(account, output, wish).await,
        Command::Pickup(wish) => call::pick_up(account, output, wish).await,
        Command::Calls(command) => calls::calls(account, output, command).await,
    }
}
