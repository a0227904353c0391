use std::{fmt, io};

use async_trait::async_trait;
use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

use super::locate::{Locate, SrvRecord};

/// SRV records by the name servers of this computer, or by others.
pub struct Dns(TokioResolver);

impl Dns {
    /// The name servers that this computer is set up with.
    ///
    /// # Errors
    /// Where that can't be read.
    pub fn of_this_computer() -> io::Result<Self> {
        let resolver = TokioResolver::builder_tokio().and_then(|builder| builder.build());
        resolver.map(Self).map_err(io::Error::other)
    }

    /// These name servers.
    ///
    /// # Errors
    /// Where they can't be used.
    pub fn by(servers: Vec<NameServerConfig>) -> io::Result<Self> {
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        builder.build().map(Self).map_err(io::Error::other)
    }
}

#[async_trait]
impl Locate for Dns {
    async fn srv(&self, name: &str) -> io::Result<Vec<SrvRecord>> {
        // With the dot no search list of this computer is tried.
        let found = match self.0.srv_lookup(format!("{name}.")).await {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() || error.is_nx_domain() => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        let records = found
            .answers()
            .iter()
            .filter_map(|record| match &record.data {
                RData::SRV(srv) => Some(SrvRecord {
                    priority: srv.priority,
                    weight: srv.weight,
                    target: srv.target.to_ascii(),
                    port: srv.port,
                }),
                _ => None,
            });
        Ok(records.collect())
    }
}

impl fmt::Debug for Dns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns").finish_non_exhaustive()
    }
}
