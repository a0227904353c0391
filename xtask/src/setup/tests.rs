use super::*;

fn fresh_debian() -> Computer {
    Computer {
        debian: true,
        superuser: Superuser::Already,
        rustup: true,
        present: Vec::new(),
    }
}

fn all_names() -> Vec<&'static str> {
    let tools = CARGO_TOOLS.iter().map(|(name, ..)| *name);
    DEBIAN_PACKAGES
        .iter()
        .chain(&COMPONENTS)
        .chain([&SCHEMATHESIS, &SIP_JS, &KERNEL])
        .map(|(name, _)| *name)
        .chain(tools)
        .collect()
}

#[test]
fn a_complete_computer_needs_nothing() {
    assert_eq!(
        plan(
            &Computer {
                present: all_names(),
                ..fresh_debian()
            },
            false
        ),
        []
    );
}

#[test]
fn only_what_is_missing_is_installed() {
    let mut present = all_names();
    present.retain(|name| !["cmake", "cargo-deny"].contains(name));
    assert_eq!(
        plan(
            &Computer {
                present,
                ..fresh_debian()
            },
            false
        ),
        [
            Step::Debian {
                packages: vec!["cmake"],
                sudo: false
            },
            Step::CargoTool {
                name: "cargo-deny",
                version: "0.20.2"
            },
        ]
    );
}

#[test]
fn system_packages_come_before_the_tools_that_are_built() {
    let plan = plan(&fresh_debian(), false);
    assert!(
        matches!(&plan[0], Step::Debian { packages, sudo: false } if packages.len() == DEBIAN_PACKAGES.len())
    );
    assert_eq!(plan.len(), 1 + COMPONENTS.len() + CARGO_TOOLS.len() + 3);
}

#[test]
fn an_ordinary_user_goes_through_sudo() {
    let plan = plan(
        &Computer {
            superuser: Superuser::ThroughSudo,
            ..fresh_debian()
        },
        false,
    );
    assert!(plan[0].describe().starts_with("sudo apt-get install"));
}

#[test]
fn without_sudo_the_command_is_handed_to_a_person_and_setup_does_not_claim_success() {
    let plan = plan(
        &Computer {
            superuser: Superuser::No,
            ..fresh_debian()
        },
        false,
    );
    assert!(
        plan[0]
            .describe()
            .contains("as the superuser, apt-get install build-essential")
    );
    assert!(plan[0].left_to_do().is_some());
}

#[test]
#[cfg(target_os = "linux")]
fn another_linux_is_told_the_debian_names() {
    let plan = plan(
        &Computer {
            debian: false,
            ..fresh_debian()
        },
        false,
    );
    assert!(plan[0].describe().contains("what Debian calls"));
    assert!(plan[0].describe().contains("libasound2-dev"));
}

#[test]
fn components_need_rustup() {
    let plan = plan(
        &Computer {
            rustup: false,
            ..fresh_debian()
        },
        false,
    );
    assert!(plan.contains(&Step::ByHand(
        "install clippy of your Rust toolchain: lints".to_owned()
    )));
}

#[test]
fn every_step_says_what_needs_it() {
    for name in all_names() {
        assert!(!reason(name).is_empty(), "{name}");
    }
}

#[test]
fn the_plan_names_each_package_with_its_reason() {
    let step = Step::Debian {
        packages: vec!["cmake"],
        sudo: false,
    };
    assert_eq!(
        step.describe(),
        "apt-get install\n    cmake: Opus by the C library (feature `libopus`)"
    );
}
