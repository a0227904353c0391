use super::PresenceState;
use crate::Language;

impl PresenceState {
    /// What a person calls it; in Dutch as the manual does.
    pub const fn name(self, language: Language) -> &'static str {
        let [english, german, dutch] = self.names();
        match language {
            Language::English => english,
            Language::German => german,
            Language::Dutch => dutch,
        }
    }

    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Office => ["Office", "Büro", "Kantoor"],
            Self::Meeting => ["Meeting", "Besprechung", "Bespreking"],
            Self::Sick => ["Sick", "Krank", "Ziek"],
            Self::Break => ["Break", "Pause", "Pauze"],
            Self::OutOfOffice => ["Out of office", "Außer Haus", "Niet op kantoor"],
            Self::Holiday => ["Holiday", "Urlaub", "Vakantie"],
            Self::Lunch => ["Lunch", "Mittagessen", "Lunch"],
            Self::Home => ["Home", "Zu Hause", "Thuis"],
            Self::DoNotDisturb => ["Do not disturb", "Nicht stören", "Niet storen"],
            Self::CallMe => ["CallMe", "CallMe", "CallMe"],
            Self::Invisible => ["Invisible", "Unsichtbar", "Onzichtbaar"],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_state_has_a_name_of_its_own_in_each_language() {
        for language in [Language::English, Language::German, Language::Dutch] {
            let names = PresenceState::ALL.map(|state| state.name(language));
            let different: BTreeSet<_> = names.iter().collect();
            assert_eq!(different.len(), PresenceState::ALL.len(), "{names:?}");
        }
        let manual = [
            "Kantoor",
            "Bespreking",
            "Ziek",
            "Pauze",
            "Vakantie",
            "Thuis",
        ];
        for name in manual {
            let mut states = PresenceState::ALL.into_iter();
            assert!(states.any(|state| state.name(Language::Dutch) == name));
        }
    }
}
