//! `cargo xtask readme`: the README shows `examples/first-call.rs` as it is.

use crate::failure::{Failure, Outcome};
use crate::workspace::root;

const README: &str = "README.md";
const PROGRAM: &str = "examples/first-call.rs";
const BEGIN: &str = "<!-- examples/first-call.rs, kept equal by `cargo xtask readme --fix` -->\n";
const END: &str = "<!-- end of examples/first-call.rs -->\n";

/// The whole program, and its `main`, fit a page: lines at most.
const PROGRAM_LINES: usize = 25;
const MAIN_LINES: usize = 15;

/// Compares, or with `fix` writes the program into the README.
pub(crate) fn readme(fix: bool) -> Outcome {
    let path = root().join(README);
    let readme = std::fs::read_to_string(&path).map_err(Failure::file(&path))?;
    let source = root().join(PROGRAM);
    let program = std::fs::read_to_string(&source).map_err(Failure::file(&source))?;
    let wanted = with_program(&readme, &program)
        .ok_or_else(|| Failure::check(format!("{README} lacks the lines {BEGIN}and {END}")))?;
    if fix {
        std::fs::write(&path, wanted).map_err(Failure::file(&path))?;
    } else if wanted != readme {
        let text = format!("{README} does not show {PROGRAM} as it is: cargo xtask readme --fix");
        return Err(Failure::check(text));
    }
    Failure::unless_empty(too_long(&program))
}

/// The README with the program between the two marker lines; none if a marker is missing.
fn with_program(readme: &str, program: &str) -> Option<String> {
    let (before, rest) = readme.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}```rust\n{program}```\n{END}{after}"
    ))
}

fn too_long(program: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let all = program.lines().count();
    if all > PROGRAM_LINES {
        findings.push(format!(
            "{PROGRAM} has {all} lines, {PROGRAM_LINES} are allowed"
        ));
    }
    let main = lines_of_main(program);
    if main > MAIN_LINES {
        findings.push(format!(
            "main of {PROGRAM} has {main} lines, {MAIN_LINES} are allowed"
        ));
    }
    findings
}

/// From the line of `fn main` to its closing brace at the margin.
fn lines_of_main(program: &str) -> usize {
    let main = program
        .lines()
        .skip_while(|line| !line.contains("fn main("));
    main.take_while(|line| *line != "}").count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readme(block: &str) -> String {
        format!("# Title\n{BEGIN}{block}{END}after\n")
    }

    #[test]
    fn the_program_is_put_between_the_markers() {
        let wanted = with_program(&readme("old\n"), "fn main() {}\n").unwrap();
        assert_eq!(wanted, readme("```rust\nfn main() {}\n```\n"));
    }

    #[test]
    fn a_readme_that_shows_the_program_stays_as_it_is() {
        let good = readme("```rust\nfn main() {}\n```\n");
        assert_eq!(with_program(&good, "fn main() {}\n").unwrap(), good);
    }

    #[test]
    fn a_readme_without_markers_is_refused() {
        assert!(with_program("# Title\n", "fn main() {}\n").is_none());
    }

    #[test]
    fn a_program_past_a_page_is_refused() {
        let long = format!("use x;\n\nfn main() {{\n{}}}\n", "    step();\n".repeat(14));
        assert_eq!(lines_of_main(&long), 16);
        assert_eq!(too_long(&long).len(), 1);
        let longer = format!("{}fn main() {{\n}}\n", "// word\n".repeat(24));
        assert_eq!(too_long(&longer).len(), 1);
        assert!(too_long("fn main() {\n}\n").is_empty());
    }
}
