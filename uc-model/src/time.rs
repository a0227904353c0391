/// A point in time: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// A resource's revision: monotonic per user, durable on the server. What is not newer is ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rev(pub u64);

/// A minute in the proleptic Gregorian calendar, in Universal Time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CalendarTime {
    /// The year.
    pub year: i64,
    /// The month, 1 to 12.
    pub month: i64,
    /// The day of the month, from 1.
    pub day: i64,
    /// The hour, 0 to 23.
    pub hour: i64,
    /// The minute, 0 to 59.
    pub minute: i64,
}

impl Timestamp {
    /// The minute that holds it.
    pub const fn calendar(self) -> CalendarTime {
        let minutes = self.0.div_euclid(60_000);
        let (days, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
        // Years begin in March here, so that the leap day is the last of its year.
        let days = days + DAYS_BEFORE_1970;
        let (era, day) = (
            days.div_euclid(DAYS_IN_400_YEARS),
            days.rem_euclid(DAYS_IN_400_YEARS),
        );
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (year * 365 + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let new_year = if month < 10 { 0 } else { 1 };
        CalendarTime {
            year: era * 400 + year + new_year,
            month: month + 3 - 12 * new_year,
            day: day - (153 * month + 2) / 5 + 1,
            hour: minute / 60,
            minute: minute % 60,
        }
    }
}

impl CalendarTime {
    /// When the minute begins; `None` where there is no such minute, or no such year from 1970 to
    /// 9999.
    pub fn timestamp(self) -> Option<Timestamp> {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
        } = self;
        let fits = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute);
        if !fits {
            return None;
        }
        let minutes = (days_before(year, month, day) * 24 + hour) * 60 + minute;
        let at = Timestamp(minutes * 60_000);
        (at.calendar() == self).then_some(at)
    }
}

/// Days from 1970-01-01.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_BEFORE_1970
}

/// Days from the first of March of the year 0 to 1970-01-01.
const DAYS_BEFORE_1970: i64 = 719_468;
const DAYS_IN_400_YEARS: i64 = 146_097;

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(year: i64, month: i64, day: i64, hour: i64, minute: i64) -> CalendarTime {
        CalendarTime {
            year,
            month,
            day,
            hour,
            minute,
        }
    }

    #[test]
    fn moments_have_their_minute_in_the_calendar() {
        for (ms, at) in [
            (0, minute(1970, 1, 1, 0, 0)),
            (1_796_043_659_999, minute(2026, 11, 30, 13, 0)),
            (1_709_253_000_000, minute(2024, 3, 1, 0, 30)),
            (1_709_208_000_000, minute(2024, 2, 29, 12, 0)),
            (951_782_400_000, minute(2000, 2, 29, 0, 0)),
            (4_102_444_740_000, minute(2099, 12, 31, 23, 59)),
        ] {
            assert_eq!(Timestamp(ms).calendar(), at);
            assert_eq!(at.timestamp(), Some(Timestamp(ms - ms % 60_000)));
        }
        assert_eq!(Timestamp(-1).calendar(), minute(1969, 12, 31, 23, 59));
        let long_ago = Timestamp(-11_670_998_400_000).calendar();
        assert_eq!(long_ago, minute(1600, 2, 29, 0, 0));
        for far in [i64::MIN, i64::MAX] {
            let day = Timestamp(far).calendar().day;
            assert!((1..=31).contains(&day), "whatever a server sends");
        }
    }

    #[test]
    fn what_the_calendar_does_not_have_is_no_moment() {
        for none in [
            minute(2026, 13, 1, 0, 0),
            minute(2026, 2, 29, 0, 0),
            minute(2026, 4, 31, 0, 0),
            minute(2026, 1, 1, 24, 0),
            minute(2026, 1, 1, 0, 60),
            minute(2026, 1, 0, 0, 0),
            minute(10_000, 1, 1, 0, 0),
        ] {
            assert_eq!(none.timestamp(), None, "{none:?}");
        }
    }
}
