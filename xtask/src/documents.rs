//! What the documents say about the repository: that their links lead somewhere, and that
//! `docs/dependencies.md` has a line for each dependency.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::workspace::{Workspace, files, root};

const DEPENDENCIES: &str = "docs/dependencies.md";

/// Fails on a relative link of any Markdown file that leads nowhere.
pub(crate) fn links() -> Outcome {
    let mut findings = Vec::new();
    for document in files(&root(), ".md")? {
        let text = std::fs::read_to_string(&document).map_err(Failure::file(&document))?;
        let folder = document.parent().unwrap_or(Path::new(""));
        let dead = relative_links(&text)
            .into_iter()
            .filter(|link| !folder.join(link).exists());
        findings.extend(dead.map(|link| format!("{}: no file {link}", document.display())));
    }
    Failure::unless_empty(findings)
}

/// Fails unless the table has one line for each crate that a manifest names, and no other.
pub(crate) fn dependencies() -> Outcome {
    let document: PathBuf = root().join(DEPENDENCIES);
    let text = std::fs::read_to_string(&document).map_err(Failure::file(&document))?;
    let packages = Workspace::read()?.packages;
    let used = packages
        .iter()
        .flat_map(|package| package.dependencies.iter().map(String::as_str));
    Failure::unless_empty(compare(&used.collect(), &listed(&text)))
}

/// Targets of `[text](target)` that are files of the repository, without anchors.
fn relative_links(text: &str) -> Vec<&str> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0));
    let files = targets.map(|target| target.split('#').next().unwrap_or(""));
    files
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .collect()
}

/// The crates in the first column of the document's tables.
fn listed(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0))
        .collect()
}

fn compare(used: &BTreeSet<&str>, listed: &BTreeSet<&str>) -> Vec<String> {
    let missing = used
        .difference(listed)
        .map(|name| format!("{DEPENDENCIES}: {name} is missing"));
    let stale = listed
        .difference(used)
        .map(|name| format!("{DEPENDENCIES}: {name} isn't used"));
    missing.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_to_files_are_followed() {
        let text = "See [a](docs/a.md) and [b](b.md#part), [c](https://example.org/x), [d](#here).";
        assert_eq!(relative_links(text), ["docs/a.md", "b.md"]);
    }

    #[test]
    fn a_crate_missing_from_the_table_and_one_too_many_are_named() {
        let text = "| crate | why |\n|---|---|\n| `serde` | types |\n| `old` | gone |\n";
        assert_eq!(
            compare(&BTreeSet::from(["bytes", "serde"]), &listed(text)),
            [
                "docs/dependencies.md: bytes is missing",
                "docs/dependencies.md: old isn't used"
            ]
        );
    }
}
