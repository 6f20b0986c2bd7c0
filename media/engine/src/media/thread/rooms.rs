//! Conferences on their thread: they take the place of their members' ticks.

use super::MediaThread;
use super::bridge::FRAME;
use crate::media::command::RoomCommand;
use crate::media::leg::{Ear, Now, Voice};
use crate::media::room::{Room, Share};
use strowger_rtp::Codec;
use strowger_rtp::mix::MAX_PARTIES;

impl MediaThread {
    pub(super) fn add_room(&mut self, room: Box<Room>) {
        self.begin_wheel();
        let shortest = self.rooms.iter_mut().min_by_key(|line| line.len());
        if let Some(line) = shortest {
            line.push(*room);
        }
    }

    pub(super) fn command_room(&mut self, id: u64, what: RoomCommand) {
        let clock = self.now().samples;
        match what {
            RoomCommand::Join { leg, how } => {
                let Some(slot) = self.slots_of.get(&leg).copied() else { return };
                if self.legs[slot].as_ref().is_none_or(|leg| leg.room == Some(id)) {
                    return;
                }
                self.leave_room(slot);
                self.unbridge(slot);
                self.receive_rtp(slot);
                if !self.room(id).is_some_and(|room| room.join(slot, leg, how)) {
                    tracing::warn!(
                        room = id,
                        "a conference is full or has ended; a leg is left out"
                    );
                    return;
                }
                if let Some(leg) = self.legs[slot].as_mut() {
                    leg.room = Some(id);
                }
            }
            RoomCommand::Leave(leg) => {
                let Some(slot) = self.slots_of.get(&leg).copied() else { return };
                if self.legs[slot].as_ref().is_some_and(|leg| leg.room == Some(id)) {
                    self.leave_room(slot);
                }
                return;
            }
            RoomCommand::Set { leg, side, on } => {
                let Some(room) = self.room(id) else { return };
                room.set(leg, side, on);
            }
            RoomCommand::Hear { listener, speaker, hears } => {
                let Some(room) = self.room(id) else { return };
                room.hear(listener, speaker, hears);
            }
            RoomCommand::RecordStart(recorder) => {
                let Some(room) = self.room(id) else { return };
                room.start_recording(clock, recorder);
            }
            RoomCommand::RecordPause(paused) => {
                let Some(room) = self.room(id) else { return };
                room.pause_recording(paused);
                return;
            }
            RoomCommand::RecordStop => {
                let Some(room) = self.room(id) else { return };
                room.stop_recording(clock);
            }
        }
        self.reshape(id);
    }

    /// Bridges two members that need no mixer, or prepares mixing.
    pub(super) fn reshape(&mut self, id: u64) {
        let Some(room) = self.room(id) else { return };
        let (pair, bridged) = (room.pair(), room.bridged);
        room.bridged = pair.is_some();
        let mut members = [None; MAX_PARTIES];
        for (place, member) in members.iter_mut().zip(&room.members) {
            *place = member.as_ref().map(|member| member.leg);
        }
        if let Some((a, b)) = pair {
            if !bridged {
                for slot in [a, b] {
                    self.set_mixed(slot, false);
                }
                self.join(a, b);
            }
            return;
        }
        let codecs = members.map(|slot| slot.and_then(|slot| self.codec_of(slot)));
        for slot in members.into_iter().flatten() {
            self.unbridge(slot);
        }
        let count = codecs.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let Some(room) = self.room(id) else { return };
        room.fit(&codecs[..count]);
        let rate = room.rate();
        for (slot, codec) in members.into_iter().zip(codecs) {
            let (Some(slot), Some(codec)) = (slot, codec) else { continue };
            self.set_mixed(slot, true);
            let Some(leg) = self.legs[slot].as_mut() else { continue };
            if !leg.ear.as_ref().is_some_and(|ear| ear.is_for(codec, rate)) {
                leg.set_ear(Ear::new(codec, rate).ok().map(Box::new));
            }
        }
    }

    /// Ends a leg's part in its conference, if it takes part in one.
    pub(super) fn leave_room(&mut self, slot: usize) {
        let Some(leg) = self.legs[slot].as_mut() else { return };
        let (id, Some(room)) = (leg.id, leg.room.take()) else { return };
        self.unbridge(slot);
        self.set_mixed(slot, false);
        if let Some(room) = self.room(room) {
            room.bridged = false;
            room.leave(id);
        }
        self.reshape(room);
    }

    fn set_mixed(&mut self, slot: usize, mixed: bool) {
        let Some(leg) = self.legs[slot].as_mut() else { return };
        leg.set_hears_made(mixed);
        leg.mixed = mixed;
        if mixed {
            leg.note_peer(None, true);
        } else {
            leg.set_ear(None);
            leg.note_parting();
        }
    }

    /// One frame of all conferences of a line of the wheel.
    pub(super) fn tick_rooms(&mut self, line: usize, now: Now) {
        for at in (0..self.rooms[line].len()).rev() {
            if self.rooms[line][at].is_closing() {
                self.close_room(line, at);
                continue;
            }
            if !self.rooms[line][at].bridged {
                self.tick_room(line, at, now);
            }
        }
    }

    fn tick_room(&mut self, line: usize, at: usize, now: Now) {
        let mut audio = [0; FRAME];
        for member in 0..self.rooms[line][at].members.len() {
            let Some(slot) = self.member_slot(line, at, member) else { continue };
            self.look(slot);
            let Some(leg) = self.legs[slot].as_mut() else { continue };
            let Some(ear) = &mut leg.ear else { continue };
            let count = ear.rate().frame_samples();
            ear.pull(now.samples, &mut audio[..count]);
            self.rooms[line][at].speak(member, &audio[..count]);
        }
        self.rooms[line][at].mix(now.samples);
        for member in 0..self.rooms[line][at].members.len() {
            let Some(slot) = self.member_slot(line, at, member) else { continue };
            let Some(leg) = self.legs[slot].as_mut() else { continue };
            let voice = match self.rooms[line][at].listen(member, leg.codec(), &mut audio) {
                Some(Share::Encoded(payload)) => Voice::Encoded(payload),
                Some(Share::Linear(audio, rate)) => Voice::Linear(audio, rate),
                None => Voice::None,
            };
            leg.tick(now, self.rtp_timeout_ms, voice);
        }
        self.rooms[line][at].end_frame();
    }

    fn member_slot(&self, line: usize, at: usize, member: usize) -> Option<usize> {
        self.rooms[line][at].members.get(member)?.as_ref().map(|member| member.leg)
    }

    pub(super) fn close_room(&mut self, line: usize, at: usize) {
        let id = self.rooms[line][at].id;
        for member in 0..self.rooms[line][at].members.len() {
            if let Some(slot) = self.member_slot(line, at, member) {
                self.leave_room(slot);
            }
        }
        let clock = self.now().samples;
        let mut room = self.rooms[line].swap_remove(at);
        debug_assert_eq!(room.id, id);
        room.stop_recording(clock);
    }

    pub(super) fn room(&mut self, id: u64) -> Option<&mut Room> {
        self.rooms.iter_mut().flatten().find(|room| room.id == id)
    }

    pub(super) fn codec_of(&self, slot: usize) -> Option<Codec> {
        self.legs.get(slot)?.as_ref().map(|leg| leg.codec())
    }
}
