use std::fmt;

/// A usage: its page in the high, its id in the low half (USB HID 1.11 §6.2.2.8).
///
/// ```
/// use headset::Usage;
/// assert_eq!(Usage::HOOK_SWITCH.to_string(), "0b:20");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Usage {
    /// The usage page.
    pub page: u16,
    /// The id within the page.
    pub id: u16,
}

impl Usage {
    /// Telephony page.
    pub(crate) const TELEPHONY_PAGE: u16 = 0x0B;
    /// LED page.
    pub(crate) const LED_PAGE: u16 = 0x08;
    /// Button page.
    pub(crate) const BUTTON_PAGE: u16 = 0x09;
    /// The first of the vendor-defined pages, which reach to the end.
    pub(crate) const FIRST_VENDOR_PAGE: u16 = 0xFF00;

    /// Hook Switch of the Telephony page.
    pub const HOOK_SWITCH: Self = Self::new(Self::TELEPHONY_PAGE, 0x20);

    /// The usage `id` of `page`.
    pub const fn new(page: u16, id: u16) -> Self {
        Self { page, id }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02x}:{:02x}", self.page, self.id)
    }
}

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Usage({self})")
    }
}

/// A button, switch or state that a headset reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Button {
    /// Hook Switch (0B:20): answers and ends.
    HookSwitch,
    /// Flash (0B:21): holds, retrieves, swaps.
    Flash,
    /// Hold (0B:23): as Flash.
    Hold,
    /// Redial (0B:24).
    Redial,
    /// Drop (0B:26): rejects or ends.
    Drop,
    /// Phone Mute (0B:2F).
    PhoneMute,
    /// Programmable Button (0B:07, or Button 1 or 7 inside a telephony collection): rejects.
    Reject,
    /// Line Busy Tone (0B:97): some program has a call.
    LineBusyTone,
    /// A key of the Telephony Key Pad (0B:B0 to 0B:BF): 0 to 9, star, pound, A to D.
    Key(u8),
}

impl Button {
    /// The button that a usage inside a telephony collection stands for.
    pub(crate) fn of(usage: Usage) -> Option<Self> {
        match (usage.page, usage.id) {
            (Usage::TELEPHONY_PAGE, id) => Self::of_telephony(id),
            // Devices write `Usage (7), Usage Page (Button), Usage (1)`: meant is 0B:07, read 09:07.
            (Usage::BUTTON_PAGE, 0x01 | 0x07) => Some(Self::Reject),
            _ => None,
        }
    }

    fn of_telephony(id: u16) -> Option<Self> {
        match id {
            0x07 => Some(Self::Reject),
            0x20 => Some(Self::HookSwitch),
            0x21 => Some(Self::Flash),
            0x23 => Some(Self::Hold),
            0x24 => Some(Self::Redial),
            0x26 => Some(Self::Drop),
            0x2F => Some(Self::PhoneMute),
            0x97 => Some(Self::LineBusyTone),
            0xB0..=0xBF => u8::try_from(id - 0xB0).ok().map(Self::Key),
            _ => None,
        }
    }

    /// Its name in tables and JSON, for example `hook_switch`.
    pub fn name(self) -> &'static str {
        const KEYS: [&str; 16] = [
            "key_0",
            "key_1",
            "key_2",
            "key_3",
            "key_4",
            "key_5",
            "key_6",
            "key_7",
            "key_8",
            "key_9",
            "key_star",
            "key_pound",
            "key_a",
            "key_b",
            "key_c",
            "key_d",
        ];
        match self {
            Self::HookSwitch => "hook_switch",
            Self::Flash => "flash",
            Self::Hold => "hold",
            Self::Redial => "redial",
            Self::Drop => "drop",
            Self::PhoneMute => "phone_mute",
            Self::Reject => "reject",
            Self::LineBusyTone => "line_busy_tone",
            Self::Key(key) => KEYS.get(usize::from(key)).copied().unwrap_or("key"),
        }
    }
}

/// A lamp, or another thing that the host switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Lamp {
    /// Off-Hook (08:17): there is a call.
    OffHook,
    /// Ring (08:18).
    Ring,
    /// Ringer (0B:9E): the headset's own ringer.
    Ringer,
    /// Mute (08:09).
    Mute,
    /// Hold (08:20).
    Hold,
    /// Microphone (08:21).
    Microphone,
    /// Speaker (08:1E).
    Speaker,
    /// On-Line (08:2A).
    Online,
}

impl Lamp {
    /// The lamp that a usage inside a telephony collection stands for.
    pub(crate) fn of(usage: Usage) -> Option<Self> {
        match (usage.page, usage.id) {
            (Usage::LED_PAGE, 0x09) => Some(Self::Mute),
            (Usage::LED_PAGE, 0x17) => Some(Self::OffHook),
            (Usage::LED_PAGE, 0x18) => Some(Self::Ring),
            (Usage::LED_PAGE, 0x1E) => Some(Self::Speaker),
            (Usage::LED_PAGE, 0x20) => Some(Self::Hold),
            (Usage::LED_PAGE, 0x21) => Some(Self::Microphone),
            (Usage::LED_PAGE, 0x2A) => Some(Self::Online),
            (Usage::TELEPHONY_PAGE, 0x9E) => Some(Self::Ringer),
            _ => None,
        }
    }

    /// Its name in tables and JSON, for example `off_hook`.
    pub fn name(self) -> &'static str {
        match self {
            Self::OffHook => "off_hook",
            Self::Ring => "ring",
            Self::Ringer => "ringer",
            Self::Mute => "mute",
            Self::Hold => "hold",
            Self::Microphone => "microphone",
            Self::Speaker => "speaker",
            Self::Online => "online",
        }
    }
}
