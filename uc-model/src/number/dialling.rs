use crate::{DialPlan, Mode, PhoneNumber};

/// What becomes of a number that the user wants to dial (NUM-3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialling {
    /// Send these digits; nothing has to be asked.
    Send(Destination),
    /// Ask the user whether the number is internal or external, then send the one or the other.
    Ask {
        /// The number as an extension.
        internal: Destination,
        /// The number with the trunk code.
        external: Destination,
        /// Whether it has as many digits as an extension.
        is_short: bool,
    },
}

impl Dialling {
    /// Where to go without asking: what can be an extension is one.
    pub fn at_once(self) -> Destination {
        match self {
            Self::Send(destination) => destination,
            Self::Ask {
                internal,
                is_short: true,
                ..
            } => internal,
            Self::Ask { external, .. } => external,
        }
    }
}

/// Digits to send, and what the system does with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// What is sent: `+`, digits, `*`, `#`.
    pub number: PhoneNumber,
    /// How the system finds a line.
    pub line: Line,
}

/// How the system finds a line for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Line {
    /// An extension: none is needed.
    Internal,
    /// The number holds the trunk code.
    WithTrunkCode,
    /// A canonical number or a service code: the system knows what to do.
    BySystem,
    /// The system adds the trunk code of the default line (Suite).
    DefaultLine,
    /// An emergency call: any line, at once.
    Emergency,
}

/// How a Mobility user dials (CONN-10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialMethod {
    /// Associated dialling: the desk phone dials.
    #[default]
    DeskPhone,
    /// Callback preferred: the system rings the mobile phone, then the number.
    Callback,
}

/// Which way an outgoing call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutgoingPath {
    /// From the device that this client controls, at once.
    Direct,
    /// The system rings the mobile phone first.
    Callback,
    /// The system rings the CallMe destination first.
    CallMe,
}

impl DialPlan {
    /// What becomes of a number that the user wants to dial.
    ///
    /// Canonical numbers, service codes and emergency numbers go as they are. Anything else is
    /// dialable: Smart asks whether it is internal or external, Suite adds the trunk code of the
    /// default line.
    pub fn dial(&self, number: &PhoneNumber, mode: Mode) -> Dialling {
        let dialled = self.to_dial(number);
        let send = |text: &str, line| {
            let number = PhoneNumber::new(text).unwrap_or_else(|_| number.clone());
            Destination { number, line }
        };
        if self.is_emergency(number) {
            return Dialling::Send(send(&dialled, Line::Emergency));
        }
        let external = [self.trunk_code().unwrap_or(""), &dialled].concat();
        match mode {
            _ if dialled.starts_with('+') || dialled.contains(['*', '#']) => {
                Dialling::Send(send(&dialled, Line::BySystem))
            }
            // A canonical number that became dialable (NUM-2) is external without a question.
            Mode::Smart if number.is_canonical() => {
                Dialling::Send(send(&external, Line::WithTrunkCode))
            }
            Mode::Smart => Dialling::Ask {
                internal: send(&dialled, Line::Internal),
                external: send(&external, Line::WithTrunkCode),
                is_short: self.may_be_extension(number),
            },
            Mode::Suite => Dialling::Send(send(&dialled, Line::DefaultLine)),
        }
    }

    /// Which way a call to `number` takes: CallMe before callback, and emergency calls neither
    /// (NUM-7).
    pub fn outgoing_path(
        &self,
        number: &PhoneNumber,
        method: DialMethod,
        call_me: bool,
    ) -> OutgoingPath {
        match (self.is_emergency(number), call_me, method) {
            (true, _, _) => OutgoingPath::Direct,
            (_, true, _) => OutgoingPath::CallMe,
            (_, _, DialMethod::Callback) => OutgoingPath::Callback,
            (_, _, DialMethod::DeskPhone) => OutgoingPath::Direct,
        }
    }
}

#[cfg(test)]
mod tests;
