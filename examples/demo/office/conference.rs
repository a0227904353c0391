//! A phone-controlled conference of eight.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::sleep;
use uc_model::FailureCause;
use uc_session::Call;

use super::{
    ConferenceReport, ears,
    error::{SceneError, check, until, within},
    person::{Person, connected, ended},
};
use crate::{Options, Sound, SoundFileError};

/// The first person calls the second, and fetches six more, one after the other. A ninth finds no
/// place. All are recorded; then the first leaves, the others go on, and leave too.
pub(super) async fn of_eight(
    people: &[Person; 10],
    options: &Options,
) -> Result<ConferenceReport, SceneError> {
    let (parties, ninth) = (&people[..PARTIES], &people[PARTIES]);
    let conference = gather(parties).await?;
    is_full(&conference[0], ninth).await?;
    everybody_hears_the_others(parties).await?;
    let report = record(parties, &options.folder).await?;

    within("hanging up", conference[0].hang_up()).await??;
    everybody_hears_the_others(&parties[1..]).await?;
    for left in &conference[1..PARTIES - 1] {
        within("hanging up", left.hang_up()).await??;
    }
    // A conference of one is none.
    ended(&conference[PARTIES - 1], FailureCause::Normal).await?;
    Ok(report)
}

/// The calls of all, the host's first.
async fn gather(parties: &[Person]) -> Result<Vec<Call>, SceneError> {
    let (mut hosts, at_first) = parties[0].talks_to(&parties[1]).await?;
    let mut others = vec![at_first];
    for joins in &parties[2..] {
        let second = within("the consultation", hosts.consult(joins.number)).await??;
        others.push(joins.answers().await?);
        connected(&second).await?;
        within("the conference", second.conference(&hosts)).await??;
        let over = match hosts.state().is_over() {
            true => std::mem::replace(&mut hosts, second),
            false => second,
        };
        ended(&over, FailureCause::Conferenced).await?;
        for call in others.iter().chain([&hosts]) {
            let all = || call.state().members.len() == others.len();
            until("everybody in the conference", all).await?;
        }
    }
    others.insert(0, hosts);
    Ok(others)
}

/// Nobody else is let in, and the conference goes on.
async fn is_full(hosts: &Call, ninth: &Person) -> Result<(), SceneError> {
    let second = within("the consultation", hosts.consult(ninth.number)).await??;
    let at_ninth = ninth.answers().await?;
    connected(&second).await?;
    let refused = within("a refusal", second.conference(hosts)).await?;
    check("a ninth finds no place", refused.is_err())?;
    within("coming back", second.reconnect(hosts)).await??;
    ended(&at_ninth, FailureCause::Normal).await
}

async fn everybody_hears_the_others(parties: &[Person]) -> Result<(), SceneError> {
    for (nth, hearer) in parties.iter().enumerate() {
        let others = parties.iter().enumerate().filter(|(at, _)| *at != nth);
        let others: Vec<_> = others.map(|(_, other)| other).collect();
        hearer.hears_all(&others).await?;
    }
    Ok(())
}

/// Records what each hears, and looks for all voices in each recording.
async fn record(parties: &[Person], folder: &Path) -> Result<ConferenceReport, SceneError> {
    for party in parties {
        party.take_heard();
    }
    sleep(RECORDED).await;
    let (mut quietest_other, mut loudest_own) = (f64::INFINITY, 0.0_f64);
    for party in parties {
        let file = recording(folder, party.number);
        write(&file, &party.take_heard())?;
        let heard = samples(&Sound::read(&file)?);
        for voice in parties {
            let share = ears::mean_share_of(&heard, voice.hertz);
            match voice.number == party.number {
                true => loudest_own = loudest_own.max(share),
                false => quietest_other = quietest_other.min(share),
            }
        }
    }
    let report = ConferenceReport {
        parties: parties.len(),
        quietest_other,
        loudest_own,
    };
    let fair = 1.0 / (parties.len() - 1) as f64;
    check(
        "each recording holds all other voices",
        quietest_other > fair / 2.0,
    )?;
    check(
        "no recording holds its own voice",
        loudest_own < fair / 20.0,
    )?;
    Ok(report)
}

fn recording(folder: &Path, number: &str) -> PathBuf {
    folder.join(format!("conference-heard-by-{number}.wav"))
}

fn write(path: &Path, samples: &[i16]) -> Result<(), SoundFileError> {
    let failed = |source| SoundFileError {
        path: path.into(),
        source,
    };
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).map_err(failed)?;
    for sample in samples {
        file.write_sample(*sample).map_err(failed)?;
    }
    file.finalize().map_err(failed)
}

fn samples(sound: &Sound) -> Vec<i16> {
    let samples = sound.samples.iter();
    samples.map(|sample| (sample * 32_768.0) as i16).collect()
}

/// The most that the server lets into a conference.
const PARTIES: usize = 8;
const RECORDED: Duration = Duration::from_secs(2);
