use crate::{
    Client,
    client::Demand,
    clock::Clock,
    core::Config,
    error::SignInError,
    port::{Backend, MediaEngine},
};
use std::sync::Arc;

pub(crate) async fn start(
    _config: Config,
    _backend: Arc<dyn Backend>,
    _media: Option<Arc<dyn MediaEngine>>,
    _clock: Arc<dyn Clock>,
) -> Result<Client, SignInError> {
    Err(SignInError::NoRuntime)
}
