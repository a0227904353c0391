use std::time::Duration;

/// Who made a headset, as far as it matters for call control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Vendor {
    /// Jabra, GN (0b0e).
    Jabra,
    /// Plantronics, Poly (047f), its newest under HP (03f0).
    Poly,
    /// Sennheiser, EPOS (1395).
    Epos,
    /// Yealink (6993).
    Yealink,
    /// Everybody else; what the descriptor says is enough.
    Other,
}

impl Vendor {
    /// By the USB vendor id.
    pub fn of(vendor_id: u16) -> Self {
        match vendor_id {
            0x0B0E => Self::Jabra,
            0x047F | 0x03F0 => Self::Poly,
            0x1395 => Self::Epos,
            0x6993 => Self::Yealink,
            _ => Self::Other,
        }
    }
}

/// Behaviour that a descriptor doesn't tell. Where controls are is never in here.
///
/// A product can pass its own: start from [`Overlay::of`] and change what it knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlay {
    /// Putting a call on hold also clears Off-Hook. Default no: some devices then end the call.
    pub hold_clears_off_hook: bool,
    /// An absolute hook switch holds its state although it is flagged to have a preferred one.
    pub hook_is_state: bool,
    /// After a call was answered or dialled in the application, one on-hook report within this
    /// time is the device's confusion. Default 500 ms.
    pub swallow: Duration,
    /// How long our own Off-Hook may take to come back as a press of a hook switch without state.
    /// Default 1 s.
    pub echo: Duration,
    /// A mute toggle this soon after our opening of the microphone is a refusal. Default 700 ms.
    pub mute_lock: Duration,
}

impl Overlay {
    /// For devices that keep to their descriptor. The times come from vendors' documents and
    /// public drivers, see `docs/headset.md`.
    pub const GENERIC: Self = Self {
        hold_clears_off_hook: false,
        hook_is_state: false,
        swallow: Duration::from_millis(500),
        echo: Duration::from_secs(1),
        mute_lock: Duration::from_millis(700),
    };

    /// What is known of a vendor's devices.
    pub fn of(vendor: Vendor) -> Self {
        match vendor {
            // Request and acknowledge with an echo of 0.5 to 1 s: vendor's document.
            Vendor::Jabra | Vendor::Poly | Vendor::Other => Self::GENERIC,
            // IMPACT D1's descriptor flags its hook switch as returning by itself; calls could then
            // not be ended by it: inferred from the descriptor.
            Vendor::Epos => Self {
                hook_is_state: true,
                ..Self::GENERIC
            },
            // Its own driver clears Off-Hook for a held call: public code.
            Vendor::Yealink => Self {
                hold_clears_off_hook: true,
                ..Self::GENERIC
            },
        }
    }
}

impl Default for Overlay {
    fn default() -> Self {
        Self::GENERIC
    }
}
