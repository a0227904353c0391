//! Kamailio, a real SIP server, on loopback with five transports.

use std::{
    fs,
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use crate::wait::becomes_so;

/// A running server. Dropping it ends its processes and removes its files.
pub(crate) struct Kamailio {
    dir: PathBuf,
    child: Child,
    ports: Ports,
}

/// Where it listens.
#[derive(Clone, Copy)]
struct Ports {
    plain: u16,
    tls: u16,
    ws: u16,
    wss: u16,
    script: u16,
}

/// Set where there are no servers and telephones to test with.
pub(crate) const LEFT_OUT: &str = "UC_TEST_NO_SIP_PEERS";

/// What its users belong to. Its address alone would be one of its own names at every port.
pub(crate) const DOMAIN: &str = "office.test";

pub(crate) const TRANSPORTS: [&str; 5] = ["udp", "tcp", "tls", "ws", "wss"];

impl Kamailio {
    /// Starts one; `None`, loudly, where it shall be left out.
    pub(crate) fn start(algorithm: &str) -> Option<Self> {
        if std::env::var_os(LEFT_OUT).is_some() {
            eprintln!("left out: there is no Kamailio ({LEFT_OUT} is set)");
            return None;
        }
        let modules =
            modules().expect("Kamailio is missing: cargo xtask setup --peers installs it");
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("uc-kamailio-{}-{count}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        let ports = Ports::free();
        write_certificate(&dir);
        let config = include_str!("kamailio.cfg");
        let config = config
            .replace("@DOMAIN@", DOMAIN)
            .replace("@PORT@", &ports.plain.to_string())
            .replace("@TLS@", &ports.tls.to_string())
            .replace("@WS@", &ports.ws.to_string())
            .replace("@WSS@", &ports.wss.to_string())
            .replace("@SCRIPT@", &ports.script.to_string())
            .replace("@IPV6@", &ipv6(ports))
            .replace("@ALGORITHM@", algorithm)
            .replace("@MODULES@", &format!("{}/", modules.display()))
            .replace("@DIR@", &dir.display().to_string());
        fs::write(dir.join("kamailio.cfg"), config).unwrap();
        let child = launch(&dir);
        let server = Self { dir, child, ports };
        server.wait();
        Some(server)
    }

    /// Ends it at once and starts it anew at the same ports: registrations and transactions are gone.
    pub(crate) fn restart(&mut self) {
        self.end();
        self.child = launch(&self.dir);
        self.wait();
    }

    /// Where it listens for UDP and TCP.
    pub(crate) const fn plain_port(&self) -> u16 {
        self.ports.plain
    }

    /// Where it listens for TLS.
    pub(crate) const fn tls_port(&self) -> u16 {
        self.ports.tls
    }

    /// Where it listens for WebSockets over TLS.
    pub(crate) const fn wss_port(&self) -> u16 {
        self.ports.wss
    }

    /// Where numbers that begin with 2 are.
    pub(crate) const fn script_port(&self) -> u16 {
        self.ports.script
    }

    /// The address for a client that goes by IPv6; `None` where this computer hasn't got that.
    pub(crate) fn address_ipv6(&self, transport: &str) -> Option<String> {
        has_ipv6().then(|| {
            let address = self.address(transport);
            address.replace("127.0.0.1", "[::1]")
        })
    }

    /// The address for a client.
    pub(crate) fn address(&self, transport: &str) -> String {
        let port = match transport {
            "tls" => self.ports.tls,
            "ws" => self.ports.ws,
            "wss" => self.ports.wss,
            _ => self.ports.plain,
        };
        format!("sip:127.0.0.1:{port};transport={transport}")
    }

    fn wait(&self) {
        let up = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
        let Ports {
            plain,
            tls,
            ws,
            wss,
            ..
        } = self.ports;
        let listens = becomes_so(20, || [plain, tls, ws, wss].into_iter().all(up));
        assert!(listens, "Kamailio doesn't start: {}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn end(&mut self) {
        // The main process takes its children with it.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        if becomes_so(5, || matches!(self.child.try_wait(), Ok(Some(_)))) {
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            eprintln!("Kamailio: {}", self.log());
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn launch(dir: &Path) -> Child {
    let log = fs::File::create(dir.join("log")).unwrap();
    Command::new("kamailio")
        .args(["-DD", "-E", "-m", "32", "-M", "8", "-f"])
        .arg(dir.join("kamailio.cfg"))
        .args(["-Y", &dir.display().to_string()])
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

fn modules() -> Option<PathBuf> {
    let known = Command::new("kamailio").arg("-v").output();
    known.ok().filter(|output| output.status.success())?;
    let machine = format!(
        "/usr/lib/{}-linux-gnu/kamailio/modules",
        std::env::consts::ARCH
    );
    let places = [
        machine,
        "/usr/lib/kamailio/modules".to_owned(),
        "/usr/lib64/kamailio/modules".to_owned(),
    ];
    places
        .into_iter()
        .map(PathBuf::from)
        .find(|place| place.join("tm.so").exists())
}

/// The lines for the other loopback address: UDP, TCP and TLS.
fn ipv6(ports: Ports) -> String {
    let Ports { plain, tls, .. } = ports;
    match has_ipv6() {
        true => {
            format!("listen=udp:[::1]:{plain}\nlisten=tcp:[::1]:{plain}\nlisten=tls:[::1]:{tls}")
        }
        false => String::new(),
    }
}

fn has_ipv6() -> bool {
    UdpSocket::bind("[::1]:0").is_ok()
}

fn write_certificate(dir: &Path) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(dir.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let config = format!(
        "[server:default]\nmethod = TLSv1.2+\nverify_certificate = no\nrequire_certificate = no\n\
         private_key = {0}/key.pem\ncertificate = {0}/cert.pem\n",
        dir.display()
    );
    fs::write(dir.join("tls.cfg"), config).unwrap();
}

impl Ports {
    /// Ports that nobody uses, as far as can be known before they are taken.
    fn free() -> Self {
        let tcp = || TcpListener::bind("127.0.0.1:0").unwrap();
        let [tls, ws, wss, script] = [tcp(), tcp(), tcp(), tcp()];
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let plain = loop {
            let plain = tcp();
            if UdpSocket::bind(("127.0.0.1", port(&plain))).is_ok() {
                break port(&plain);
            }
        };
        Self {
            plain,
            tls: port(&tls),
            ws: port(&ws),
            wss: port(&wss),
            script: port(&script),
        }
    }
}
