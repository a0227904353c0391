//! The terminal while the telephone has it, and the keys that are pressed there.

use std::{io, thread};

use ratatui::{
    DefaultTerminal,
    crossterm::event::{self, Event, KeyEvent, KeyEventKind},
};
use tokio::sync::mpsc;

/// The terminal with the telephone on it; dropping it gives the terminal back as it was. A panic
/// gives it back before its message.
pub(super) struct Terminal(DefaultTerminal);

/// What a person does at the terminal.
#[derive(Debug)]
pub(super) enum Touch {
    Key(KeyEvent),
    /// The window has another size.
    Resized,
}

impl Terminal {
    pub(super) fn take() -> io::Result<Self> {
        ratatui::try_init().map(Self)
    }

    pub(super) fn draw(&mut self, phone: &super::phone::Phone) -> io::Result<()> {
        self.0.draw(|frame| super::draw::draw(frame, phone))?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// What is done at the terminal from now on; ends where the terminal does. The thread that waits
/// for it ends with the process: nothing else wakes it.
pub(super) fn touches() -> mpsc::UnboundedReceiver<Touch> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        while let Ok(event) = event::read() {
            let touch = match event {
                Event::Key(key) if key.kind != KeyEventKind::Release => Touch::Key(key),
                Event::Resize(..) => Touch::Resized,
                _ => continue,
            };
            if sender.send(touch).is_err() {
                break;
            }
        }
    });
    receiver
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// Set where the test runs in the terminal that it looks at from outside.
    const INSIDE: &str = "UC_TEST_INSIDE";

    #[test]
    fn a_panic_gives_the_terminal_back_before_its_message() {
        if std::env::var_os(INSIDE).is_some() {
            let _terminal = Terminal::take().unwrap();
            panic!("something is wrong");
        }
        let program = std::env::current_exe().unwrap();
        let this = "console::terminal::tests::a_panic_gives_the_terminal_back_before_its_message";
        let line = format!(
            "'{}' --exact {this} --nocapture; stty -a",
            program.display()
        );
        let mut script = Command::new("script");
        let script = script.args(["--quiet", "--command", &line, "/dev/null"]);
        let script = script.env(INSIDE, "1").env("TERM", "xterm");
        let output = script.stdin(Stdio::null()).output().unwrap();
        let screen = String::from_utf8_lossy(&output.stdout);
        let taken = screen.find("\u{1b}[?1049h").expect("it was taken");
        let given_back = screen.find("\u{1b}[?1049l").expect("and given back");
        let message = screen.find("something is wrong").expect("it is told");
        assert!(taken < given_back && given_back < message, "{screen:?}");
        assert!(
            screen.contains(" icanon") && screen.contains(" echo "),
            "{screen:?}"
        );
    }
}
