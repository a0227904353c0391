//! sipp, which plays a script and notices whatever isn't in it.

use std::{
    fs,
    net::UdpSocket,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{kamailio::Kamailio, wait::becomes_so};

/// What has come of many calls.
#[derive(Debug)]
pub(crate) struct Counts {
    pub(crate) successful: u32,
    pub(crate) failed: u32,
    pub(crate) sent_again: u32,
    /// From INVITE to answer, the shortest first.
    pub(crate) milliseconds: Vec<f64>,
}

/// A script that is being played.
pub(crate) struct Script {
    dir: PathBuf,
    child: Child,
}

impl Script {
    /// Plays one to whoever calls a number that begins with 2.
    pub(crate) fn answering(server: &Kamailio, scenario: &str) -> Self {
        Self::listening(server, scenario, 30, &["-m", "1"])
    }

    /// The same to everybody, for ten minutes at most.
    pub(crate) fn answering_often(server: &Kamailio, scenario: &str) -> Self {
        Self::listening(server, scenario, 600, &[])
    }

    fn listening(server: &Kamailio, scenario: &str, seconds: u32, more: &[&str]) -> Self {
        let port = server.script_port();
        let script = Self::play(scenario, port, seconds, more);
        let listens = becomes_so(10, || UdpSocket::bind(("127.0.0.1", port)).is_err());
        assert!(listens, "sipp doesn't listen: {}", script.log());
        script
    }

    /// Plays one that calls by way of the server.
    pub(crate) fn calling(server: &Kamailio, scenario: &str) -> Self {
        let remote = format!("127.0.0.1:{}", server.plain_port());
        Self::play(scenario, server.script_port(), 30, &["-m", "1", &remote])
    }

    /// The same, and what comes once more isn't passed over.
    pub(crate) fn calling_attentively(server: &Kamailio, scenario: &str) -> Self {
        let remote = format!("127.0.0.1:{}", server.plain_port());
        let more = ["-m", "1", "-nr", &remote];
        Self::play(scenario, server.script_port(), 30, &more)
    }

    /// Plays one `count` times by way of the server, so often a second and with so many at once at most,
    /// to each of `numbers` in turn: they are field 0, their credentials field 1.
    pub(crate) fn calling_often(
        server: &Kamailio,
        scenario: &str,
        numbers: &[String],
        [count, a_second, at_once]: [u32; 3],
    ) -> Self {
        let remote = format!("127.0.0.1:{}", server.plain_port());
        let list = std::env::temp_dir().join(format!("uc-sipp-{}.csv", std::process::id()));
        let row = |number: &String| {
            let credentials = format!("[authentication username={number} password=secret]");
            format!("{number};{credentials};\n")
        };
        let rows: String = numbers.iter().map(row).collect();
        fs::write(&list, format!("SEQUENTIAL\n{rows}")).unwrap();
        let list = list.display().to_string();
        let [count, a_second, at_once] = [count, a_second, at_once].map(|n| n.to_string());
        let limits = ["-m", &count, "-r", &a_second, "-l", &at_once];
        let told = ["-inf", &list, "-trace_stat", "-stf", "counts", "-fd", "1"];
        let times = ["-trace_rtt", "-rtt_freq", "1", &remote];
        // The server's processes may overtake each other: it may ring after the answer.
        let lenient = ["-default_behaviors", "all,-abortunexp"];
        let more = [&limits[..], &told, &lenient, &times].concat();
        // Another port than that of the script that answers.
        Self::play(scenario, free_port(), 600, &more)
    }

    /// Waits until all were played; what has come of them.
    pub(crate) fn counts(mut self) -> Counts {
        let ended = becomes_so(600, || self.child.try_wait().unwrap().is_some());
        assert!(ended, "sipp doesn't end: {}", self.log());
        let text = fs::read_to_string(self.dir.join("counts")).unwrap_or_default();
        let mut lines = text.lines();
        let names: Vec<_> = lines.next().unwrap_or_default().split(';').collect();
        let last: Vec<_> = lines.next_back().unwrap_or_default().split(';').collect();
        let column = |name: &str| {
            let at = names.iter().position(|known| *known == name)?;
            last.get(at)?.parse().ok()
        };
        let count = |name: &str| column(name).unwrap_or_else(|| panic!("no {name} in {text}"));
        let failed = count("FailedCall(C)");
        if failed > 0 {
            eprintln!("sipp: {}", self.log());
        }
        Counts {
            successful: count("SuccessfulCall(C)"),
            failed,
            sent_again: count("Retransmissions(C)"),
            milliseconds: self.milliseconds(),
        }
    }

    /// The response times that the script has measured, in order.
    fn milliseconds(&self) -> Vec<f64> {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut files =
            files.filter(|file| file.file_name().to_string_lossy().ends_with("_rtt.csv"));
        let text = files
            .next()
            .and_then(|file| fs::read_to_string(file.path()).ok());
        let text = text.unwrap_or_default();
        let times = text
            .lines()
            .filter_map(|line| line.split(';').nth(1)?.parse().ok());
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        times
    }

    fn play(scenario: &str, port: u16, seconds: u32, more: &[&str]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("uc-sipp-{}-{count}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("scenario.xml"), scenario).unwrap();
        let log = fs::File::create(dir.join("log")).unwrap();
        let mut command = Command::new("sipp");
        command
            .current_dir(&dir)
            .args(["-sf", "scenario.xml", "-i", "127.0.0.1"]);
        command.args(["-p", &port.to_string(), "-nostdin", "-trace_err"]);
        command.args(["-timeout", &format!("{seconds}s"), "-timeout_error"]);
        let child = command
            .args(more)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { dir, child }
    }

    /// Waits until it was played to its end, with nothing that it doesn't know.
    pub(crate) fn ends(mut self) {
        let mut status = None;
        let ended = becomes_so(35, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(ended, "sipp doesn't end: {}", self.log());
        let status = status.unwrap();
        assert!(
            status.success(),
            "the script went otherwise: {}",
            self.log()
        );
    }

    fn log(&self) -> String {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let errors = files.filter(|file| file.file_name().to_string_lossy().ends_with(".log"));
        let errors = errors.filter_map(|file| fs::read_to_string(file.path()).ok());
        errors.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}
