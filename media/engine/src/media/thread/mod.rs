//! A media thread: waits for packets of bridged legs and for the next slot of
//! the wheel, and does everything that is due.
//!
//! Legs that are bridged are watched by epoll, so that their packets are passed
//! on as they come. All others are looked at in their own slot of the wheel,
//! once in 20 ms: fewer wake-ups, and a prompt's frame is sent in the same
//! moment. The wheel has four slots, so that legs do not all send at once.
//! Legs that send nothing are looked at less often: looking costs a system call.
//! (Watching them would cost more: the kernel tells epoll of each packet sent.)

mod bridge;
mod moving;
mod rooms;

use crate::media::command::{Command, Inbox};
use crate::media::config::MediaConfig;
use crate::media::leg::{Leg, Now, Voice};
use crate::media::os::{Datagrams, Poller};
use crate::media::player::Player;
use crate::media::record::WriterHandle;
use crate::media::room::Room;
use crate::prompt::EncodingHandle;
use bridge::FRAME;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use strowger_rtp::FRAME_MS;

/// Slots of the wheel.
const SLOTS: u64 = 4;
/// Time from one slot to the next.
const SLOT_US: u64 = FRAME_MS as u64 * 1_000 / SLOTS;
/// A thread that was held up makes good for so many slots (200 ms), sending the
/// frames that are due; beyond that it lets them go and continues with the present.
const MAX_CATCH_UP: u64 = 40;
/// Rounds of the wheel between two publications of a leg's figures: a second.
const PUBLISH_ROUNDS: u64 = 50;
/// Looks in a row that found nothing (100 ms) until a leg counts as quiet.
const QUIET_LOOKS: u8 = 5;
/// A quiet leg is looked at once in so many rounds of the wheel: 80 ms, less
/// than what a jitter buffer makes good for.
const QUIET_ROUNDS: u64 = 4;
/// Batches taken from one socket before others have their turn.
const MAX_BATCHES: usize = 4;

/// Wake-ups in one slot of the wheel before the thread lets packets gather:
/// each costs as much as a packet, and with thousands of packets a second there
/// would be one for each.
const MANY_WAKE_UPS: u32 = 50;
/// How long they gather then: several packets, and no delay that is heard.
const GATHER: Duration = Duration::from_micros(150);

const TOKEN_WAKE: u64 = u64::MAX;
/// Marks the token of an RTCP socket.
const TOKEN_RTCP: u64 = 1 << 63;
/// Bits of a token that hold the slot; the rest are the leg's id, to tell a
/// new leg in the same slot from the old one.
const SLOT_BITS: u32 = 24;

/// A thread and everything it owns.
pub(in crate::media) struct MediaThread {
    start: Instant,
    commands: Receiver<Command>,
    inbox: Arc<Inbox>,
    poller: Poller,
    datagrams: Datagrams,
    legs: Vec<Option<Box<Leg>>>,
    free: Vec<usize>,
    slots_of: HashMap<u64, usize>,
    /// For each slot of the wheel its legs.
    wheel: [Vec<usize>; SLOTS as usize],
    /// For each slot of the wheel its conferences.
    rooms: [Vec<Room>; SLOTS as usize],
    next_slot: u64,
    writer: WriterHandle,
    encoding: EncodingHandle,
    rtp_timeout_ms: u32,
    cname: Arc<str>,
    stopping: bool,
}

impl MediaThread {
    pub(in crate::media) fn new(
        config: &MediaConfig,
        start: Instant,
        commands: Receiver<Command>,
        inbox: Arc<Inbox>,
        writer: WriterHandle,
        encoding: EncodingHandle,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.watch(&inbox.waker, TOKEN_WAKE)?;
        Ok(Self {
            start,
            commands,
            inbox,
            poller,
            datagrams: Datagrams::new(),
            legs: Vec::new(),
            free: Vec::new(),
            slots_of: HashMap::new(),
            wheel: Default::default(),
            rooms: Default::default(),
            next_slot: 0,
            writer,
            encoding,
            rtp_timeout_ms: config.rtp_timeout_ms,
            cname: Arc::from(config.cname.as_str()),
            stopping: false,
        })
    }

    /// Runs until told to stop.
    pub(in crate::media) fn run(mut self) {
        let (mut slot, mut wake_ups) = (0, 0);
        while !self.stopping {
            if slot != self.next_slot {
                (slot, wake_ups) = (self.next_slot, 0);
            }
            wake_ups += 1;
            if wake_ups > MANY_WAKE_UPS {
                std::thread::sleep(GATHER);
            }
            let until = self.until_next_slot();
            if until.is_none() {
                self.inbox.set_asleep(true);
                if self.take_commands() {
                    self.inbox.set_asleep(false);
                    continue;
                }
            }
            let ready = match self.poller.wait(until) {
                Ok(ready) => ready,
                Err(error) => {
                    tracing::error!(%error, "a media thread cannot wait for packets and stops");
                    break;
                }
            };
            if until.is_none() {
                self.inbox.set_asleep(false);
            }
            // First: a packet that came after a command is treated as it says.
            self.take_commands();
            for at in 0..ready {
                self.handle(self.poller.token(at));
            }
            self.turn_wheel();
        }
        for line in 0..self.rooms.len() {
            while !self.rooms[line].is_empty() {
                self.close_room(line, 0);
            }
        }
        for slot in 0..self.legs.len() {
            self.remove(slot);
        }
    }

    fn now(&self) -> Now {
        let us = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now { ms: us / 1_000, samples: us / 125 }
    }

    fn is_idle(&self) -> bool {
        self.slots_of.is_empty() && self.rooms.iter().all(Vec::is_empty)
    }

    /// The wheel of an idle thread stands still; it goes on with the present.
    fn begin_wheel(&mut self) {
        if self.is_idle() {
            self.next_slot = self.now().samples * 125 / SLOT_US + 1;
        }
    }

    /// `None` while there is nothing that goes by the clock.
    fn until_next_slot(&self) -> Option<Duration> {
        (!self.is_idle()).then(|| {
            let due = self.start + Duration::from_micros(self.next_slot * SLOT_US);
            due.saturating_duration_since(Instant::now())
        })
    }

    /// Carries out what waits in the queue; whether there was anything.
    fn take_commands(&mut self) -> bool {
        let mut any = false;
        while let Ok(command) = self.commands.try_recv() {
            self.carry_out(command);
            any = true;
        }
        any
    }

    fn handle(&mut self, token: u64) {
        if token == TOKEN_WAKE {
            self.inbox.waker.clear();
            return;
        }
        let slot = (token & ((1 << SLOT_BITS) - 1)) as usize;
        let Some(Some(leg)) = self.legs.get_mut(slot) else { return };
        if token & !TOKEN_RTCP != rtp_token(slot, leg.id) {
            return;
        }
        if token & TOKEN_RTCP == 0 {
            self.receive_rtp(slot);
            return;
        }
        for at in 0..self.datagrams.receive(&leg.ports.rtcp) {
            if let Some((from, datagram)) = self.datagrams.get(at) {
                leg.receive_report(from, datagram);
            }
        }
    }

    /// Looks for packets of a leg that is not watched.
    fn look(&mut self, slot: usize) {
        let round = self.next_slot / SLOTS;
        let Some(leg) = self.legs[slot].as_mut() else { return };
        if leg.quiet_looks >= QUIET_LOOKS && !(round + slot as u64).is_multiple_of(QUIET_ROUNDS) {
            return;
        }
        let found = self.receive_rtp(slot) > 0;
        let Some(leg) = self.legs[slot].as_mut() else { return };
        leg.quiet_looks = if found { 0 } else { leg.quiet_looks.saturating_add(1) };
    }

    /// Takes what waits at a leg's RTP port and passes it on. Says how much it was.
    fn receive_rtp(&mut self, slot: usize) -> usize {
        let mut taken = 0;
        for _ in 0..MAX_BATCHES {
            let Some(Some(leg)) = self.legs.get(slot) else { break };
            let count = self.datagrams.receive(&leg.ports.rtp);
            taken += count;
            let now = self.now();
            for at in 0..count {
                let Some((from, datagram)) = self.datagrams.get(at) else { continue };
                let Some(leg) = self.legs[slot].as_mut() else { return taken };
                let relay = leg.receive(now, from, datagram);
                if let (Some(relay), Some(peer)) = (relay, leg.peer)
                    && let Some(peer) = self.legs[peer].as_mut()
                {
                    peer.relay(now, relay);
                }
            }
            if count < crate::media::os::BATCH {
                break;
            }
        }
        taken
    }

    /// Does what is due in all slots that have come. A frame's time is that of
    /// its slot, not of now: the clock does not drift and does not tremble.
    fn turn_wheel(&mut self) {
        let present = self.now().samples * 125 / SLOT_US;
        if self.is_idle() {
            self.next_slot = present + 1;
            return;
        }
        if present.saturating_sub(self.next_slot) > MAX_CATCH_UP {
            // Whole rounds, so that every leg keeps its slot.
            self.next_slot += (present - self.next_slot) / SLOTS * SLOTS;
        }
        while self.next_slot <= present {
            let us = self.next_slot * SLOT_US;
            let now = Now { ms: us / 1_000, samples: us / 125 };
            let publish = (self.next_slot / SLOTS).is_multiple_of(PUBLISH_ROUNDS);
            let line = (self.next_slot % SLOTS) as usize;
            self.next_slot += 1;
            self.tick_rooms(line, now);
            // From the end, because a leg that is removed is replaced by the last.
            for at in (0..self.wheel[line].len()).rev() {
                let slot = self.wheel[line][at];
                let Some(leg) = self.legs[slot].as_ref() else { continue };
                if leg.status.is_closing() {
                    self.remove(slot);
                    continue;
                }
                if !leg.mixed {
                    self.tick_leg(slot, now);
                }
                if publish && let Some(leg) = self.legs[slot].as_ref() {
                    leg.publish();
                }
            }
        }
        self.writer.retry();
    }

    fn tick_leg(&mut self, slot: usize, now: Now) {
        if self.legs[slot].as_ref().is_some_and(|leg| leg.peer.is_none()) {
            self.look(slot);
        }
        let mut audio = [0; FRAME];
        let voice = match self.voice_for(slot, now, &mut audio) {
            Some((count, rate)) => Voice::Linear(&audio[..count], rate),
            None => Voice::None,
        };
        if let Some(leg) = self.legs[slot].as_mut() {
            leg.tick(now, self.rtp_timeout_ms, voice);
        }
    }

    fn carry_out(&mut self, command: Command) {
        let now = self.now();
        match command {
            Command::Open(leg) => self.add(leg),
            Command::SetRemote { leg, remote, secure } => {
                self.with(leg, |leg| leg.set_remote(now, *remote, secure));
                if let Some(slot) = self.slots_of.get(&leg).copied() {
                    self.fit(slot);
                    if let Some(room) = self.legs[slot].as_ref().and_then(|leg| leg.room) {
                        self.reshape(room);
                    }
                }
            }
            Command::Play { leg, play, clips, times } => {
                let player = Player::new(play, clips, times, self.encoding.clone());
                self.with(leg, |leg| leg.play(player));
            }
            Command::StopPlay { leg, play } => self.with(leg, |leg| leg.stop_play(Some(play))),
            Command::Bridge(a, b) => self.bridge(a, b),
            Command::Unbridge(id) => self.part(id),
            Command::Mute { leg, muted } => self.with(leg, |leg| leg.muted = muted),
            Command::Detect { leg, detect } => self.with(leg, |leg| leg.set_detect(now, detect)),
            Command::SendDigit { leg, digit, held_ms } => {
                self.with(leg, |leg| leg.send_digit(digit, held_ms));
            }
            Command::RecordStart { leg, mut recorder } => self.with(leg, |leg| {
                if let Some(before) = leg.recorder.take() {
                    before.stop(now.samples);
                }
                recorder.start(now.samples, leg.law(), leg.events.another());
                leg.recorder = Some(recorder);
            }),
            Command::RecordPause(id) => self.with_recorder(id, |recorder| recorder.pause(true)),
            Command::RecordResume(id) => self.with_recorder(id, |recorder| recorder.pause(false)),
            Command::RecordStop(id) => self.with(id, |leg| {
                if let Some(recorder) = leg.recorder.take() {
                    recorder.stop(now.samples);
                }
            }),
            Command::Move { leg, events, to, done } => self.move_leg(leg, events, to, done),
            Command::Arrive(leg, done) => {
                self.add(leg);
                // Whoever waited may have given up; the leg then ends with its handle.
                let _ = done.send(true);
            }
            Command::OpenRoom(room) => self.add_room(room),
            Command::Room { room, what } => self.command_room(room, what),
            Command::Shutdown => self.stopping = true,
        }
    }

    /// A command for a leg that has ended meanwhile does nothing.
    fn with(&mut self, id: u64, act: impl FnOnce(&mut Leg)) {
        if let Some(slot) = self.slots_of.get(&id)
            && let Some(leg) = self.legs[*slot].as_mut()
        {
            act(leg);
        }
    }

    fn with_recorder(&mut self, id: u64, act: impl FnOnce(&mut crate::media::record::Recorder)) {
        self.with(id, |leg| {
            if let Some(recorder) = &mut leg.recorder {
                act(recorder);
            }
        });
    }

    fn add(&mut self, mut leg: Box<Leg>) {
        self.begin_wheel();
        let slot = self.free.pop().unwrap_or_else(|| {
            self.legs.push(None);
            self.legs.len() - 1
        });
        leg.set_cname(Arc::clone(&self.cname));
        if let Err(error) = self.poller.watch(&leg.ports.rtcp, rtp_token(slot, leg.id) | TOKEN_RTCP)
        {
            tracing::warn!(%error, "a leg's RTCP is not read");
        }
        self.slots_of.insert(leg.id, slot);
        let shortest = self.wheel.iter_mut().min_by_key(|line| line.len());
        if let Some(line) = shortest {
            line.push(slot);
        }
        self.legs[slot] = Some(leg);
    }

    fn remove(&mut self, slot: usize) {
        self.leave_room(slot);
        self.unbridge(slot);
        let now = self.now();
        let Some(mut leg) = self.take_out(slot) else { return };
        if let Some(recorder) = leg.recorder.take() {
            recorder.stop(now.samples);
        }
        leg.close(now);
    }

    /// A leg that is in no bridge and no conference leaves this thread.
    fn take_out(&mut self, slot: usize) -> Option<Box<Leg>> {
        let leg = self.legs[slot].take()?;
        self.slots_of.remove(&leg.id);
        for line in &mut self.wheel {
            if let Some(at) = line.iter().position(|other| *other == slot) {
                line.swap_remove(at);
            }
        }
        self.free.push(slot);
        Some(leg)
    }
}

fn rtp_token(slot: usize, id: u64) -> u64 {
    let generation = id & ((1 << (63 - SLOT_BITS)) - 1);
    (generation << SLOT_BITS) | slot as u64
}
