//! Files of contacts, and the report on what became of them.

use uc_model::{ImportFormat, ImportReport, SkipReason, TextEncoding};
use uc_protocol::ucx::{self as wire, paths::FileFormat};

use crate::port::BackendError;

/// What kind of file it is, in a query.
pub(super) fn write_format(format: ImportFormat) -> Result<FileFormat, BackendError> {
    Ok(match format {
        ImportFormat::Csv(TextEncoding::Utf8) => FileFormat::CsvUtf8,
        ImportFormat::Csv(TextEncoding::Windows1252) => FileFormat::CsvWindows1252,
        ImportFormat::Csv(TextEncoding::Utf16) => FileFormat::CsvUtf16,
        ImportFormat::Xml => FileFormat::Xml,
        _ => return Err(BackendError::Unsupported),
    })
}

/// The report. A reason that isn't known here counts as one that the server doesn't tell.
pub(super) fn read_report(report: wire::ImportReport) -> ImportReport {
    let skipped = report.skipped.into_iter();
    let mut read = ImportReport::default();
    read.added = report.added;
    read.changed = report.changed;
    read.flagged = report.flagged;
    read.skipped = skipped.map(|one| (one.line, read_reason(one))).collect();
    read
}

fn read_reason(line: wire::SkippedLine) -> SkipReason {
    match line.reason {
        wire::SkipReason::Empty => SkipReason::Empty,
        wire::SkipReason::BadNumber => SkipReason::BadNumber,
        wire::SkipReason::FieldTooLong => SkipReason::FieldTooLong,
        wire::SkipReason::TooManyNumbers => SkipReason::TooManyNumbers,
        wire::SkipReason::Duplicate => SkipReason::Duplicate(line.same_as.unwrap_or(0)),
        wire::SkipReason::ChangedByHand => SkipReason::ChangedByHand,
        wire::SkipReason::Unchanged => SkipReason::Unchanged,
        _ => SkipReason::Other,
    }
}
