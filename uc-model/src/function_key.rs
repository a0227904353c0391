use thiserror::Error;

use crate::{DialForm, DialPlan, PhoneNumber, Redacted};

/// What kind of telephone a number belongs to, and has the keys (KEYS-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PhoneKind {
    /// A system telephone.
    System,
    /// A SIP telephone.
    Sip,
    /// An ISDN telephone.
    Isdn,
    /// An analogue telephone.
    Analogue,
    /// A DECT telephone.
    Dect,
    /// None: the number is kept for a client with sound.
    WebRtc,
}

/// One of the two functions of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyLevel {
    /// What the key does by itself; its lamp belongs to this level.
    First,
    /// What it does with the shift key: external numbers only.
    Second,
}

/// What a key does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFunction {
    /// Nothing.
    #[default]
    None,
    /// Dials a number.
    Number(PhoneNumber),
    /// Switches to the second level.
    Shift,
    /// A function of the system, by its name there.
    Feature(Box<str>),
    /// Belongs to an application inside the telephone: read, never programmed.
    LocalApplication,
}

/// A key of a telephone or key module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FunctionKey {
    /// What stands beside the key, on telephones that show labels.
    pub label: Option<Redacted<String>>,
    /// The first level.
    pub first: KeyFunction,
    /// The external number of the second level.
    pub second: Option<PhoneNumber>,
}

/// Why a key can't be programmed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FunctionKeyError {
    /// A SIP, ISDN or analogue telephone.
    #[error("the keys of this kind of telephone can't be programmed from here")]
    NotProgrammable,
    /// The telephone has fewer keys.
    #[error("the telephone has no such key")]
    NoSuchKey,
    /// The key belongs to an application inside the telephone.
    #[error("this key belongs to an application of the telephone; change it there")]
    LocalApplication,
    /// There is no key that switches to the second level.
    #[error("give one key the function of shift before using the second level")]
    NoShiftKey,
    /// Something else than an external number on the second level.
    #[error("the second level holds external numbers only")]
    NotExternal,
    /// A label, or the name of a function, longer than 64 characters.
    #[error("a label has at most {MAX_LABEL} characters, and so has the name of a function")]
    LabelTooLong,
}

/// The keys of a user's desk phone and its modules (KEYS-1). Going over to VoIP and back leaves
/// them as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionKeys {
    kind: PhoneKind,
    keys: Vec<FunctionKey>,
}

impl FunctionKeys {
    /// The keys as the system told them.
    pub const fn new(kind: PhoneKind, keys: Vec<FunctionKey>) -> Self {
        Self { kind, keys }
    }

    /// The keys, in the order of the telephone and then of its modules.
    pub fn keys(&self) -> &[FunctionKey] {
        &self.keys
    }

    /// Whether the keys can be programmed from a client.
    pub const fn can_be_programmed(&self) -> bool {
        matches!(self.kind, PhoneKind::System)
    }

    /// Whether there is a key for the second level.
    pub fn has_second_level(&self) -> bool {
        self.keys.iter().any(|key| key.first == KeyFunction::Shift)
    }

    /// What a key does when pressed, `shifted` or not; the second level counts only while there
    /// is a shift key.
    pub fn pressed(&self, index: usize, shifted: bool) -> Option<KeyFunction> {
        let key = self.keys.get(index)?;
        match shifted && self.has_second_level() {
            true => key.second.clone().map(KeyFunction::Number),
            false => Some(key.first.clone()),
        }
    }

    /// What kind of telephone has them.
    pub const fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// Programs a key as a whole.
    ///
    /// # Errors
    /// See [`FunctionKeyError`]; nothing is changed then.
    pub fn set(
        &mut self,
        index: usize,
        key: FunctionKey,
        plan: &DialPlan,
    ) -> Result<(), FunctionKeyError> {
        let mut next = self.clone();
        next.program(index, key.first)?;
        next.label(index, key.label)?;
        match key.second {
            None => next.programmable(index)?.second = None,
            number => next.program_second(index, number, plan)?,
        }
        *self = next;
        Ok(())
    }

    /// Programs the first level of a key.
    ///
    /// # Errors
    /// See [`FunctionKeyError`]; nothing is changed then.
    pub fn program(&mut self, index: usize, function: KeyFunction) -> Result<(), FunctionKeyError> {
        let key = self.programmable(index)?;
        match &function {
            KeyFunction::LocalApplication => return Err(FunctionKeyError::LocalApplication),
            KeyFunction::Feature(name) if name.chars().count() > MAX_LABEL => {
                return Err(FunctionKeyError::LabelTooLong);
            }
            _ => key.first = function,
        }
        Ok(())
    }

    /// Programs or clears the second level of a key.
    ///
    /// # Errors
    /// See [`FunctionKeyError`]; nothing is changed then.
    pub fn program_second(
        &mut self,
        index: usize,
        number: Option<PhoneNumber>,
        plan: &DialPlan,
    ) -> Result<(), FunctionKeyError> {
        self.programmable(index)?;
        if !self.has_second_level() {
            return Err(FunctionKeyError::NoShiftKey);
        }
        if number
            .as_ref()
            .is_some_and(|number| !is_external(number, plan))
        {
            return Err(FunctionKeyError::NotExternal);
        }
        self.programmable(index)?.second = number;
        Ok(())
    }

    /// Changes what stands beside a key.
    ///
    /// # Errors
    /// See [`FunctionKeyError`]; nothing is changed then.
    pub fn label(
        &mut self,
        index: usize,
        label: Option<Redacted<String>>,
    ) -> Result<(), FunctionKeyError> {
        let length = label.as_ref().map_or(0, |l| l.expose().chars().count());
        if length > MAX_LABEL {
            return Err(FunctionKeyError::LabelTooLong);
        }
        self.programmable(index)?.label = label;
        Ok(())
    }

    fn programmable(&mut self, index: usize) -> Result<&mut FunctionKey, FunctionKeyError> {
        if !self.can_be_programmed() {
            return Err(FunctionKeyError::NotProgrammable);
        }
        let key = self.keys.get_mut(index);
        match key.ok_or(FunctionKeyError::NoSuchKey)? {
            key if key.first == KeyFunction::LocalApplication => {
                Err(FunctionKeyError::LocalApplication)
            }
            key => Ok(key),
        }
    }
}

impl KeyLevel {
    /// The level that a key's lamp shows.
    pub const LAMP: Self = Self::First;
}

fn is_external(number: &PhoneNumber, plan: &DialPlan) -> bool {
    let is_code = number.as_str().contains(['*', '#']);
    !is_code && plan.dialable(number, DialForm::Internal).is_none()
}

/// Longest label, in characters (our choice: displays show fewer).
const MAX_LABEL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> DialPlan {
        DialPlan::germany().in_area("89").unwrap()
    }

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::new(text).unwrap()
    }

    fn phone(kind: PhoneKind) -> FunctionKeys {
        let local = FunctionKey {
            first: KeyFunction::LocalApplication,
            ..FunctionKey::default()
        };
        FunctionKeys::new(
            kind,
            vec![FunctionKey::default(), FunctionKey::default(), local],
        )
    }

    #[test]
    fn a_key_is_programmed_and_labelled() {
        let mut keys = phone(PhoneKind::System);
        let dial = KeyFunction::Number(number("321"));
        keys.program(0, dial.clone()).unwrap();
        keys.label(0, Some("Anna".to_owned().into())).unwrap();
        assert_eq!(keys.pressed(0, false), Some(dial.clone()));
        assert_eq!(keys.keys()[0].label, Some("Anna".to_owned().into()));
        assert_eq!(
            keys.pressed(0, true),
            Some(dial),
            "there is no second level"
        );
        let long = keys.label(0, Some("x".repeat(65).into()));
        assert_eq!(long, Err(FunctionKeyError::LabelTooLong));
        assert_eq!(keys.pressed(9, false), None);
    }

    #[test]
    fn the_second_level_needs_a_shift_key_and_holds_external_numbers_only() {
        let mut keys = phone(PhoneKind::System);
        let external = Some(number("089 7007-98765"));
        let early = keys.program_second(0, external.clone(), &plan());
        assert_eq!(early, Err(FunctionKeyError::NoShiftKey));
        keys.program(1, KeyFunction::Shift).unwrap();
        for inside in ["321", "*7"] {
            let refused = keys.program_second(0, Some(number(inside)), &plan());
            assert_eq!(refused, Err(FunctionKeyError::NotExternal), "{inside}");
        }
        keys.program_second(0, external.clone(), &plan()).unwrap();
        assert_eq!(keys.pressed(0, true), external.map(KeyFunction::Number));
        assert_eq!(keys.pressed(0, false), Some(KeyFunction::None));
        keys.program_second(0, None, &plan()).unwrap();
        assert_eq!(keys.pressed(0, true), None);
        assert_eq!(KeyLevel::LAMP, KeyLevel::First);
    }

    #[test]
    fn keys_of_local_applications_are_left_alone() {
        let mut keys = phone(PhoneKind::System);
        keys.program(1, KeyFunction::Shift).unwrap();
        let before = keys.clone();
        let refused = Err(FunctionKeyError::LocalApplication);
        assert_eq!(keys.program(2, KeyFunction::None), refused);
        assert_eq!(keys.program_second(2, None, &plan()), refused);
        assert_eq!(keys.label(2, None), refused);
        assert_eq!(keys.program(0, KeyFunction::LocalApplication), refused);
        assert_eq!(
            keys.program(3, KeyFunction::None),
            Err(FunctionKeyError::NoSuchKey)
        );
        assert_eq!(keys, before);
    }

    #[test]
    fn a_key_is_set_as_a_whole_or_not_at_all() {
        let mut keys = phone(PhoneKind::System);
        let whole = FunctionKey {
            label: Some("Anna".to_owned().into()),
            first: KeyFunction::Number(number("321")),
            second: Some(number("089 7007-98765")),
        };
        let before = keys.clone();
        let early = keys.set(0, whole.clone(), &plan());
        assert_eq!((early, &keys), (Err(FunctionKeyError::NoShiftKey), &before));
        keys.program(1, KeyFunction::Shift).unwrap();
        keys.set(0, whole.clone(), &plan()).unwrap();
        assert_eq!(keys.keys()[0], whole);
        keys.set(0, FunctionKey::default(), &plan()).unwrap();
        assert_eq!(keys.keys()[0], FunctionKey::default());
        let long = FunctionKey {
            first: KeyFunction::Feature("x".repeat(65).into()),
            ..FunctionKey::default()
        };
        let long = keys.set(0, long, &plan());
        assert_eq!(long, Err(FunctionKeyError::LabelTooLong));
    }

    #[test]
    fn only_system_telephones_are_programmed() {
        for kind in [
            PhoneKind::Sip,
            PhoneKind::Isdn,
            PhoneKind::Analogue,
            PhoneKind::Dect,
        ] {
            let mut keys = phone(kind);
            assert!(!keys.can_be_programmed());
            let refused = keys.program(0, KeyFunction::Shift);
            assert_eq!(refused, Err(FunctionKeyError::NotProgrammable));
        }
    }
}
