//! What the server keeps for the user: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{
    Account, DialMethod, DialPlan, DialPlanError, Extension, ForwardingTarget, Mailbox,
    PasswordChange, PhoneNumber, Photo, PresenceState, PresenceVisibility, Profile, Redacted,
    RedialList, Rev, ServerSettings,
};
use uc_protocol::{
    net::{Request, Response},
    ucx::{self as wire, paths::Route},
};

use super::{Unreadable, presence};
use crate::port::{AccountEdit, AccountUpdate, BackendError, FetchedPhoto, Outcome};

/// What the server says. Numbers that can't be dialled and settings of an unknown form are left
/// out: people and other programs have written them.
pub(super) fn read(resource: wire::AccountResource) -> Result<AccountUpdate, Unreadable> {
    let mut redial = RedialList::new();
    for number in resource.redial.into_iter().rev() {
        if let Ok(number) = PhoneNumber::new(number) {
            redial.dialled(number);
        }
    }
    let settings = resource.settings.as_deref();
    Ok(AccountUpdate {
        rev: Rev(resource.rev),
        account: Account {
            visibility: read_visibility(resource.visibility)?,
            profile: read_profile(resource.profile),
            photo: resource.photo.map(Rev),
            settings: settings.and_then(|text| ServerSettings::read(text).ok()),
            redial,
            in_mulap: resource.in_mulap,
            call_me: resource.call_me.and_then(|to| PhoneNumber::new(to).ok()),
            mailbox: read_mailbox(resource.mailbox)?,
            forwarding: resource
                .forwarding
                .into_iter()
                .filter_map(read_forwarding)
                .collect(),
            dial_method: match resource.dial_method {
                wire::DialMethod::Callback => DialMethod::Callback,
                _ => DialMethod::DeskPhone,
            },
        },
    })
}

fn read_mailbox(mailbox: wire::Mailbox) -> Result<Mailbox, Unreadable> {
    Ok(match mailbox {
        wire::Mailbox::Group { extension } => Mailbox::Group(Extension::new(extension)?),
        wire::Mailbox::System => Mailbox::System,
        _ => Mailbox::Own,
    })
}

/// A target that can't be read is none, and calls are shown to go where they go by default.
fn read_forwarding(entry: wire::ForwardingEntry) -> Option<(PresenceState, ForwardingTarget)> {
    let target = match entry.target? {
        wire::ForwardingTarget::Voicemail => ForwardingTarget::Voicemail(Mailbox::Own),
        wire::ForwardingTarget::Mobile => ForwardingTarget::Mobile,
        wire::ForwardingTarget::Number { number } => {
            ForwardingTarget::Number(PhoneNumber::new(number).ok()?)
        }
        _ => return None,
    };
    Some((presence::read_state(entry.state).ok()?, target))
}

fn write_forwarding(target: &ForwardingTarget) -> Result<wire::ForwardingTarget, BackendError> {
    Ok(match target {
        ForwardingTarget::Voicemail(_) => wire::ForwardingTarget::Voicemail,
        ForwardingTarget::Mobile => wire::ForwardingTarget::Mobile,
        ForwardingTarget::Number(number) => wire::ForwardingTarget::Number {
            number: number.as_str().to_owned(),
        },
        _ => return Err(BackendError::Unsupported),
    })
}

fn read_profile(profile: wire::Profile) -> Profile {
    let number = |text: Option<String>| text.and_then(|text| PhoneNumber::new(text).ok());
    Profile {
        mobile: number(profile.mobile),
        private: number(profile.private),
        email: profile.email.map(Redacted::new),
    }
}

fn read_visibility(visibility: wire::Visibility) -> Result<PresenceVisibility, Unreadable> {
    Ok(match visibility {
        wire::Visibility::InternalAndExternal => PresenceVisibility::InternalAndExternal,
        wire::Visibility::Internal => PresenceVisibility::Internal,
        wire::Visibility::NotVisible => PresenceVisibility::NotVisible,
        _ => return Err(Unreadable),
    })
}

/// A photo is checked here as if a stranger had sent it.
pub(super) fn read_photo(response: &Response) -> Result<Outcome, BackendError> {
    if response.is_unchanged() {
        return Ok(Outcome::Photo(FetchedPhoto::Unchanged));
    }
    let photo = Photo::from_file(response.bytes()).map_err(|_| BackendError::Malformed)?;
    let rev = Rev(response.rev().ok_or(BackendError::Malformed)?);
    Ok(Outcome::Photo(FetchedPhoto::Photo { rev, photo }))
}

/// The request of an edit.
pub(super) fn write(edit: AccountEdit) -> Result<Request, BackendError> {
    Ok(match edit {
        AccountEdit::SetVisibility(visibility) => {
            let visibility = write_visibility(visibility)?;
            Request::put(Route::MyVisibility).body(&wire::VisibilityUpdate { visibility })
        }
        AccountEdit::SetProfile(profile) => {
            Request::put(Route::MyProfile).body(&write_profile(profile))
        }
        AccountEdit::SetSettings(settings) => {
            let settings = settings.write();
            Request::put(Route::MySettings).body(&wire::SettingsUpdate { settings })
        }
        AccountEdit::SetPhoto(photo) => Request::put(Route::MyPhoto).png(photo.png().to_vec()),
        AccountEdit::DeletePhoto => Request::delete(Route::MyPhoto),
        AccountEdit::SetCallMe(number) => {
            let number = number.map(|number| number.as_str().to_owned());
            Request::put(Route::MyCallMe).body(&wire::CallMeUpdate { number })
        }
        AccountEdit::SetForwarding { state, target } => {
            Request::put(Route::MyForwarding).body(&wire::ForwardingEntry {
                state: presence::write_state(state)?,
                target: target.as_ref().map(write_forwarding).transpose()?,
            })
        }
        AccountEdit::SetDialMethod(method) => {
            let method = match method {
                DialMethod::DeskPhone => wire::DialMethod::DeskPhone,
                DialMethod::Callback => wire::DialMethod::Callback,
                _ => return Err(BackendError::Unsupported),
            };
            Request::put(Route::MyDialMethod).body(&wire::DialMethodUpdate { method })
        }
    })
}

fn write_visibility(visibility: PresenceVisibility) -> Result<wire::Visibility, BackendError> {
    Ok(match visibility {
        PresenceVisibility::InternalAndExternal => wire::Visibility::InternalAndExternal,
        PresenceVisibility::Internal => wire::Visibility::Internal,
        PresenceVisibility::NotVisible => wire::Visibility::NotVisible,
        _ => return Err(BackendError::Unsupported),
    })
}

fn write_profile(profile: Profile) -> wire::Profile {
    wire::Profile {
        mobile: profile.mobile.map(|number| number.as_str().to_owned()),
        private: profile.private.map(|number| number.as_str().to_owned()),
        email: profile.email.map(Redacted::into_inner),
    }
}

/// A change of the password, whose repetition was compared here.
pub(super) fn write_password(change: PasswordChange) -> wire::PasswordUpdate {
    wire::PasswordUpdate {
        old: change.old.map(|old| wire::Secret(old.into_inner())),
        new: wire::Secret(change.new.into_inner()),
    }
}

/// How numbers are dialled at the system's location. A plan that makes no sense is none: numbers
/// then go as they were entered.
pub(super) fn read_location(location: &wire::Location) -> Option<DialPlan> {
    let plan = match location.country {
        wire::Country::De => DialPlan::germany(),
        wire::Country::Nl => DialPlan::netherlands(),
        wire::Country::Gb => DialPlan::united_kingdom(),
        wire::Country::Us => DialPlan::united_states(),
        _ => return None,
    };
    placed(plan, location).ok()
}

fn placed(mut plan: DialPlan, location: &wire::Location) -> Result<DialPlan, DialPlanError> {
    if let Some(area) = &location.area_code {
        plan = plan.in_area(area)?;
    }
    if let Some(number) = &location.system_number {
        plan = plan.with_system_number(number)?;
    }
    if let Some(code) = &location.trunk_code {
        plan = plan.with_trunk_code(code)?;
    }
    if let Some([shortest, longest]) = location.extension_digits {
        plan = plan.with_extension_digits(shortest.into()..=longest.into())?;
    }
    match &location.emergency {
        Some(numbers) => plan.with_emergency_numbers(numbers.iter().map(String::as_str)),
        None => Ok(plan),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ucx::sample;

    #[test]
    fn an_account_survives_the_wire() {
        let resource = wire::AccountResource {
            rev: 7,
            visibility: wire::Visibility::Internal,
            profile: wire::Profile {
                mobile: Some("+49 171 1".into()),
                private: Some("ask at the desk".into()),
                email: Some("a@b.example".into()),
            },
            photo: Some(5),
            settings: Some("version = 2\nlanguage = de\n".into()),
            redial: vec!["331".into(), "*".into(), "112".into()],
            in_mulap: true,
            call_me: Some("332".into()),
            mailbox: wire::Mailbox::Group {
                extension: "500".into(),
            },
            forwarding: vec![
                wire::ForwardingEntry {
                    state: wire::PresenceState::Lunch,
                    target: Some(wire::ForwardingTarget::Mobile),
                },
                wire::ForwardingEntry {
                    state: wire::PresenceState::Home,
                    target: Some(wire::ForwardingTarget::Number { number: "*".into() }),
                },
            ],
            dial_method: wire::DialMethod::Callback,
        };
        let AccountUpdate { rev, account } = read(sample::through_json(resource)).unwrap();
        assert_eq!((rev, account.photo), (Rev(7), Some(Rev(5))));
        assert_eq!(account.visibility, PresenceVisibility::Internal);
        assert_eq!(account.profile.private, None, "it can't be dialled");
        let redial: Vec<_> = account
            .redial
            .numbers()
            .iter()
            .map(PhoneNumber::as_str)
            .collect();
        assert_eq!(redial, ["331", "112"]);
        assert!(account.settings.is_some() && account.in_mulap);
        assert_eq!(account.call_me, PhoneNumber::new("332").ok());
        assert_eq!(account.dial_method, DialMethod::Callback);
        let forwarding = account.forwarding(uc_model::Mode::Smart);
        let target = |state| forwarding.target(state);
        assert_eq!(target(PresenceState::Lunch), Some(ForwardingTarget::Mobile));
        let group = Mailbox::Group(Extension::new("500").unwrap());
        let default = Some(ForwardingTarget::Voicemail(group));
        assert_eq!(target(PresenceState::Home), default, "it can't be dialled");
    }

    #[test]
    fn a_location_becomes_a_dial_plan_or_nothing() {
        let munich = wire::Location {
            country: wire::Country::De,
            area_code: Some("89".into()),
            system_number: Some("7007".into()),
            trunk_code: Some("0".into()),
            extension_digits: Some([3, 5]),
            emergency: Some(vec!["112".into()]),
        };
        let expected = DialPlan::germany()
            .in_area("89")
            .and_then(|plan| plan.with_system_number("7007"))
            .and_then(|plan| plan.with_trunk_code("0"))
            .and_then(|plan| plan.with_extension_digits(3..=5))
            .and_then(|plan| plan.with_emergency_numbers(["112"]));
        assert_eq!(read_location(&munich), expected.ok());
        let odd = wire::Location {
            area_code: Some("eighty-nine".into()),
            ..munich
        };
        assert_eq!(read_location(&odd), None);
    }
}
