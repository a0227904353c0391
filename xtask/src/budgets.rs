//! How many crates a library brings along, and which of them run a C compiler.

use std::collections::BTreeSet;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, text};
use crate::workspace::LIBRARIES;

/// A library with flags, and how many names its normal dependency tree may hold on this
/// platform, its own among them.
struct Budget {
    library: &'static str,
    flags: &'static [&'static str],
    crates: usize,
}

const BUDGETS: [Budget; 6] = [
    Budget {
        library: "uc-model",
        flags: &["--no-default-features"],
        crates: 15,
    },
    Budget {
        library: "uc-model",
        flags: &[],
        crates: 60,
    },
    Budget {
        library: "headset",
        flags: &[],
        crates: 30,
    },
    Budget {
        library: "headset",
        flags: &["--features", "hub"],
        crates: 40,
    },
    Budget {
        library: "uc-session",
        flags: &["--no-default-features"],
        crates: 150,
    },
    Budget {
        library: "uc-session",
        flags: &["--features", "hidapi"],
        crates: 150,
    },
];

/// Crates whose use in a build script means that a C compiler or assembler runs.
const COMPILERS: [&str; 4] = ["autotools", "cc", "cmake", "nasm-rs"];

/// The crates that may do so: ring's assembly has no replacement in Rust.
const ALLOWED: [&str; 1] = ["ring"];

/// Counts the crates of each library against its budget, and prints them.
pub(crate) fn budgets() -> Outcome {
    let mut findings = Vec::new();
    for Budget {
        library,
        flags,
        crates,
    } in BUDGETS
    {
        let count = names(&tree(library, flags, "normal", "none")?).len();
        let line = format!(
            "{library} {}: {count} crates, budget {crates}",
            flags.join(" ")
        );
        println!("{line}");
        if count > crates {
            findings.push(format!("over budget: {line}"));
        }
    }
    Failure::unless_empty(findings)
}

/// Fails when the default features of a library run a C compiler other than through ring.
pub(crate) fn c_compilers() -> Outcome {
    let mut findings = Vec::new();
    for library in LIBRARIES {
        let users = compiler_users(&tree(library, &[], "normal,build", "depth")?);
        println!("{library}: C or assembly compiled by {users:?}");
        let strangers = users
            .iter()
            .filter(|user| !ALLOWED.contains(&user.as_str()));
        findings.extend(strangers.map(|user| format!("{library}: {user} runs a C compiler")));
    }
    Failure::unless_empty(findings)
}

fn tree(library: &str, flags: &[&str], edges: &str, prefix: &str) -> Outcome<String> {
    let mut command = cargo();
    command.args(["tree", "--locked", "--package", library, "--edges", edges]);
    command
        .args(["--prefix", prefix, "--format", "{p}"])
        .args(flags);
    text(&mut command)
}

fn names(tree: &str) -> BTreeSet<&str> {
    tree.lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect()
}

/// The crates that depend on one of `COMPILERS`, from a tree whose lines begin with their depth.
fn compiler_users(tree: &str) -> BTreeSet<String> {
    let mut users = BTreeSet::new();
    let mut path: Vec<&str> = Vec::new();
    for line in tree.lines() {
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        let Ok(depth) = line[..digits].parse::<usize>() else {
            continue;
        };
        let name = line[digits..].split_whitespace().next().unwrap_or("");
        path.truncate(depth);
        if COMPILERS.contains(&name) {
            users.extend(path.last().map(|user| (*user).to_owned()));
        }
        path.push(name);
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_counts_once_whatever_its_versions_and_places() {
        let tree = "uc-model v0.1.0 (/sdk)\nsyn v2.0.1\nsyn v3.0.0\nquote v1.0.0\nsyn v2.0.1 (*)\n";
        assert_eq!(names(tree).len(), 3);
    }

    #[test]
    fn those_who_run_a_compiler_are_found_by_their_place_in_the_tree() {
        let tree = "0session v1\n1ring v0.17\n2cc v1\n3shlex v1\n2libc v0.2\n1sqlite v1\n2vcpkg v1\n\
            2cc v1 (*)\n1serde v1\n";
        let users: Vec<_> = compiler_users(tree).into_iter().collect();
        assert_eq!(users, ["ring", "sqlite"]);
    }

    #[test]
    fn a_tree_without_compilers_has_no_users() {
        assert!(compiler_users("0headset v1\n1thiserror v2\n").is_empty());
    }
}
