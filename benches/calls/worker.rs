//! One of the two processes: has sessions, and obeys lines of JSON.

use std::{
    fs,
    io::{BufRead, BufReader, Write, stdin},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use voip_media::{AudioSession, Engine, OpenError, SessionEvent, SessionStats};

use crate::{Failed, sound};

/// The other end of a process.
pub(crate) struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) pinned: bool,
}

impl Worker {
    /// Starts it, on this core if that can be had.
    pub(crate) fn start(core: usize) -> Result<Self, Failed> {
        let program = std::env::current_exe()?;
        let started = |command: &mut Command| {
            let command = command.arg("--serve").stdin(Stdio::piped());
            command.stdout(Stdio::piped()).spawn()
        };
        let pinning = Command::new("taskset")
            .args(["-c", &core.to_string(), "true"])
            .status();
        let pinned = pinning.is_ok_and(|status| status.success());
        let mut child = if pinned {
            let mut command = Command::new("taskset");
            started(command.args(["-c", &core.to_string()]).arg(program))?
        } else {
            started(&mut Command::new(program))?
        };
        let orders = child.stdin.take().ok_or("a process without input")?;
        let answers = child.stdout.take().ok_or("a process without output")?;
        Ok(Self {
            child,
            orders,
            answers: BufReader::new(answers),
            pinned,
        })
    }

    pub(crate) fn ask(&mut self, order: &Value) -> Result<Value, Failed> {
        self.order(order)?;
        self.answer()
    }

    /// Begins to measure the codec alone; [`both`] takes the answers.
    pub(crate) fn codec(&mut self) -> Result<&mut Self, Failed> {
        self.order(&json!({"codec": true}))?;
        Ok(self)
    }

    /// Begins a measurement; [`both`] takes the answers.
    pub(crate) fn measure(&mut self, seconds: u64) -> Result<&mut Self, Failed> {
        self.order(&json!({"measure": seconds}))?;
        Ok(self)
    }

    pub(crate) fn end(mut self) -> Result<(), Failed> {
        drop(self.orders);
        self.child.wait()?;
        Ok(())
    }

    fn order(&mut self, order: &Value) -> Result<(), Failed> {
        writeln!(self.orders, "{order}")?;
        Ok(self.orders.flush()?)
    }

    fn answer(&mut self) -> Result<Value, Failed> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line)?;
        match answer["error"].as_str() {
            Some(error) => Err(error.into()),
            None => Ok(answer),
        }
    }
}

/// The answers of two that measure at once.
pub(crate) fn both([near, far]: [Result<&mut Worker, Failed>; 2]) -> Result<[Value; 2], Failed> {
    let (near, far) = (near?, far?);
    Ok([near.answer()?, far.answer()?])
}

/// Is such a process, until its input ends.
pub(crate) async fn serve() -> Result<(), Failed> {
    let mut calls = Calls::default();
    loop {
        // Sessions go on while it waits for the next line.
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            stdin().read_line(&mut line).map(|_| line)
        });
        let line = line.await??;
        if line.is_empty() {
            return calls.close().await;
        }
        let answer = calls.obey(&serde_json::from_str(&line)?).await;
        let answer = answer.unwrap_or_else(|error| json!({"error": error.to_string()}));
        println!("{answer}");
    }
}

#[derive(Default)]
struct Calls {
    engines: Vec<Engine>,
    sessions: Vec<AudioSession>,
    /// Those whose connection nobody has waited for.
    fresh: usize,
}

impl Calls {
    async fn obey(&mut self, order: &Value) -> Result<Value, Failed> {
        if order.get("codec").is_some() {
            return Ok(json!({"us": sound::codec_us()?}));
        }
        if order.get("close").is_some() {
            self.close().await?;
            *self = Self::default();
            return Ok(json!({"sessions": 0}));
        }
        if let Some(count) = order["offer"].as_u64() {
            let mut offers = Vec::new();
            for _ in 0..count {
                offers.push(self.open()?.offer().await?);
            }
            return Ok(json!({"offers": offers}));
        }
        if let Some(offers) = order["answer"].as_array() {
            let mut answers = Vec::new();
            for offer in offers {
                answers.push(self.open()?.accept_offer(text(offer)).await?);
            }
            return Ok(json!({"answers": answers}));
        }
        if let Some(answers) = order["accept"].as_array() {
            let from = self.sessions.len() - answers.len();
            for (session, answer) in self.sessions[from..].iter().zip(answers) {
                session.accept_answer(text(answer)).await?;
            }
            return self.connected().await;
        }
        if let Some(seconds) = order["measure"].as_u64() {
            return Ok(self.measure(Duration::from_secs(seconds)).await);
        }
        self.connected().await
    }

    fn open(&mut self) -> Result<&AudioSession, Failed> {
        let last = self.engines.last().map(Engine::open);
        let session = match last {
            Some(Err(OpenError::TooManySessions)) | None => {
                let engine = Engine::builder(Arc::new(sound::Murmur)).build()?;
                self.engines.push(engine.clone());
                engine.open()?
            }
            Some(session) => session?,
        };
        self.sessions.push(session);
        self.fresh += 1;
        self.sessions.last().ok_or_else(|| "no session".into())
    }

    async fn connected(&mut self) -> Result<Value, Failed> {
        let from = self.sessions.len() - std::mem::take(&mut self.fresh);
        for session in &self.sessions[from..] {
            loop {
                match session.next_event().await {
                    Some(SessionEvent::Connected) => break,
                    Some(SessionEvent::Failed(error)) => return Err(error.into()),
                    Some(_) => {}
                    None => return Err("a session was closed".into()),
                }
            }
        }
        Ok(json!({"sessions": self.sessions.len()}))
    }

    /// What is made up, and what of the core is used, once all has settled.
    async fn measure(&self, length: Duration) -> Value {
        tokio::time::sleep(SETTLE).await;
        let (begun, core, before) = (Instant::now(), used(), self.played());
        tokio::time::sleep(length).await;
        let (played, made_up) = self.played();
        let (played, made_up) = (played - before.0, made_up - before.1);
        json!({
            "concealed": (made_up / played.max(0.001)).max(0.0),
            "core": (used() - core) / begun.elapsed().as_secs_f64(),
            "resident_kb": resident_kb(),
        })
    }

    /// Seconds that were played, and those of them that were made up or left out.
    fn played(&self) -> (f64, f64) {
        let stats = self.sessions.iter().map(AudioSession::stats);
        stats.fold((0.0, 0.0), |(played, made_up), stats| {
            let seconds = stats.played.as_secs_f64();
            (played + seconds, made_up + seconds * missing(&stats))
        })
    }

    async fn close(&self) -> Result<(), Failed> {
        for engine in &self.engines {
            engine.close().await;
        }
        Ok(())
    }
}

fn missing(stats: &SessionStats) -> f64 {
    f64::from(stats.concealed_share) + f64::from(stats.skipped_share)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Seconds of a core that this process has used; 0 where the system doesn't say.
fn used() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may hold spaces: fields 14 and 15, from 3 on.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: f64 = ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// Resident memory in kB; 0 where the system doesn't say.
fn resident_kb() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    4 * pages.unwrap_or(0)
}

/// Linux's `USER_HZ`.
const TICKS_PER_SECOND: f64 = 100.0;
/// After new calls: their handshakes were not the calls' own work.
const SETTLE: Duration = Duration::from_secs(3);
