use serde::Deserialize;
use uc_model::{CapabilitySet, DialPlan, DialPlanError};
use uc_protocol::ucx::{Configuration, Country, Location, Mode};

/// What the whole system is like.
#[derive(Debug, Clone)]
pub(crate) struct System {
    pub(crate) mode: Mode,
    /// What is switched on.
    pub(crate) configuration: Configuration,
    pub(crate) location: Option<Location>,
    /// How numbers are dialled there; Germany's without a location.
    pub(crate) plan: DialPlan,
    /// Whether a presence goes back to office when its return time passes (PRES-5).
    pub(crate) resets_presence: bool,
}

/// The table `[system]` of a company file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SystemEntry {
    mode: Option<Mode>,
    configuration: Option<Configuration>,
    location: Option<Location>,
    reset_presence: bool,
}

impl SystemEntry {
    pub(crate) fn check(self) -> Result<System, DialPlanError> {
        let plan = self.location.as_ref().map(dial_plan).transpose()?;
        let plan = plan.unwrap_or_else(DialPlan::germany);
        Ok(System {
            mode: self.mode.unwrap_or(Mode::Smart),
            configuration: self.configuration.unwrap_or(Configuration {
                chat: true,
                voip: true,
                ..Configuration::default()
            }),
            location: self.location,
            plan,
            resets_presence: self.reset_presence,
        })
    }
}

impl System {
    /// What users may ask for, by the rule that clients use too.
    pub(crate) fn capabilities(&self) -> CapabilitySet {
        let Configuration {
            chat,
            voip,
            conferences,
            desk_phones,
            mobility,
            mulap,
            web_collaboration,
            key_programming,
            conversations_by_number: _,
        } = self.configuration;
        let on = uc_model::Configuration {
            chat,
            voip,
            conferences,
            desk_phones,
            mobility,
            mulap,
            web_collaboration,
            key_programming,
        };
        CapabilitySet::offered(self.model_mode(), &on)
    }

    pub(crate) const fn model_mode(&self) -> uc_model::Mode {
        match self.mode {
            Mode::Smart => uc_model::Mode::Smart,
            Mode::Suite => uc_model::Mode::Suite,
        }
    }
}

fn dial_plan(location: &Location) -> Result<DialPlan, DialPlanError> {
    let mut plan = match location.country {
        Country::Nl => DialPlan::netherlands(),
        Country::Gb => DialPlan::united_kingdom(),
        Country::Us => DialPlan::united_states(),
        _ => DialPlan::germany(),
    };
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
    if let Some(numbers) = &location.emergency {
        plan = plan.with_emergency_numbers(numbers.iter().map(String::as_str))?;
    }
    Ok(plan)
}
