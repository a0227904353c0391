//! The program as a person runs it, against the embedded server.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};
use uc_server::{RunningServer, Server};

async fn server() -> RunningServer {
    Server::builder().start().await.expect("the server starts")
}

fn uc(server: &RunningServer, user: &str) -> Command {
    let pin: String = server
        .fingerprint()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_uc"));
    command
        .args([
            "--server",
            &server.address().to_string(),
            "--user",
            user,
            "--json",
        ])
        .env("UC_PIN", pin)
        .env("UC_PASSWORD", format!("demo-{user}"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn finish(mut command: Command) -> Output {
    let output = timeout(Duration::from_secs(30), command.output()).await;
    output
        .expect("it ends by itself")
        .expect("the program was built")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON a line"))
        .collect()
}

fn speech(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../demo/speech")
        .join(name)
}

#[tokio::test]
async fn sign_in_says_who_and_what_the_connection_can() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("sign-in");
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    let told = &lines(&output)[0];
    assert_eq!(told["extension"], "330");
    assert_eq!(told["mode"], "smart");
    let able = told["capabilities"].as_array().expect("a list");
    assert!(able.contains(&Value::from("VoipCalls")), "{told}");
}

#[tokio::test]
async fn search_finds_by_first_letters_and_presence_is_set_and_shown() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.args(["search", "bi"]);
    let found = lines(&finish(command).await);
    assert!(
        found.iter().any(|contact| contact["last_name"] == "Birke"),
        "{found:?}"
    );

    let mut command = uc(&server, "330");
    command.args(["presence", "lunch", "--note", "soup"]);
    let set = lines(&finish(command).await);
    assert_eq!(
        (&set[0]["state"], &set[0]["note"]),
        (&"lunch".into(), &"soup".into())
    );
    let mut command = uc(&server, "331");
    command.arg("presence");
    let seen = lines(&finish(command).await);
    let caller = seen
        .iter()
        .find(|presence| presence["user"] == "330")
        .expect("a colleague");
    assert_eq!(caller["state"], "lunch");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_certificate_say_what_to_do() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.env("UC_PASSWORD", "wrong").arg("sign-in");
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("password"),
        "{told}"
    );
    assert!(!told.contains("wrong\""), "the password is shown: {told}");

    let mut command = uc(&server, "330");
    command.env_remove("UC_PIN").arg("sign-in");
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("--pin"), "{told}");
}

#[tokio::test]
async fn a_call_with_files_is_answered_held_and_hung_up() {
    let server = server().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (near, far) = (folder.join("uc-near.wav"), folder.join("uc-far.wav"));
    let mut answer = uc(&server, "331");
    answer
        .arg("answer")
        .arg("--play")
        .arg(speech("b.wav"))
        .arg("--record")
        .arg(&far);
    let answering = tokio::spawn(finish(answer));
    // The callee must be signed in before it can ring: dial until it does.
    let output = loop {
        let mut call = uc(&server, "330");
        call.args(["call", "331", "--hold-after", "1", "--hang-up-after", "3"]);
        call.arg("--play")
            .arg(speech("a.wav"))
            .arg("--record")
            .arg(&near);
        let output = finish(call).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() || !told.contains("no phone signed in") {
            break output;
        }
    };
    assert!(output.status.success(), "{output:?}");
    let states: Vec<Value> = lines(&output)
        .iter()
        .map(|line| line["state"].clone())
        .collect();
    assert_eq!(states, ["connected", "held", "retrieved", "ended"]);
    let answered = answering.await.expect("joins");
    assert!(answered.status.success(), "{answered:?}");
    let heard = lines(&answered).last().expect("a last line").clone();
    assert!(heard["received"].as_u64() > Some(50), "{heard}");
    for recording in [near, far] {
        let length = std::fs::metadata(&recording)
            .expect("the recording is there")
            .len();
        assert!(
            length > 48_000,
            "{} holds {length} bytes",
            recording.display()
        );
    }
}

#[cfg(feature = "device")]
#[tokio::test]
async fn devices_are_listed_and_one_that_is_not_there_is_refused() {
    if std::env::var_os("UC_TEST_PULSE").is_none() {
        eprintln!("SKIPPED: no PulseAudio null sinks; see voip-media/tests/pulse/start.sh");
        return;
    }
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("devices");
    let listed = lines(&finish(command).await);
    let speaker = listed.iter().find(|device| device["name"] == "Speaker");
    let speaker = speaker.expect("the null sink is listed");
    assert_eq!(speaker["kind"], "loudspeaker");
    let mut command = uc(&server, "330");
    command.args(["call", "331", "--speaker", "nonsense"]);
    let refused = finish(command).await;
    assert!(!refused.status.success());
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("uc devices lists them"), "{words}");
    server.stop().await;
}

/// A folder for the settings of one test, emptied of what an earlier run left.
fn data(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// The program as it is called where a profile says everything but the password.
fn uc_with(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_uc"));
    command
        .arg("--json")
        .env("UC_DATA", data)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
        .env("UC_PASSWORD", "demo-330")
        .env_remove("UC_PIN")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn profiles_are_added_listed_changed_used_and_removed() {
    let (here, there) = (server().await, server().await);
    let data = data("uc-profiles");
    let run = async |arguments: &[&str]| {
        let mut command = uc_with(&data);
        command.args(arguments);
        finish(command).await
    };
    let pin = |server: &RunningServer| -> String {
        server
            .fingerprint()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    let (address, elsewhere) = (here.address().to_string(), there.address().to_string());
    let added = [
        "profile", "add", "Office", "--server", &address, "--user", "330", "--pin",
    ];
    let output = run(&[&added[..], &[&pin(&here)]].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let output = run(&[
        "profile", "add", "Home", "--server", &elsewhere, "--user", "331",
    ])
    .await;
    let listed = lines(&output);
    assert_eq!(listed.len(), 2, "{output:?}");
    assert_eq!(
        (&listed[0]["name"], &listed[0]["in_use"]),
        (&"Office".into(), &true.into())
    );
    assert_eq!(listed[1]["lan"], *elsewhere);

    let output = run(&["sign-in"]).await;
    assert_eq!(
        lines(&output)[0]["extension"],
        "330",
        "the profile in use: {output:?}"
    );
    let output = run(&[
        "profile", "change", "home", "--user", "330", "--rename", "Cabin",
    ])
    .await;
    assert_eq!(lines(&output)[1]["user"], "330", "{output:?}");
    let output = run(&["profile", "change", "Cabin", "--pin", &pin(&there)]).await;
    assert_eq!(lines(&output)[1]["pins"], 1, "{output:?}");
    let output = run(&["profile", "use", "Cabin"]).await;
    assert_eq!(lines(&output)[1]["in_use"], true);
    for arguments in [&["sign-in"][..], &["sign-in", "--profile", "office"]] {
        let output = run(arguments).await;
        assert_eq!(lines(&output)[0]["extension"], "330", "{output:?}");
    }
    let output = run(&["profile", "remove", "Office"]).await;
    assert_eq!(lines(&output).len(), 1);
    let output = run(&["sign-in", "--profile", "Office"]).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("no such profile"),
        "{told}"
    );
}

#[tokio::test]
async fn a_computer_without_a_key_store_says_that_the_password_is_not_kept() {
    let data = data("uc-no-key-store");
    let mut command = Command::new(env!("CARGO_BIN_EXE_uc"));
    command
        .args([
            "profile",
            "add",
            "Office",
            "--server",
            "pbx.example",
            "--user",
            "330",
        ])
        .env("UC_DATA", &data)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
        .env("UC_PASSWORD", "demo-330")
        .stdin(Stdio::null());
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("isn't kept") && told.contains("environment"),
        "{told}"
    );
}

#[tokio::test]
async fn diagnose_says_what_works_step_by_step_and_what_to_do() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("diagnose");
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    let told = lines(&output);
    let steps: Vec<_> = told
        .iter()
        .filter_map(|line| line["step"].as_str())
        .collect();
    let wanted = [
        "name",
        "route",
        "port",
        "TLS",
        "certificate",
        "credentials",
        "licence",
        "version",
        "events",
    ];
    assert_eq!(steps, wanted);
    assert_eq!(told.last().expect("a verdict")["works"], true);

    let mut command = uc(&server, "330");
    command
        .env("UC_PASSWORD", "s3cret-but-wrong")
        .arg("diagnose");
    let output = finish(command).await;
    assert!(!output.status.success());
    let told = lines(&output);
    let verdict = told.last().expect("a verdict");
    assert_eq!(
        (&verdict["works"], &verdict["obstacle"]),
        (&false.into(), &"credentials".into())
    );
    let problem = told
        .iter()
        .find(|line| line["step"] == "credentials")
        .expect("a step");
    assert!(
        problem["problem"]
            .as_str()
            .is_some_and(|text| text.contains("check both"))
    );
    assert!(!format!("{output:?}").contains("s3cret"));
}

#[tokio::test]
async fn the_trace_log_is_switched_on_and_off_and_holds_no_secret() {
    let server = server().await;
    let data = data("uc-trace-log");
    let run = async |arguments: &[&str]| {
        let mut command = uc(&server, "330");
        command.env("UC_DATA", &data).args(arguments);
        let output = finish(command).await;
        assert!(output.status.success(), "{output:?}");
        output
    };
    run(&["sign-in"]).await;
    assert!(!data.exists(), "nothing is kept that nobody asked for");
    let shown = lines(&run(&["log", "on", "--level", "trace"]).await);
    assert_eq!(shown[0]["level"], "trace");
    let path = PathBuf::from(shown[0]["path"].as_str().expect("a path"));
    run(&["search", "birke"]).await;
    let written = std::fs::read_to_string(&path).expect("the log is there");
    assert!(written.contains("TRACE"), "{} bytes", written.len());
    for secret in ["demo-330", "birke", "Birke", "Bearer"] {
        assert!(!written.contains(secret), "{secret} stands in the log");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path)
            .expect("the log")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    run(&["log", "off"]).await;
    let before = std::fs::metadata(&path).expect("the log").len();
    run(&["search", "birke"]).await;
    assert_eq!(std::fs::metadata(&path).expect("the log").len(), before);
}

async fn told(server: &RunningServer, user: &str, arguments: &[&str]) -> Value {
    let mut command = uc(server, user);
    command.args(arguments);
    let output = finish(command).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    lines(&output).last().cloned().unwrap_or_default()
}

#[tokio::test]
async fn presence_is_set_with_a_return_time_and_hidden() {
    let server = server().await;
    let set = ["presence", "holiday", "--until", "2099-01-31T08:00Z"];
    let set = told(&server, "330", &set).await;
    assert_eq!(set["until_ms"], 4_073_529_600_000_i64);
    let hidden = ["presence", "--visibility", "not-visible"];
    let hidden = told(&server, "330", &hidden).await;
    let shown = (&hidden["state"], &hidden["visibility"]);
    assert_eq!(shown, (&"holiday".into(), &"not-visible".into()));
    let mut command = uc(&server, "331");
    command.arg("presence");
    let seen = lines(&finish(command).await);
    let rosa = seen
        .iter()
        .find(|one| one["user"] == "330")
        .expect("a colleague");
    assert_eq!(
        (&rosa["state"], &rosa["until_ms"]),
        (&"invisible".into(), &Value::Null)
    );
}

#[tokio::test]
async fn profile_photo_and_settings_are_kept_by_the_server() {
    let server = server().await;
    let set = ["me", "set", "--mobile", "+49 171 3920099", "--private", ""];
    let set = told(&server, "330", &set).await;
    assert_eq!(set["mobile"], "+49 171 3920099");
    assert_eq!(
        set["email"], "ahorn@forest.example",
        "what isn't named stays"
    );

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (picture, saved) = (folder.join("uc-picture.png"), folder.join("uc-saved.png"));
    write_picture(&picture);
    let path = |path: &PathBuf| path.to_str().expect("a plain name").to_owned();
    told(&server, "330", &["photo", "set", &path(&picture)]).await;
    told(&server, "331", &["photo", "save", "330", &path(&saved)]).await;
    let size = png::Decoder::new(std::io::Cursor::new(std::fs::read(&saved).expect("saved")));
    let size = size.read_info().expect("a PNG").info().size();
    assert_eq!(size, (200, 200));
    told(&server, "330", &["photo", "delete"]).await;
    assert_eq!(told(&server, "330", &["me", "show"]).await["photo"], false);

    let file = folder.join("uc-settings");
    std::fs::write(&file, "version = 2\nlanguage = nl\nstart-at-log-in = on\n").expect("written");
    told(&server, "330", &["settings", "store", &path(&file)]).await;
    let elsewhere = told(&server, "330", &["settings", "show"]).await;
    let text = elsewhere["settings"].as_str().expect("a text");
    assert!(
        text.contains("language = nl") && text.contains("start-at-log-in = off"),
        "{text}"
    );
}

fn write_picture(path: &Path) {
    let file = std::fs::File::create(path).expect("made");
    let mut encoder = png::Encoder::new(file, 60, 40);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a head");
    writer.write_image_data(&[90; 2400]).expect("pixels");
    writer.finish().expect("an end");
}

#[tokio::test]
async fn a_password_is_changed_and_the_old_one_is_refused() {
    let server = server().await;
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("uc-new-password");
    std::fs::write(&file, "Abcdef1!\n").expect("written");
    let change = [
        "password",
        "--new-password-file",
        file.to_str().expect("a plain name"),
    ];
    told(&server, "330", &change).await;
    let mut command = uc(&server, "330");
    command.arg("redial");
    assert!(!finish(command).await.status.success());
    let mut command = uc(&server, "330");
    command.env("UC_PASSWORD", "Abcdef1!").arg("redial");
    assert!(finish(command).await.status.success());
}
