//! Headsets, as far as they show without one.
#![cfg(feature = "headset")]

use crate::run::{bare, finish, lines};

#[tokio::test]
async fn headsets_are_listed_and_the_rule_that_they_need_is_printed() {
    let mut command = bare();
    command.args(["--json", "headsets"]);
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    // Whatever this computer has, each has a model and a place.
    for line in lines(&output) {
        assert!(line["model"].is_string() && line["path"].is_string());
        assert!(line["sound"].is_array(), "{line}");
    }

    let mut command = bare();
    command.args(["headsets", "--udev-rule"]);
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    let rule = String::from_utf8_lossy(&output.stdout).into_owned();
    let installed = include_str!("../../../../headset/udev/70-headset.rules");
    assert_eq!(rule, installed);
}

#[tokio::test]
async fn headsets_can_be_left_alone_wherever_there_are_calls() {
    for command in ["call", "answer", "pickup", "redial", "console"] {
        let mut program = bare();
        program.args([command, "--help"]);
        let output = finish(program).await;
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(help.contains("--no-headset"), "{command}: {help}");
    }
}
