use thiserror::Error;

use crate::{PhoneNumber, Redacted};

/// What a user tells about himself or herself, seen by everybody in directories and favourites
/// (PROF-1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// The mobile number, in canonical form.
    pub mobile: Option<PhoneNumber>,
    /// The private or another external number, in canonical form.
    pub private: Option<PhoneNumber>,
    /// The e-mail address.
    pub email: Option<Redacted<String>>,
}

/// Why a profile can't be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The mobile number isn't canonical.
    #[error("enter the mobile number with its country code, for example +49891234567")]
    Mobile,
    /// The private number isn't canonical.
    #[error("enter the private number with its country code, for example +49891234567")]
    Private,
    /// Something that can't be an e-mail address.
    #[error("enter an e-mail address such as name@example.com")]
    Email,
}

impl Profile {
    /// Whether the profile can be kept.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ProfileError> {
        let canonical = |number: &Option<PhoneNumber>| {
            let number = number.as_ref();
            number.is_none_or(PhoneNumber::is_canonical)
        };
        let email = self.email.as_ref().map(|email| email.expose().as_str());
        match (canonical(&self.mobile), canonical(&self.private)) {
            (false, _) => Err(ProfileError::Mobile),
            (true, false) => Err(ProfileError::Private),
            (true, true) if !email.is_none_or(is_address) => Err(ProfileError::Email),
            (true, true) => Ok(()),
        }
    }
}

/// Something, an at sign and something with a dot inside, without spaces, in 254 bytes (RFC 5321
/// §4.5.3.1.3); what really receives mail, only mail can tell.
fn is_address(text: &str) -> bool {
    let inside = |domain: &str| domain.trim_matches('.') == domain && domain.contains('.');
    let plain = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let parts = text.rsplit_once('@');
    let right = parts.is_some_and(|(name, domain)| !name.is_empty() && inside(domain));
    text.len() <= 254 && plain && right
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(mobile: &str, private: &str, email: &str) -> Profile {
        let number = |text| PhoneNumber::new(text).ok();
        Profile {
            mobile: number(mobile),
            private: number(private),
            email: (!email.is_empty()).then(|| email.to_owned().into()),
        }
    }

    #[test]
    fn own_numbers_are_canonical() {
        assert_eq!(Profile::default().check(), Ok(()));
        let good = profile("+49 (171) 1234567", "+49891234567", "a.b@example.com");
        assert_eq!(good.check(), Ok(()));
        let mobile = profile("0171 1234567", "+49891234567", "");
        assert_eq!(mobile.check(), Err(ProfileError::Mobile));
        let private = profile("", "1234567", "");
        assert_eq!(private.check(), Err(ProfileError::Private));
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(243));
        for bad in [
            "a",
            "a@",
            "@example.com",
            "a@com",
            "a@.com",
            "a b@example.com",
            "a@b\n.c",
            &long,
        ] {
            assert_eq!(
                profile("", "", bad).check(),
                Err(ProfileError::Email),
                "{bad:?}"
            );
        }
        for good in ["a@b.c", "anna.müller@example.com", "\"a@b\"@example.com"] {
            assert_eq!(profile("", "", good).check(), Ok(()), "{good:?}");
        }
    }
}
