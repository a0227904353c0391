use serde_json::{Value, json};
use uc_session::{Check, Good};

use crate::{
    account::{Account, fingerprint},
    failure::Failure,
    output::Output,
};

/// Says step by step what works and what doesn't, as it is found out.
pub(crate) async fn diagnose(account: &Account, output: &Output) -> Result<(), Failure> {
    let builder = account.builder().await?;
    let told = |check: &Check| output.line(&line(check), &value(check));
    let diagnosis = builder.diagnose(told).await?;
    let relied_on: Vec<_> = diagnosis
        .relied_on
        .iter()
        .map(|name| name.assumed())
        .collect();
    let works = diagnosis.works();
    let verdict = match diagnosis.obstacle() {
        None => "Signing in works.".to_owned(),
        Some(check) => format!("Signing in doesn't work; see to the {} first.", check.step),
    };
    let inferred = match relied_on.is_empty() {
        true => String::new(),
        false => format!(
            "\nThe connection relies on names of the vendor's interface without public proof: {}.",
            relied_on.join(", ")
        ),
    };
    let obstacle = diagnosis.obstacle().map(|check| check.step.to_string());
    output.line(
        &format!("{verdict}{inferred}"),
        &json!({ "works": works, "obstacle": obstacle, "relied_on": relied_on }),
    );
    match works {
        true => Ok(()),
        false => Err(Failure::Diagnosed),
    }
}

fn line(check: &Check) -> String {
    let address = check.address.as_ref();
    let address = address.map_or_else(|| "the session".to_owned(), ToString::to_string);
    let (mark, detail) = match &check.result {
        Ok(good) => ("ok", detail(good)),
        Err(bad) => ("NO", bad.to_string()),
    };
    format!("{mark}  {address:<22} {:<12} {detail}", check.step)
        .trim_end()
        .to_owned()
}

fn value(check: &Check) -> Value {
    let (detail, problem) = match &check.result {
        Ok(good) => (Some(detail(good)), None),
        Err(bad) => (None, Some(bad.to_string())),
    };
    json!({
        "step": check.step.to_string(),
        "address": check.address.as_ref().map(ToString::to_string),
        "ok": check.result.is_ok(),
        "detail": detail,
        "problem": problem,
    })
}

fn detail(good: &Good) -> String {
    match good {
        Good::Addresses(addresses) => {
            let texts: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            texts.join(", ")
        }
        Good::From(address) => format!("from {address}"),
        Good::Connected(took) => format!("{} ms", took.as_millis()),
        Good::Unsecured => {
            "not wanted by this address: others on the way can read along".to_owned()
        }
        Good::Accepted(certificate) => fingerprint(&certificate.sha256),
        Good::ChangePassword => "accepted; the password must be changed first".to_owned(),
        Good::Server { product, mode } => match mode {
            Some(mode) => format!("{product} ({mode:?})"),
            None => product.clone(),
        },
        Good::Without(missing) => {
            let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
            format!("signing in; none for {}", names.join(", "))
        }
        Good::Heard(after) => format!("the first after {} ms", after.as_millis()),
        _ => String::new(),
    }
}
