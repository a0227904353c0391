//! Moments as a person writes and reads them: ISO 8601, to the minute.

use std::str::FromStr;

use uc_model::Timestamp;

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
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let fits =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let minutes = days_before(year, month, day) * 24 * 60 + minutes_of(time)? - offset;
    (fits && date.next().is_none()).then_some(Moment(Timestamp(minutes * 60_000)))
}

fn minutes_of(time: &str) -> Option<i64> {
    let (hours, minutes) = time.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
}

/// Days from 1970-01-01, in the proleptic Gregorian calendar; years begin in March, so that the
/// leap day is the last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

/// The moment in Universal Time.
pub(crate) fn written(moment: Timestamp) -> String {
    let minutes = moment.0.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
    let near = 1970 + days / 366;
    let year = (near..)
        .find(|year| days_before(year + 1, 1, 1) > days)
        .unwrap_or(near);
    let month = (1..=12)
        .rev()
        .find(|month| days_before(year, *month, 1) <= days)
        .unwrap_or(1);
    let day = days - days_before(year, month, 1) + 1;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}Z",
        minute / 60,
        minute % 60
    )
}

/// Days from the first of March of the year 0 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_its_zone_and_written_in_universal_time() {
        for (text, ms, written_as) in [
            ("1970-01-01T00:00Z", 0, "1970-01-01T00:00Z"),
            (
                "2026-11-30T14:00+01:00",
                1_796_043_600_000,
                "2026-11-30T13:00Z",
            ),
            (
                "2024-02-29T23:30-01:00",
                1_709_253_000_000,
                "2024-03-01T00:30Z",
            ),
            ("2024-02-29T12:00Z", 1_709_208_000_000, "2024-02-29T12:00Z"),
        ] {
            let moment: Moment = text.parse().expect(text);
            assert_eq!(moment.0, Timestamp(ms), "{text}");
            assert_eq!(written(moment.0), written_as);
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-11-30",
            "2026-13-01T00:00Z",
            "2026-11-30T24:00Z",
            "2026-11-30T14:00",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
