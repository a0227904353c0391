//! Delay over time: when packets came, when they were played, and what had to be made up.

use super::malformed;
use super::svg::{Axis, Chart};
use crate::failure::Outcome;

/// The chart of a run of jitter-lab: its arrivals and its timeline.
pub(super) fn chart(title: &str, arrivals: &str, timeline: &str) -> Outcome<String> {
    let seconds = Axis {
        label: "seconds",
        from: FROM_S,
        to: TO_S,
        step: 2.0,
    };
    let delay = Axis {
        label: "delay in ms",
        from: 0.0,
        to: 300.0,
        step: 50.0,
    };
    let mut chart = Chart::new(title, seconds, delay);
    let played = played(timeline)?;
    for (at, kind, _) in played.iter().filter(|moment| shown(moment.0)) {
        if let Some(colour) = colour(kind) {
            chart.band(*at, at + 0.01, colour);
        }
    }
    let packets = arrivals
        .lines()
        .map(|line| arrival(line).ok_or_else(|| malformed("the network", line)))
        .collect::<Outcome<Vec<_>>>()?;
    let packets: Vec<_> = packets
        .into_iter()
        .filter(|packet| shown(packet.0))
        .collect();
    chart.cloud(&packets, ARRIVAL);
    for stretch in played
        .split(|moment| moment.2.is_none())
        .map(|stretch| stretch.iter().filter(|moment| shown(moment.0)))
    {
        let points: Vec<_> = stretch
            .filter_map(|&(at, _, delay)| Some((at, delay?)))
            .collect();
        chart.curve(&points, PLAYOUT);
    }
    chart.legend(&[
        (ARRIVAL, "a packet arrives"),
        (PLAYOUT, "it is played"),
        (CONCEALED, "concealed"),
        (SLOWER, "played slower"),
        (FASTER, "played faster"),
    ]);
    Ok(chart.finish())
}

/// Second, kind and delay in ms of each 10 ms.
type Moment<'a> = (f64, &'a str, Option<f64>);

fn played(timeline: &str) -> Outcome<Vec<Moment<'_>>> {
    timeline
        .lines()
        .map(|line| moment(line).ok_or_else(|| malformed("jitter-lab", line)))
        .collect()
}

fn moment(line: &str) -> Option<Moment<'_>> {
    let mut words = line.split(' ');
    let at: f64 = words.next()?.parse().ok()?;
    let kind = words.next()?;
    let delay = match words.next()? {
        "-" => None,
        delay => Some(delay.parse().ok()?),
    };
    Some((at / 1_000.0, kind, delay))
}

/// Second of an arrival, and how long the packet was under way in ms.
fn arrival(line: &str) -> Option<(f64, f64)> {
    let (at, number) = line.split_once(' ')?;
    let at = at.parse::<f64>().ok()? / 1_000.0;
    let sent = number.parse::<f64>().ok()? * 20.0;
    Some((at / 1_000.0, at - sent))
}

fn shown(at: f64) -> bool {
    (FROM_S..TO_S).contains(&at)
}

fn colour(kind: &str) -> Option<&'static str> {
    match kind {
        "concealed" => Some(CONCEALED),
        "slower" => Some(SLOWER),
        "faster" => Some(FASTER),
        _ => None,
    }
}

/// The part of the run that is shown: it has settled, and the event of the network *stall* is in it.
const FROM_S: f64 = 14.0;
const TO_S: f64 = 34.0;
const ARRIVAL: &str = "#7f7f7f";
const PLAYOUT: &str = "#1f4e9c";
const CONCEALED: &str = "#f2a0a0";
const SLOWER: &str = "#f7e2a9";
const FASTER: &str = "#c4e6c4";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_playout_and_concealment_are_drawn() {
        let timeline = "20000.0 speech 60.0\n20010.0 slower 65.0\n20020.0 concealed -\n";
        let chart = chart("title", "20040000 1000\n", timeline).unwrap();
        assert!(chart.contains(CONCEALED) && chart.contains(SLOWER));
        assert_eq!(chart.matches("h0").count(), 1);
        assert_eq!(chart.matches("<polyline").count(), 1);
    }

    #[test]
    fn a_line_in_another_form_is_an_error() {
        let error = chart("title", "", "soon speech 3\n").unwrap_err();
        assert!(error.to_string().contains("soon speech 3"), "{error}");
    }
}
