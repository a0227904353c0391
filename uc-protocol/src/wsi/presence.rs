/// A presence state, numbered as in `SetPresence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Presence {
    /// At the own workplace.
    Office = 1,
    /// In a meeting.
    Meeting = 2,
    /// Off sick.
    Sick = 3,
    /// On a break.
    Break = 4,
    /// Out of the office.
    GoneOut = 5,
    /// On holiday.
    Holiday = 6,
    /// At lunch.
    Lunch = 7,
    /// Gone home.
    Home = 8,
    /// Not to be disturbed.
    DoNotDisturb = 9,
}

impl Presence {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Office,
        Self::Meeting,
        Self::Sick,
        Self::Break,
        Self::GoneOut,
        Self::Holiday,
        Self::Lunch,
        Self::Home,
        Self::DoNotDisturb,
    ];

    /// Its number, 1 to 9.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The state of this number, written in digits.
    pub fn from_digits(text: &str) -> Option<Self> {
        let number: u8 = text.parse().ok()?;
        Self::ALL.into_iter().find(|state| state.number() == number)
    }
}
