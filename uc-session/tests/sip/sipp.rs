//! sipp, which plays a script and notices whatever isn't in it.

use std::{
    fs,
    net::UdpSocket,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use crate::{kamailio::Kamailio, wait::becomes_so};

/// A script that is being played.
pub(crate) struct Script {
    dir: PathBuf,
    child: Child,
}

impl Script {
    /// Plays one to whoever calls a number that begins with 2.
    pub(crate) fn answering(server: &Kamailio, scenario: &str) -> Self {
        let port = server.script_port();
        let script = Self::play(scenario, port, &[]);
        let listens = becomes_so(10, || UdpSocket::bind(("127.0.0.1", port)).is_err());
        assert!(listens, "sipp doesn't listen: {}", script.log());
        script
    }

    /// Plays one that calls by way of the server.
    pub(crate) fn calling(server: &Kamailio, scenario: &str) -> Self {
        let remote = format!("127.0.0.1:{}", server.plain_port());
        Self::play(scenario, server.script_port(), &[&remote])
    }

    fn play(scenario: &str, port: u16, more: &[&str]) -> Self {
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
        command.args(["-p", &port.to_string(), "-m", "1", "-nostdin", "-trace_err"]);
        command.args(["-timeout", "30s", "-timeout_error"]);
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
