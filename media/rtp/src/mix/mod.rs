//! Conferences: everybody hears the loudest few others, and nobody themselves.
//!
//! A frame costs a sum over the talkers and a copy per listener; everything is
//! allocated when the conference begins.

mod limiter;
mod talkers;

use crate::codec::Rate;
use limiter::Limiter;
use talkers::Loudness;

/// Talkers mixed at once: more are a noise that nobody follows.
pub const MAX_TALKERS: usize = 4;
/// Parties of one conference: as many seats take 90 KB.
pub const MAX_PARTIES: usize = 128;
/// Samples of a frame at the highest rate.
const FRAME: usize = Rate::Wide.frame_samples();

/// Adds `other` to `into`, sample by sample; what is too loud is clipped, never
/// wrapped. The shorter one counts as silent behind its end.
pub fn mix_into(into: &mut [i16], other: &[i16]) {
    for (sample, more) in into.iter_mut().zip(other) {
        *sample = sample.saturating_add(*more);
    }
}

/// A party of a conference, until it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Party(usize);

#[derive(Clone, Debug)]
struct Seat {
    taken: bool,
    muted: bool,
    /// Whether it has spoken in this frame.
    spoke: bool,
    /// Whether it is mixed in this frame, and whether it was in the last.
    talks: bool,
    talked: bool,
    loudness: Loudness,
    /// What it adds to the mix, fades included.
    audio: [i16; FRAME],
    limiter: Limiter,
}

impl Seat {
    fn empty() -> Self {
        Self {
            taken: false,
            muted: false,
            spoke: false,
            talks: false,
            talked: false,
            loudness: Loudness::default(),
            audio: [0; FRAME],
            limiter: Limiter::default(),
        }
    }

    /// Whether it adds anything in this frame.
    fn is_in_mix(&self) -> bool {
        self.talks || self.talked
    }
}

/// Mixes one conference. In each frame of 20 ms: [`Self::speak`] for everybody
/// who was heard, [`Self::mix`] once, [`Self::listen`] for everybody.
#[derive(Clone, Debug)]
pub struct Mixer {
    rate: Rate,
    seats: Vec<Seat>,
    sum: [i32; FRAME],
    common: [i16; FRAME],
    limiter: Limiter,
}

impl Mixer {
    /// Seats for `parties`, [`MAX_PARTIES`] at most.
    pub fn new(rate: Rate, parties: usize) -> Self {
        Self {
            rate,
            seats: vec![Seat::empty(); parties.min(MAX_PARTIES)],
            sum: [0; FRAME],
            common: [0; FRAME],
            limiter: Limiter::default(),
        }
    }

    /// Takes a seat; `None`: all are taken.
    pub fn join(&mut self) -> Option<Party> {
        let at = self.seats.iter().position(|seat| !seat.taken)?;
        self.seats[at] = Seat { taken: true, ..Seat::empty() };
        Some(Party(at))
    }

    /// Frees the seat.
    pub fn leave(&mut self, party: Party) {
        if let Some(seat) = self.seats.get_mut(party.0) {
            *seat = Seat::empty();
        }
    }

    /// A muted party hears everybody and is heard by nobody.
    pub fn set_muted(&mut self, party: Party, muted: bool) {
        if let Some(seat) = self.seats.get_mut(party.0) {
            seat.muted = muted;
        }
    }

    /// What a party says in this frame; a party without a call to it is silent.
    pub fn speak(&mut self, party: Party, audio: &[i16]) {
        let frame = self.rate.frame_samples();
        let Some(seat) = self.seats.get_mut(party.0).filter(|seat| seat.taken) else { return };
        let len = audio.len().min(frame);
        seat.audio[..len].copy_from_slice(&audio[..len]);
        seat.audio[len..].fill(0);
        seat.spoke = true;
    }

    /// Chooses who is heard and adds them up.
    pub fn mix(&mut self) {
        let frame = self.rate.frame_samples();
        for seat in &mut self.seats {
            if !seat.spoke {
                seat.audio.fill(0);
            }
            let audible = seat.taken && seat.spoke && !seat.muted;
            seat.loudness.follow(if audible { &seat.audio[..frame] } else { &[] });
            seat.spoke = false;
            seat.talked = std::mem::replace(&mut seat.talks, false);
        }
        let mut chosen = [None; MAX_TALKERS];
        for (at, seat) in self.seats.iter().enumerate() {
            if seat.taken && !seat.muted && seat.loudness.is_audible() {
                talkers::insert(&mut chosen, (seat.loudness.rank(seat.talked), at));
            }
        }
        for (_, at) in chosen.into_iter().flatten() {
            self.seats[at].talks = true;
        }
        self.sum.fill(0);
        for seat in self.seats.iter_mut().filter(|seat| seat.is_in_mix()) {
            fade(&mut seat.audio[..frame], seat.talked, seat.talks);
            for (sum, sample) in self.sum.iter_mut().zip(&seat.audio[..frame]) {
                *sum += i32::from(*sample);
            }
        }
        self.limiter.apply(&self.sum[..frame], &mut self.common[..frame]);
    }

    /// What a party hears in this frame: everybody who talks but itself.
    pub fn listen(&mut self, party: Party, out: &mut [i16]) {
        let frame = self.rate.frame_samples().min(out.len());
        out[frame..].fill(0);
        let out = &mut out[..frame];
        let Some(seat) = self.seats.get_mut(party.0).filter(|seat| seat.taken) else {
            out.fill(0);
            return;
        };
        if !seat.is_in_mix() {
            out.copy_from_slice(&self.common[..frame]);
            seat.limiter = self.limiter;
            return;
        }
        let mut others = self.sum;
        for (sum, own) in others.iter_mut().zip(&seat.audio) {
            *sum -= i32::from(*own);
        }
        seat.limiter.apply(&others[..frame], out);
    }

    /// Whether a party hears [`Self::common`] in this frame: such frames need to
    /// be encoded only once for all who do, and for the recording.
    pub fn hears_common(&self, party: Party) -> bool {
        self.seats.get(party.0).is_some_and(|seat| seat.taken && !seat.is_in_mix())
    }

    /// What everybody hears who does not talk.
    pub fn common(&self) -> &[i16] {
        &self.common[..self.rate.frame_samples()]
    }

    /// Whether a party is one of the talkers of this frame.
    pub fn is_talking(&self, party: Party) -> bool {
        self.seats.get(party.0).is_some_and(|seat| seat.talks)
    }
}

/// Fades a voice in or out over a frame, so that choosing talkers makes no clicks.
fn fade(audio: &mut [i16], before: bool, now: bool) {
    if before == now {
        return;
    }
    let len = audio.len().max(1) as i32;
    for (at, sample) in audio.iter_mut().enumerate() {
        let share = if now { at as i32 } else { len - at as i32 };
        *sample = (i32::from(*sample) * share / len) as i16;
    }
}
