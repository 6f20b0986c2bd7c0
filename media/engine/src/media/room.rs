//! A conference as its thread sees it: parties, who hears whom, the mixer, and
//! what was encoded for several listeners.

use super::command::Side;
use super::conference::{Join, Others};
use super::event::EventSink;
use super::record::Recorder;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::comfort::{ComfortNoise, NoiseSource};
use strowger_rtp::mix::{MAX_PARTIES, Mixer, Party, mix_into};
use strowger_rtp::{Codec, Law};

/// Samples of 20 ms at the highest rate.
const FRAME: usize = Rate::Wide.frame_samples();
/// Seats made when a conference grows: most stay at three.
const SEATS: usize = 8;
/// What is heard when nobody speaks, in -dBov: about -65 dBm0, so that the line
/// does not seem dead.
const COMFORT_LEVEL: u8 = 71;

/// What recordings of the mix are in.
const RECORDED: Codec = Codec::Pcma;

/// One party.
#[derive(Debug)]
pub(super) struct Member {
    /// Slot of its leg.
    pub(super) leg: usize,
    id: u64,
    /// Bits of the members it hears.
    hears: u128,
    how: Join,
    muted: bool,
    deaf: bool,
    held: bool,
    party: Option<Party>,
    /// What it said in this frame, if it is not heard by everybody.
    aside: Option<Box<[i16; FRAME]>>,
    speaks: bool,
}

impl Member {
    fn is_silenced(&self) -> bool {
        self.muted || self.held
    }
}

/// A frame in one codec for all who hear the same.
#[derive(Debug)]
struct Shared {
    encoder: Encoder,
    payload: [u8; MAX_FRAME_BYTES],
    length: usize,
    /// Whether it was encoded in this frame.
    fresh: bool,
}

/// What a member hears in this frame.
#[derive(Debug)]
pub(super) enum Share<'a> {
    /// This payload.
    Encoded(&'a [u8]),
    /// These samples, which nobody else hears.
    Linear(&'a [i16], Rate),
}

/// A conference.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: u64,
    pub(super) members: Vec<Option<Member>>,
    /// Two members whose packets are passed on; nothing is mixed.
    pub(super) bridged: bool,
    rate: Rate,
    mixer: Mixer,
    seats: usize,
    shared: Vec<Shared>,
    noise: NoiseSource,
    /// What everybody hears who says nothing, comfort noise included.
    common: [i16; FRAME],
    recorder: Option<Box<Recorder>>,
    events: EventSink,
    closing: Arc<AtomicBool>,
}

impl Room {
    /// Made by the caller's thread.
    pub(super) fn new(id: u64, events: EventSink, closing: Arc<AtomicBool>) -> Self {
        let mut noise = NoiseSource::new(id as u32);
        noise.set(ComfortNoise::white(COMFORT_LEVEL));
        Self {
            id,
            members: Vec::with_capacity(SEATS),
            bridged: false,
            rate: Rate::Narrow,
            mixer: Mixer::new(Rate::Narrow, SEATS),
            seats: SEATS,
            shared: Vec::new(),
            noise,
            common: [0; FRAME],
            recorder: None,
            events,
            closing,
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes a leg in; `false`: the conference is full or the leg is in it.
    pub(super) fn join(&mut self, leg: usize, id: u64, how: Join) -> bool {
        if self.at(id).is_some() {
            return false;
        }
        let free = self.members.iter().position(Option::is_none);
        let at = free.unwrap_or(self.members.len());
        if at >= MAX_PARTIES {
            return false;
        }
        let mut hears = 0;
        for (other, member) in self.members.iter_mut().enumerate() {
            let Some(member) = member else { continue };
            if how.hears == Others::Everybody && member.how.heard_by == Others::Everybody {
                hears |= 1 << other;
            }
            let heard = how.heard_by == Others::Everybody && member.how.hears == Others::Everybody;
            member.hears = (member.hears & !(1 << at)) | (u128::from(heard) << at);
        }
        let member = Member {
            leg,
            id,
            hears,
            how,
            muted: how.muted,
            deaf: how.deaf,
            held: false,
            party: None,
            aside: None,
            speaks: false,
        };
        match self.members.get_mut(at) {
            Some(place) => *place = Some(member),
            None => self.members.push(Some(member)),
        }
        true
    }

    /// Lets a leg go; says its slot.
    pub(super) fn leave(&mut self, id: u64) -> Option<usize> {
        let at = self.at(id)?;
        let member = self.members.get_mut(at)?.take()?;
        if let Some(party) = member.party {
            self.mixer.leave(party);
        }
        Some(member.leg)
    }

    pub(super) fn set(&mut self, id: u64, side: Side, on: bool) {
        let Some(member) = self.member(id) else { return };
        match side {
            Side::Muted => member.muted = on,
            Side::Deaf => member.deaf = on,
            Side::Held => member.held = on,
        }
    }

    pub(super) fn hear(&mut self, listener: u64, speaker: u64, hears: bool) {
        let Some(speaker) = self.at(speaker) else { return };
        let Some(member) = self.member(listener) else { return };
        member.hears = (member.hears & !(1 << speaker)) | (u128::from(hears) << speaker);
    }

    /// The two members that may simply be bridged.
    pub(super) fn pair(&self) -> Option<(usize, usize)> {
        let mut members = self
            .members
            .iter()
            .enumerate()
            .filter_map(|(at, member)| member.as_ref().map(|member| (at, member)));
        let (Some((at_a, a)), Some((at_b, b)), None) =
            (members.next(), members.next(), members.next())
        else {
            return None;
        };
        let plain = |member: &Member, other: usize| {
            !member.is_silenced() && !member.deaf && member.hears & (1 << other) != 0
        };
        (self.recorder.is_none() && plain(a, at_b) && plain(b, at_a)).then_some((a.leg, b.leg))
    }

    /// Prepares mixing after anything has changed. `codecs` are the members'.
    pub(super) fn fit(&mut self, codecs: &[Option<Codec>]) {
        // What only one of them could hear is not worth the cost.
        let wide = codecs.iter().flatten().filter(|codec| codec.rate() == Rate::Wide).count();
        let rate = if wide >= 2 { Rate::Wide } else { Rate::Narrow };
        let seats = self.members.len().next_multiple_of(SEATS);
        if rate != self.rate || seats > self.seats {
            self.rate = rate;
            self.seats = seats;
            self.mixer = Mixer::new(rate, seats);
            self.shared.clear();
            for member in self.members.iter_mut().flatten() {
                member.party = None;
            }
        }
        for at in 0..self.members.len() {
            let is_public = self.is_heard_by_all(at);
            let Some(member) = &mut self.members[at] else { continue };
            if member.party.is_none() {
                member.party = self.mixer.join();
            }
            if let Some(party) = member.party {
                self.mixer.set_muted(party, member.is_silenced() || !is_public);
            }
            if is_public {
                member.aside = None;
            } else if member.aside.is_none() {
                member.aside = Some(Box::new([0; FRAME]));
            }
        }
        for codec in codecs.iter().flatten().copied().chain([RECORDED]) {
            let known = self.shared.iter().any(|shared| shared.encoder.codec() == codec);
            if !known && let Ok(encoder) = Encoder::new(codec, rate) {
                let payload = [0; MAX_FRAME_BYTES];
                self.shared.push(Shared { encoder, payload, length: 0, fresh: false });
            }
        }
    }

    fn is_heard_by_all(&self, at: usize) -> bool {
        let others = self.members.iter().enumerate().filter(|(other, _)| *other != at);
        others.filter_map(|(_, member)| member.as_ref()).all(|it| it.hears & (1 << at) != 0)
    }

    /// What a member said in this frame.
    pub(super) fn speak(&mut self, at: usize, audio: &[i16]) {
        let Some(Some(member)) = self.members.get_mut(at) else { return };
        member.speaks = !member.is_silenced();
        if let Some(aside) = &mut member.aside {
            aside[..audio.len()].copy_from_slice(audio);
        }
        if let Some(party) = member.party {
            self.mixer.speak(party, audio);
        }
    }

    /// Mixes what was said, and records it.
    pub(super) fn mix(&mut self, clock: u64) {
        self.mixer.mix();
        let frame = self.rate.frame_samples();
        self.noise.fill(self.rate, &mut self.common[..frame]);
        mix_into(&mut self.common[..frame], self.mixer.common());
        for shared in &mut self.shared {
            shared.fresh = false;
        }
        self.record(clock);
    }

    fn record(&mut self, clock: u64) {
        let common = &self.common[..self.rate.frame_samples()];
        let Some(recorder) = &mut self.recorder else { return };
        let shared = self.shared.iter_mut().find(|it| it.encoder.codec() == RECORDED);
        if let Some(payload) = shared.and_then(|shared| shared.encode(common)) {
            recorder.hear_left(clock, clock as u32, RECORDED, payload);
            recorder.hear_right(clock, clock as u32, RECORDED, payload);
        }
        recorder.tick(clock);
    }

    /// What a member hears in this frame. `own` is room for what nobody else hears.
    pub(super) fn listen<'a>(
        &'a mut self,
        at: usize,
        codec: Codec,
        own: &'a mut [i16; FRAME],
    ) -> Option<Share<'a>> {
        let frame = self.rate.frame_samples();
        let own = &mut own[..frame];
        let member = self.members.get(at)?.as_ref()?;
        let party = member.party?;
        if member.deaf || member.held {
            self.noise.fill(self.rate, own);
            return Some(Share::Linear(own, self.rate));
        }
        let hears = member.hears;
        let aside = |(other, speaker): (usize, &Option<Member>)| {
            let heard = hears & (1 << other) != 0 && other != at;
            speaker.as_ref().is_some_and(|it| heard && it.speaks && it.aside.is_some())
        };
        let hears_aside = self.members.iter().enumerate().any(aside);
        if self.mixer.hears_common(party) && !hears_aside {
            let common = &self.common[..frame];
            let shared = self.shared.iter_mut().find(|it| it.encoder.codec() == codec)?;
            return shared.encode(common).map(Share::Encoded);
        }
        self.mixer.listen(party, own);
        if hears_aside {
            for (other, speaker) in self.members.iter().enumerate() {
                let Some(speaker) = speaker else { continue };
                if hears & (1 << other) != 0
                    && other != at
                    && speaker.speaks
                    && let Some(audio) = &speaker.aside
                {
                    mix_into(own, &audio[..]);
                }
            }
        }
        Some(Share::Linear(own, self.rate))
    }

    /// Forgets what was said; the next frame begins.
    pub(super) fn end_frame(&mut self) {
        for member in self.members.iter_mut().flatten() {
            member.speaks = false;
        }
    }

    pub(super) fn start_recording(&mut self, clock: u64, mut recorder: Box<Recorder>) {
        self.stop_recording(clock);
        recorder.start(clock, Law::Pcma, self.events.another());
        self.recorder = Some(recorder);
    }

    pub(super) fn pause_recording(&mut self, paused: bool) {
        if let Some(recorder) = &mut self.recorder {
            recorder.pause(paused);
        }
    }

    pub(super) fn stop_recording(&mut self, clock: u64) {
        if let Some(recorder) = self.recorder.take() {
            recorder.stop(clock);
        }
    }

    fn at(&self, id: u64) -> Option<usize> {
        self.members.iter().position(|member| member.as_ref().is_some_and(|it| it.id == id))
    }

    fn member(&mut self, id: u64) -> Option<&mut Member> {
        self.members.iter_mut().flatten().find(|member| member.id == id)
    }
}

impl Shared {
    /// Encodes once in a frame, however many ask.
    fn encode(&mut self, audio: &[i16]) -> Option<&[u8]> {
        if !self.fresh {
            self.length = self.encoder.encode(audio, &mut self.payload).ok()?;
            self.fresh = true;
        }
        self.payload.get(..self.length)
    }
}
