use proptest::prelude::*;

use super::*;

fn read(text: &str) -> ReadSettings {
    Settings::read(text).unwrap()
}

#[test]
fn defaults_are_written_in_a_fixed_form() {
    let text = "version = 2\nlanguage = en\ndate-format = year-month-day\npop-up = always\n\
        hot-key = none\ntelephony-links = off\nstart-at-log-in = off\nautomatic-sign-in = on\n\
        conversations = by-format\nvoip = off\nvoip-icon = on\ncodec-preselection = off\n\
        headset-jabra = on\nheadset-plantronics = usb\nlog = none\n";
    assert_eq!(Settings::default().write(), text);
    assert_eq!(read(text).settings, Settings::default());
}

#[test]
fn settings_of_version_1_are_taken_over() {
    let old =
        "version=1\npopup = 5s\nstart-at-log-in = yes\nautomatic-sign-in = no\nlanguage = nl\n";
    let known = read(old);
    assert_eq!((known.version, &known.replaced), (1, &vec![]));
    assert_eq!(known.settings.pop_up, PopUp::FiveSeconds);
    assert_eq!(known.settings.language, Language::Dutch);
    assert!(known.settings.start_at_log_in && !known.settings.automatic_sign_in);
    assert!(known.settings.write().starts_with("version = 2\n"));
}

#[test]
fn what_a_newer_version_wrote_is_kept_for_it() {
    let newer = "version = 3\nlanguage = de\ntheme = dark\nlanguage-of-help = fr\n";
    let known = read(newer);
    assert_eq!((known.version, &known.replaced), (3, &vec![]));
    let written = known.settings.write();
    assert!(
        written.ends_with("theme = dark\nlanguage-of-help = fr\n"),
        "{written}"
    );
}

#[test]
fn what_is_not_understood_gets_its_default_and_is_named() {
    let known = read(
        "version = 2\nlanguage = xx\nhot-key = Ctrl+C\n\ncolour = red\nnothing\nlog = debug\n",
    );
    assert_eq!(known.replaced, [2, 3, 5, 6]);
    let expected = Settings {
        log: Some(LogLevel::Debug),
        ..Settings::default()
    };
    assert_eq!(known.settings, expected);
}

#[test]
fn what_is_no_file_of_settings_is_refused() {
    for text in [
        "",
        "language = en\n",
        "version = x\n",
        "\u{0}\u{1}",
        "{\"version\": 2}",
    ] {
        assert_eq!(
            Settings::read(text),
            Err(SettingsError::NoVersion),
            "{text:?}"
        );
    }
    let long = format!("version = 2\n{}", "x".repeat(64 * 1024));
    assert_eq!(Settings::read(&long), Err(SettingsError::TooLong));
}

#[test]
fn a_servers_settings_appear_at_the_first_sign_in() {
    let elsewhere = Settings {
        language: Language::German,
        date_format: DateFormat::DayMonthYearDots,
        pop_up: PopUp::TenSeconds,
        hot_key: Some("Ctrl+D".parse().unwrap()),
        grouping: ConversationGrouping::ByNumber,
        telephony_links: true,
        start_at_log_in: true,
        automatic_sign_in: false,
        voip: true,
        voip_icon: false,
        codec_preselection: true,
        headset_jabra: false,
        headset_plantronics: PlantronicsHeadsets::Hub,
        log: Some(LogLevel::Trace),
        ..Settings::default()
    };
    let kept = ServerSettings::of(&elsewhere).write();
    assert_eq!(
        kept,
        "version = 2\nlanguage = de\ndate-format = day.month.year\npop-up = 10s\n\
        hot-key = Ctrl+D\nconversations = by-number\n"
    );
    let server = ServerSettings::read(&kept).unwrap();
    let here = Settings::at_first_sign_in(Some(&server));
    let of_this_computer = Settings {
        telephony_links: false,
        start_at_log_in: false,
        automatic_sign_in: true,
        voip: false,
        voip_icon: true,
        codec_preselection: false,
        headset_jabra: true,
        headset_plantronics: PlantronicsHeadsets::Usb,
        log: None,
        ..elsewhere.clone()
    };
    assert_eq!(here, of_this_computer);
    assert_eq!(Settings::at_first_sign_in(None), Settings::default());
    let mut other = Settings {
        start_at_log_in: true,
        ..Settings::default()
    };
    other.adopt(&server);
    assert!(other.start_at_log_in && other.language == Language::German);
}

#[test]
fn what_a_newer_version_keeps_on_a_server_stays_there() {
    let newer = "version = 3\nlanguage = nl\ntheme = dark\n";
    let kept = ServerSettings::read(newer).unwrap();
    let here = Settings {
        language: Language::German,
        ..Settings::default()
    };
    let changed = kept.with(&here).write();
    assert!(
        changed.contains("language = de\n") && changed.ends_with("theme = dark\n"),
        "{changed}"
    );
    let other_computer = Settings::at_first_sign_in(ServerSettings::read(newer).ok().as_ref());
    assert!(
        !other_computer.write().contains("theme"),
        "it isn't its own"
    );
}

#[test]
fn each_setting_is_listed_and_set_by_its_name() {
    let mut settings = Settings::default();
    for (name, value) in [
        ("language", "nl"),
        ("date-format", "month/day/year"),
        ("pop-up", "never"),
        ("hot-key", "Ctrl+Alt+5"),
        ("telephony-links", "on"),
        ("start-at-log-in", "on"),
        ("automatic-sign-in", "off"),
        ("conversations", "by-number"),
        ("voip", "on"),
        ("voip-icon", "off"),
        ("codec-preselection", "on"),
        ("headset-jabra", "off"),
        ("headset-plantronics", "hub"),
        ("log", "trace"),
    ] {
        settings.set_named(name, value).unwrap();
        assert!(
            settings
                .entries()
                .any(|own| own == (name, value.to_owned()))
        );
    }
    assert_eq!(settings.entries().len(), 14, "none is left out here");
    let personal: Vec<_> = settings
        .entries()
        .map(|(name, _)| name)
        .filter(|name| Settings::is_personal(name))
        .collect();
    assert_eq!(
        personal,
        [
            "language",
            "date-format",
            "pop-up",
            "hot-key",
            "conversations"
        ]
    );
    let before = settings.clone();
    assert_eq!(
        settings.set_named("colour", "red"),
        Err(SettingError::NoSuchSetting)
    );
    for (name, choice) in [
        ("language", "en, de, nl"),
        ("hot-key", "F3 to F12"),
        ("log", "none, error"),
        ("telephony-links", "on, off"),
    ] {
        let refused = settings.set_named(name, "Ctrl+C").unwrap_err().to_string();
        assert!(refused.contains(choice), "{refused}");
    }
    assert_eq!(settings, before);
}

#[test]
fn a_day_is_written_in_each_format() {
    let day = crate::Timestamp(1_746_000_000_000).calendar();
    for (format, written) in [
        (DateFormat::YearMonthDay, "2025-04-30"),
        (DateFormat::DayMonthYearDots, "30.04.2025"),
        (DateFormat::DayMonthYearDashes, "30-04-2025"),
        (DateFormat::MonthDayYear, "04/30/2025"),
    ] {
        assert_eq!(format.write(&day), written);
    }
}

#[test]
fn what_a_server_keeps_is_checked_and_limited() {
    assert_eq!(ServerSettings::read(""), Err(SettingsError::NoVersion));
    let long = format!("version = 2\n{}", "x".repeat(8 * 1024));
    assert_eq!(ServerSettings::read(&long), Err(SettingsError::TooLong));
    let foreign = ServerSettings::read("version = 2\nlog = trace\nlanguage = nl\n").unwrap();
    assert_eq!(Settings::at_first_sign_in(Some(&foreign)).log, None);
}

#[test]
fn the_five_choices_of_the_pop_up() {
    for (pop_up, seconds, shown, minimised) in [
        (PopUp::Always, None, true, true),
        (PopUp::FiveSeconds, Some(5), true, true),
        (PopUp::TenSeconds, Some(10), true, true),
        (PopUp::WhenMinimised, None, false, true),
        (PopUp::Never, None, false, false),
    ] {
        assert_eq!(pop_up.seconds(), seconds, "{pop_up:?}");
        let both = (pop_up.is_shown(false), pop_up.is_shown(true));
        assert_eq!(both, (shown, minimised), "{pop_up:?}");
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    let keys = proptest::option::of(proptest::sample::select(vec!["F3", "Ctrl+D", "Ctrl+Alt+5"]));
    let levels = proptest::option::of(proptest::sample::select(vec![
        LogLevel::Error,
        LogLevel::Trace,
    ]));
    let pop_ups =
        proptest::sample::select(vec![PopUp::Never, PopUp::TenSeconds, PopUp::WhenMinimised]);
    (keys, levels, pop_ups, any::<[bool; 8]>()).prop_map(|(key, log, pop_up, switches)| Settings {
        hot_key: key.map(|key| key.parse().unwrap()),
        log,
        pop_up,
        telephony_links: switches[0],
        start_at_log_in: switches[1],
        automatic_sign_in: switches[2],
        voip: switches[4],
        voip_icon: switches[5],
        codec_preselection: switches[6],
        headset_jabra: switches[7],
        headset_plantronics: match switches[7] {
            true => PlantronicsHeadsets::Hub,
            false => PlantronicsHeadsets::Off,
        },
        grouping: match switches[3] {
            true => ConversationGrouping::ByNumber,
            false => ConversationGrouping::ByFormat,
        },
        ..Settings::default()
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(settings in settings()) {
        let known = read(&settings.write());
        prop_assert_eq!(known.settings, settings);
        prop_assert_eq!(known.replaced, Vec::<u32>::new());
    }

    #[test]
    fn any_text_is_read_without_panic(text in ".{0,200}", version in 0..5_u32) {
        let _ = Settings::read(&text);
        let _ = Settings::read(&format!("version = {version}\n{text}"));
    }
}
