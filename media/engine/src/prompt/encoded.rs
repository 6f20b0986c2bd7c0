//! A prompt in a codec that costs something to encode: made once for all calls
//! that play it, by a thread that carries no calls.
//!
//! Pieces can be played as soon as they are there; a whole prompt may take
//! seconds to encode.

use super::Prompt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::{Codec, FRAME_SAMPLES, Law};

/// Frames in a piece: a second, some 10 to 100 ms of work.
const PIECE_FRAMES: usize = 50;

/// Frames one behind the other, and where each ends.
#[derive(Debug)]
struct Piece {
    bytes: Box<[u8]>,
    /// [`PIECE_FRAMES`] of [`MAX_FRAME_BYTES`] at the most, which 16 bits hold.
    ends: Box<[u16]>,
}

/// A prompt's frames of 20 ms in one codec.
#[derive(Debug)]
pub(crate) struct EncodedPrompt {
    codec: Codec,
    pieces: Box<[OnceLock<Piece>]>,
    /// When it was last taken to be played, in milliseconds since the engine began.
    used: AtomicU64,
}

impl EncodedPrompt {
    fn new(codec: Codec, frames: usize) -> Self {
        let pieces = (0..frames.div_ceil(PIECE_FRAMES)).map(|_| OnceLock::new()).collect();
        Self { codec, pieces, used: AtomicU64::new(0) }
    }

    /// Frame number `at`; `None` behind the end or if it is not there yet.
    pub(crate) fn frame(&self, at: usize) -> Option<&[u8]> {
        let piece = self.pieces.get(at / PIECE_FRAMES)?.get()?;
        let at = at % PIECE_FRAMES;
        let start = if at == 0 { 0 } else { usize::from(*piece.ends.get(at - 1)?) };
        piece.bytes.get(start..usize::from(*piece.ends.get(at)?))
    }

    pub(crate) fn note_use(&self, now_ms: u64) {
        self.used.store(now_ms, Ordering::Relaxed);
    }

    pub(crate) fn last_use(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

/// One prompt's encoded forms, by [`slot_of`].
#[derive(Debug, Default)]
pub(super) struct Forms([Mutex<Option<Arc<EncodedPrompt>>>; 2]);

fn slot_of(codec: Codec) -> Option<usize> {
    match codec {
        Codec::G722 => Some(0),
        Codec::Opus => Some(1),
        // Ready in every prompt, or never to be had.
        Codec::Pcmu | Codec::Pcma | Codec::G729 => None,
    }
}

/// What a media thread finds.
#[derive(Debug)]
pub(crate) enum Form {
    /// It is there, or its pieces come faster than they are played.
    Ready(Arc<EncodedPrompt>),
    /// It has to be asked for.
    Missing,
    /// Somebody is at it this moment; look again.
    Busy,
}

impl Prompt {
    /// The prompt in `codec`. Never waits.
    pub(crate) fn form(&self, codec: Codec) -> Form {
        let Some(place) = slot_of(codec).and_then(|slot| self.forms.0.get(slot)) else {
            return Form::Missing;
        };
        match place.try_lock().as_deref() {
            Ok(Some(form)) => Form::Ready(Arc::clone(form)),
            Ok(None) => Form::Missing,
            Err(_) => Form::Busy,
        }
    }

    /// Begins an encoded form. `None`: it has begun before, or there is none.
    pub(crate) fn begin_form(&self, codec: Codec) -> Option<FormMaker> {
        let mut place = self.forms.0.get(slot_of(codec)?)?.lock().ok()?;
        if place.is_some() {
            return None;
        }
        let form = Arc::new(EncodedPrompt::new(codec, self.frames()));
        let encoder = Encoder::new(codec, Rate::Narrow).ok()?;
        *place = Some(Arc::clone(&form));
        Some(FormMaker { form, encoder, piece: 0 })
    }

    /// Forgets an encoded form; who plays it keeps it until the end.
    pub(crate) fn drop_form(&self, codec: Codec) {
        if let Some(mut place) =
            slot_of(codec).and_then(|slot| self.forms.0.get(slot)).and_then(|it| it.lock().ok())
        {
            *place = None;
        }
    }
}

/// Encodes one prompt piece by piece.
#[derive(Debug)]
pub(crate) struct FormMaker {
    form: Arc<EncodedPrompt>,
    encoder: Encoder,
    piece: usize,
}

impl FormMaker {
    pub(crate) fn form(&self) -> &Arc<EncodedPrompt> {
        &self.form
    }

    pub(crate) fn codec(&self) -> Codec {
        self.form.codec
    }

    /// Makes the next piece and says how many bytes of memory it takes; `None`
    /// when all are made.
    pub(crate) fn make_piece(&mut self, prompt: &Prompt) -> Option<usize> {
        let place = self.form.pieces.get(self.piece)?;
        let first = self.piece * PIECE_FRAMES;
        self.piece += 1;
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(PIECE_FRAMES);
        let mut room = [0; MAX_FRAME_BYTES];
        for at in first..(first + PIECE_FRAMES).min(prompt.frames()) {
            // µ-law is the finer of the two in quiet passages.
            let audio: [i16; FRAME_SAMPLES] = prompt
                .frame(Law::Pcmu, at)
                .map_or([0; FRAME_SAMPLES], |frame| frame.map(|byte| Law::Pcmu.decode(byte)));
            // Cannot fail: a whole frame, and room for the longest one.
            let length = self.encoder.encode(&audio, &mut room).unwrap_or(0);
            bytes.extend_from_slice(&room[..length]);
            ends.push(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
        }
        let size = bytes.len() + ends.len() * size_of::<u16>();
        let piece = Piece { bytes: bytes.into(), ends: ends.into() };
        // Only this maker fills the form.
        let _ = place.set(piece);
        Some(size)
    }
}
