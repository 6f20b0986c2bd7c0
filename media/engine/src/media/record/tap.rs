//! The tap on a leg: two channels on one time line.

use super::channel::Channel;
use super::writer::{Block, Message, WriterHandle};
use super::{BLOCK_BYTES, RecordSpec};
use crate::media::event::{EventSink, MediaEventKind};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strowger_rtp::silence::SilenceMeter;
use strowger_rtp::wav::{self, Content};
use strowger_rtp::{Codec, FRAME_MS, FRAME_SAMPLES, Law, samples};

/// How far behind the clock the channels are read. Nobody listens meanwhile, so
/// it may be long enough for bad networks.
const DELAY: u64 = samples(200);

/// Copies one leg's conversation into blocks for the writer.
#[derive(Debug)]
pub(in crate::media) struct Recorder {
    spec: RecordSpec,
    key: u64,
    law: Law,
    left: Channel,
    right: Channel,
    /// Up to here the channels have been read.
    read: u64,
    block: Option<Box<Block>>,
    writer: WriterHandle,
    failed: Arc<AtomicBool>,
    paused: bool,
    meter: SilenceMeter,
    silence_reported: bool,
    /// The file is there already, and this old.
    goes_on: Option<u64>,
    events: Option<EventSink>,
}

impl Recorder {
    /// Made by the caller's thread, so that the media thread need not allocate.
    pub(in crate::media) fn new(spec: RecordSpec, writer: WriterHandle) -> Self {
        let law = Law::Pcma;
        writer.add_blocks();
        Self {
            spec,
            key: writer.next_key(),
            law,
            left: Channel::new(law),
            right: Channel::new(law),
            read: 0,
            block: None,
            writer,
            failed: Arc::default(),
            paused: false,
            meter: SilenceMeter::default(),
            silence_reported: false,
            goes_on: None,
            events: None,
        }
    }

    /// One that goes on with a file begun `elapsed_ms` ago.
    pub(in crate::media) fn continued(
        spec: RecordSpec,
        writer: WriterHandle,
        elapsed_ms: u64,
    ) -> io::Result<Self> {
        let law = match wav::read_header(&mut File::open(&spec.path)?)? {
            (Content::G711(law), 2) => law,
            _ => return Err(io::Error::other("the file is no recording of a call")),
        };
        Ok(Self { goes_on: Some(elapsed_ms), law, ..Self::new(spec, writer) })
    }

    /// Begins at sample `clock`.
    pub(in crate::media) fn start(&mut self, clock: u64, law: Law, events: EventSink) {
        let law = if self.goes_on.is_some() { self.law } else { law };
        self.law = law;
        self.read = clock;
        self.left.restart(law, clock);
        self.right.restart(law, clock);
        let open = Message::Open {
            key: self.key,
            path: self.spec.path.clone(),
            recording: self.spec.recording,
            law,
            goes_on: self.goes_on,
            events: events.another(),
            failed: Arc::clone(&self.failed),
        };
        self.events = Some(events);
        if self.writer.send(open).is_err() {
            self.fail_for_backlog();
        }
    }

    pub(in crate::media) fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    pub(in crate::media) fn change_left_source(&mut self) {
        self.left.change_source();
    }

    pub(in crate::media) fn change_right_source(&mut self) {
        self.right.change_source();
    }

    /// A packet from the leg.
    pub(in crate::media) fn hear_left(
        &mut self,
        clock: u64,
        at: u32,
        codec: Codec,
        payload: &[u8],
    ) {
        self.left.hear(clock, at, codec, payload);
    }

    /// A packet to the leg.
    pub(in crate::media) fn hear_right(
        &mut self,
        clock: u64,
        at: u32,
        codec: Codec,
        payload: &[u8],
    ) {
        self.right.hear(clock, at, codec, payload);
    }

    /// Reads what is old enough. Says how long the leg has been silent when that
    /// reaches what is to be reported.
    pub(in crate::media) fn tick(&mut self, clock: u64) -> Option<u32> {
        let mut silent = None;
        while self.read + DELAY + FRAME_SAMPLES as u64 <= clock {
            silent = self.read_frame().or(silent);
        }
        silent
    }

    /// Reads the rest and lets the writer complete the file.
    pub(in crate::media) fn stop(mut self: Box<Self>, clock: u64) {
        // A packet that came just now ends after now.
        let end = clock.max(self.left.end()).max(self.right.end());
        while self.read < end {
            self.read_frame();
        }
        self.hand_over();
        self.writer.send_surely(Message::Finish { key: self.key });
    }

    fn read_frame(&mut self) -> Option<u32> {
        let mut left = [0; FRAME_SAMPLES];
        let mut right = [0; FRAME_SAMPLES];
        self.left.take(&mut left);
        self.right.take(&mut right);
        self.read += FRAME_SAMPLES as u64;
        let silent = self.meter.hear(self.law, &left, FRAME_MS);
        if self.paused {
            left.fill(self.law.silence());
            right.fill(self.law.silence());
        }
        if !self.failed.load(Ordering::Relaxed) {
            self.write(&left, &right);
        }
        self.report_silence(silent)
    }

    fn report_silence(&mut self, silent_ms: u32) -> Option<u32> {
        let reached = self.spec.silence_ms > 0 && silent_ms >= self.spec.silence_ms;
        let is_new = reached && !self.silence_reported;
        self.silence_reported = reached;
        is_new.then_some(silent_ms)
    }

    fn write(&mut self, left: &[u8; FRAME_SAMPLES], right: &[u8; FRAME_SAMPLES]) {
        let key = self.key;
        let block = self.block.get_or_insert_with(|| self.writer.block(key));
        let room = &mut block.bytes[block.used..];
        for (pair, (left, right)) in room.chunks_exact_mut(2).zip(left.iter().zip(right)) {
            pair[0] = *left;
            pair[1] = *right;
        }
        block.used += 2 * FRAME_SAMPLES;
        if block.used == BLOCK_BYTES {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if let Some(block) = self.block.take()
            && self.writer.send(Message::Block(block)).is_err()
        {
            self.fail_for_backlog();
        }
    }

    fn fail_for_backlog(&mut self) {
        if !self.failed.swap(true, Ordering::Relaxed)
            && let Some(events) = &mut self.events
        {
            events.send(MediaEventKind::RecordingFailed {
                recording: self.spec.recording,
                reason: "the disk is too slow for the recordings under way; use a faster one or \
                         record fewer calls"
                    .to_owned(),
            });
        }
    }
}
