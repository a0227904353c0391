//! Whether the code compiles for other systems than this one. Nothing of it is run.

use std::process::Command;

use crate::failure::Outcome;
use crate::installed::on_path;
use crate::process::{cargo, run};

/// Windows, with the C compiler that Debian has for it.
const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// That compiler: ring and the C Opus library need one.
const WINDOWS_COMPILER: &str = "x86_64-w64-mingw32-gcc";

/// Checks the whole workspace for Windows; without its target or compiler, says that this was left out.
pub(crate) fn windows() -> Outcome {
    if let Some(missing) = missing(&targets(), on_path(WINDOWS_COMPILER)) {
        println!("left out: whether the workspace compiles for Windows: {missing}");
        return Ok(());
    }
    let everything = ["check", "--profile", "ci", "--workspace", "--all-features"];
    run(cargo().args(everything).args(["--target", WINDOWS]))
}

fn missing(targets: &str, compiler: bool) -> Option<&'static str> {
    if !targets.lines().any(|target| target == WINDOWS) {
        return Some("Rust has no such target here (rustup target add x86_64-pc-windows-gnu)");
    }
    (!compiler).then_some("there is no C compiler for it (Debian: gcc-mingw-w64-x86-64)")
}

/// What rustup has installed, one a line.
fn targets() -> String {
    let list = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    list.map_or_else(
        |_| String::new(),
        |list| String::from_utf8_lossy(&list.stdout).into_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        let linux = "x86_64-unknown-linux-gnu\n";
        assert!(missing(linux, true).is_some_and(|why| why.contains("rustup target add")));
        let both = "x86_64-pc-windows-gnu\nx86_64-unknown-linux-gnu\n";
        assert!(missing(both, false).is_some_and(|why| why.contains("gcc-mingw-w64")));
        assert_eq!(missing(both, true), None);
    }
}
