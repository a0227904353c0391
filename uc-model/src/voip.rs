use thiserror::Error;

use crate::{AssignedPhone, Capability, CapabilitySet, Licence, PhoneKind};

/// Whether the user's calls go through the built-in client (VOIP-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voip {
    /// All of them do. No telephone may be plugged in at the user's number meanwhile.
    On,
    /// They go through the desk phone, if anything.
    Off(VoipOff),
}

/// Why calls don't go through the built-in client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum VoipOff {
    /// The user has it off, as it is by default.
    #[error("VoIP is switched off: switch it on in the settings")]
    SwitchedOff,
    /// The user has no licence for it.
    #[error("VoIP is off because you have no licence for it: ask the administrator")]
    NoLicence,
    /// The system has none.
    #[error("VoIP is off because this system doesn't offer it")]
    NotOffered,
    /// The user's number belongs to a telephone that VoIP can't stand in for.
    #[error(
        "VoIP is off because your number belongs to a telephone that it can't replace: ask the \
             administrator for another device"
    )]
    Unsuitable,
    /// Another of a MULAP user's telephones is controlled than the one kept for VoIP (CONN-10).
    #[error(
        "VoIP is off because you control another of your telephones: choose the number that the \
             administrator has set up for VoIP (WebRTC)"
    )]
    ControlsAnother,
}

impl Voip {
    /// What holds for a user who wants it or not. What is missing switches it off by itself, and the
    /// user's wish stays for the day when it is there again. `phone`: what the user's number belongs
    /// to; `controlled`: the one of a MULAP user's telephones that this client controls.
    pub fn of(
        wanted: bool,
        able: CapabilitySet,
        missing: &[Licence],
        phone: Option<PhoneKind>,
        controlled: Option<&AssignedPhone>,
    ) -> Self {
        let another = controlled
            .and_then(|phone| phone.kind)
            .is_some_and(|kind| kind != PhoneKind::WebRtc);
        let unsuitable = matches!(
            phone,
            Some(PhoneKind::Isdn | PhoneKind::Analogue | PhoneKind::Dect)
        );
        let off = match () {
            () if !wanted => Some(VoipOff::SwitchedOff),
            () if missing.contains(&Licence::Voip) => Some(VoipOff::NoLicence),
            () if !able.has(Capability::VoipCalls) => Some(VoipOff::NotOffered),
            () if another => Some(VoipOff::ControlsAnother),
            () if unsuitable && controlled.is_none() => Some(VoipOff::Unsuitable),
            () => None,
        };
        off.map_or(Self::On, Self::Off)
    }

    /// Whether it is on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }

    /// Whether a window shows its icon: always while it is on, else by the user's choice.
    pub const fn shows_icon(self, when_off: bool) -> bool {
        self.is_on() || when_off
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Extension;

    #[test]
    fn voip_is_off_by_wish_or_by_itself_and_says_why() {
        let able = CapabilitySet::EMPTY.with(Capability::VoipCalls);
        let none = CapabilitySet::EMPTY;
        let unlicensed = [Licence::Voip];
        let off = |why| Voip::Off(why);
        for (wanted, able, missing, phone, expected) in [
            (true, able, &[][..], None, Voip::On),
            (true, able, &[], Some(PhoneKind::System), Voip::On),
            (true, able, &[], Some(PhoneKind::Sip), Voip::On),
            (false, able, &[], None, off(VoipOff::SwitchedOff)),
            (true, none, &unlicensed, None, off(VoipOff::NoLicence)),
            (true, none, &[], None, off(VoipOff::NotOffered)),
            (
                true,
                able,
                &[],
                Some(PhoneKind::Dect),
                off(VoipOff::Unsuitable),
            ),
            (
                true,
                able,
                &[],
                Some(PhoneKind::Isdn),
                off(VoipOff::Unsuitable),
            ),
            (
                true,
                able,
                &[],
                Some(PhoneKind::Analogue),
                off(VoipOff::Unsuitable),
            ),
        ] {
            assert_eq!(Voip::of(wanted, able, missing, phone, None), expected);
        }
    }

    #[test]
    fn of_several_telephones_only_the_one_kept_for_it_carries_voip() {
        let able = CapabilitySet::EMPTY.with(Capability::VoipCalls);
        let number = Extension::new("361").unwrap();
        let of = |kind| {
            let number = number.clone();
            let controlled = AssignedPhone { number, kind };
            Voip::of(true, able, &[], Some(PhoneKind::Dect), Some(&controlled))
        };
        assert_eq!(of(Some(PhoneKind::WebRtc)), Voip::On);
        for kind in [PhoneKind::System, PhoneKind::Dect] {
            assert_eq!(of(Some(kind)), Voip::Off(VoipOff::ControlsAnother));
        }
        // A server that doesn't tell what it is decides by itself.
        assert_eq!(of(None), Voip::On);
    }

    #[test]
    fn the_icon_is_there_with_voip_and_by_choice_without() {
        assert!(Voip::On.shows_icon(false));
        let off = Voip::Off(VoipOff::SwitchedOff);
        assert_eq!([off.shows_icon(true), off.shows_icon(false)], [true, false]);
    }
}
