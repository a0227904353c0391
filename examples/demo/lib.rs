//! The demonstration call.
