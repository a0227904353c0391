//! Where the workspace is, and what cargo knows about its packages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, text};

/// The libraries that the project is about, in the order of their arrows.
pub(crate) const LIBRARIES: [&str; 5] = [
    "uc-model",
    "uc-protocol",
    "voip-media",
    "headset",
    "uc-session",
];

/// The packages of the workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo builds.
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    /// Each feature with what it switches on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Crates from outside the workspace that its manifest names.
    pub(crate) dependencies: BTreeSet<String>,
}

/// The folder of the root `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    own.parent().map_or(own.clone(), Path::to_path_buf)
}

/// The files below a folder whose names end so, without what cargo and git keep there.
pub(crate) fn files(folder: &Path, ending: &str) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                found.extend(files(&path, ending)?);
            }
        } else if name.ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Outcome<Self> {
        let json = text(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        Self::parse(&json).ok_or_else(|| Failure::Output {
            program: "cargo metadata",
            reason: "a name, version, path or feature table is missing".to_owned(),
        })
    }

    fn parse(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        Some(Self {
            root: value["workspace_root"].as_str()?.into(),
            target: value["target_directory"].as_str()?.into(),
            packages: value["packages"]
                .as_array()?
                .iter()
                .map(Package::parse)
                .collect::<Option<_>>()?,
        })
    }

    /// The flags that switch on every feature but the named ones and what needs those.
    pub(crate) fn feature_flags(&self, without: &[&str]) -> Vec<String> {
        if without.is_empty() {
            return vec!["--all-features".to_owned()];
        }
        let left_out = self.features_that_need(without);
        let wanted: Vec<_> = self
            .features()
            .filter(|feature| !left_out.contains(feature))
            .collect();
        if wanted.is_empty() {
            Vec::new()
        } else {
            vec!["--features".to_owned(), wanted.join(",")]
        }
    }

    /// `package/feature` of every feature.
    fn features(&self) -> impl Iterator<Item = String> {
        self.packages.iter().flat_map(|package| {
            package
                .features
                .keys()
                .map(|feature| format!("{}/{feature}", package.name))
        })
    }

    /// `package/feature` of the features so named, and of those that switch one of them on.
    fn features_that_need(&self, names: &[&str]) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self
            .features()
            .filter(|feature| {
                names
                    .iter()
                    .any(|name| feature.ends_with(&format!("/{name}")))
            })
            .collect();
        loop {
            let before = found.len();
            for package in &self.packages {
                for (feature, implied) in &package.features {
                    if implied
                        .iter()
                        .any(|other| found.contains(&package.qualified(other)))
                    {
                        found.insert(format!("{}/{feature}", package.name));
                    }
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }
}

impl Package {
    fn parse(value: &Value) -> Option<Self> {
        let manifest = Path::new(value["manifest_path"].as_str()?);
        let features = value["features"]
            .as_object()?
            .iter()
            .map(|(name, implied)| {
                let implied = implied
                    .as_array()?
                    .iter()
                    .map(|one| Some(one.as_str()?.to_owned()));
                Some((name.clone(), implied.collect::<Option<_>>()?))
            });
        let others = value["dependencies"]
            .as_array()?
            .iter()
            .filter(|one| one["path"].is_null());
        let dependencies = others.map(|one| Some(one["name"].as_str()?.to_owned()));
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            version: value["version"].as_str()?.to_owned(),
            folder: manifest.parent()?.to_path_buf(),
            features: features.collect::<Option<_>>()?,
            dependencies: dependencies.collect::<Option<_>>()?,
        })
    }

    /// Whether leaving the default features out makes a difference.
    pub(crate) fn has_default_features(&self) -> bool {
        self.features
            .get("default")
            .is_some_and(|implied| !implied.is_empty())
    }

    fn qualified(&self, implied: &str) -> String {
        if implied.contains('/') {
            implied.replace("?/", "/")
        } else {
            format!("{}/{implied}", self.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Workspace {
        Workspace::parse(
            r#"{"workspace_root": "/sdk", "target_directory": "/sdk/target", "packages": [
                {"name": "sound", "version": "0.1.0", "manifest_path": "/sdk/sound/Cargo.toml",
                 "features": {"default": [], "device": ["dep:cpal"], "libopus": ["dep:opus"]},
                 "dependencies": [{"name": "cpal", "source": "registry"}]},
                {"name": "session", "version": "0.2.0", "manifest_path": "/sdk/session/Cargo.toml",
                 "features": {"media": ["dep:sound"], "everything": ["microphone"],
                              "microphone": ["media", "sound?/device"]},
                 "dependencies": [{"name": "sound", "path": "/sdk/sound"}, {"name": "tokio"}]}
            ]}"#,
        )
        .expect("the sample is complete")
    }

    #[test]
    fn packages_come_with_their_folder_and_features() {
        let session = &sample().packages[1];
        assert_eq!(session.folder, Path::new("/sdk/session"));
        assert_eq!(session.version, "0.2.0");
        assert_eq!(session.features["microphone"], ["media", "sound?/device"]);
        assert!(!session.has_default_features());
    }

    #[test]
    fn dependencies_are_the_crates_of_others() {
        assert_eq!(
            sample().packages[1].dependencies,
            BTreeSet::from(["tokio".to_owned()])
        );
    }

    #[test]
    fn metadata_without_packages_is_refused() {
        assert!(Workspace::parse(r#"{"workspace_root": "/", "target_directory": "/t"}"#).is_none());
    }

    #[test]
    fn every_feature_is_one_flag() {
        assert_eq!(sample().feature_flags(&[]), ["--all-features"]);
    }

    #[test]
    fn a_feature_that_cannot_be_built_takes_along_those_that_need_it() {
        let flags = sample().feature_flags(&["device"]);
        assert_eq!(
            flags,
            ["--features", "sound/default,sound/libopus,session/media"]
        );
    }

    #[test]
    fn the_libraries_are_packages_of_this_workspace() {
        let here = Workspace::read().expect("cargo knows the workspace");
        for library in LIBRARIES {
            assert!(
                here.packages.iter().any(|package| package.name == library),
                "{library}"
            );
        }
    }
}
