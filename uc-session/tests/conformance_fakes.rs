//! The fakes keep the promises of the ports.

use std::sync::Arc;

use uc_session::{
    conformance::{self, backend::Rig},
    fake::{Door, FakeServer, MemorySecretStore, MemoryStore, NullMediaEngine},
    port::{Backend, DialFailure, ServerAddress},
};

struct Fake(FakeServer);

impl Rig for Fake {
    fn backend(&self) -> Arc<dyn Backend> {
        self.0.backend()
    }

    fn address(&self) -> ServerAddress {
        ServerAddress {
            host: "uc.example".into(),
            port: 8802,
        }
    }

    fn refused(&self) -> ServerAddress {
        ServerAddress {
            host: "closed.example".into(),
            port: 8802,
        }
    }

    fn users(&self) -> [(String, String); 2] {
        ["330", "331"].map(|user| (user.to_owned(), "secret".to_owned()))
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_in_memory_is_a_backend() {
    let server = FakeServer::new()
        .with_user("330", "secret", "Ada", "Lovelace")
        .with_user("331", "secret", "Grace", "Hopper");
    let rig = Fake(server);
    rig.0
        .set_door(rig.refused(), Door::Fails(DialFailure::Refused));
    conformance::backend::all(&rig).await;
    assert_eq!((rig.0.open_calls(), rig.0.open_streams()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn sound_without_sound_is_a_media_engine() {
    let engine = NullMediaEngine::default();
    conformance::media::all(&engine).await;
    assert_eq!(engine.stats().open, 0);
}

#[tokio::test]
async fn the_stores_in_memory_are_stores() {
    conformance::store::all(&MemoryStore::default()).await;
    conformance::store::all_secret(&MemorySecretStore::default()).await;
}
