//! What stops a command of `cargo xtask`.

use std::fmt;

/// Why a command failed; the text is for the person at the terminal.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// A program ended with an error; it has already said why.
    Program { line: String, code: Option<i32> },
    /// A program could not be started at all.
    Start {
        line: String,
        source: std::io::Error,
    },
    /// A file could not be read or written.
    File {
        path: String,
        source: std::io::Error,
    },
    /// A program's output was not in the form expected.
    Output {
        program: &'static str,
        reason: String,
    },
    /// A check of the project found something wrong.
    Check(Vec<String>),
    /// The command line named something that doesn't exist.
    UnknownName {
        kind: &'static str,
        name: String,
        known: Vec<String>,
    },
}

/// What every command gives back.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    /// A check that found one thing wrong.
    pub(crate) fn check(finding: impl Into<String>) -> Self {
        Self::Check(vec![finding.into()])
    }

    /// Failure unless `findings` is empty.
    pub(crate) fn unless_empty(findings: Vec<String>) -> Outcome {
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Self::Check(findings))
        }
    }

    /// For `map_err` on file operations.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program {
                line,
                code: Some(code),
            } => write!(f, "`{line}` ended with code {code}"),
            Self::Program { line, code: None } => write!(f, "`{line}` was stopped by a signal"),
            Self::Start { line, source } => write!(f, "`{line}` could not be started: {source}"),
            Self::File { path, source } => write!(f, "{path}: {source}"),
            Self::Output { program, reason } => {
                write!(f, "the output of {program} was not understood: {reason}")
            }
            Self::Check(findings) => write!(f, "{}", findings.join("\n")),
            Self::UnknownName { kind, name, known } => {
                write!(
                    f,
                    "no {kind} is called {name:?}; known: {}",
                    known.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for Failure {}
