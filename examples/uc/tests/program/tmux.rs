//! A terminal of its own for a test, with a person who looks at it and types.

use std::{process::Output, time::Duration};

use tokio::{
    process::Command,
    time::{sleep, timeout},
};

/// Set by `cargo xtask test` where tmux is missing.
const LEFT_OUT: &str = "UC_TEST_NO_TMUX";

/// A terminal of 80 columns and 24 lines; it goes with this.
pub(crate) struct Tmux {
    socket: String,
}

/// Whether there is no tmux here, which is told.
pub(crate) fn left_out() -> bool {
    let left_out = std::env::var_os(LEFT_OUT).is_some();
    if left_out {
        eprintln!("LEFT OUT: tmux is missing, so no real terminal was tried");
    }
    left_out
}

impl Tmux {
    /// Runs `program` in a terminal, and then shows the terminal's modes and its exit status.
    pub(crate) async fn run(name: &str, program: &Command) -> Self {
        let socket = format!("uc-test-{name}-{}", std::process::id());
        let tmux = Self { socket };
        let program = program.as_std();
        let words = std::iter::once(program.get_program()).chain(program.get_args());
        let words = words.map(|word| format!("'{}'", word.to_str().expect("plain words")));
        let line = words.collect::<Vec<_>>().join(" ");
        let line = format!("{line}; code=$?; stty -a; echo left with $code; exec sleep 60");
        let mut start = tmux.command();
        start.args([
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            &line,
        ]);
        for (name, value) in program.get_envs() {
            start.env(name, value.expect("nothing is taken away"));
        }
        done(start).await;
        tmux
    }

    /// Types these, each a character or a name of a key as tmux has it.
    pub(crate) async fn press(&self, keys: &[&str]) {
        let mut send = self.command();
        send.arg("send-keys").args(keys);
        done(send).await;
    }

    /// What stands on the screen once it has `text`.
    pub(crate) async fn shows(&self, text: &str) -> String {
        let mut screen = String::new();
        let waiting = async {
            loop {
                screen = self.screen().await;
                if screen.contains(text) {
                    break;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let seen = timeout(Duration::from_secs(30), waiting).await;
        assert!(seen.is_ok(), "{text:?} never appears:\n{screen}");
        screen
    }

    /// Whether a program has the terminal's second screen.
    pub(crate) async fn is_taken(&self) -> bool {
        let mut ask = self.command();
        ask.args(["display-message", "-p", "#{alternate_on}"]);
        done(ask).await.stdout.trim_ascii() == b"1"
    }

    async fn screen(&self) -> String {
        let mut capture = self.command();
        capture.args(["capture-pane", "-p"]);
        String::from_utf8_lossy(&done(capture).await.stdout).into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-u", "-L", &self.socket]);
        command
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        let mut kill = std::process::Command::new("tmux");
        let _ = kill.args(["-L", &self.socket, "kill-server"]).output();
    }
}

async fn done(mut command: Command) -> Output {
    let output = command.output().await.expect("tmux is there");
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}
