//! The real adapters keep the promises of the ports.

use std::sync::Arc;

use uc_model::DeviceKind;
use uc_server::{RunningServer, Server};
use uc_session::{
    ServerBackend, UcxBackend, WsiBackend,
    conformance::{self, backend::Rig},
    port::{Backend, ServerAddress},
};

/// The embedded server, with one kind of client and one kind of telephone.
struct Embedded {
    server: RunningServer,
    refused: ServerAddress,
    device: DeviceKind,
    client: Client,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    Ucx,
    Wsi,
    /// Finds out.
    Either,
}

impl Embedded {
    async fn start(server: Server, device: DeviceKind, client: Client) -> Self {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let refused = address(closed.local_addr().unwrap());
        Self {
            server: server.start().await.unwrap(),
            refused,
            device,
            client,
        }
    }
}

impl Rig for Embedded {
    fn backend(&self) -> Arc<dyn Backend> {
        match self.client {
            Client::Ucx => Arc::new(UcxBackend::default()),
            Client::Wsi => Arc::new(WsiBackend::default()),
            Client::Either => Arc::new(ServerBackend::default()),
        }
    }

    fn address(&self) -> ServerAddress {
        address(self.server.address())
    }

    fn refused(&self) -> ServerAddress {
        self.refused.clone()
    }

    fn device(&self) -> DeviceKind {
        self.device
    }

    fn knows_keys(&self) -> bool {
        self.client == Client::Ucx
    }

    fn users(&self) -> [(String, String); 2] {
        ["330", "331"].map(|user| (user.to_owned(), format!("demo-{user}")))
    }
}

fn address(address: std::net::SocketAddr) -> ServerAddress {
    ServerAddress {
        host: address.ip().to_string(),
        port: address.port(),
    }
}

#[tokio::test]
async fn ucx_is_a_backend() {
    let rig = Embedded::start(Server::builder(), DeviceKind::Voip, Client::Ucx).await;
    conformance::backend::all(&rig).await;
}

#[tokio::test]
async fn ucx_is_a_backend_for_desk_phones() {
    let server = Server::builder().desk_phones(true);
    let rig = Embedded::start(server, DeviceKind::DeskPhone, Client::Ucx).await;
    conformance::backend::all(&rig).await;
}

#[tokio::test]
async fn whatever_the_server_speaks_is_a_backend() {
    for ucx in [true, false] {
        let server = Server::builder().desk_phones(true).ucx(ucx);
        let rig = Embedded::start(server, DeviceKind::DeskPhone, Client::Either).await;
        conformance::backend::all(&rig).await;
    }
}

#[tokio::test]
async fn wsi_is_a_backend() {
    let server = Server::builder().desk_phones(true).ucx(false);
    let rig = Embedded::start(server, DeviceKind::DeskPhone, Client::Wsi).await;
    conformance::backend::all(&rig).await;
}

#[cfg(feature = "media")]
#[tokio::test]
async fn voip_media_is_a_media_engine() {
    let engine = uc_session::VoipEngine::null().unwrap();
    conformance::media::all(&engine).await;
}
