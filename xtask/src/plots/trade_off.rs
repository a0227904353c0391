//! Delay against concealment on the recorded traces, from the table in docs/jitter-buffer.md: two
//! other jitter buffers, the clairvoyant limit, and ours.

use super::malformed;
use super::svg::{Axis, Chart};
use crate::failure::Outcome;

/// The chart of the table whose rows are traces.
pub(super) fn chart(document: &str) -> Outcome<String> {
    let delay = Axis {
        label: "mean delay in ms",
        from: 40.0,
        to: 250.0,
        step: 20.0,
    };
    let concealed = Axis {
        label: "concealed, s of 119",
        from: 0.0,
        to: 8.0,
        step: 1.0,
    };
    let title = "Delay against concealment: towards the lower left corner is better";
    let mut chart = Chart::new(title, delay, concealed);
    let rows: Vec<Row> = document.lines().filter_map(row).collect();
    if rows.is_empty() {
        return Err(malformed("docs/jitter-buffer.md", "the table of traces"));
    }
    for row in &rows {
        chart.curve(&[row.points[1], row.points[3]], "#d0d0d0");
        for (&point, (colour, _)) in row.points.iter().zip(COLUMNS) {
            chart.dot(point, 4.0, colour);
        }
        if row.points[3].1 > 0.5 {
            chart.label(row.points[3], row.trace);
        }
    }
    chart.legend(&COLUMNS);
    Ok(chart.finish())
}

/// Mean delay in ms and concealed seconds of each of [`COLUMNS`].
struct Row<'a> {
    trace: &'a str,
    points: [(f64, f64); 4],
}

/// A row of the table with figures in all four columns.
fn row(line: &str) -> Option<Row<'_>> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
    let &[trace, neteq, libwebrtc, limit, _aim, ours, ..] = cells.as_slice() else {
        return None;
    };
    let points = [
        point(neteq)?,
        point(libwebrtc)?,
        point(limit)?,
        point(ours)?,
    ];
    Some(Row { trace, points })
}

fn point(cell: &str) -> Option<(f64, f64)> {
    let (delay, concealed) = cell.split_once('/')?;
    let delay = delay.trim().parse().ok()?;
    let concealed: f64 = concealed.trim().parse().ok()?;
    Some((delay, concealed / 1_000.0))
}

/// Colour and name, in the order of the table.
const COLUMNS: [(&str, &str); 4] = [
    ("#d08c2e", "neteq 0.9.1"),
    ("#a33c3c", "libwebrtc NetEQ"),
    ("#9aa8b8", "limit with the future known"),
    ("#1f4e9c", "ours"),
];

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
| trace | `neteq` | libwebrtc | limit | aim | ours | PLCMOS |
|---|---|---|---|---|---|---|
| wifi | 96 / 4170 | 118 / 2481 | 56 / 2500 | 92 / 2450 | 87.7 / 2120 | 4.37 |
| fec |  |  |  | – / 2500 | 71.7 / 2193 | 4.25 |
";

    #[test]
    fn every_whole_row_gives_four_points() {
        let chart = chart(TABLE).unwrap();
        assert_eq!(chart.matches("<circle").count(), 4);
        assert!(chart.contains(">wifi</text>"));
    }

    #[test]
    fn a_document_without_the_table_is_an_error() {
        assert!(chart("no table\n").is_err());
    }
}
