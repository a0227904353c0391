use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::{net::TcpStream, time::sleep};
use uc_server::{Server, Storage};

use super::{Failed, now};

/// The embedded server in a process of its own: this program with `--serve FOLDER --at ADDRESS`.
pub(crate) struct ServerProcess {
    folder: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) sha256: [u8; 32],
    pub(crate) child: Option<Child>,
}

impl ServerProcess {
    pub(crate) async fn begin() -> Result<Self, Failed> {
        let folder = std::env::temp_dir().join(format!("uc-soak-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        // Makes the certificate, and finds a free port.
        let storage = Storage::Directory(folder.clone());
        let first = Server::builder().storage(storage).start().await?;
        let (listen, sha256) = (first.address(), first.fingerprint());
        first.stop().await;
        let mut server = Self {
            folder,
            listen,
            sha256,
            child: None,
        };
        server.start().await?;
        Ok(server)
    }

    /// Is the server: keeps everything in the folder, and never ends by itself.
    pub(crate) async fn serve(folder: &Path, listen: SocketAddr) -> Result<(), Failed> {
        let server = Server::builder()
            .storage(Storage::Directory(folder.to_owned()))
            .listen(listen);
        let _running = server.start().await?;
        std::future::pending().await
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    pub(crate) async fn start(&mut self) -> Result<(), Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--serve")
            .arg(&self.folder)
            .arg("--at")
            .arg(self.listen.to_string());
        self.child = Some(command.stdin(Stdio::null()).spawn()?);
        let begun = now();
        while TcpStream::connect(self.listen).await.is_err() {
            if begun.elapsed() > LONGEST {
                return Err("the server doesn't start".into());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A start takes a fraction of a second.
const LONGEST: Duration = Duration::from_secs(40);
