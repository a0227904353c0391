//! Checks on session descriptions (RFC 8866), before anybody acts on them.
