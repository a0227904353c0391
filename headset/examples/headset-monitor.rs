//! Shows live what the buttons of this computer's headsets do, with a pretended call to try them on.
//!
//! `headset-monitor [--record FILE]`: rings; answer, mute, hold and end by the buttons. Ends with
//! Ctrl-C. FILE keeps what the first headset said and was told, for `headset::Recording`.
use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headset::{
    Action, CallControlDevice, Calls, DeviceEvent, HeadsetChange, HidTransport, Moment, Recording,
    Traffic, UsbDevice, UsbHeadsets,
};

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut record = match arguments.as_slice() {
        [] => None,
        [flag, path] if flag == "--record" => Some(File::create(path)?),
        _ => return Err("usage: headset-monitor [--record FILE]".into()),
    };
    let clock = Clock::start();
    let mut usb = UsbHeadsets::new()?;
    let mut headsets: Vec<Headset> = Vec::new();
    let mut calls = RINGING;
    let mut ring_again = None;
    println!("Waiting for headsets; a pretended call rings.");
    loop {
        let now = clock.now();
        for change in usb.poll(now)? {
            match change {
                HeadsetChange::Connected(key, mut device) => {
                    println!("Connected with {}", device.model());
                    watch(&mut device, record.take())?;
                    device.set_calls(now, calls)?;
                    headsets.push(Headset { key, device });
                }
                HeadsetChange::Gone(key) => headsets.retain(|headset| headset.key != key),
                HeadsetChange::Refused(error) => eprintln!("{error}"),
                _ => {}
            }
        }
        if ring_again.is_some_and(|at| at <= now) {
            (calls, ring_again) = (RINGING, None);
            tell(&mut headsets, now, calls);
        }
        for event in events(&mut headsets, &mut usb, &clock) {
            let DeviceEvent::Request(action) = event else {
                continue;
            };
            follow(&mut calls, action);
            if calls == Calls::NONE {
                ring_again = Some(Moment(now.0 + Duration::from_secs(3)));
            }
            tell(&mut headsets, clock.now(), calls);
        }
    }
}

struct Headset {
    key: headset::DeviceKey,
    device: Box<headset::HidHeadset<UsbDevice>>,
}

/// What all headsets ask for; waits for the first, a little while.
fn events(headsets: &mut Vec<Headset>, usb: &mut UsbHeadsets, clock: &Clock) -> Vec<DeviceEvent> {
    let mut events = Vec::new();
    let share = Duration::from_millis(20);
    if headsets.is_empty() {
        std::thread::sleep(share);
    }
    headsets.retain_mut(|Headset { key, device }| {
        let alive = device.wait(share).and_then(|()| {
            while let Some(event) = device.poll(clock.now())? {
                events.push(event);
            }
            Ok(())
        });
        if let Err(error) = &alive {
            println!("{}: {error}", device.model());
            usb.lost(key);
        }
        alive.is_ok()
    });
    events
}

fn tell(headsets: &mut [Headset], now: Moment, calls: Calls) {
    for Headset { device, .. } in headsets {
        if let Err(error) = device.set_calls(now, calls) {
            println!("{}: {error}", device.model());
        }
    }
}

fn watch(
    headset: &mut headset::HidHeadset<UsbDevice>,
    file: Option<File>,
) -> Result<(), std::io::Error> {
    let device = headset.transport();
    let header = Recording::header(device.info(), device.descriptor());
    let file = Arc::new(Mutex::new(file));
    if let Ok(mut file) = file.lock()
        && let Some(file) = file.as_mut()
    {
        file.write_all(header.as_bytes())?;
    }
    headset.observe(move |now, traffic: Traffic<'_>| {
        let line = Recording::line(now, traffic);
        print!("{line}");
        if let Ok(mut file) = file.lock()
            && let Some(file) = file.as_mut()
            && let Err(error) = file.write_all(line.as_bytes())
        {
            eprintln!("the recording can't be written: {error}");
        }
    });
    Ok(())
}

/// The pretended call does at once what it is asked.
fn follow(calls: &mut Calls, action: Action) {
    match action {
        Action::Answer | Action::Retrieve => {
            *calls = Calls {
                active: 1,
                ringing: 0,
                held: 0,
                ..*calls
            }
        }
        Action::Hold => {
            *calls = Calls {
                active: 0,
                held: 1,
                ..*calls
            }
        }
        Action::Mute(on) => calls.muted = on,
        Action::Reject | Action::End => *calls = Calls::NONE,
        _ => {}
    }
}

struct Clock(Instant);

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the program that drives the headset"
    )]
    fn start() -> Self {
        Self(Instant::now())
    }

    fn now(&self) -> Moment {
        Moment(self.0.elapsed())
    }
}
