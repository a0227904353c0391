//! How the tests run the program.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};
use uc_server::{RunningServer, Server};

pub(crate) async fn server() -> RunningServer {
    Server::builder().start().await.expect("the server starts")
}

/// The program without options; it finds no key store.
pub(crate) fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uc"));
    command
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
        .env("UC_DATA", folder("nobodys"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// The program as `user` of `server`, told everything but what to do; it prints JSON.
pub(crate) fn uc(server: &RunningServer, user: &str) -> Command {
    let address = server.address().to_string();
    let mut command = bare();
    command
        .args(["--server", &address, "--user", user, "--json"])
        .env("UC_PIN", pin(server))
        .env("UC_PASSWORD", format!("demo-{user}"));
    command
}

/// The program on a computer that keeps its settings in `data`, where a profile of 330's says
/// everything but the password; it prints JSON.
pub(crate) fn uc_with(data: &Path) -> Command {
    let mut command = bare();
    command
        .arg("--json")
        .env("UC_DATA", data)
        .env("UC_PASSWORD", "demo-330");
    command
}

pub(crate) fn pin(server: &RunningServer) -> String {
    let sha256 = server.fingerprint();
    sha256.map(|byte| format!("{byte:02x}")).concat()
}

pub(crate) async fn finish(mut command: Command) -> Output {
    let output = within(command.output()).await;
    output.expect("the program was built")
}

/// Waits for what has to come.
pub(crate) async fn within<T>(awaited: impl Future<Output = T>) -> T {
    let awaited = timeout(Duration::from_secs(30), awaited).await;
    awaited.expect("it comes by itself")
}

/// Runs the program at a terminal of its own (by `script`), where a person answers its prompts.
/// Gives whether it succeeded, and what stood on the screen.
#[cfg(target_os = "linux")]
pub(crate) async fn at_a_terminal(program: &Command, dialogue: &[(&str, &str)]) -> (bool, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let program = program.as_std();
    let words = std::iter::once(program.get_program()).chain(program.get_args());
    let words = words.map(|word| format!("'{}'", word.to_str().expect("plain words")));
    let line = words.collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    for (name, value) in program.get_envs() {
        script.env(name, value.expect("nothing is taken away"));
    }
    let mut running = script.spawn().expect("util-linux is there");
    let mut keyboard = running.stdin.take().expect("piped");
    let mut terminal = running.stdout.take().expect("piped");
    let talk = async {
        let (mut screen, mut seen) = (Vec::new(), 0);
        for (prompt, answer) in dialogue {
            // What is typed before its prompt would be thrown away.
            while !String::from_utf8_lossy(&screen[seen..]).contains(prompt) {
                let read = terminal.read_buf(&mut screen).await.expect("a screen");
                assert_ne!(read, 0, "{prompt}? {}", String::from_utf8_lossy(&screen));
            }
            seen = screen.len();
            let typed = format!("{answer}\n");
            keyboard.write_all(typed.as_bytes()).await.expect("heard");
        }
        terminal.read_to_end(&mut screen).await.expect("a screen");
        let status = running.wait().await.expect("an end");
        (
            status.success(),
            String::from_utf8_lossy(&screen).into_owned(),
        )
    };
    within(talk).await
}

/// What it has printed, JSON a line.
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON a line"))
        .collect()
}

/// What it prints about a failure.
pub(crate) fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What the program answers `user`; as an error, what it complains of.
pub(crate) async fn answer(
    server: &RunningServer,
    user: &str,
    arguments: &[&str],
) -> Result<Vec<Value>, String> {
    let mut command = uc(server, user);
    command.args(arguments);
    let output = finish(command).await;
    match output.status.success() {
        true => Ok(lines(&output)),
        false => Err(complaint(&output)),
    }
}

/// The last of what the program tells `user`.
pub(crate) async fn told(server: &RunningServer, user: &str, arguments: &[&str]) -> Value {
    let told = answer(server, user, arguments).await;
    let told = told.unwrap_or_else(|complaint| panic!("{arguments:?}: {complaint}"));
    told.last().cloned().unwrap_or_default()
}

/// What the program prints for a person.
pub(crate) async fn plain(server: &RunningServer, user: &str, arguments: &[&str]) -> String {
    let mut command = bare();
    command
        .args(["--server", &server.address().to_string(), "--user", user])
        .args(arguments)
        .env("UC_PIN", pin(server))
        .env("UC_PASSWORD", format!("demo-{user}"));
    let output = finish(command).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A place for the files of the tests.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// A folder for the settings of one test, emptied of what an earlier run left.
pub(crate) fn data(name: &str) -> PathBuf {
    let folder = folder(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
