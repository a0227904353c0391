use tokio::sync::oneshot;

use crate::NegotiationError;

type Reply<T> = oneshot::Sender<Result<T, NegotiationError>>;

/// What the handle asks of its task.
#[derive(Debug)]
pub(crate) enum Command {
    Offer {
        restart: bool,
        reply: Reply<String>,
    },
    AcceptOffer {
        sdp: String,
        reply: Reply<String>,
    },
    AcceptAnswer {
        sdp: String,
        reply: Reply<()>,
    },
    RollBack {
        reply: oneshot::Sender<()>,
    },
    AddCandidates {
        candidates: Vec<String>,
        reply: oneshot::Sender<()>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
}
