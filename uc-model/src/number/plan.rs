use std::{collections::BTreeSet, fmt, ops::RangeInclusive};

use thiserror::Error;

use crate::{NumberKey, PhoneNumber};

/// Why a location's numbering can't be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DialPlanError {
    /// A prefix or code that is not 1 to 15 digits.
    #[error("{0} must be 1 to 15 digits")]
    NotDigits(&'static str),
    /// Extensions of no or of too many digits.
    #[error("extensions have 1 to 15 digits, the shortest first")]
    ExtensionDigits,
    /// A number of the system without an area code.
    #[error("the system's own number needs the area code of the location")]
    NoAreaCode,
}

/// How a number is dialled from a location (NUM-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DialForm {
    /// An extension of the system: `321`.
    Internal,
    /// Within the area: `700798765`.
    Local,
    /// Within the country: `089700798765`.
    National,
    /// From anywhere: `004989700798765`.
    International,
}

/// How numbers are written and dialled at one location (NUM-1): country, area and prefixes, and
/// the part of the numbering that belongs to the telephone system.
///
/// Pure digits, no table of the world: the system dials what its administrator configured, and a
/// foreign number only has to be kept apart from others.
#[derive(Clone, PartialEq, Eq)]
pub struct DialPlan {
    country_code: Box<str>,
    area_code: Option<Box<str>>,
    national_prefix: Box<str>,
    international_prefix: Box<str>,
    system_number: Option<Box<str>>,
    trunk_code: Option<Box<str>>,
    extension_digits: RangeInclusive<usize>,
    country: Country,
    emergency: BTreeSet<Box<str>>,
}

/// What is peculiar to a country's dialling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Country {
    /// Digits of every national number, where they are the same for all; such a number is
    /// understood without its prefix.
    national_digits: Option<usize>,
    /// Whether a number of the own area is dialled with its area code.
    local_with_area: bool,
    /// Whether canonical numbers are converted before they are dialled (NUM-2).
    converts_canonical: bool,
    /// Whether a zero after the country code can only be the national prefix.
    drops_zero: bool,
}

/// A number as the plan understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading<'a> {
    /// Country code, area code and number, in up to three parts that follow each other.
    World([&'a str; 4]),
    /// An extension of a system whose own number isn't known.
    Extension(&'a str),
    /// Emergency numbers, service codes, local numbers where no area code is known.
    AsWritten(&'a str),
}

impl DialPlan {
    /// A location with these prefixes: `country_code` without `+`, the digits before a national
    /// number (Germany `0`) and before an international one (Germany `00`).
    ///
    /// # Errors
    /// What isn't 1 to 15 digits.
    pub fn new(
        country_code: &str,
        national_prefix: &str,
        international_prefix: &str,
    ) -> Result<Self, DialPlanError> {
        Ok(Self {
            country_code: digits("a country code", country_code)?,
            area_code: None,
            national_prefix: digits("a national prefix", national_prefix)?,
            international_prefix: digits("an international prefix", international_prefix)?,
            system_number: None,
            trunk_code: None,
            extension_digits: 1..=DEFAULT_EXTENSION_DIGITS,
            country: Country::EUROPE,
            emergency: BTreeSet::from(["112".into()]),
        })
    }

    /// Germany: +49, prefixes 0 and 00, emergency 112 and 110.
    pub fn germany() -> Self {
        Self::known("49", "0", "00", Country::EUROPE, &["112", "110"])
    }

    /// The Netherlands: +31, prefixes 0 and 00, emergency 112.
    pub fn netherlands() -> Self {
        Self::known("31", "0", "00", Country::EUROPE, &["112"])
    }

    /// The United Kingdom: +44, prefixes 0 and 00, emergency 999 and 112.
    pub fn united_kingdom() -> Self {
        Self::known("44", "0", "00", Country::EUROPE, &["999", "112"])
    }

    /// The United States: +1, prefixes 1 and 011, ten digits, emergency 911.
    ///
    /// Local numbers are dialled with their area code: since 2021 most areas ask for it (FCC
    /// 20-100, the three digits of 988), and all accept it.
    pub fn united_states() -> Self {
        Self::known("1", "1", "011", Country::UNITED_STATES, &["911"])
    }

    /// The same location in an area, for example Munich's `89`.
    ///
    /// # Errors
    /// An area code that isn't digits.
    pub fn in_area(mut self, area_code: &str) -> Result<Self, DialPlanError> {
        self.area_code = Some(digits("an area code", area_code)?);
        Ok(self)
    }

    /// The digits between area code and extension, for example the `7007` of
    /// `+49 (89) 7007-98765`; with them an extension and its outside number are the same number.
    ///
    /// # Errors
    /// No digits, or a location without area code.
    pub fn with_system_number(mut self, number: &str) -> Result<Self, DialPlanError> {
        self.system_number = Some(digits("the system's number", number)?);
        match self.area_code {
            Some(_) => Ok(self),
            None => Err(DialPlanError::NoAreaCode),
        }
    }

    /// The digits that seize an outside line.
    ///
    /// # Errors
    /// A code that isn't digits.
    pub fn with_trunk_code(mut self, code: &str) -> Result<Self, DialPlanError> {
        self.trunk_code = Some(digits("a trunk code", code)?);
        Ok(self)
    }

    /// How many digits extensions have; 1 to 5 without this.
    ///
    /// # Errors
    /// Not 1 to 15, or the wrong way round.
    pub fn with_extension_digits(
        mut self,
        digits: RangeInclusive<usize>,
    ) -> Result<Self, DialPlanError> {
        if digits.is_empty() || *digits.start() == 0 || *digits.end() > MAX_DIGITS {
            return Err(DialPlanError::ExtensionDigits);
        }
        self.extension_digits = digits;
        Ok(self)
    }

    /// The emergency numbers of the location, in place of the country's (NUM-7).
    ///
    /// # Errors
    /// A number that isn't digits.
    pub fn with_emergency_numbers<'a>(
        mut self,
        numbers: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, DialPlanError> {
        let numbers = numbers.into_iter();
        self.emergency = numbers
            .map(|number| digits("an emergency number", number))
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Whether help is called: the number alone, after the trunk code, or with the own country
    /// code (NUM-7).
    pub fn is_emergency(&self, number: &PhoneNumber) -> bool {
        let dialled = number.dialable();
        let foreign = dialled.strip_prefix('+');
        let bare = foreign.map_or(Some(&*dialled), |rest| {
            rest.strip_prefix(&*self.country_code)
        });
        let after_trunk = self
            .trunk_code
            .as_deref()
            .and_then(|trunk| dialled.strip_prefix(trunk));
        let known = |digits: &str| self.emergency.contains(digits);
        bare.is_some_and(known) || after_trunk.is_some_and(known)
    }

    /// What stays the same however a number is written: what search, history and caller names
    /// compare.
    pub fn key(&self, number: &PhoneNumber) -> NumberKey {
        let dialled = number.dialable();
        match self.read(number, &dialled) {
            Reading::World(parts) => NumberKey::canonical(&parts.concat()),
            Reading::Extension(digits) | Reading::AsWritten(digits) => {
                NumberKey::as_written(digits)
            }
        }
    }

    /// The number in canonical form, without separators: `+4989700798765`. `None` for what has
    /// none: extensions of a system without outside number, emergency numbers, service codes.
    pub fn canonical(&self, number: &PhoneNumber) -> Option<PhoneNumber> {
        let key = self.key(number);
        key.is_canonical()
            .then(|| PhoneNumber::new(key.as_str()).ok())?
    }

    /// The number in canonical form as a person reads it best: `+49 (89) 7007-98765` where the
    /// parts are known, else without separators.
    pub fn formatted(&self, number: &PhoneNumber) -> Option<String> {
        let canonical = self.canonical(number)?;
        let Some((area, local)) = self.area_and_local(&canonical.as_str()[1..]) else {
            return Some(canonical.as_str().to_owned());
        };
        let grouped = match self.extension_in(local).zip(self.system_number.as_deref()) {
            Some((extension, system)) => format!("{system}-{extension}"),
            None => local.to_owned(),
        };
        Some(format!("+{} ({area}) {grouped}", self.country_code))
    }

    /// The digits to dial in one form; `None` where the number can't be reached in it from here.
    pub fn dialable(&self, number: &PhoneNumber, form: DialForm) -> Option<String> {
        let key = self.key(number);
        let dialled = self.in_form(&key, form)?;
        // A local number that begins like a prefix would reach another.
        let reached = self.key(&PhoneNumber::new(&dialled).ok()?);
        (reached == key).then_some(dialled)
    }

    fn in_form(&self, key: &NumberKey, form: DialForm) -> Option<String> {
        if !key.is_canonical() {
            let is_extension = self.extension_digits.contains(&key.as_str().len());
            return (form == DialForm::Internal && is_extension).then(|| key.as_str().to_owned());
        }
        let world = &key.as_str()[1..];
        match form {
            DialForm::International => Some([&self.international_prefix, world].concat()),
            DialForm::National => {
                let national = world.strip_prefix(&*self.country_code)?;
                Some([&self.national_prefix, national].concat())
            }
            DialForm::Local => {
                let (area, local) = self.area_and_local(world)?;
                let area = if self.country.local_with_area {
                    area
                } else {
                    ""
                };
                Some([area, local].concat())
            }
            DialForm::Internal => {
                let (_, local) = self.area_and_local(world)?;
                self.extension_in(local).map(str::to_owned)
            }
        }
    }

    /// The shortest form in which the number can be dialled from here, and its digits; what
    /// belongs to no form is dialled as written.
    pub fn shortest(&self, number: &PhoneNumber) -> (Option<DialForm>, String) {
        let forms = [
            DialForm::Internal,
            DialForm::Local,
            DialForm::National,
            DialForm::International,
        ];
        forms
            .into_iter()
            .find_map(|form| Some((Some(form), self.dialable(number, form)?)))
            .unwrap_or_else(|| (None, number.dialable()))
    }

    /// What is sent to the system: a canonical number stays canonical, except in the US, where
    /// one inside the country is converted (NUM-2).
    pub fn to_dial(&self, number: &PhoneNumber) -> String {
        if number.is_canonical() && self.country.converts_canonical {
            let national = [DialForm::Local, DialForm::National];
            let converted = national
                .into_iter()
                .find_map(|form| self.dialable(number, form));
            return converted.unwrap_or_else(|| number.dialable());
        }
        number.dialable()
    }

    /// The digits that seize an outside line, where there are any.
    pub fn trunk_code(&self) -> Option<&str> {
        self.trunk_code.as_deref()
    }

    /// What was wanted from the outside line, where the digits begin with the trunk code; `None` for
    /// all others, and for what could be an extension: whoever seizes a line wants none.
    pub fn without_trunk_code(&self, dialled: &PhoneNumber) -> Option<PhoneNumber> {
        let digits = dialled.dialable();
        let wanted = outside(&digits, self.trunk_code()?)?;
        let wanted = PhoneNumber::new(wanted).ok()?;
        (!self.may_be_extension(&wanted)).then_some(wanted)
    }

    /// The beginnings of keys that digits typed so far may stand for: the digits themselves, and
    /// what they become as a local, national or international number.
    pub(crate) fn beginnings(&self, typed: &str) -> Vec<String> {
        let digits: String = typed.chars().filter(|c| is_dialled(*c)).collect();
        let mut found = vec![digits.clone()];
        if typed.trim_start().starts_with('+') {
            let written = PhoneNumber::new(typed.trim()).ok();
            found.extend(written.map(|number| self.world_digits(&number)));
            found.dedup();
            return found;
        }
        let mut add = |parts: &[&str]| {
            let one = parts.concat();
            if !found.contains(&one) {
                found.push(one);
            }
        };
        if let Some(world) = outside(&digits, &self.international_prefix) {
            add(&[world]);
        }
        if let Some(national) = digits.strip_prefix(&*self.national_prefix) {
            add(&[&self.country_code, national]);
        }
        if self.country.national_digits.is_some() {
            add(&[&self.country_code, &digits]);
        }
        if let Some(area) = &self.area_code {
            add(&[&self.country_code, area, &digits]);
            if let Some(system) = &self.system_number {
                add(&[&self.country_code, area, system, &digits]);
            }
        }
        found
    }

    fn known(
        country_code: &str,
        national: &str,
        international: &str,
        country: Country,
        emergency: &[&str],
    ) -> Self {
        let mut plan = Self::new(country_code, national, international)
            .expect("the prefixes of the countries we know are digits");
        plan.country = country;
        plan.emergency = emergency.iter().map(|number| (*number).into()).collect();
        plan
    }

    fn read<'a>(&'a self, number: &'a PhoneNumber, dialled: &'a str) -> Reading<'a> {
        if let Some(world) = dialled.strip_prefix('+') {
            return Reading::World(self.world(number, world));
        }
        if dialled.contains(['*', '#']) || self.is_emergency(number) {
            return Reading::AsWritten(dialled);
        }
        if let Some(world) = outside(dialled, &self.international_prefix) {
            return Reading::World([world, "", "", ""]);
        }
        if let Some(national) = outside(dialled, &self.national_prefix)
            && self.may_be_national(national)
        {
            return Reading::World([&self.country_code, national, "", ""]);
        }
        if self.country.national_digits == Some(dialled.len()) {
            return Reading::World([&self.country_code, dialled, "", ""]);
        }
        self.read_near(dialled)
    }

    /// An extension or a number of the own area.
    fn read_near<'a>(&'a self, dialled: &'a str) -> Reading<'a> {
        let is_extension = self.extension_digits.contains(&dialled.len());
        match (&self.area_code, &self.system_number) {
            (Some(area), Some(system)) if is_extension => {
                Reading::World([&self.country_code, area, system, dialled])
            }
            _ if is_extension => Reading::Extension(dialled),
            (Some(area), _) => Reading::World([&self.country_code, area, dialled, ""]),
            (None, _) => Reading::AsWritten(dialled),
        }
    }

    /// Whether the number, as it is written, has as many digits as extensions have.
    pub fn may_be_extension(&self, number: &PhoneNumber) -> bool {
        self.extension_digits.contains(&number.dialable().len())
    }

    fn may_be_national(&self, national: &str) -> bool {
        self.country
            .national_digits
            .is_none_or(|digits| digits == national.len())
    }

    /// The digits after `+`, without the national prefix that people write behind the country
    /// code: `+49 (0)89`.
    fn world<'a>(&'a self, number: &'a PhoneNumber, digits: &'a str) -> [&'a str; 4] {
        if let Some(rest) = digits.strip_prefix(&*self.country_code)
            && self.country.drops_zero
            && let Some(national) = rest.strip_prefix('0')
        {
            return [&self.country_code, national, "", ""];
        }
        let Some((before, _)) = number.as_str().split_once("(0)") else {
            return [digits, "", "", ""];
        };
        let code = before.chars().filter(char::is_ascii_digit).count();
        let keeps_zero = KEEP_ZERO.contains(&&digits[..code]);
        match code {
            1..=3 if !keeps_zero => [&digits[..code], &digits[code + 1..], "", ""],
            _ => [digits, "", "", ""],
        }
    }

    fn world_digits(&self, number: &PhoneNumber) -> String {
        let dialled = number.dialable();
        let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
        self.world(number, digits).concat()
    }

    fn area_and_local<'a>(&self, world: &'a str) -> Option<(&'a str, &'a str)> {
        let area = self.area_code.as_deref()?;
        let national = world.strip_prefix(&*self.country_code)?;
        let local = national.strip_prefix(area)?;
        (!local.is_empty()).then(|| (&national[..area.len()], local))
    }

    fn extension_in<'a>(&self, local: &'a str) -> Option<&'a str> {
        let extension = local.strip_prefix(self.system_number.as_deref()?)?;
        self.extension_digits
            .contains(&extension.len())
            .then_some(extension)
    }
}

impl Country {
    const EUROPE: Self = Self {
        national_digits: None,
        local_with_area: false,
        converts_canonical: false,
        drops_zero: true,
    };
    const UNITED_STATES: Self = Self {
        national_digits: Some(10),
        local_with_area: true,
        converts_canonical: true,
        drops_zero: false,
    };
}

/// Shows the prefixes, which are no secret, and not the company's own number.
impl fmt::Debug for DialPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialPlan")
            .field("country_code", &self.country_code)
            .field("extension_digits", &self.extension_digits)
            .finish_non_exhaustive()
    }
}

fn digits(what: &'static str, text: &str) -> Result<Box<str>, DialPlanError> {
    let fits = (1..=MAX_DIGITS).contains(&text.len());
    match fits && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.into()),
        false => Err(DialPlanError::NotDigits(what)),
    }
}

/// What follows a prefix, if anything does.
fn outside<'a>(dialled: &'a str, prefix: &str) -> Option<&'a str> {
    dialled.strip_prefix(prefix).filter(|rest| !rest.is_empty())
}

fn is_dialled(c: char) -> bool {
    c.is_ascii_digit() || c == '*' || c == '#'
}

/// Most digits of an international number (ITU-T E.164 §6.2.1).
const MAX_DIGITS: usize = 15;
/// Most digits of an extension where nothing else is configured (the manual shows three and five).
const DEFAULT_EXTENSION_DIGITS: usize = 5;
/// Countries whose numbers keep the zero behind the country code (Italy, San Marino).
const KEEP_ZERO: [&str; 2] = ["39", "378"];

#[cfg(test)]
mod tests;
