//! `cargo xtask features`: the rows of `docs/features.md`, checked against the tests they name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::test_names::TestNames;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/features.md";

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// As in the first column, for example `CALL-3`.
    id: String,
    state: State,
    /// Names of tests, `name` or `package::name`.
    tests: Vec<String>,
}

/// How far a requirement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Nothing of it can be relied on.
    Open,
    /// The rule exists and is tested, not yet end to end.
    Rule,
    /// Client and server, end to end through the public API.
    Works,
    /// As `Works`, but against a stand-in because no real system was at hand.
    WorksUnverified,
}

impl State {
    const ALL: [Self; 4] = [Self::Open, Self::Rule, Self::Works, Self::WorksUnverified];

    fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Rule => "rule",
            Self::Works => "works",
            Self::WorksUnverified => "works, unverified",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

/// Prints the rows, as JSON or for reading, and fails on anything untrue.
pub(crate) fn features(json: bool) -> Outcome {
    let workspace = Workspace::read()?;
    let document: PathBuf = workspace.root.join(DOCUMENT);
    let text = std::fs::read_to_string(&document).map_err(Failure::file(&document))?;
    let (rows, mut findings) = parse(&text);
    findings.extend(check(&rows, &TestNames::collect(&workspace)?));
    if json {
        println!("{}", as_json(&rows));
    } else {
        print!("{}", for_reading(&rows));
    }
    Failure::unless_empty(findings)
}

/// The rows of every table with the columns id, state and tests; and what is wrong with others.
fn parse(text: &str) -> (Vec<Row>, Vec<String>) {
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    let mut columns: Option<Columns> = None;
    for line in text.lines() {
        let Some(cells) = cells(line) else {
            columns = None;
            continue;
        };
        match columns {
            None => columns = Columns::of(&cells),
            Some(_)
                if cells
                    .iter()
                    .all(|cell| cell.chars().all(|c| "-:".contains(c))) => {}
            Some(columns) => match columns.row(&cells) {
                Ok(row) => rows.push(row),
                Err(finding) => findings.push(format!("{DOCUMENT}: {finding}")),
            },
        }
    }
    (rows, findings)
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(str::trim).collect())
}

/// Which column holds what.
#[derive(Debug, Clone, Copy)]
struct Columns {
    id: usize,
    state: usize,
    tests: usize,
}

impl Columns {
    fn of(header: &[&str]) -> Option<Self> {
        let find = |name| header.iter().position(|cell| *cell == name);
        Some(Self {
            id: find("id")?,
            state: find("state")?,
            tests: find("tests")?,
        })
    }

    fn row(self, cells: &[&str]) -> Result<Row, String> {
        let cell = |index: usize| cells.get(index).copied().unwrap_or("");
        let id = cell(self.id).to_owned();
        let state = State::parse(cell(self.state))
            .ok_or_else(|| format!("{id}: {:?} is no state", cell(self.state)))?;
        let words = cell(self.tests)
            .split(',')
            .map(|word| word.trim().trim_matches('`'));
        Ok(Row {
            id,
            state,
            tests: words
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

fn check(rows: &[Row], known: &TestNames) -> Vec<String> {
    let mut findings = Vec::new();
    if rows.is_empty() {
        findings.push("no row was found".to_owned());
    }
    let mut ids = BTreeSet::new();
    for row in rows {
        if !is_id(&row.id) {
            findings.push(format!(
                "{:?} is no id (letters, a hyphen, a number)",
                row.id
            ));
        }
        if !ids.insert(&row.id) {
            findings.push(format!("{} has more than one row", row.id));
        }
        if row.state != State::Open && row.tests.is_empty() {
            findings.push(format!(
                "{} is {:?} but names no test",
                row.id,
                row.state.name()
            ));
        }
        let missing = row.tests.iter().filter(|name| !known.has(name));
        findings.extend(missing.map(|name| format!("{}: no test is called {name}", row.id)));
    }
    findings
        .into_iter()
        .map(|finding| format!("{DOCUMENT}: {finding}"))
        .collect()
}

fn is_id(text: &str) -> bool {
    text.split_once('-').is_some_and(|(letters, number)| {
        !letters.is_empty()
            && letters.chars().all(|letter| letter.is_ascii_uppercase())
            && number.parse::<u16>().is_ok()
    })
}

fn as_json(rows: &[Row]) -> Value {
    let row = |row: &Row| json!({"id": row.id, "state": row.state.name(), "tests": row.tests});
    rows.iter().map(row).collect()
}

fn for_reading(rows: &[Row]) -> String {
    let mut text = String::new();
    for state in State::ALL {
        let ids: Vec<_> = rows
            .iter()
            .filter(|row| row.state == state)
            .map(|row| row.id.as_str())
            .collect();
        if !ids.is_empty() {
            text += &format!("{} ({}): {}\n", state.name(), ids.len(), ids.join(" "));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# Features\n\nSome words.\n\n\
        | id | requirement | state | tests |\n|---|---|:--|---|\n\
        | CALL-2 | Answer | works | `a_call_is_answered`, `uc-session::a_call_is_rejected` |\n\
        | CALL-3 | Hold | open | |\n\n\
        | other | table |\n|---|---|\n| x | y |\n";

    fn known() -> TestNames {
        TestNames::of([
            ("uc-server", "a_call_is_answered"),
            ("uc-session", "a_call_is_rejected"),
        ])
    }

    #[test]
    fn rows_are_read_from_the_table_with_the_right_columns() {
        let (rows, findings) = parse(TABLE);
        assert_eq!(findings, Vec::<String>::new());
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].id, "CALL-2");
        assert_eq!(rows[0].state, State::Works);
        assert_eq!(
            rows[0].tests,
            ["a_call_is_answered", "uc-session::a_call_is_rejected"]
        );
        assert!(rows[1].tests.is_empty());
    }

    #[test]
    fn rows_whose_tests_exist_are_fine() {
        assert_eq!(check(&parse(TABLE).0, &known()), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_does_not_exist_is_named() {
        let findings = check(
            &parse(TABLE).0,
            &TestNames::of([("uc-server", "a_call_is_answered")]),
        );
        assert_eq!(
            findings,
            ["docs/features.md: CALL-2: no test is called uc-session::a_call_is_rejected"]
        );
    }

    #[test]
    fn an_unknown_state_is_refused() {
        let (_, findings) = parse(&TABLE.replace("| open |", "| nearly |"));
        assert_eq!(
            findings,
            ["docs/features.md: CALL-3: \"nearly\" is no state"]
        );
    }

    #[test]
    fn an_id_may_stand_only_once_and_must_look_like_one() {
        let findings = check(&parse(&TABLE.replace("CALL-3", "CALL-2")).0, &known());
        assert_eq!(findings, ["docs/features.md: CALL-2 has more than one row"]);
        let findings = check(&parse(&TABLE.replace("CALL-3", "hold")).0, &known());
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn what_works_must_name_a_test() {
        let findings = check(
            &parse(&TABLE.replace("| open |", "| works, unverified |")).0,
            &known(),
        );
        assert_eq!(
            findings,
            ["docs/features.md: CALL-3 is \"works, unverified\" but names no test"]
        );
    }

    #[test]
    fn a_document_without_rows_is_refused() {
        assert_eq!(check(&[], &known()).len(), 1);
    }

    #[test]
    fn json_rows_have_id_state_and_tests() {
        let value = as_json(&parse(TABLE).0);
        assert_eq!(
            value[1],
            json!({"id": "CALL-3", "state": "open", "tests": []})
        );
    }

    #[test]
    fn what_is_open_is_listed_for_reading() {
        assert_eq!(
            for_reading(&parse(TABLE).0),
            "open (1): CALL-3\nworks (1): CALL-2\n"
        );
    }
}
