//! What headsets cost through the kernel: lines `figure NAME VALUE`, which `cargo xtask` collects.

use std::time::Duration;

use headset::{
    Action, CallControlDevice, DeviceEvent, Lamps, Machine, Moment, Output, Overlay, TelephonyMap,
};

use crate::device::{Key, REPORT_PER_LAMP, SHARED_REPORT, VirtualHeadset};
use crate::program::{Monitor, Program, now};
use crate::{ACTIVE, HELD, PATIENCE, RINGING, ROOT};

/// From before a report is given to the kernel until the application has the action, whoever waits for the
/// device being woken, and the acknowledgement being written, in between.
#[test]
fn each_of_two_thousand_presses_becomes_one_action() {
    let device = VirtualHeadset::plug_in(SHARED_REPORT);
    let mut program = Program::start();
    program.until_headsets(1);
    program.tell(ACTIVE);
    device.until_lamps(Lamps::of(&ACTIVE));
    let mut times = Vec::new();
    for number in 0..PRESSES {
        let (asked, then) = match number % 2 {
            0 => (Action::Hold, HELD),
            _ => (Action::Retrieve, ACTIVE),
        };
        times.push(time_of_a_press(&device, &mut program, asked));
        program.tell(then);
        device.until_lamps(Lamps::of(&then));
    }
    times.sort();
    let microseconds = |share: usize| times[times.len() * share / 1_000].as_micros();
    figure("report_to_action_p50_us", microseconds(500));
    figure("report_to_action_p99_us", microseconds(990));
}

fn time_of_a_press(device: &VirtualHeadset, program: &mut Program, asked: Action) -> Duration {
    std::thread::scope(|scope| {
        let press = scope.spawn(|| {
            // Long enough for the program to be waiting.
            std::thread::sleep(Duration::from_millis(1));
            let pressed = now();
            device.press(Key::Flash);
            pressed
        });
        // The release of the press before may come first.
        let event = (0..PATIENCE.as_millis() / 100).find_map(|_| {
            let (_, headset) = &mut program.headsets[0];
            headset.wait(Duration::from_millis(100)).unwrap();
            program.poll().unwrap()
        });
        let taken = now();
        assert_eq!(event, Some(DeviceEvent::Request(asked)));
        taken - press.join().unwrap()
    })
}

/// The pace of a session without calls: each headset four times a second, the system five times, which
/// lists devices once a second.
#[test]
fn an_idle_headset_is_left_alone() {
    let device = VirtualHeadset::plug_in(SHARED_REPORT);
    let mut program = Program::start();
    program.until_headsets(1);
    let written = device.written();
    let (begin, used) = (now(), processor_time());
    for round in 0..IDLE_ROUNDS {
        if round % 4 == 0 {
            program.look();
        }
        if round % 5 == 0 {
            assert_eq!(program.poll(), Ok(None));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let used = processor_time() - used;
    figure(
        "idle_processor_per_mille",
        format_args!(
            "{:.3}",
            used.as_secs_f64() / (now() - begin).as_secs_f64() * 1e3
        ),
    );
    assert_eq!(device.written(), written);
}

/// In another program, since virtual headsets take memory too.
#[test]
fn forty_headsets_are_found_and_driven_together() {
    let program = Monitor::start(ROOT);
    let models = [SHARED_REPORT, REPORT_PER_LAMP];
    let mut devices = vec![VirtualHeadset::plug_in(models[1])];
    program.until_it_says("Connected with");
    let before = program.memory();
    devices.extend((1..HEADSETS).map(|number| VirtualHeadset::plug_in(models[number % 2])));
    for _ in 1..HEADSETS {
        program.until_it_says("Connected with");
    }
    for device in &devices {
        device.until_lamps(Lamps::of(&RINGING));
    }
    let more = program.memory().saturating_sub(before);
    figure("memory_per_headset_bytes", more / (HEADSETS - 1));
}

/// What the machine's processor is worth: natively a press takes what `cargo xtask bench headset` says.
#[test]
fn each_of_ten_thousand_presses_without_a_transport_becomes_one_action() {
    let map = TelephonyMap::parse(&SHARED_REPORT.descriptor()).unwrap();
    let mut times = Vec::new();
    for _ in 0..10_000 {
        let mut machine = Machine::new(&map, Overlay::GENERIC);
        machine.handle_calls(Moment::default(), RINGING);
        while machine.poll().is_some() {}
        let begin = now();
        machine.handle_report(Moment::default(), &SHARED_REPORT.input_report(true, 0));
        let action = std::iter::from_fn(|| match machine.poll()? {
            Output::Event(event) => Some(Some(event)),
            _ => Some(None),
        });
        let action = action.flatten().next();
        times.push(now() - begin);
        assert_eq!(action, Some(DeviceEvent::Request(Action::Answer)));
    }
    times.sort();
    figure("press_without_transport_p50_ns", times[5_000].as_nanos());
}

fn figure(name: &str, value: impl std::fmt::Display) {
    println!("\nfigure {name} {value}");
}

/// Of this thread, in user and in kernel mode, to the nanosecond.
fn processor_time() -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let running = statistics.split(' ').next().unwrap();
    Duration::from_nanos(running.parse().unwrap())
}

const PRESSES: u32 = 2_000;
/// Of 50 ms each.
const IDLE_ROUNDS: u32 = 200;
const HEADSETS: usize = 40;
