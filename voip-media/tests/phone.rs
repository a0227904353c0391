//! Calls with a SIP phone of somebody else's making, baresip: it calls or is called, and plays back what
//! it hears. Left
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

#[tokio::test]
async fn a_phone_is_called_with_keys_in_the_description() {
    call(Some("srtp-mand"), MediaProfile::SdesSrtp).await;
}

#[tokio::test]
async fn a_phone_is_called_without_encryption() {
    call(None, MediaProfile::PlainRtp).await;
}

/// It is called; what is said comes back. It understands hold (its microphone here doesn't come back after
/// that).
async fn call(encryption: Option<&str>, profile: MediaProfile) {
    let Some(modules) = modules() else { return };
    let exchange = Exchange::new().await;
    let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let phone = free.expect("a socket").local_addr().expect("bound");
    let _phone = Phone::start(&modules, encryption, Its::Port(phone));
    let side = speaker(profile);
    let offer = side.session.offer().await.expect("an offer");
    let (answer, to) = exchange.invite(phone, 1, "", &offer).await;
    let accepted = side.session.accept_answer(&answer).await;
    accepted.expect("accepted");
    assert!(side.comes_to_hear(LOW).await, "what was said comes back");
    for (round, held) in [(2, true), (3, false)] {
        side.hold(round, held).await;
        let offer = side.session.offer().await.expect("an offer");
        let (answer, _) = exchange.invite(phone, round, &to, &offer).await;
        assert_eq!(answer.contains("a=recvonly"), held, "{answer}");
        let accepted = side.session.accept_answer(&answer).await;
        accepted.expect("accepted");
        speak(500).await;
        let before = side.session.stats();
        speak(500).await;
        let after = side.session.stats();
        assert_eq!(after.packets_sent == before.packets_sent, held);
    }
}

fn speaker(profile: MediaProfile) -> Side {
    Side::new(
        LOW,
        config(|config| {
            config.profiles = vec![profile];
            config.codecs = vec![CodecKind::Pcma];
            config.local_address = Some(Ipv4Addr::LOCALHOST.into());
        }),
    )
}

/// It calls; what is said comes back.
async fn talk(encryption: Option<&str>, protocol: &str, profile: MediaProfile) {
    let Some(modules) = modules() else { return };
    let exchange = Exchange::new().await;
    let _phone = Phone::start(&modules, encryption, Its::Call(exchange.address()));
    let side = speaker(profile);
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

/// The phone's, if it is there.
fn modules() -> Option<PathBuf> {
    let places = ["/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules"];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    let starts = Command::new("baresip").arg("-h").output().is_ok();
    let found = found.filter(|_| starts);
    if found.is_none() {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no SIP phone (Debian: baresip-core)"
        );
    }
    found
}

/// What the phone does.
enum Its {
    /// It calls there.
    Call(SocketAddr),
    /// It is called here, and answers.
    Port(SocketAddr),
}

/// The phone; hung up when dropped.
struct Phone(Child);

impl Phone {
    fn start(modules: &Path, encryption: Option<&str>, its: Its) -> Self {
        let (listen, mode) = match its {
            Its::Call(_) => (SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "manual"),
            Its::Port(port) => (port, "auto"),
        };
        let name = format!("phone-{}-{mode}", encryption.unwrap_or("plain"));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&folder).expect("a folder");
        let modules = modules.display();
        // Its bridge gives what is played to the microphone.
        let config = format!(
            "sip_listen {listen}\nnet_interface 127.0.0.1\nmodule_path {modules}\nmodule g711.so\n\
             module srtp.so\nmodule aubridge.so\nmodule_tmp uuid.so\nmodule_tmp account.so\n\
             module_app menu.so\naudio_player aubridge,loop\naudio_source aubridge,loop\n\
             audio_alert aubridge,bell\nrtp_stats no\n"
        );
        let encryption = encryption.map(|name| format!(";mediaenc={name}"));
        let encryption = encryption.unwrap_or_default();
        let account = format!(
            "<sip:phone@127.0.0.1>;regint=0{encryption};answermode={mode};\
             audio_codecs=PCMA/8000/1\n"
        );
        fs::write(folder.join("config"), config).expect("written");
        fs::write(folder.join("accounts"), account).expect("written");
        fs::write(folder.join("contacts"), "").expect("written");
        let mut command = Command::new("baresip");
        command.arg("-4").arg("-f").arg(&folder);
        command.args(["-t", "60"]);
        if let Its::Call(exchange) = its {
            command.args(["-e", &format!("/dial sip:desk@{exchange}")]);
        }
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

    /// Calls, or calls again within the call: the answer, and the callee as it then calls itself.
    async fn invite(
        &self,
        phone: SocketAddr,
        round: u64,
        to: &str,
        offer: &str,
    ) -> (String, String) {
        let here = self.address();
        let to = match to {
            "" => format!("To: <sip:phone@{phone}>"),
            known => known.to_owned(),
        };
        let head = |method: &str| {
            format!(
                "{method} sip:phone@{phone} SIP/2.0\r\n\
                 Via: SIP/2.0/UDP {here};branch=z9hG4bK{method}{round}\r\n\
                 Max-Forwards: 70\r\nFrom: <sip:desk@{here}>;tag=1\r\nCall-ID: {here}\r\n\
                 CSeq: {round} {method}\r\nContact: <sip:desk@{here}>\r\n"
            )
        };
        let invite = format!(
            "{}{to}\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{offer}",
            head("INVITE"),
            offer.len()
        );
        let mut buffer = vec![0; 65_536];
        for _ in 0..200 {
            let _ = self.0.send_to(invite.as_bytes(), phone).await;
            let answer = self.0.recv_from(&mut buffer);
            let waited = tokio::time::timeout(Duration::from_millis(100), answer).await;
            let Ok(Ok((length, from))) = waited else {
                continue;
            };
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            let fits = text.contains(&format!("CSeq: {round} INVITE"));
            if text.starts_with("SIP/2.0 200") && fits {
                let answer = Invite { text, from };
                let to = answer.to().to_owned();
                let ack = format!("{}{to}\r\nContent-Length: 0\r\n\r\n", head("ACK"));
                let _ = self.0.send_to(ack.as_bytes(), phone).await;
                return (answer.body().to_owned(), to);
            }
        }
        panic!("the phone answers");
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
