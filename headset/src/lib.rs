//! Call control by the buttons and lamps of a headset.
#![forbid(unsafe_code)]
