//! What the documents say about the repository: that their links lead somewhere, and that their
//! tables have a row for each dependency and each operation of a backend.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::workspace::{Workspace, files, root};

const DEPENDENCIES: &str = "docs/dependencies.md";
const BACKENDS: &str = "docs/backends.md";
const BACKEND_SOURCE: &str = "uc-session/src/port/backend.rs";

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

/// Fails unless `docs/backends.md` has a row for each operation and service of the trait.
pub(crate) fn backends() -> Outcome {
    let read = |name: &str| {
        let path = root().join(name);
        std::fs::read_to_string(&path).map_err(Failure::file(&path))
    };
    let (document, source) = (read(BACKENDS)?, read(BACKEND_SOURCE)?);
    let variants: BTreeSet<_> = ["Operation", "Service"]
        .iter()
        .flat_map(|name| variants(&source, name))
        .collect();
    let rows = listed(&document);
    let missing = variants
        .difference(&rows)
        .map(|name| format!("{BACKENDS}: {name} is missing"));
    let stale = rows
        .difference(&variants)
        .map(|name| format!("{BACKENDS}: {name} is no more"));
    Failure::unless_empty(missing.chain(stale).collect())
}

/// The variants of a public enum in rustfmt's layout.
fn variants<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("pub enum {name} {{");
    let body = source.lines().skip_while(|line| *line != head).skip(1);
    body.take_while(|line| *line != "}")
        .filter_map(variant)
        .collect()
}

fn variant(line: &str) -> Option<&str> {
    let name = line.strip_prefix("    ")?.split([' ', '(', ',']).next()?;
    name.starts_with(|letter: char| letter.is_ascii_uppercase())
        .then_some(name)
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
    fn variants_are_read_from_the_source_without_their_fields() {
        let source = "pub enum Other {\n    No,\n}\n\npub enum Service {\n    /// Words.\n    Hold {\n        \
            call: Id,\n    },\n    Set(Presence),\n    Probe,\n}\npub enum More {\n    No,\n}\n";
        assert_eq!(variants(source, "Service"), ["Hold", "Set", "Probe"]);
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
