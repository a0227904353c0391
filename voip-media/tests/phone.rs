//! Calls with a SIP phone of somebody else's making, baresip: it calls, and plays back what it hears. Left
//! out, loudly, where it isn't installed.
#![cfg(target_os = "linux")]

#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use side::{LOW, Side, config, speak};
use tokio::net::UdpSocket;
use voip_media::{CodecKind, MediaProfile};

#[tokio::test]
async fn a_phone_with_keys_in_its_description_is_talked_with() {
    talk(Some("srtp-mand"), "RTP/SAVP", MediaProfile::SdesSrtp).await;
}

#[tokio::test]
async fn a_phone_with_feedback_and_keys_is_talked_with() {
    talk(Some("srtp-mandf"), "RTP/SAVPF", MediaProfile::SdesSrtp).await;
}

#[tokio::test]
async fn a_phone_without_encryption_is_talked_with() {
    talk(None, "RTP/AVP", MediaProfile::PlainRtp).await;
}

/// It calls; what is said comes back.
async fn talk(encryption: Option<&str>, protocol: &str, profile: MediaProfile) {
    let Some(modules) = modules() else {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no SIP phone (Debian: baresip-core)"
        );
        return;
    };
    let exchange = Exchange::new().await;
    let _phone = Phone::start(&modules, encryption, exchange.address());
    let side = Side::new(
        LOW,
        config(|config| {
            config.profiles = vec![profile];
            config.codecs = vec![CodecKind::Pcma];
        }),
    );
    let invite = exchange.called().await;
    assert!(
        invite.body().contains(&format!(" {protocol} ")),
        "{}",
        invite.body()
    );
    let answer = side.session.accept_offer(invite.body()).await;
    exchange.accept(&invite, &answer.expect("an answer")).await;
    assert!(side.comes_to_hear(LOW).await, "what was said comes back");
    // It reports every five seconds or so.
    for _ in 0..200 {
        if side.session.stats().round_trip.is_some() {
            break;
        }
        speak(100).await;
    }
    assert!(side.hears(LOW).await);
    let stats = side.session.stats();
    assert!(stats.round_trip.is_some(), "{stats:?}");
    // It opens the way for its reports with one that nothing protects.
    let refused = u64::from(encryption.is_some());
    assert!(stats.drops.unauthenticated <= refused, "{stats:?}");
    assert_eq!(stats.drops.total(), stats.drops.unauthenticated);
}

fn modules() -> Option<PathBuf> {
    let places = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    let starts = Command::new("baresip").arg("-h").output().is_ok();
    found.filter(|_| starts)
}

/// The phone; hung up when dropped.
struct Phone(Child);

impl Phone {
    fn start(modules: &Path, encryption: Option<&str>, exchange: SocketAddr) -> Self {
        let name = format!("phone-{}", encryption.unwrap_or("plain"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let modules = modules.display();
        // Its bridge gives what is played to the microphone.
        let config = format!(
            "sip_listen 127.0.0.1:0\nnet_interface 127.0.0.1\nmodule_path {modules}\nmodule g711.so\n\
             module srtp.so\nmodule aubridge.so\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
             module_app menu.so\naudio_player aubridge,loop\naudio_source aubridge,loop\n\
             audio_alert aubridge,bell\nrtp_stats no\n"
        );
        let encryption = encryption.map(|name| format!(";mediaenc={name}"));
        let encryption = encryption.unwrap_or_default();
        let account =
            format!("<sip:phone@{exchange}>;regint=0{encryption};audio_codecs=PCMA/8000/1\n");
        fs::write(folder.join("config"), config).expect("written");
        fs::write(folder.join("accounts"), account).expect("written");
        fs::write(folder.join("contacts"), "").expect("written");
        let mut command = Command::new("baresip");
        command.arg("-4").arg("-f").arg(&folder);
        command.args(["-t", "60", "-e", &format!("/dial sip:desk@{exchange}")]);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let log = fs::File::create(folder.join("log")).expect("a log");
        Self(command.stdout(log).spawn().expect("it starts"))
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// As much of SIP as a call needs that succeeds (RFC 3261).
struct Exchange(UdpSocket);

struct Invite {
    text: String,
    from: SocketAddr,
}

impl Invite {
    fn body(&self) -> &str {
        self.text.split_once("\r\n\r\n").expect("a body").1
    }

    /// The lines that an answer repeats.
    fn repeated(&self) -> String {
        let names = ["via:", "from:", "call-id:", "cseq:", "record-route:"];
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head.lines().filter(|line| {
            let line = line.to_ascii_lowercase();
            names.iter().any(|name| line.starts_with(name))
        });
        lines.map(|line| format!("{line}\r\n")).collect()
    }

    fn to(&self) -> &str {
        let mut lines = self.text.lines();
        lines
            .find(|line| line.starts_with("To:"))
            .expect("a callee")
    }
}

impl Exchange {
    async fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self(socket.expect("a socket"))
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("bound")
    }

    async fn called(&self) -> Invite {
        let mut buffer = vec![0; 65_536];
        let call = async {
            loop {
                let (length, from) = self.0.recv_from(&mut buffer).await.expect("received");
                let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                if text.starts_with("INVITE ") {
                    return Invite { text, from };
                }
            }
        };
        let called = tokio::time::timeout(Duration::from_secs(20), call).await;
        called.expect("the phone calls")
    }

    async fn accept(&self, invite: &Invite, answer: &str) {
        let (repeated, to, here) = (invite.repeated(), invite.to(), self.address());
        let text = format!(
            "SIP/2.0 200 OK\r\n{repeated}{to};tag=1\r\nContact: <sip:desk@{here}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{answer}",
            answer.len()
        );
        let sent = self.0.send_to(text.as_bytes(), invite.from).await;
        sent.expect("sent");
    }
}
