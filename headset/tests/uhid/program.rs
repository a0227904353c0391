//! Programs that use headsets: one in this process, and `headset-monitor` in another.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use headset::{
    Action, CallControlDevice, Calls, DeviceError, DeviceEvent, DeviceKey, HeadsetChange,
    HidHeadset, Moment, Notice, UsbDevice, UsbHeadsets,
};

use crate::PATIENCE;

pub(crate) type Headset = Box<HidHeadset<UsbDevice>>;

/// Finds headsets and asks them, as a session does.
pub(crate) struct Program {
    usb: UsbHeadsets,
    started: Instant,
    pub(crate) headsets: Vec<(DeviceKey, Headset)>,
}

impl Program {
    pub(crate) fn start() -> Self {
        Self {
            usb: UsbHeadsets::new().unwrap(),
            started: now(),
            headsets: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment(now() - self.started)
    }

    /// One look for headsets that came or went.
    pub(crate) fn look(&mut self) {
        for change in self.usb.poll(self.now()).unwrap() {
            match change {
                HeadsetChange::Connected(key, headset) => self.headsets.push((key, headset)),
                HeadsetChange::Gone(key) => self.headsets.retain(|(known, _)| *known != key),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Looks until there are so many headsets.
    pub(crate) fn until_headsets(&mut self, count: usize) {
        self.until("headsets", |program| {
            program.look();
            (program.headsets.len() == count).then_some(())
        });
    }

    pub(crate) fn models(&self) -> Vec<&str> {
        let models = self.headsets.iter().map(|(_, headset)| headset.model());
        models.collect()
    }

    /// Tells the first headset the calls.
    pub(crate) fn tell(&mut self, calls: Calls) {
        let now = self.now();
        self.headsets[0].1.set_calls(now, calls).unwrap();
    }

    /// What the first headset asks next.
    pub(crate) fn asked(&mut self) -> Action {
        match self.event() {
            DeviceEvent::Request(action) => action,
            other => panic!("{other:?}"),
        }
    }

    /// What the first headset lets a person know next.
    pub(crate) fn noticed(&mut self) -> Notice {
        match self.event() {
            DeviceEvent::Notice(notice) => notice,
            other => panic!("{other:?}"),
        }
    }

    /// What there is to poll of the first headset now.
    pub(crate) fn poll(&mut self) -> Result<Option<DeviceEvent>, DeviceError> {
        let now = self.now();
        self.headsets[0].1.poll(now)
    }

    /// Forgets the first headset, as one does that failed.
    pub(crate) fn lose(&mut self) {
        let (key, _) = self.headsets.remove(0);
        self.usb.lost(&key);
    }

    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut look: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let end = now() + PATIENCE;
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(now() < end, "waited in vain for {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn event(&mut self) -> DeviceEvent {
        self.until("an event", |program| program.poll().unwrap())
    }
}

/// `headset-monitor`: shows what the buttons do, on a pretended call that rings.
pub(crate) struct Monitor {
    child: Child,
    lines: Receiver<String>,
}

impl Monitor {
    /// Runs it as this user (a number).
    pub(crate) fn start(user: u32) -> Self {
        let mut command = Command::new("/bin/headset-monitor");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.uid(user).gid(user).spawn().unwrap();
        let (sender, lines) = channel();
        pass_on(child.stdout.take().unwrap(), sender.clone());
        pass_on(child.stderr.take().unwrap(), sender);
        let monitor = Self { child, lines };
        monitor.until_it_says("Waiting for headsets");
        monitor
    }

    /// Bytes of memory that are its own.
    pub(crate) fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:"));
        let kibibytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kibibytes.parse::<usize>().unwrap() * 1_024
    }

    /// The next line with this in it.
    pub(crate) fn until_it_says(&self, what: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("the other program never said {what:?}"));
            if line.contains(what) {
                return line;
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn pass_on(pipe: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "the kernel's devices keep to no clock of ours"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
