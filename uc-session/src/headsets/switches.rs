use std::collections::BTreeSet;

use headset::Vendor;

use super::{HeadsetConfig, Headsets};

/// Which makers' headsets are looked for, and which way.
///
/// Nobody looks for Plantronics' (Poly's) twice: by USB, or, from the moment on that Plantronics Hub is looked
/// for, through that alone. So no press comes from both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Switches {
    off: BTreeSet<Vendor>,
    /// Plantronics Hub has Plantronics' headsets.
    hub: bool,
}

impl Headsets {
    /// Switches a maker's headsets off or on again (HS-1): those by USB, and for Plantronics (Poly) also the one
    /// through its Hub. What is off at first is said by the [`HeadsetConfig`].
    pub fn switch(&self, vendor: Vendor, on: bool) {
        let switch = |switches: &mut Switches| switches.switch(vendor, on);
        self.switches.send_if_modified(switch);
    }
}

impl Switches {
    pub(super) fn of(config: HeadsetConfig) -> Self {
        let mut switches = Self::default();
        switches.switch(Vendor::Jabra, config.jabra);
        switches.switch(Vendor::Poly, config.plantronics);
        switches
    }

    /// Whether that changed anything.
    pub(super) fn switch(&mut self, vendor: Vendor, on: bool) -> bool {
        match on {
            true => self.off.remove(&vendor),
            false => self.off.insert(vendor),
        }
    }

    /// Leaves Plantronics' headsets to the Hub; whether that changed anything.
    #[cfg(feature = "hub")]
    pub(super) fn leave_to_hub(&mut self) -> bool {
        !std::mem::replace(&mut self.hub, true)
    }

    /// Whose headsets aren't looked for by USB.
    #[cfg(feature = "hidapi")]
    pub(super) fn off_by_usb(&self) -> BTreeSet<Vendor> {
        let mut off = self.off.clone();
        off.extend(self.hub.then_some(Vendor::Poly));
        off
    }

    /// Whether the Hub is looked for.
    #[cfg(feature = "hub")]
    pub(super) fn hub_is_on(&self) -> bool {
        self.hub && !self.off.contains(&Vendor::Poly)
    }
}

#[cfg(all(test, feature = "hidapi", feature = "hub"))]
mod tests {
    use super::*;

    #[test]
    fn plantronics_headsets_are_looked_for_one_way_or_the_other_or_not_at_all() {
        let mut switches = Switches::of(HeadsetConfig::default());
        let ways = |switches: &Switches| {
            let usb = !switches.off_by_usb().contains(&Vendor::Poly);
            (usb, switches.hub_is_on())
        };
        assert_eq!(ways(&switches), (true, false));
        assert!(switches.leave_to_hub());
        assert_eq!(ways(&switches), (false, true));
        assert!(switches.switch(Vendor::Poly, false));
        assert_eq!(ways(&switches), (false, false));
        assert!(switches.switch(Vendor::Poly, true));
        assert_eq!(ways(&switches), (false, true));
    }

    #[test]
    fn the_configuration_says_what_is_off_at_first() {
        let config = HeadsetConfig::default().jabra(false).plantronics(false);
        let off = Switches::of(config).off_by_usb();
        assert_eq!(off, BTreeSet::from([Vendor::Jabra, Vendor::Poly]));
        assert!(
            Switches::of(HeadsetConfig::default())
                .off_by_usb()
                .is_empty()
        );
    }
}
