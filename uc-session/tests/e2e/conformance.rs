//! The real adapters keep the promises of the ports.

use std::sync::Arc;

use uc_server::{RunningServer, Server};
use uc_session::{
    UcxBackend,
    conformance::{self, backend::Rig},
    port::{Backend, ServerAddress},
};

struct Embedded {
    server: RunningServer,
    refused: ServerAddress,
}

impl Rig for Embedded {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(UcxBackend::default())
    }

    fn address(&self) -> ServerAddress {
        address(self.server.address())
    }

    fn refused(&self) -> ServerAddress {
        self.refused.clone()
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
    let server = Server::builder().start().await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refused = address(closed.local_addr().unwrap());
    drop(closed);
    conformance::backend::all(&Embedded { server, refused }).await;
}

#[cfg(feature = "media")]
#[tokio::test]
async fn voip_media_is_a_media_engine() {
    let engine = uc_session::VoipEngine::null().unwrap();
    conformance::media::all(&engine).await;
}
