//! Just enough SVG for charts with two axes.

use std::fmt::Write;

/// A chart under construction. Coordinates are those of the data.
pub(super) struct Chart {
    body: String,
    x: Axis,
    y: Axis,
}

/// An axis: what it shows, from where to where, and the distance of its ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    pub(super) label: &'static str,
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) step: f64,
}

impl Axis {
    /// Where a value lies, 0 to 1.
    fn place(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + use<> {
        let Self { from, to, step, .. } = *self;
        let count = ((to - from) / step + 1e-6) as u32;
        (0..=count).map(move |index| from + f64::from(index) * step)
    }
}

impl Chart {
    pub(super) fn new(title: &str, x: Axis, y: Axis) -> Self {
        let mut chart = Self {
            body: String::new(),
            x,
            y,
        };
        chart.frame(title);
        chart
    }

    fn frame(&mut self, title: &str) {
        self.add(&format!(
            "<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>"
        ));
        self.words((WIDTH / 2.0, 18.0), "middle", title);
        for value in self.x.ticks() {
            let x = self.at(value, 0.0).0;
            self.line((x, TOP), (x, HEIGHT - BOTTOM), "#e0e0e0");
            self.words((x, HEIGHT - BOTTOM + 16.0), "middle", &number(value));
        }
        for value in self.y.ticks() {
            let y = self.at(0.0, value).1;
            self.line((LEFT, y), (WIDTH - RIGHT, y), "#e0e0e0");
            self.words((LEFT - 6.0, y + 4.0), "end", &number(value));
        }
        self.words((WIDTH / 2.0, HEIGHT - 6.0), "middle", self.x.label);
        self.words((4.0, TOP - 8.0), "start", self.y.label);
    }

    /// Fills everything from one x to another.
    pub(super) fn band(&mut self, from: f64, to: f64, colour: &str) {
        let (left, right) = (self.at(from, 0.0).0, self.at(to, 0.0).0);
        let (width, height) = ((right - left).max(1.0), HEIGHT - TOP - BOTTOM);
        self.add(&format!(
            "<rect x=\"{left:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\" fill=\"{colour}\"/>"
        ));
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, colour: &str) {
        let (x, y) = self.at(x, y);
        self.add(&format!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\"/>"
        ));
    }

    /// Many small dots in one element.
    pub(super) fn cloud(&mut self, points: &[(f64, f64)], colour: &str) {
        let mut path = String::new();
        for &(x, y) in points {
            let (x, y) = self.at(x, y);
            // Writing into a string can't fail.
            let _written = write!(path, "M{x:.0},{y:.1}h0");
        }
        self.add(&format!(
            "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"3\" stroke-linecap=\"round\"/>"
        ));
    }

    /// A line through points. What lies between two others of the same height is left out.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], colour: &str) {
        if points.len() < 2 {
            return;
        }
        let mut path = String::new();
        for (index, &(x, height)) in points.iter().enumerate() {
            let level = |other: Option<&(f64, f64)>| other.is_some_and(|&(_, y)| y == height);
            let before = index.checked_sub(1).and_then(|index| points.get(index));
            if level(before) && level(points.get(index + 1)) {
                continue;
            }
            let (x, y) = self.at(x, height);
            // Writing into a string can't fail.
            let _written = write!(path, "{x:.1},{y:.1} ");
        }
        let path = path.trim_end();
        self.add(&format!(
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>"
        ));
    }

    /// Writes beside a point.
    pub(super) fn label(&mut self, (x, y): (f64, f64), text: &str) {
        let (x, y) = self.at(x, y);
        self.words((x + 6.0, y - 5.0), "start", text);
    }

    /// Explains the colours, in the upper right corner.
    pub(super) fn legend(&mut self, entries: &[(&str, &str)]) {
        for (index, (colour, text)) in entries.iter().enumerate() {
            let y = TOP + 14.0 + 16.0 * index as f64;
            let x = WIDTH - RIGHT - 210.0;
            self.add(&format!(
                "<rect x=\"{x}\" y=\"{}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
                y - 9.0
            ));
            self.words((x + 16.0, y), "start", text);
        }
    }

    pub(super) fn finish(self) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n{}</svg>\n",
            self.body
        )
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (
            LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - self.y.place(y) * (HEIGHT - TOP - BOTTOM),
        )
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        let ((x1, y1), (x2, y2)) = (from, to);
        self.add(&format!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
        ));
    }

    fn words(&mut self, (x, y): (f64, f64), anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.add(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    fn add(&mut self, element: &str) {
        self.body.push_str(element);
        self.body.push('\n');
    }
}

fn number(value: f64) -> String {
    format!("{value:.0}")
}

/// Size and margins in pixels.
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 40.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let axis = |label| Axis {
            label,
            from: 0.0,
            to: 10.0,
            step: 5.0,
        };
        Chart::new("a < b", axis("s"), axis("ms"))
    }

    #[test]
    fn data_lie_within_the_frame_whatever_they_are() {
        let chart = chart();
        assert_eq!(chart.at(0.0, 0.0), (LEFT, HEIGHT - BOTTOM));
        assert_eq!(chart.at(10.0, 10.0), (WIDTH - RIGHT, TOP));
        assert_eq!(chart.at(99.0, -9.0), (WIDTH - RIGHT, HEIGHT - BOTTOM));
    }

    #[test]
    fn a_chart_is_one_well_formed_picture() {
        let mut chart = chart();
        chart.dot((1.0, 1.0), 2.0, "red");
        chart.curve(&[(0.0, 0.0), (1.0, 2.0)], "blue");
        chart.cloud(&[(0.0, 0.0), (1.0, 2.0)], "grey");
        chart.band(3.0, 4.0, "pink");
        chart.label((1.0, 1.0), "here");
        chart.legend(&[("red", "a dot")]);
        let text = chart.finish();
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert_eq!(text.matches("h0").count(), 2);
        assert!(text.contains("a &lt; b") && !text.contains("a < b"));
        assert_eq!(
            text.matches("<text").count(),
            text.matches("</text>").count()
        );
    }
}
