//! The packages as they would be published, and a program outside the workspace that uses them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, run};
use crate::workspace::{LIBRARIES, Workspace};

/// The consumer's manifest, to which the place of each unpacked package is added.
const MANIFEST: &str = include_str!("../consumer/Cargo.toml.in");
const PROGRAM: &str = include_str!("../consumer/main.rs");

/// Packages every crate, then builds and runs the consumer against the unpacked libraries.
pub(crate) fn package() -> Outcome {
    let workspace = Workspace::read()?;
    let mut command = cargo();
    // Each package would be built alone, with all it depends on; the consumer does that once.
    command.args(["package", "--workspace", "--no-verify", "--locked"]);
    if std::env::var_os("CI").is_none() {
        command.arg("--allow-dirty");
    }
    run(&mut command)?;
    consumer(&workspace)
}

fn consumer(workspace: &Workspace) -> Outcome {
    let folder = workspace.target.join("consumer");
    let packages = folder.join("packages");
    if packages.exists() {
        std::fs::remove_dir_all(&packages).map_err(Failure::file(&packages))?;
    }
    std::fs::create_dir_all(&packages).map_err(Failure::file(&packages))?;
    for name in archives(workspace) {
        let archive = workspace.target.join("package").join(name);
        run(Command::new("tar")
            .arg("xzf")
            .arg(archive)
            .arg("-C")
            .arg(&packages))?;
    }
    let project = folder.join("project");
    write(&project, workspace, &packages)?;
    run(cargo()
        .args(["run", "--profile", "ci"])
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", &workspace.target))
}

fn archives(workspace: &Workspace) -> Vec<String> {
    libraries(workspace)
        .map(|(name, version)| format!("{name}-{version}.crate"))
        .collect()
}

fn libraries(workspace: &Workspace) -> impl Iterator<Item = (&str, &str)> {
    let known = |name: &&str| {
        workspace
            .packages
            .iter()
            .find(|package| package.name == **name)
    };
    LIBRARIES
        .iter()
        .filter_map(known)
        .map(|p| (p.name.as_str(), p.version.as_str()))
}

fn write(project: &Path, workspace: &Workspace, packages: &Path) -> Outcome {
    let source: PathBuf = project.join("src");
    std::fs::create_dir_all(&source).map_err(Failure::file(&source))?;
    let put = |path: PathBuf, text: &str| std::fs::write(&path, text).map_err(Failure::file(&path));
    put(project.join("Cargo.toml"), &manifest(workspace, packages))?;
    put(source.join("main.rs"), PROGRAM)?;
    // The workspace's own choice of versions, so that what is built already is used again.
    let lock = workspace.root.join("Cargo.lock");
    std::fs::copy(&lock, project.join("Cargo.lock")).map_err(Failure::file(&lock))?;
    Ok(())
}

fn manifest(workspace: &Workspace, packages: &Path) -> String {
    let patches = libraries(workspace).map(|(name, version)| {
        let path = packages.join(format!("{name}-{version}"));
        format!("{name} = {{ path = {path:?} }}\n")
    });
    format!(
        "{MANIFEST}\n[patch.crates-io]\n{}",
        patches.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_consumer_takes_every_library_from_its_unpacked_package() {
        let workspace = Workspace::read().unwrap();
        let manifest = manifest(&workspace, Path::new("/packages"));
        let patches = manifest.split_once("[patch.crates-io]").unwrap().1;
        for library in LIBRARIES {
            assert!(patches.contains(&format!("{library} = {{ path = \"/packages/{library}-")));
        }
    }
}
