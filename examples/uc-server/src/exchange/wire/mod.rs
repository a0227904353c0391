//! The model's values, by whose rules the exchange works, and the wire's resources, as which they
//! are kept and told.

mod call;
mod contact;
mod conversation;
mod favourites;

pub(super) use call::{read_call, write_line};
pub(super) use contact::{
    read_directory, read_draft, read_kind, read_known, write_contact, write_known, write_report,
};
pub(super) use conversation::{read_conversation, read_direction, read_route, write_conversation};
pub(super) use favourites::{read_favourite_change, read_favourites, write_favourites};
