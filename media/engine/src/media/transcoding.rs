//! How many legs are being transcoded now: each leg says so of itself, and takes
//! it back when it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use strowger_rtp::Codec;

/// A codec on the other side, or a conference's mix.
const OTHERS: usize = Codec::ALL.len() + 1;

/// Legs that hear what is decoded and encoded for them, by what is encoded from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TranscodedLegs {
    /// What these legs speak.
    pub codec: Codec,
    /// What those speak with whom they are bridged; none: they hear a conference.
    pub peer: Option<Codec>,
    /// How many.
    pub legs: u64,
}

/// The counts of all threads.
#[derive(Debug, Default)]
pub(super) struct Transcoding {
    legs: [[AtomicU64; OTHERS]; Codec::ALL.len()],
}

impl Transcoding {
    /// The pairs that there are.
    pub(super) fn now(&self) -> Vec<TranscodedLegs> {
        let peers = || Codec::ALL.into_iter().map(Some).chain([None]);
        let pairs = Codec::ALL.into_iter().flat_map(|codec| peers().map(move |peer| (codec, peer)));
        pairs
            .map(|(codec, peer)| {
                let legs = self.of((codec, peer)).load(Ordering::Relaxed);
                TranscodedLegs { codec, peer, legs }
            })
            .filter(|counted| counted.legs > 0)
            .collect()
    }

    fn of(&self, (codec, peer): Pair) -> &AtomicU64 {
        &self.legs[codec as usize][peer.map_or(OTHERS - 1, |peer| peer as usize)]
    }
}

type Pair = (Codec, Option<Codec>);

/// One leg's part in the counts.
#[derive(Debug)]
pub(super) struct Part {
    all: Arc<Transcoding>,
    pair: Option<Pair>,
}

impl Part {
    pub(super) fn new(all: Arc<Transcoding>) -> Self {
        Self { all, pair: None }
    }

    /// Counts the leg under this pair from now on, or nowhere.
    pub(super) fn set(&mut self, pair: Option<Pair>) {
        if self.pair == pair {
            return;
        }
        if let Some(pair) = self.pair {
            self.all.of(pair).fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(pair) = pair {
            self.all.of(pair).fetch_add(1, Ordering::Relaxed);
        }
        self.pair = pair;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.set(None);
    }
}
