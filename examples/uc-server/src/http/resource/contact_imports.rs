use http::Method;
use uc_model::{ContactFile, DialPlan, ImportFormat, TextEncoding};
use uc_protocol::ucx::{Problem, ProblemType, paths::FileFormat};

use super::{Ask, Step};
use crate::http::reply;

/// A file of contacts. It is read here, on a thread that may take its time, so that nobody waits
/// for it but its sender.
pub(in crate::http) async fn step(
    ask: Ask,
    format: FileFormat,
    plan: DialPlan,
) -> Result<Step, Problem> {
    if ask.method != Method::POST {
        return Err(reply::wrong_method());
    }
    let format = read_format(format).ok_or_else(|| reply::plain(ProblemType::NotFound))?;
    let (session, body) = (ask.session, ask.body);
    let reading =
        tokio::task::spawn_blocking(move || ContactFile::read(body.bytes(), format, &plan));
    let file = reading.await;
    let file = file.map_err(|_| reply::plain(ProblemType::Unavailable))?;
    Ok(Box::new(move |exchange, _| {
        exchange.import_contacts(&session, &file).into()
    }))
}

const fn read_format(format: FileFormat) -> Option<ImportFormat> {
    Some(match format {
        FileFormat::CsvUtf8 => ImportFormat::Csv(TextEncoding::Utf8),
        FileFormat::CsvWindows1252 => ImportFormat::Csv(TextEncoding::Windows1252),
        FileFormat::CsvUtf16 => ImportFormat::Csv(TextEncoding::Utf16),
        FileFormat::Xml => ImportFormat::Xml,
        _ => return None,
    })
}
