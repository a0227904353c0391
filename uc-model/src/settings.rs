use thiserror::Error;

use crate::{CalendarTime, ConversationGrouping, HotKey};

mod file;

/// How long a pop-up for a call is seen (SET-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PopUp {
    /// As long as the call rings.
    #[default]
    Always,
    /// For 5 seconds.
    FiveSeconds,
    /// For 10 seconds.
    TenSeconds,
    /// Only while the window is minimised.
    WhenMinimised,
    /// Never.
    Never,
}

/// The language of a user interface (SET-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
    /// Dutch.
    Dutch,
}

/// How dates are written (SET-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DateFormat {
    /// 2025-04-30.
    #[default]
    YearMonthDay,
    /// 30.04.2025.
    DayMonthYearDots,
    /// 30-04-2025.
    DayMonthYearDashes,
    /// 04/30/2025.
    MonthDayYear,
}

/// How much a trace log tells (LOG-1). Whatever the level, no password, PIN, session id or message
/// text is in it: those types show nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And why; for a support case.
    Debug,
    /// And every packet; for a short time only.
    Trace,
}

/// Which way Plantronics' (Poly's) headsets control calls (HS-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlantronicsHeadsets {
    /// By USB, as any other maker's.
    #[default]
    Usb,
    /// Through Plantronics Hub, a program on this computer.
    Hub,
    /// Not at all.
    Off,
}

/// A user's settings on one computer (SET-1). Secrets are not among them: they are kept by the
/// operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The language.
    pub language: Language,
    /// How dates are written.
    pub date_format: DateFormat,
    /// How long the pop-up for a call is seen.
    pub pop_up: PopUp,
    /// The key that dials a marked number; none by default.
    pub hot_key: Option<HotKey>,
    /// Whether telephony links are opened here; off by default. Switched off, the program stays
    /// registered until another takes its place (the manual).
    pub telephony_links: bool,
    /// Whether the program starts at log-in; off by default.
    pub start_at_log_in: bool,
    /// Whether it signs in by itself; on by default.
    pub automatic_sign_in: bool,
    /// Which numbers share a conversation.
    pub grouping: ConversationGrouping,
    /// Whether calls go through the built-in client (VOIP-1); off by default.
    pub voip: bool,
    /// Whether the icon of VoIP is shown while that is off; on by default.
    pub voip_icon: bool,
    /// Whether the answer to a VoIP call names one codec only, so that the far side needs no further
    /// round (VOIP-3); off by default.
    pub codec_preselection: bool,
    /// Whether Jabra's headsets control calls (HS-1); on by default.
    pub headset_jabra: bool,
    /// Whether Plantronics' do, and which way (HS-1); by USB by default.
    pub headset_plantronics: PlantronicsHeadsets,
    /// The level of the trace log; none is written by default.
    pub log: Option<LogLevel>,
    /// Lines of a newer version, kept for it.
    unknown: Vec<String>,
}

/// The settings that belong to the person and not to one computer: language, date format, pop-up,
/// hot key and the grouping of conversations. A server keeps them, and they appear at the first
/// sign-in on another computer (INST-2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerSettings(Settings);

/// Why settings can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The first line isn't a version.
    #[error("the settings are damaged: they don't begin with their version")]
    NoVersion,
    /// Longer than 64 KiB; on a server, than 8 KiB.
    #[error("the settings are damaged: they are longer than 64 KiB (8 KiB on a server)")]
    TooLong,
}

/// Why one setting can't be set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingError {
    /// No setting has this name.
    #[error("there is no such setting")]
    NoSuchSetting,
    /// It can't be that.
    #[error("this setting can't be that; it is one of {choices}")]
    Value {
        /// What it can be, for a person.
        choices: String,
    },
}

/// Settings as read, and what in them was replaced by its default.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadSettings {
    /// The settings.
    pub settings: Settings,
    /// The lines that were not understood and are at their default now.
    pub replaced: Vec<u32>,
    /// The version that wrote them.
    pub version: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::default(),
            date_format: DateFormat::default(),
            pop_up: PopUp::default(),
            hot_key: None,
            telephony_links: false,
            start_at_log_in: false,
            automatic_sign_in: true,
            grouping: ConversationGrouping::default(),
            voip: false,
            voip_icon: true,
            codec_preselection: false,
            headset_jabra: true,
            headset_plantronics: PlantronicsHeadsets::default(),
            log: None,
            unknown: Vec::new(),
        }
    }
}

impl Settings {
    /// The version of the form in which settings are written.
    pub const VERSION: u32 = 2;

    /// The settings of a computer where the user signs in for the first time: what the server
    /// keeps comes before the defaults (INST-2).
    pub fn at_first_sign_in(server: Option<&ServerSettings>) -> Self {
        let mut settings = Self::default();
        if let Some(server) = server {
            settings.adopt(server);
        }
        settings
    }

    /// Takes over what the server keeps; what belongs to this computer stays.
    pub fn adopt(&mut self, server: &ServerSettings) {
        let Self {
            language,
            date_format,
            pop_up,
            hot_key,
            grouping,
            ..
        } = server.0;
        *self = Self {
            language,
            date_format,
            pop_up,
            hot_key,
            grouping,
            ..std::mem::take(self)
        };
    }

    /// The settings with their values, by the names under which they are written.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&'static str, String)> {
        file::entries(self).into_iter()
    }

    /// Sets one setting by its name and value as they are written.
    ///
    /// # Errors
    /// No such setting, or what it can be instead.
    pub fn set_named(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        file::set_named(self, name, value)
    }

    /// Whether the setting of this name belongs to the person, so that a server keeps it
    /// ([`ServerSettings`]), or to one computer.
    pub fn is_personal(name: &str) -> bool {
        file::is_personal(name)
    }

    /// Writes the settings: a line for the version, then one for each setting, in a fixed order.
    pub fn write(&self) -> String {
        file::write(self)
    }

    /// Reads what this or another version wrote. A setting that isn't understood gets its default,
    /// and is named; one that only a newer version knows is kept as it is.
    ///
    /// # Errors
    /// What isn't a file of settings at all; start with the defaults then.
    pub fn read(text: &str) -> Result<ReadSettings, SettingsError> {
        file::read(text)
    }
}

impl ServerSettings {
    /// What of `settings` belongs to the person.
    pub fn of(settings: &Settings) -> Self {
        let mut own = Settings::default();
        own.adopt(&Self(settings.clone()));
        Self(own)
    }

    /// These with what of `settings` belongs to the person; what only a newer version knows stays.
    #[must_use]
    pub fn with(mut self, settings: &Settings) -> Self {
        self.0.adopt(&Self::of(settings));
        self
    }

    /// Writes them in the form of [`Settings::write`], without the lines that belong to a
    /// computer.
    pub fn write(&self) -> String {
        file::write_personal(&self.0)
    }

    /// Reads what [`write`](Self::write) of this or another version wrote; what belongs to a
    /// computer is left out, and what only a newer version knows is kept for it.
    ///
    /// # Errors
    /// What isn't a text of settings at all, or longer than 8 KiB.
    pub fn read(text: &str) -> Result<Self, SettingsError> {
        if text.len() > MAX_SERVER_BYTES {
            return Err(SettingsError::TooLong);
        }
        let read = Settings::read(text)?.settings;
        let mut own = Self::of(&read);
        own.0.unknown = read.unknown;
        Ok(own)
    }
}

/// Longest text that a server keeps, in bytes (the limit of UCX).
const MAX_SERVER_BYTES: usize = 8 * 1024;

impl DateFormat {
    /// The day of `at` as a person reads it.
    pub fn write(self, at: &CalendarTime) -> String {
        let CalendarTime {
            year, month, day, ..
        } = at;
        match self {
            Self::YearMonthDay => format!("{year:04}-{month:02}-{day:02}"),
            Self::DayMonthYearDots => format!("{day:02}.{month:02}.{year:04}"),
            Self::DayMonthYearDashes => format!("{day:02}-{month:02}-{year:04}"),
            Self::MonthDayYear => format!("{month:02}/{day:02}/{year:04}"),
        }
    }
}

impl PopUp {
    /// For how long it is seen, in seconds; `None` where something else ends it.
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::FiveSeconds => Some(5),
            Self::TenSeconds => Some(10),
            Self::Always | Self::WhenMinimised | Self::Never => None,
        }
    }

    /// Whether it is shown at all, `minimised` or not.
    pub const fn is_shown(self, minimised: bool) -> bool {
        match self {
            Self::Always | Self::FiveSeconds | Self::TenSeconds => true,
            Self::WhenMinimised => minimised,
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests;
