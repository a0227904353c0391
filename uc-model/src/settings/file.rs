use super::{
    DateFormat, Language, LogLevel, PlantronicsHeadsets, PopUp, ReadSettings, SettingError,
    Settings, SettingsError,
};
use crate::ConversationGrouping;

/// The values of an enum as they are written.
type Names<T> = &'static [(&'static str, T)];

pub(super) fn write(settings: &Settings) -> String {
    write_lines(settings, |_| true)
}

/// Without what belongs to one computer.
pub(super) fn write_personal(settings: &Settings) -> String {
    write_lines(settings, is_personal)
}

fn write_lines(settings: &Settings, wanted: impl Fn(&str) -> bool) -> String {
    let mut text = format!("version = {}\n", Settings::VERSION);
    for (key, value) in entries(settings) {
        if wanted(key) {
            text.push_str(&format!("{key} = {value}\n"));
        }
    }
    for line in &settings.unknown {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Each setting with its value, as they are written.
pub(super) fn entries(settings: &Settings) -> [(&'static str, String); 14] {
    let on_off = |on: bool| name(SWITCH, on).to_owned();
    let hot_key = settings.hot_key.map(|key| key.to_string());
    let log = settings.log.map(|level| name(LEVELS, level));
    [
        ("language", name(LANGUAGES, settings.language).to_owned()),
        ("date-format", name(DATES, settings.date_format).to_owned()),
        ("pop-up", name(POP_UPS, settings.pop_up).to_owned()),
        ("hot-key", hot_key.unwrap_or_else(|| "none".to_owned())),
        ("telephony-links", on_off(settings.telephony_links)),
        ("start-at-log-in", on_off(settings.start_at_log_in)),
        ("automatic-sign-in", on_off(settings.automatic_sign_in)),
        (
            "conversations",
            name(GROUPINGS, settings.grouping).to_owned(),
        ),
        ("voip", on_off(settings.voip)),
        ("voip-icon", on_off(settings.voip_icon)),
        ("codec-preselection", on_off(settings.codec_preselection)),
        ("headset-jabra", on_off(settings.headset_jabra)),
        (
            "headset-plantronics",
            name(PLANTRONICS, settings.headset_plantronics).to_owned(),
        ),
        ("log", log.unwrap_or("none").to_owned()),
    ]
}

/// What a setting can be, for a person.
fn choices(key: &str) -> String {
    match key {
        "language" => list(LANGUAGES),
        "date-format" => list(DATES),
        "pop-up" => list(POP_UPS),
        "hot-key" => "none, F3 to F12, Ctrl+D and the like, Ctrl+Alt+D, Ctrl+Shift+D".to_owned(),
        "conversations" => list(GROUPINGS),
        "headset-plantronics" => list(PLANTRONICS),
        "log" => format!("none, {}", list(LEVELS)),
        _ => list(SWITCH),
    }
}

fn list<T>(names: Names<T>) -> String {
    let names: Vec<_> = names.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Whether a setting belongs to the person and not to one computer.
pub(super) fn is_personal(key: &str) -> bool {
    !OF_A_COMPUTER.contains(&key)
}

pub(super) fn read(text: &str) -> Result<ReadSettings, SettingsError> {
    if text.len() > MAX_BYTES {
        return Err(SettingsError::TooLong);
    }
    let mut lines = text.lines().zip(1..);
    let version = lines.next().and_then(|(line, _)| pair(line));
    let version = match version {
        Some(("version", version)) => version.parse().ok(),
        _ => None,
    };
    let version: u32 = version.ok_or(SettingsError::NoVersion)?;
    let mut read = ReadSettings {
        settings: Settings::default(),
        replaced: Vec::new(),
        version,
    };
    for (line, number) in lines.filter(|(line, _)| !line.trim().is_empty()) {
        let (key, value) = pair(line).map_or(("", ""), |pair| migrated(version, pair));
        match set(&mut read.settings, key, value) {
            Some(true) => {}
            Some(false) => read.replaced.push(number),
            None if version > Settings::VERSION => read.settings.unknown.push(line.to_owned()),
            None => read.replaced.push(number),
        }
    }
    Ok(read)
}

/// A line of an earlier version as this one writes it. Version 1 called the pop-up `popup` and
/// had `yes` and `no` for switches.
fn migrated<'a>(version: u32, (key, value): (&'a str, &'a str)) -> (&'a str, &'a str) {
    if version > 1 {
        return (key, value);
    }
    let key = if key == "popup" { "pop-up" } else { key };
    let value = match value {
        "yes" => "on",
        "no" => "off",
        value => value,
    };
    (key, value)
}

/// Sets one setting by its name and value as they are written.
pub(super) fn set_named(
    settings: &mut Settings,
    key: &str,
    value: &str,
) -> Result<(), SettingError> {
    match set(settings, key, value) {
        Some(true) => Ok(()),
        Some(false) => Err(SettingError::Value {
            choices: choices(key),
        }),
        None => Err(SettingError::NoSuchSetting),
    }
}

/// Sets one setting; false where its value isn't understood, `None` where there is no such
/// setting.
fn set(settings: &mut Settings, key: &str, value: &str) -> Option<bool> {
    let done = match key {
        "language" => put(&mut settings.language, find(LANGUAGES, value)),
        "date-format" => put(&mut settings.date_format, find(DATES, value)),
        "pop-up" => put(&mut settings.pop_up, find(POP_UPS, value)),
        "hot-key" if value == "none" => put(&mut settings.hot_key, Some(None)),
        "hot-key" => put(&mut settings.hot_key, value.parse().ok().map(Some)),
        "telephony-links" => put(&mut settings.telephony_links, find(SWITCH, value)),
        "start-at-log-in" => put(&mut settings.start_at_log_in, find(SWITCH, value)),
        "automatic-sign-in" => put(&mut settings.automatic_sign_in, find(SWITCH, value)),
        "voip" => put(&mut settings.voip, find(SWITCH, value)),
        "voip-icon" => put(&mut settings.voip_icon, find(SWITCH, value)),
        "codec-preselection" => put(&mut settings.codec_preselection, find(SWITCH, value)),
        "headset-jabra" => put(&mut settings.headset_jabra, find(SWITCH, value)),
        "headset-plantronics" => put(&mut settings.headset_plantronics, find(PLANTRONICS, value)),
        "conversations" => put(&mut settings.grouping, find(GROUPINGS, value)),
        "log" if value == "none" => put(&mut settings.log, Some(None)),
        "log" => put(&mut settings.log, find(LEVELS, value).map(Some)),
        _ => return None,
    };
    Some(done)
}

fn put<T>(place: &mut T, value: Option<T>) -> bool {
    let known = value.is_some();
    if let Some(value) = value {
        *place = value;
    }
    known
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim()))
}

fn find<T: Copy>(names: Names<T>, text: &str) -> Option<T> {
    let found = names.iter().find(|(name, _)| *name == text);
    found.map(|(_, value)| *value)
}

fn name<T: Copy + PartialEq>(names: Names<T>, value: T) -> &'static str {
    let found = names.iter().find(|(_, known)| *known == value);
    found
        .map(|(name, _)| *name)
        .expect("every value has a name")
}

/// The settings that don't follow their user to another computer.
const OF_A_COMPUTER: [&str; 9] = [
    "telephony-links",
    "start-at-log-in",
    "automatic-sign-in",
    "voip",
    "voip-icon",
    "codec-preselection",
    "headset-jabra",
    "headset-plantronics",
    "log",
];
const SWITCH: Names<bool> = &[("on", true), ("off", false)];
const LANGUAGES: Names<Language> = &[
    ("en", Language::English),
    ("de", Language::German),
    ("nl", Language::Dutch),
];
const DATES: Names<DateFormat> = &[
    ("year-month-day", DateFormat::YearMonthDay),
    ("day.month.year", DateFormat::DayMonthYearDots),
    ("day-month-year", DateFormat::DayMonthYearDashes),
    ("month/day/year", DateFormat::MonthDayYear),
];
const POP_UPS: Names<PopUp> = &[
    ("always", PopUp::Always),
    ("5s", PopUp::FiveSeconds),
    ("10s", PopUp::TenSeconds),
    ("when-minimised", PopUp::WhenMinimised),
    ("never", PopUp::Never),
];
const GROUPINGS: Names<ConversationGrouping> = &[
    ("by-format", ConversationGrouping::ByFormat),
    ("by-number", ConversationGrouping::ByNumber),
];
const PLANTRONICS: Names<PlantronicsHeadsets> = &[
    ("usb", PlantronicsHeadsets::Usb),
    ("hub", PlantronicsHeadsets::Hub),
    ("off", PlantronicsHeadsets::Off),
];
const LEVELS: Names<LogLevel> = &[
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

/// Longest text that is read, in bytes (our choice: a hundred times what we write).
const MAX_BYTES: usize = 64 * 1024;
