//! Moments as a person writes them: ISO 8601, to the minute.

use std::str::FromStr;

use uc_model::{CalendarTime, Timestamp};

/// A moment such as `2026-11-30T14:00Z` or `2026-11-30T14:00+01:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        read(text).ok_or("write a moment with its time zone, for example 2026-11-30T14:00+01:00")
    }
}

fn read(text: &str) -> Option<Moment> {
    let (date, rest) = text.split_once('T')?;
    let (time, offset) = match rest.strip_suffix('Z') {
        Some(time) => (time, 0),
        None => {
            let at = rest.rfind(['+', '-'])?;
            let (time, zone) = rest.split_at(at);
            let minutes = minutes_of(&zone[1..])?;
            (
                time,
                if zone.starts_with('-') {
                    -minutes
                } else {
                    minutes
                },
            )
        }
    };
    let mut date = date.split('-').map(|part| part.parse().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let midnight = CalendarTime {
        year,
        month,
        day,
        hour: 0,
        minute: 0,
    };
    let at = midnight.timestamp()?.0 + (minutes_of(time)? - offset) * 60_000;
    date.next().is_none().then_some(Moment(Timestamp(at)))
}

fn minutes_of(time: &str) -> Option<i64> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_its_zone() {
        for (text, ms) in [
            ("1970-01-01T00:00Z", 0),
            ("2026-11-30T14:00+01:00", 1_796_043_600_000),
            ("2024-02-29T23:30-01:00", 1_709_253_000_000),
            ("2024-02-29T12:00Z", 1_709_208_000_000),
        ] {
            let moment: Moment = text.parse().expect(text);
            assert_eq!(moment.0, Timestamp(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-11-30",
            "2026-13-01T00:00Z",
            "2026-02-29T00:00Z",
            "2026-11-30T24:00Z",
            "2026-11-30T14:00",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
