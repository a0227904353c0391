//! The embedded UC server as a program, with an office of virtual people if that is wanted.
#![forbid(unsafe_code)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Parser, ValueEnum};
use demo::{Pace, Staff, StaffError};
use tracing_subscriber::EnvFilter;
use uc_model::ConversationGrouping;
use uc_server::{Company, CompanyError, Mode, RunningServer, Server, StartError, Storage};

/// An embedded UC server for demos and tests.
///
/// Without --company, twelve built-in users can sign in: 330 to 341 with the passwords demo-330 to
/// demo-341 (the account 341 is locked). They are for demonstrations only.
/// Messages go to standard error; RUST_LOG chooses which.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// A TOML file with the users; its format is documented in the built-in company.toml.
    #[arg(long, value_name = "FILE")]
    company: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8802")]
    listen: SocketAddr,
    /// The mode; without it, what the company file says.
    #[arg(long, value_enum)]
    mode: Option<ModeArgument>,
    /// Give everybody a virtual desk phone: without sound, for calls with desk phones.
    #[arg(long)]
    desk_phones: bool,
    /// Speak WSI alone, as a server without UCX does.
    #[arg(long)]
    wsi_only: bool,
    /// Switch instant messages off.
    #[arg(long)]
    no_chat: bool,
    /// Make one conversation of a number, however it is written.
    #[arg(long)]
    conversations_by_number: bool,
    /// Keep state and certificate in this directory; without it, in memory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Fill the company with so many virtual people, the last users first (10 without a number): they
    /// call each other, are away now and then, answer whoever calls them, and speak.
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "10",
          value_parser = clap::value_parser!(u8).range(2..), conflicts_with_all = ["company", "wsi_only"])]
    office: Option<u8>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeArgument {
    Smart,
    Suite,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOGGED));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("uc-server: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), RunError> {
    let company = match &arguments.company {
        Some(path) => Company::load(path)?,
        None => Company::twelve(),
    };
    let storage = arguments.data.map_or(Storage::Memory, Storage::Directory);
    let mut server = Server::builder()
        .company(company.clone())
        .listen(arguments.listen);
    if let Some(mode) = arguments.mode {
        server = server.mode(match mode {
            ModeArgument::Smart => Mode::Smart,
            ModeArgument::Suite => Mode::Suite,
        });
    }
    let server = server
        .desk_phones(arguments.desk_phones)
        .ucx(!arguments.wsi_only)
        .chat(!arguments.no_chat)
        .grouping(match arguments.conversations_by_number {
            true => ConversationGrouping::ByNumber,
            false => ConversationGrouping::ByFormat,
        })
        .storage(storage)
        .start()
        .await?;
    if arguments.json {
        println!("{}", json(&server, &company));
    } else {
        print(&server, &company);
    }
    let staff = match arguments.office {
        Some(count) => Some(Staff::arrive(&server, count.into(), Pace::default()).await?),
        None => None,
    };
    tokio::signal::ctrl_c().await?;
    if let Some(staff) = staff {
        staff.leave().await;
    }
    server.stop().await;
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum RunError {
    #[error(transparent)]
    Company(#[from] CompanyError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the office stays empty: {0}")]
    Staff(#[from] StaffError),
    #[error("Ctrl-C can't be waited for: {0}")]
    Signal(#[from] std::io::Error),
}

fn print(server: &RunningServer, company: &Company) {
    println!("Listening on https://{}", server.address());
    println!("Certificate (SHA-256): {}", hex(&server.fingerprint(), ":"));
    println!("Sign in as:");
    for user in company.users() {
        let locked = if user.is_locked() { "  (locked)" } else { "" };
        println!("  {:<16} {}{locked}", user.user_name(), user.display_name());
    }
    println!("Ctrl-C stops.");
}

fn json(server: &RunningServer, company: &Company) -> serde_json::Value {
    let user = |user: &uc_server::User| {
        serde_json::json!({
            "user": user.user_name(),
            "extension": user.extension(),
            "name": user.display_name(),
            "locked": user.is_locked(),
        })
    };
    serde_json::json!({
        "address": server.address().to_string(),
        "fingerprint": hex(&server.fingerprint(), ""),
        "users": company.users().iter().map(user).collect::<Vec<_>>(),
    })
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let digits: Vec<_> = bytes.iter().map(|b| format!("{b:02x}")).collect();
    digits.join(separator)
}

/// The ICE agent warns of each candidate at the end of each call of the virtual people.
const LOGGED: &str = "warn,webrtc_ice=error";
