//! The client transport.
