use std::{
    io::{Write, stdout},
    sync::OnceLock,
};

use serde_json::{Value, json};

use uc_model::Settings;

use crate::{failure::Failure, words::Words};

/// Plain lines for a person or JSON lines for a program, both on standard output; failures go to
/// standard error. A person's lines obey the settings, a program's are always the same.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    settings: OnceLock<Settings>,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self {
            json,
            settings: OnceLock::new(),
        }
    }

    /// Obeys these settings from now on; the first ones count.
    pub(crate) fn obey(&self, settings: Settings) {
        let _ = self.settings.set(settings);
    }

    /// What to write for a person.
    pub(crate) fn words(&self) -> Words {
        self.settings.get().map_or_else(Words::default, Words::of)
    }

    /// Whether telephony links are dialled.
    pub(crate) fn opens_links(&self) -> bool {
        let settings = self.settings.get();
        settings.is_some_and(|settings| settings.telephony_links)
    }

    /// Whether calls go through this computer.
    pub(crate) fn wants_voip(&self) -> bool {
        let settings = self.settings.get();
        settings.is_some_and(|settings| settings.voip)
    }

    /// Whether what pops up is to be printed: a program gets everything. A terminal doesn't know
    /// whether its window is seen, so it shows what is shown to whoever doesn't look.
    pub(crate) fn pops_up(&self) -> bool {
        let pop_up = self.settings.get().map(|settings| settings.pop_up);
        self.json || pop_up.unwrap_or_default().is_shown(true)
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
