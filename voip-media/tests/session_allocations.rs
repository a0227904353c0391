//! What a running call allocates: on the media thread nothing but what the codec itself asks for
//! (the Opus encoder in Rust does, the C library doesn't), and for each packet what rtc-srtp asks for, one buffer to protect and one to open it. On the network's side webrtc-ice's
//! connectivity checks come on top, some dozens of allocations a check, whatever the packets do.

mod counting;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use counting::allocations;
use voip_media::{
    AudioBackend, AudioDevice, AudioError, AudioSession, CaptureStream, CodecKind, DeviceChoice,
    Engine, PlayoutStream, SessionConfig, SessionEvent, codec,
};

/// Sound whose streams are called by the media thread, and so know what was allocated there.
#[derive(Default)]
struct Watched {
    on_media_thread: Arc<AtomicU64>,
}

struct Ramp(Arc<AtomicU64>);
struct Sink;

impl AudioBackend for Watched {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(Vec::new())
    }

    fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        Ok(Box::new(Ramp(Arc::clone(&self.on_media_thread))))
    }

    fn open_playout(&self, _: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(Sink))
    }
}

impl CaptureStream for Ramp {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        ramp(frame);
        self.0.store(allocations(), Relaxed);
        frame.len()
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

fn ramp(frame: &mut [i16]) {
    for (index, sample) in frame.iter_mut().enumerate() {
        *sample = index as i16 * 40;
    }
}

impl PlayoutStream for Sink {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, _frame: &[i16]) {}

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

/// What two seconds of a call allocated.
#[derive(Debug)]
struct Allocated {
    /// On the media threads of both sides.
    media: u64,
    /// On the thread that serves the sockets of both sides.
    network: u64,
    /// Packets sent and received by either side.
    packets: u64,
    /// Packets sent by either side.
    sent: u64,
}

fn engine(backend: &Arc<Watched>, codec: CodecKind) -> Engine {
    let mut config = SessionConfig::default();
    config.codecs = vec![codec];
    Engine::builder(Arc::clone(backend) as Arc<dyn AudioBackend>)
        .session(config)
        .build()
        .expect("an engine")
}

/// What the codec alone allocates for a packet, made and read: the most of many.
fn by_codec(kind: CodecKind) -> u64 {
    let codec = codec(kind);
    let mut encoder = codec
        .encoder(Duration::from_millis(20))
        .expect("an encoder");
    let mut decoder = codec.decoder().expect("a decoder");
    let mut pcm = vec![0; encoder.frame_samples()];
    for frame in pcm.chunks_mut(480) {
        ramp(frame);
    }
    let (mut packet, mut out) = ([0; 1500], vec![0; 5760]);
    let mut most = 0;
    for number in 0..200 {
        let before = allocations();
        let length = encoder.encode(&pcm, &mut packet).expect("it encodes");
        decoder
            .decode(&packet[..length], &mut out)
            .expect("it decodes");
        // The beginning makes what is kept afterwards.
        if number >= 100 {
            most = most.max(allocations() - before);
        }
    }
    most
}

async fn connected(session: &AudioSession) {
    while session.next_event().await != Some(SessionEvent::Connected) {}
}

async fn call(codec: CodecKind) -> Allocated {
    let sounds = [Arc::new(Watched::default()), Arc::new(Watched::default())];
    let engines = sounds.each_ref().map(|sound| engine(sound, codec));
    let [near, far] = engines
        .each_ref()
        .map(|engine| engine.open().expect("a session"));
    let offer = near.offer().await.expect("an offer");
    let answer = far.accept_offer(&offer).await.expect("an answer");
    near.accept_answer(&answer).await.expect("accepted");
    connected(&near).await;
    connected(&far).await;
    // The beginning makes what is kept afterwards.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let media = || {
        sounds
            .iter()
            .map(|sound| sound.on_media_thread.load(Relaxed))
            .sum::<u64>()
    };
    let packets = || {
        let stats = [near.stats(), far.stats()];
        stats
            .iter()
            .map(|stats| stats.packets_sent + stats.packets_received)
            .sum::<u64>()
    };
    let sent = || near.stats().packets_sent + far.stats().packets_sent;
    let before = (media(), allocations(), packets(), sent());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = (media(), allocations(), packets(), sent());
    Allocated {
        media: after.0 - before.0,
        network: after.1 - before.1,
        packets: after.2 - before.2,
        sent: after.3 - before.3,
    }
}

#[tokio::test]
async fn a_running_call_allocates_nothing_of_its_own_on_the_media_thread() {
    for codec in [CodecKind::Pcmu, CodecKind::Opus] {
        let allocated = call(codec).await;
        // A packet more may have been made than is counted yet, on either side.
        let by_codec = by_codec(codec) * (allocated.sent + 2);
        assert!(
            allocated.media <= by_codec,
            "{codec:?}: {allocated:?}, {by_codec}"
        );
        assert!(allocated.packets > 300, "{codec:?}: {allocated:?}");
        // One a packet, and the checks; a boxed future for each would be over it.
        let most = allocated.packets + CHECKS * 2;
        assert!(allocated.network < most, "{codec:?}: {allocated:?}");
    }
}

/// Allocations of ICE's checks on one side in two seconds, generously.
const CHECKS: u64 = 550;
