//! The names of the workspace's test functions, found in its source files.

use std::collections::BTreeSet;
use std::path::Path;

use crate::failure::{Failure, Outcome};
use crate::workspace::{Workspace, files};

/// Every function under a `#[test]`, `#[tokio::test]` or like attribute that isn't ignored.
#[derive(Debug, Default)]
pub(crate) struct TestNames {
    names: BTreeSet<String>,
    with_package: BTreeSet<String>,
}

impl TestNames {
    /// Reads all source files of the workspace.
    pub(crate) fn collect(workspace: &Workspace) -> Outcome<Self> {
        let mut names = Self::default();
        for file in files(&workspace.root, ".rs")? {
            let Some(package) = package_of(workspace, &file) else {
                continue;
            };
            let source = std::fs::read_to_string(&file).map_err(Failure::file(&file))?;
            for test in tests_in(&source) {
                names.insert(package, test);
            }
        }
        Ok(names)
    }

    #[cfg(test)]
    pub(crate) fn of<const N: usize>(tests: [(&str, &str); N]) -> Self {
        let mut names = Self::default();
        for (package, test) in tests {
            names.insert(package, test);
        }
        names
    }

    /// Whether a test is called so: `name`, or `package::name`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name) || self.with_package.contains(name)
    }

    fn insert(&mut self, package: &str, test: &str) {
        self.names.insert(test.to_owned());
        self.with_package.insert(format!("{package}::{test}"));
    }
}

/// The package in whose folder the file lies; the innermost, since packages lie in packages.
fn package_of<'a>(workspace: &'a Workspace, file: &Path) -> Option<&'a str> {
    let around = workspace
        .packages
        .iter()
        .filter(|package| file.starts_with(&package.folder));
    around
        .max_by_key(|package| package.folder.as_os_str().len())
        .map(|package| package.name.as_str())
}

fn tests_in(source: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut attributes = Attributes::default();
    for line in source.lines().map(str::trim) {
        if let Some(attribute) = line.strip_prefix("#[") {
            attributes.note(attribute);
        } else if let Some(name) = function_name(line) {
            if attributes.test && !attributes.ignored {
                tests.push(name);
            }
            attributes = Attributes::default();
        }
    }
    tests
}

/// What stood above the function that comes next.
#[derive(Debug, Default)]
struct Attributes {
    test: bool,
    ignored: bool,
}

impl Attributes {
    fn note(&mut self, attribute: &str) {
        let path = attribute.split(['(', ']', ' ', '=']).next().unwrap_or("");
        self.test |= path == "test" || path.ends_with("::test");
        self.ignored |= path == "ignore";
    }
}

fn function_name(line: &str) -> Option<&str> {
    let mut rest = line;
    for word in ["pub ", "pub(crate) ", "async "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let name = rest.strip_prefix("fn ")?;
    name.split(['(', '<']).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_asynchronous_tests_are_found() {
        let source = "fn helper() {}\n#[test]\nfn one() {}\n    #[tokio::test(start_paused = true)]\n\
            /// words\n#[should_panic(expected = \"x\")]\n    async fn two() {\n";
        assert_eq!(tests_in(source), ["one", "two"]);
    }

    #[test]
    fn ignored_tests_and_other_functions_do_not_count() {
        let source = "#[test]\n#[ignore = \"slow\"]\nfn slow() {}\n#[inline]\npub fn other() {}\n\
            #[cfg(test)]\nmod tests {\nfn helper() {}\n";
        assert!(tests_in(source).is_empty());
    }

    #[test]
    fn properties_inside_a_macro_are_found() {
        let source = "proptest! {\n    #[test]\n    fn any_text_survives(text in \".*\") {\n";
        assert_eq!(tests_in(source), ["any_text_survives"]);
    }

    #[test]
    fn a_test_is_known_by_its_name_alone_and_with_its_package() {
        let names = TestNames::of([("uc-model", "one")]);
        assert!(names.has("one") && names.has("uc-model::one"));
        assert!(!names.has("headset::one") && !names.has("two"));
    }

    #[test]
    fn the_tests_of_xtask_itself_are_found() {
        let names = TestNames::collect(&Workspace::read().unwrap()).unwrap();
        assert!(names.has("xtask::the_tests_of_xtask_itself_are_found"));
    }
}
