use crate::{Presence, PresenceState, Timestamp};

/// Who is told of a user's presence (PRES-4): every state but office, return time and note, in
/// displays and in announcements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PresenceVisibility {
    /// Colleagues, and callers from outside by announcement.
    #[default]
    InternalAndExternal,
    /// Colleagues only.
    Internal,
    /// Nobody.
    NotVisible,
}

/// Who looks or calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Observer {
    /// A user of the system.
    Internal,
    /// A caller from outside.
    External,
}

/// What a forwarded caller hears (PRES-3): the reason, and when the person is expected back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// Why nobody answers.
    pub reason: PresenceState,
    /// The expected return, while it lies in the future (PRES-5).
    pub until: Option<Timestamp>,
}

impl PresenceVisibility {
    /// Whether `observer` is told.
    pub const fn shows_to(self, observer: Observer) -> bool {
        match (self, observer) {
            (Self::InternalAndExternal, _) | (Self::Internal, Observer::Internal) => true,
            (Self::Internal, Observer::External) | (Self::NotVisible, _) => false,
        }
    }
}

impl Presence {
    /// The presence as another sees it at `now`. CallMe is office to others; where the presence is
    /// hidden, office stays office without its note and everything else is invisible; a passed
    /// return time has lapsed.
    pub fn as_seen(
        &self,
        visibility: PresenceVisibility,
        observer: Observer,
        now: Timestamp,
    ) -> Self {
        let state = match self.state {
            PresenceState::CallMe => PresenceState::Office,
            state => state,
        };
        match (visibility.shows_to(observer), state) {
            (true, _) => Self {
                state,
                until: self.announced_until(now),
                note: self.note.clone(),
            },
            (false, PresenceState::Office) => Self::of(PresenceState::Office),
            (false, _) => Self::of(PresenceState::Invisible),
        }
    }

    /// What a caller hears who is forwarded because of this presence; `None` where no reason may
    /// be told, or where there is none.
    pub fn announcement(
        &self,
        visibility: PresenceVisibility,
        caller: Observer,
        now: Timestamp,
    ) -> Option<Announcement> {
        let seen = self.as_seen(visibility, caller, now);
        match seen.state {
            PresenceState::Office | PresenceState::Invisible => None,
            reason => Some(Announcement {
                reason,
                until: seen.until,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Redacted;

    const NOW: Timestamp = Timestamp(1000);

    fn presence(state: PresenceState, until: Option<i64>) -> Presence {
        let note = Some(Redacted::new("room 5".to_owned()));
        Presence::new(state, until.map(Timestamp), note).unwrap()
    }

    #[test]
    fn the_whole_table_of_visibility() {
        use Observer::{External, Internal};
        use PresenceVisibility as V;
        for (visibility, internal, external) in [
            (V::InternalAndExternal, true, true),
            (V::Internal, true, false),
            (V::NotVisible, false, false),
        ] {
            assert_eq!(visibility.shows_to(Internal), internal, "{visibility:?}");
            assert_eq!(visibility.shows_to(External), external, "{visibility:?}");
        }
    }

    #[test]
    fn what_is_hidden_is_invisible_with_return_time_and_note() {
        let lunch = presence(PresenceState::Lunch, Some(2000));
        let seen = |visibility, observer| lunch.as_seen(visibility, observer, NOW);
        let hidden = Presence::of(PresenceState::Invisible);
        assert_eq!(
            seen(PresenceVisibility::NotVisible, Observer::Internal),
            hidden
        );
        assert_eq!(
            seen(PresenceVisibility::Internal, Observer::External),
            hidden
        );
        assert_eq!(
            seen(PresenceVisibility::Internal, Observer::Internal),
            lunch
        );
        assert_eq!(
            seen(PresenceVisibility::InternalAndExternal, Observer::External),
            lunch
        );
    }

    #[test]
    fn office_is_always_seen_but_its_note_is_hidden() {
        let office = presence(PresenceState::Office, None);
        let seen = office.as_seen(PresenceVisibility::NotVisible, Observer::Internal, NOW);
        assert_eq!(seen, Presence::of(PresenceState::Office));
        let open = office.as_seen(PresenceVisibility::Internal, Observer::Internal, NOW);
        assert_eq!(open, office);
    }

    #[test]
    fn call_me_is_office_to_others() {
        let call_me = presence(PresenceState::CallMe, None);
        for visibility in [PresenceVisibility::Internal, PresenceVisibility::NotVisible] {
            let seen = call_me.as_seen(visibility, Observer::Internal, NOW);
            assert_eq!(seen.state, PresenceState::Office);
        }
        let visibility = PresenceVisibility::InternalAndExternal;
        assert_eq!(
            call_me.announcement(visibility, Observer::External, NOW),
            None
        );
    }

    #[test]
    fn callers_hear_the_reason_and_the_return_time_until_it_passes() {
        let holiday = presence(PresenceState::Holiday, Some(2000));
        let heard =
            |visibility, caller, now| holiday.announcement(visibility, caller, Timestamp(now));
        let whole = Announcement {
            reason: PresenceState::Holiday,
            until: Some(Timestamp(2000)),
        };
        let open = PresenceVisibility::InternalAndExternal;
        assert_eq!(heard(open, Observer::External, 1999), Some(whole));
        let lapsed = Announcement {
            until: None,
            ..whole
        };
        assert_eq!(heard(open, Observer::External, 2000), Some(lapsed));
        let inside = PresenceVisibility::Internal;
        assert_eq!(heard(inside, Observer::Internal, 0), Some(whole));
        assert_eq!(heard(inside, Observer::External, 0), None);
        assert_eq!(
            heard(PresenceVisibility::NotVisible, Observer::Internal, 0),
            None
        );
    }
}
