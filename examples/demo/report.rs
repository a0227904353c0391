use std::fmt::{self, Write};

use serde::Serialize;

/// One thing the demonstration did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What.
    pub name: &'static str,
    /// Whether it came out as it should.
    pub ok: bool,
    /// What went wrong, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What was measured. Times are milliseconds on this computer's clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// From the beginning of the first client's sign-in until its state was whole.
    pub sign_in_ms: f64,
    /// From dialling until the other side rang.
    pub ring_ms: f64,
    /// From `answer()` until the first sample of the other's voice that was not made up was
    /// played; of both sides the later one.
    pub audio_ms: f64,
    /// Share of the packets that never came, 0 to 1; of both sides the larger.
    pub loss: f32,
    /// Share of the sound that was made up, 0 to 1; of both sides the larger.
    pub concealed: f32,
    /// Mean delay in the jitter buffer; of both sides the larger.
    pub mean_delay_ms: f64,
    /// Mean opinion score by the E-model, 1 to 5; of both sides the lower.
    pub mos: f32,
    /// How much the recordings sound like what was said, −1 to 1; of both sides the lower.
    pub similarity: f32,
    /// What was done.
    pub steps: Vec<Step>,
}

impl Report {
    /// Whether every step came out as it should.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, value: String| writeln!(f, "  {name:<34}{value:>12}");
        row("signed in after", format!("{:.1} ms", self.sign_in_ms))?;
        row("the other rang after", format!("{:.1} ms", self.ring_ms))?;
        row(
            "first sound after answering",
            format!("{:.1} ms", self.audio_ms),
        )?;
        row("packets lost", format!("{:.2} %", self.loss * 100.0))?;
        row("sound made up", format!("{:.2} %", self.concealed * 100.0))?;
        row(
            "delay in the jitter buffer",
            format!("{:.1} ms", self.mean_delay_ms),
        )?;
        row("quality (E-model MOS, 1 to 5)", format!("{:.2}", self.mos))?;
        row(
            "similarity to what was said",
            format!("{:.3}", self.similarity),
        )?;
        let failed: Vec<_> = self
            .steps
            .iter()
            .filter(|s| !s.ok)
            .map(|s| s.name)
            .collect();
        match failed.as_slice() {
            [] => write!(f, "  all {} steps ok", self.steps.len()),
            failed => {
                f.write_str("  FAILED: ")?;
                f.write_str(&failed.join(", "))
            }
        }?;
        f.write_char('\n')
    }
}
