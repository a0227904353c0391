use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::Failed;

/// What happens on the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    Cut,
    Dropping,
}

/// A way from a new address to the server that can be cut, or drop what it carries.
pub(crate) async fn lay_way(
    server: SocketAddr,
) -> Result<(SocketAddr, Arc<watch::Sender<Way>>), Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let way = Arc::new(watch::Sender::new(Way::Open));
    let weak = Arc::downgrade(&way);
    tokio::spawn(async move {
        let Some(mut gone) = weak.upgrade().map(|way| way.subscribe()) else {
            return;
        };
        loop {
            tokio::select! {
                Ok((near, _)) = listener.accept() => {
                    let Some(way) = weak.upgrade() else { return };
                    tokio::spawn(carry(near, server, way.subscribe()));
                }
                changed = gone.changed() => if changed.is_err() { return },
            }
        }
    });
    Ok((address, way))
}

/// Carries one connection; one that has lost something is dead, and closed by the next change.
async fn carry(mut near: TcpStream, server: SocketAddr, mut way: watch::Receiver<Way>) {
    if *way.borrow_and_update() == Way::Cut {
        return;
    }
    if *way.borrow() == Way::Open {
        let Ok(mut far) = TcpStream::connect(server).await else {
            return;
        };
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            _ = way.changed() => {}
        }
    }
    if *way.borrow_and_update() == Way::Dropping {
        // Neither end is told: the client has to find out.
        let mut lost = [0; 1024];
        loop {
            tokio::select! {
                read = tokio::io::AsyncReadExt::read(&mut near, &mut lost) => {
                    if !matches!(read, Ok(1..)) { return }
                }
                changed = way.changed() => {
                    if changed.is_err() || *way.borrow_and_update() == Way::Cut { return }
                }
            }
        }
    }
}
