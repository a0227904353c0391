//! The program as a person runs it, against the embedded server.

mod account;
mod calls;
mod console;
mod consult;
mod contacts;
mod control;
mod conversations;
mod headsets;
mod profiles;
mod run;
mod settings;
mod sign_in;
mod telephone;
mod tmux;
