//! What connects a session's task with the media thread: two rings of packets, one of notes, and
//! a waker. Nothing of it locks or allocates after its construction.

use std::sync::Arc;

use futures_util::task::AtomicWaker;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::{DtmfDigit, MediaTime, PayloadType, RtpPacketRef, SeqNum, Ssrc, rtp::RtpView};

/// A received packet on its way to the jitter buffer.
pub(crate) struct Arrived {
    pub(crate) payload_type: PayloadType,
    pub(crate) marker: bool,
    pub(crate) seq: SeqNum,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: Ssrc,
    pub(crate) at: MediaTime,
    length: u16,
    bytes: [u8; MAX_PAYLOAD],
}

impl Arrived {
    /// Copies a packet; `None` if its payload is longer than any codec's.
    pub(crate) fn new(packet: RtpView<'_>, at: MediaTime) -> Option<Self> {
        let mut bytes = [0; MAX_PAYLOAD];
        bytes
            .get_mut(..packet.payload.len())?
            .copy_from_slice(packet.payload);
        Some(Self {
            payload_type: packet.payload_type,
            marker: packet.marker,
            seq: packet.seq,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            at,
            length: packet.payload.len() as u16,
            bytes,
        })
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// As the jitter buffer takes it.
    pub(crate) fn reference(&self) -> RtpPacketRef<'_> {
        RtpPacketRef {
            ssrc: self.ssrc,
            seq: self.seq,
            timestamp: self.timestamp,
            marker: self.marker,
            payload: self.payload(),
        }
    }
}

/// An RTP packet on its way to the socket, unprotected.
pub(crate) struct Outgoing {
    length: u16,
    bytes: [u8; MAX_PACKET],
}

impl Outgoing {
    /// Copies a packet of at most [`MAX_PACKET`] octets.
    pub(crate) fn new(packet: &[u8]) -> Self {
        let mut bytes = [0; MAX_PACKET];
        let length = packet.len().min(MAX_PACKET);
        bytes[..length].copy_from_slice(&packet[..length]);
        Self {
            length: length as u16,
            bytes,
        }
    }

    pub(crate) fn packet(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

/// What the media thread tells a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaNote {
    /// The first sample that was not made up is being played.
    FirstAudio(MediaTime),
    /// An intent is in force.
    Applied(u64),
    /// The far side has pressed a key.
    Tone(DtmfDigit),
    /// All keys have been sent.
    TonesSent,
}

/// The media thread's ends.
pub(crate) struct MediaEnds {
    pub(crate) arrived: Consumer<Arrived>,
    pub(crate) outgoing: Producer<Outgoing>,
    pub(crate) notes: Producer<MediaNote>,
    pub(crate) waker: Arc<AtomicWaker>,
}

/// The task's ends.
pub(crate) struct TaskEnds {
    pub(crate) arrived: Producer<Arrived>,
    pub(crate) outgoing: Consumer<Outgoing>,
    pub(crate) notes: Consumer<MediaNote>,
    pub(crate) waker: Arc<AtomicWaker>,
}

impl TaskEnds {
    /// Waits until the media thread has left something. Cancel-safe.
    pub(crate) async fn ready(&mut self) {
        let ends = self;
        std::future::poll_fn(move |context| {
            ends.waker.register(context.waker());
            let something = !ends.outgoing.is_empty() || !ends.notes.is_empty();
            if something {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}

/// A new connection.
pub(crate) fn link() -> (MediaEnds, TaskEnds) {
    let (arrived_in, arrived_out) = RingBuffer::new(ARRIVED);
    let (outgoing_in, outgoing_out) = RingBuffer::new(OUTGOING);
    let (notes_in, notes_out) = RingBuffer::new(NOTES);
    let waker = Arc::new(AtomicWaker::new());
    let media = MediaEnds {
        arrived: arrived_out,
        outgoing: outgoing_in,
        notes: notes_in,
        waker: Arc::clone(&waker),
    };
    let task = TaskEnds {
        arrived: arrived_in,
        outgoing: outgoing_out,
        notes: notes_out,
        waker,
    };
    (media, task)
}

/// Longest payload, in octets: Opus has at most 1,275 a frame (RFC 6716 §3.4).
pub(crate) const MAX_PAYLOAD: usize = 1_280;
/// Longest packet that we send, with its header.
pub(crate) const MAX_PACKET: usize = MAX_PAYLOAD + 12;
/// Received packets that can wait for the media thread: 640 ms of packets of 10 ms, though it takes them
/// every 10 ms. One more is dropped and counted.
const ARRIVED: usize = 64;
/// Packets that can wait for the socket task; one more is dropped and counted.
const OUTGOING: usize = 16;
const NOTES: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_too_long_for_any_codec_is_refused() {
        let with = |length: usize| {
            let mut packet = vec![0x80; 12];
            packet.resize(12 + length, 7);
            Arrived::new(
                RtpView::parse(&packet).expect("a packet"),
                MediaTime::default(),
            )
            .map(|arrived| arrived.payload().len())
        };
        assert_eq!(with(MAX_PAYLOAD), Some(MAX_PAYLOAD));
        assert_eq!(with(MAX_PAYLOAD + 1), None);
    }

    #[tokio::test]
    async fn the_task_wakes_for_what_came_before_and_after_it_waited() {
        let (mut media, mut task) = link();
        media.notes.push(MediaNote::Applied(1)).expect("room");
        task.ready().await;
        assert_eq!(task.notes.pop(), Ok(MediaNote::Applied(1)));
        let waker = Arc::clone(&media.waker);
        let thread = std::thread::spawn(move || {
            assert!(media.outgoing.push(Outgoing::new(b"packet")).is_ok());
            waker.wake();
        });
        task.ready().await;
        assert_eq!(task.outgoing.pop().expect("a packet").packet(), b"packet");
        thread.join().expect("the thread ends");
    }
}
