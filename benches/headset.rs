//! `cargo xtask bench headset`: from a report of a headset to the action, without transport, and
//! what a headset takes in memory.
//!
//! A *press* is a report that answers a ringing call, until the application has the action; every
//! press is timed alone. A *report* changes nothing.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::{Duration, Instant},
};

use clap::Parser;
use headset::{Calls, DeviceEvent, Machine, Moment, Output, Overlay, TelephonyMap, read_hex};
use serde_json::{Value, json};

#[derive(Debug, Parser)]
struct Arguments {
    /// How many presses, in thousands.
    #[arg(long, default_value_t = 100)]
    thousand_presses: usize,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

const DESCRIPTOR: &str = include_str!("../headset/tests/fixtures/shared-report.hex");

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};

fn main() {
    let arguments = Arguments::parse();
    let descriptor = read_hex(DESCRIPTOR).expect("a fixture");
    let before = LIVE.load(Relaxed);
    let map = TelephonyMap::parse(&descriptor).expect("a fixture");
    let machine = Machine::new(&map, Overlay::GENERIC);
    drop(map);
    let bytes = LIVE.load(Relaxed) - before + size_of::<Machine>();
    let count = arguments.thousand_presses * 1000;
    let report = json!({
        "press_ns": figures(presses(&machine, count)),
        "report_ns": figures(reports(&machine, count)),
        "bytes_per_device": bytes,
    });
    match arguments.json {
        true => println!("{report}"),
        false => println!("{report:#}"),
    }
}

/// Each press finds a machine that has just begun to ring.
fn presses(machine: &Machine, count: usize) -> Vec<u128> {
    let ring = |_| {
        let mut machine = machine.clone();
        machine.handle_calls(Moment::default(), RINGING);
        while machine.poll().is_some() {}
        let ((), took) = timed(|| {
            machine.handle_report(Moment(Duration::from_secs(1)), black_box(&[5, 1, 0]));
            while !matches!(machine.poll(), Some(Output::Event(DeviceEvent::Request(_)))) {}
        });
        took
    };
    (0..count).map(ring).collect()
}

fn reports(machine: &Machine, count: usize) -> Vec<u128> {
    let mut machine = machine.clone();
    let report = |_| {
        let (output, took) = timed(|| {
            machine.handle_report(Moment::default(), black_box(&[5, 0, 0]));
            machine.poll().is_some()
        });
        assert!(!output, "nothing changed");
        took
    };
    (0..count).map(report).collect()
}

fn figures(mut times: Vec<u128>) -> Value {
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied();
    json!({ "median": at(50), "p99": at(99) })
}

#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn timed<T>(body: impl FnOnce() -> T) -> (T, u128) {
    let start = Instant::now();
    let result = body();
    (result, start.elapsed().as_nanos())
}

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);

// Only counts; everything else is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
