//! The whole transition table, as `docs/headset.md` shows it.

use super::*;

const DOCUMENT: &str = include_str!("../../../../docs/headset.md");

const STATES: [&str; 8] = [
    "Idle",
    "Ringing",
    "Answering",
    "Engaged, active",
    "Engaged, held",
    "Engaged, active and held",
    "Engaged, active and ringing",
    "Ending",
];

const INPUTS: [&str; 10] = [
    "hook on", "hook off", "mute", "flash", "reject", "no call", "rings", "active", "held", "time",
];

/// A machine in one of `STATES`, long after all windows of time; its hook report is what a device
/// in that state has sent last.
fn in_state(name: &str) -> Machine {
    let mut m = machine(SHARED, Overlay::GENERIC);
    let calls = match name {
        "Idle" => Calls::NONE,
        "Ringing" | "Answering" => RINGING,
        "Engaged, held" => HELD,
        "Engaged, active and held" => Calls { held: 1, ..ACTIVE },
        "Engaged, active and ringing" => Calls {
            ringing: 1,
            ..ACTIVE
        },
        _ => ACTIVE,
    };
    told(&mut m, 0, calls);
    if name != "Idle" && name != "Ringing" {
        sent(&mut m, 3_000, &shared(HOOK));
    }
    if name == "Ending" {
        sent(&mut m, 4_000, &shared(0));
    }
    m
}

fn apply(m: &mut Machine, input: &str) -> Vec<String> {
    let hook = match m.hook {
        Hook::Idle | Hook::Ringing | Hook::Ending { .. } => 0,
        Hook::Answering { .. } | Hook::Engaged => HOOK,
    };
    match input {
        "hook on" => sent(m, 4_500, &shared(HOOK)),
        "hook off" => sent(m, 4_500, &shared(0)),
        "mute" => sent(m, 4_500, &shared(hook | MUTE)),
        "flash" => sent(m, 4_500, &shared(hook | FLASH)),
        "reject" => sent(m, 4_500, &shared(hook | REJECT)),
        "no call" => told(m, 4_500, Calls::NONE),
        "rings" => told(m, 4_500, RINGING),
        "active" => told(m, 4_500, ACTIVE),
        "held" => told(m, 4_500, HELD),
        _ => {
            m.handle_timeout(at(20_000));
            outputs(m)
        }
    }
}

/// Lamps instead of bytes, as they are in `shared-report.hex`.
fn words(output: &str) -> String {
    let Some(report) = output.strip_prefix("write 05 ") else {
        return output.to_owned();
    };
    let bits = u8::from_str_radix(&report[..2], 16).unwrap();
    let lamps = ["off-hook", "mute", "ring", "hold"].iter().enumerate();
    let lit: Vec<_> = lamps
        .filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, name)| *name)
        .collect();
    format!(
        "lamps: {}",
        if lit.is_empty() {
            "none".to_owned()
        } else {
            lit.join(" ")
        }
    )
}

fn table() -> String {
    let mut lines = vec![
        "| state | input | does | then |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    for state in STATES {
        for input in INPUTS {
            let mut m = in_state(state);
            let before = m.hook;
            let done: Vec<_> = apply(&mut m, input)
                .iter()
                .map(|output| words(output))
                .collect();
            if done.is_empty() && m.hook == before {
                continue;
            }
            let name = format!("{:?}", m.hook);
            let name = name.split([' ', '{']).next().unwrap();
            lines.push(format!(
                "| {state} | {input} | {} | {name} |",
                done.join("; ")
            ));
        }
    }
    lines.join("\n")
}

#[test]
fn the_transition_table_is_the_documented_one() {
    let table = table();
    assert!(
        DOCUMENT.contains(&table),
        "docs/headset.md should show this table:\n{table}\n"
    );
}
