//! baresip, a SIP telephone by others, that speaks a tone and records what it hears.

use std::{
    fs,
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use crate::{
    ear::{WINDOW, share_of},
    kamailio::{DOMAIN, Kamailio},
    wait::becomes_so,
};

/// A running telephone. Dropping it ends it and removes its files.
pub(crate) struct Baresip {
    dir: PathBuf,
    child: Child,
    control: u16,
}

/// How its sound travels.
#[derive(Clone, Copy)]
pub(crate) enum Sound {
    /// RTP without any protection.
    Plain,
    /// Keys in the description (RFC 4568).
    Sdes,
    /// DTLS-SRTP and ICE, as browsers do.
    WebRtc,
}

impl Baresip {
    /// User `number` of the server, who speaks a tone of `hertz` and answers by itself.
    pub(crate) fn start(server: &Kamailio, number: &str, hertz: u32, sound: Sound) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("uc-baresip-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let (sip, control) = (free_port(), free_port());
        let own = own_address();
        // It wants an address that isn't the computer's own loopback.
        let config = format!(
            "poll_method epoll\nsip_listen {own}:{sip}\ncall_local_timeout 60\ncall_max_calls 4\n\
             audio_path /usr/share/baresip\naudio_player aubridge,sink\naudio_source ausine,{hertz}\n\
             audio_alert aubridge,alert\nausrc_srate 48000\nauplay_srate 48000\n\
             ausrc_channels 2\nauplay_channels 1\nsnd_path {dir}\nrtcp_mux {mux}\n\
             jitter_buffer_delay 5-10\nmodule_path {modules}\n{loaded}ctrl_tcp_listen 127.0.0.1:{control}\n",
            dir = dir.display(),
            mux = if matches!(sound, Sound::WebRtc) {
                "yes"
            } else {
                "no"
            },
            modules = modules().display(),
            loaded = LOADED
                .map(|module| format!("module {module}.so\n"))
                .concat(),
        );
        fs::write(dir.join("config"), config).unwrap();
        let media = match sound {
            Sound::Plain => "",
            Sound::Sdes => ";mediaenc=srtp-mand",
            Sound::WebRtc => ";mediaenc=dtls_srtp;medianat=ice",
        };
        let account = format!(
            "<sip:{number}@{DOMAIN}>;auth_user={number};auth_pass=secret;\
             outbound=\"sip:127.0.0.1:{};transport=udp\";regint=60;answermode=auto{media}\n",
            server.plain_port()
        );
        fs::write(dir.join("accounts"), account).unwrap();
        fs::write(dir.join("contacts"), "").unwrap();
        let log = fs::File::create(dir.join("log")).unwrap();
        let child = Command::new("baresip")
            .arg("-f")
            .arg(&dir)
            .arg("-v")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let telephone = Self {
            dir,
            child,
            control,
        };
        telephone.wait_for("200 OK");
        telephone
    }

    /// A command of its own console, for example `dial`.
    pub(crate) fn command(&self, command: &str, parameters: &str) {
        let text =
            format!("{{\"command\":\"{command}\",\"params\":\"{parameters}\",\"token\":\"t\"}}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.control)).unwrap();
        let limit = Some(Duration::from_secs(5));
        stream.set_read_timeout(limit).unwrap();
        write!(stream, "{}:{text},", text.len()).unwrap();
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !String::from_utf8_lossy(&answer).contains("\"response\":true") {
            let count = stream.read(&mut piece).expect("baresip doesn't answer");
            assert!(count > 0, "baresip has hung up");
            answer.extend(&piece[..count]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains("\"ok\":true"), "{command}: {answer}");
    }

    /// Waits until the last 100 ms that it has recorded are mostly a tone.
    pub(crate) fn hears(&self, hertz: f64) {
        let heard = becomes_so(20, || {
            let samples = self.recorded();
            let last = &samples[samples.len().saturating_sub(WINDOW)..];
            last.len() == WINDOW && share_of(last, hertz) > 0.8
        });
        if heard {
            return;
        }
        panic!(
            "baresip doesn't hear {hertz} Hz in {} samples: {}",
            self.recorded().len(),
            self.log()
        );
    }

    /// What the newest call has brought, as 48 kHz mono.
    fn recorded(&self) -> Vec<i16> {
        let files = fs::read_dir(&self.dir).unwrap();
        let files = files.filter_map(|file| Some(file.ok()?.path()));
        let dumps = files.filter(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            name.contains("-dec") && name.ends_with(".wav")
        });
        let newest = dumps.max_by_key(|path| path.metadata().and_then(|m| m.modified()).ok());
        newest.map_or_else(Vec::new, |path| read_wav(&fs::read(path).unwrap()))
    }

    fn wait_for(&self, words: &str) {
        let said = becomes_so(15, || self.log().contains(words));
        assert!(said, "baresip doesn't say {words}: {}", self.log());
    }

    fn log(&self) -> String {
        let log = fs::read(self.dir.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Baresip {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("baresip: {}", self.log());
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Samples of a file that is still being written: what its header says of lengths isn't true yet. A
/// recording at another rate is stretched to 48 kHz.
pub(crate) fn read_wav(bytes: &[u8]) -> Vec<i16> {
    let Some(data) = bytes.windows(4).position(|four| four == b"data") else {
        return Vec::new();
    };
    let field = |at: usize| {
        bytes
            .get(at..at + 4)
            .map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    };
    let (Some(rate), Some(shape)) = (field(24), field(20)) else {
        return Vec::new();
    };
    let channels = usize::try_from(shape >> 16).unwrap().max(1);
    let samples = bytes[(data + 8).min(bytes.len())..].chunks_exact(2 * channels);
    let samples = samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]]));
    let times = (48_000 / rate.max(1)) as usize;
    samples
        .flat_map(|sample| std::iter::repeat_n(sample, times.max(1)))
        .collect()
}

/// An address of this computer that others reach it by.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket
        .connect("198.51.100.1:9")
        .and_then(|()| socket.local_addr());
    routed.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |local| local.ip())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn modules() -> PathBuf {
    let machine = format!(
        "/usr/lib/{}-linux-gnu/baresip/modules",
        std::env::consts::ARCH
    );
    let places = [
        machine.as_str(),
        "/usr/lib/baresip/modules",
        "/usr/lib64/baresip/modules",
    ];
    let found = places
        .into_iter()
        .map(PathBuf::from)
        .find(|place| place.join("opus.so").exists());
    found.expect("baresip is missing: cargo xtask setup --peers installs it")
}

const LOADED: [&str; 13] = [
    "opus",
    "g722",
    "g711",
    "ausine",
    "aubridge",
    "sndfile",
    "stun",
    "ice",
    "srtp",
    "dtls_srtp",
    "account",
    "menu",
    "ctrl_tcp",
];
