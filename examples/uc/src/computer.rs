//! What this program keeps on this computer.

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use uc_session::{KeyringStore, Preferences, SqliteStore};

use crate::failure::Failure;

/// Where settings and profiles are kept.
#[derive(Debug, Args)]
pub(crate) struct Computer {
    /// The folder for settings, profiles and the trace log; by default the user's own data folder.
    #[arg(long, global = true, env = "UC_DATA", value_name = "FOLDER")]
    data: Option<PathBuf>,
}

impl Computer {
    /// Settings and profiles; a file for them is made where there is none.
    pub(crate) async fn preferences(&self) -> Result<Preferences, Failure> {
        self.open(&self.folder()?).await
    }

    /// Settings and profiles, if any were ever made here.
    pub(crate) async fn known_preferences(&self) -> Result<Option<Preferences>, Failure> {
        match self.folder() {
            Ok(folder) if folder.join(FILE).exists() => Ok(Some(self.open(&folder).await?)),
            _ => Ok(None),
        }
    }

    async fn open(&self, folder: &Path) -> Result<Preferences, Failure> {
        let store = SqliteStore::open(folder.join(FILE))?;
        let secrets = Arc::new(KeyringStore::new("uc"));
        Ok(Preferences::open(Arc::new(store), secrets).await?)
    }

    /// Where everything is.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        let folder = self.data.clone().or_else(usual_folder);
        folder.ok_or(Failure::Option(
            "name a folder for the settings with --data (or UC_DATA)",
        ))
    }
}

/// The user's data folder by the custom of the system.
fn usual_folder() -> Option<PathBuf> {
    let from = |variable| {
        env::var_os(variable)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let base = if cfg!(windows) {
        from("APPDATA")
    } else if cfg!(target_os = "macos") {
        from("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("uc"))
}

const FILE: &str = "uc.sqlite";
