use std::io::{Write, stdout};

use serde_json::{Value, json};

use crate::failure::Failure;

/// Plain lines for a person or JSON lines for a program, both on standard output; failures go to
/// standard error.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// One line: `plain` for a person, `value` for a program.
    pub(crate) fn line(&self, plain: &str, value: &Value) {
        let mut out = stdout().lock();
        let written = if self.json {
            writeln!(out, "{value}")
        } else {
            writeln!(out, "{plain}")
        };
        // A reader that has gone away (`| head`) is no failure of ours.
        let _ = written.and_then(|()| out.flush());
    }

    /// Progress for a person; a program is not bothered.
    pub(crate) fn progress(&self, text: &str) {
        if !self.json {
            eprintln!("{text}");
        }
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        if self.json {
            eprintln!("{}", json!({ "error": failure.to_string() }));
        } else {
            eprintln!("uc: {failure}");
        }
    }
}
