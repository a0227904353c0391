//! What is printed for a person, in the person's language and way to write dates (SET-1). Help and
//! failures are in English.

use uc_model::{DateFormat, Language, PresenceState, Settings, Timestamp};

/// A person's language and way to write dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Words {
    language: Language,
    dates: DateFormat,
}

/// What is said of a call, a message or the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrase {
    MissedCall,
    CallWithoutAnswer,
    CallOf,
    Unread,
    SeenBy,
    Rings,
    Call,
    Ended,
    ConnectionLost,
    ConnectionRestored,
    ConversationWith,
}

impl Words {
    pub(crate) const fn of(settings: &Settings) -> Self {
        Self {
            language: settings.language,
            dates: settings.date_format,
        }
    }

    pub(crate) const fn state(self, state: PresenceState) -> &'static str {
        state.name(self.language)
    }

    pub(crate) const fn say(self, phrase: Phrase) -> &'static str {
        let [english, german, dutch] = phrase.texts();
        match self.language {
            Language::German => german,
            Language::Dutch => dutch,
            _ => english,
        }
    }

    /// A moment to the minute, in Universal Time.
    pub(crate) fn moment(self, at: Timestamp) -> String {
        let at = at.calendar();
        let day = self.dates.write(&at);
        format!("{day} {:02}:{:02} UTC", at.hour, at.minute)
    }
}

impl Phrase {
    const fn texts(self) -> [&'static str; 3] {
        match self {
            Self::MissedCall => ["missed call", "verpasster Anruf", "gemiste oproep"],
            Self::CallWithoutAnswer => [
                "call without answer",
                "Anruf ohne Antwort",
                "oproep zonder antwoord",
            ],
            Self::CallOf => ["call of", "Gespräch von", "gesprek van"],
            Self::Unread => ["unread", "ungelesen", "ongelezen"],
            Self::SeenBy => ["seen by", "sichtbar für", "zichtbaar voor"],
            Self::Rings => ["rings", "klingelt", "belt"],
            Self::Call => ["call", "Gespräch", "gesprek"],
            Self::Ended => ["ended", "beendet", "beëindigd"],
            Self::ConnectionLost => [
                "connection lost",
                "Verbindung verloren",
                "verbinding verbroken",
            ],
            Self::ConnectionRestored => [
                "connection restored",
                "Verbindung wiederhergestellt",
                "verbinding hersteld",
            ],
            Self::ConversationWith => ["conversation with", "Unterhaltung mit", "gesprek met"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_person_wants_it() {
        let at = Timestamp(1_796_043_600_000);
        assert_eq!(Words::default().moment(at), "2026-11-30 13:00 UTC");
        let german = Words {
            language: Language::German,
            dates: DateFormat::DayMonthYearDots,
        };
        assert_eq!(german.moment(at), "30.11.2026 13:00 UTC");
        assert_eq!(german.say(Phrase::MissedCall), "verpasster Anruf");
        assert_eq!(german.state(PresenceState::Holiday), "Urlaub");
    }
}
