//! Carrying out what calls want, as the server does, only with made-up services.

use super::World;
use super::happening::{Deed, Happening};
use crate::world::FarState;
use strowger_call::{
    Between, Effect, GuestEvent, Input, LegEffect, MediaEffect, MediaInput, Moment, QueueEffect,
    TurnView,
};
use strowger_model::{CallId, LegId, Timestamp};

/// How long a task of the server may be too busy to read its messages.
const BUSY_MS: u64 = 1_000;

impl World {
    /// Carries out a call's effects and sees to its timer.
    pub(super) fn drain_call(&mut self, call: CallId) {
        while let Some(effect) = self.calls.get_mut(&call).and_then(|live| live.core.poll()) {
            let finished = self.calls.get(&call).is_some_and(|live| live.finished.is_some());
            assert!(!finished, "{call} wants something after its end: {effect:?}");
            self.carry_out(call, effect);
        }
        let Some(live) = self.calls.get_mut(&call) else { return };
        if let Some(next) = live.core.next_timeout()
            && live.timer_at.is_none_or(|at| next < at)
        {
            live.timer_at = Some(next);
            self.agenda.add(next, Happening::CallTimer(call));
        }
    }

    fn carry_out(&mut self, call: CallId, effect: Effect) {
        match effect {
            Effect::RunGuest { event, moment, view } => self.run_guest(call, event, moment, view),
            Effect::Leg(leg, effect) => self.send_to_phone(call, leg, effect),
            Effect::Media(effect) => self.media(call, effect),
            Effect::Queue(effect) => self.queue(call, effect),
            Effect::Kv { command, .. } => {
                let outcome = "missing".to_owned();
                self.service(call, Input::Kv { command, outcome, value: String::new() });
            }
            Effect::Http { command, .. } => {
                let outcome = "response".to_owned();
                let value = "{}".to_owned();
                let details = vec![("status".to_owned(), "200".to_owned())];
                self.service(call, Input::Http { command, outcome, value, details });
            }
            Effect::UseFallback { .. } => {
                if self.random.percent(90) {
                    let flow = self.flows.fresh(call, true);
                    if let Some(live) = self.calls.get_mut(&call) {
                        live.flow = Some(flow);
                    }
                    self.service(call, Input::FallbackReady { version: None });
                } else {
                    self.service(call, Input::FallbackFailed { reason: "made up".into() });
                }
            }
            Effect::Tell { call: other, .. } => {
                let what = Between::No { sip_status: 481 };
                self.service(call, Input::Between { from: other, what });
            }
            Effect::Park { .. } => {
                if self.random.percent(20) {
                    self.service(call, Input::SlotTaken);
                }
            }
            Effect::FindCall { .. } => {
                // Somebody's call, or nobody's; none of the simulation is parked for long.
                let other = self.random.percent(50).then(|| (CallId(uuid::Uuid::max()), None));
                self.service(call, Input::Found { found: other });
            }
            Effect::FindNumber { .. } => {
                let found = match self.random.percent(90) {
                    true => Input::NumberReady { flow: "other".into(), version: None },
                    false => Input::NumberFailed { reason: "made up".into() },
                };
                self.service(call, found);
            }
            Effect::TakeSeat => {
                let flow = self.flows.fresh(call, false);
                if let Some(live) = self.calls.get_mut(&call) {
                    live.flow = Some(flow);
                }
            }
            Effect::Give { .. } => unreachable!("no call of the simulation is asked to give"),
            Effect::Journal(_) | Effect::Event { .. } | Effect::Unpark { .. } => {}
            Effect::Finished(record) => {
                if let Some(live) = self.calls.get_mut(&call) {
                    live.finished = Some(record);
                }
            }
        }
    }

    fn run_guest(&mut self, call: CallId, event: GuestEvent, moment: Moment, view: TurnView) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        let Some(flow) = &mut live.flow else { return };
        let result = flow.handle(moment, &event, view);
        let late_ms = self.random.range(0, 4);
        if !self.random.per_mille(self.config.trouble.silent_services / 10) {
            let at = self.now.plus_ms(late_ms);
            self.agenda.add(at, Happening::ToCall(call, Input::Turn(result)));
        }
    }

    /// A service answers, some time, or never.
    fn service(&mut self, call: CallId, answer: Input) {
        let late_ms = self.random.range(1, 200);
        if !self.random.per_mille(self.config.trouble.silent_services) {
            self.agenda.add(self.now.plus_ms(late_ms), Happening::ToCall(call, answer));
        }
    }

    fn media(&mut self, call: CallId, effect: MediaEffect) {
        match effect {
            MediaEffect::Play { play, sources, times, .. } => {
                if times > 0 {
                    let ok = !self.random.percent(2);
                    let at = self.now.plus_ms(self.random.range(300, 3_000));
                    let ended = MediaInput::PlayEnded { play, ok, reason: String::new() };
                    self.agenda.add(at, Happening::ToCall(call, Input::Media(ended)));
                }
                if sources.first().is_some_and(|s| s == "file:menu") && self.random.percent(80) {
                    let at = self.now.plus_ms(self.random.range(200, 4_000));
                    self.agenda.add(at, Happening::PhoneDoes(call, LegId(0), Deed::Press('1')));
                }
            }
            MediaEffect::RecordStart { recording, .. } if self.random.percent(3) => {
                let reason = "disk full".to_owned();
                let at = self.now.plus_ms(self.random.range(1, 9_000));
                let failed = MediaInput::RecordingFailed { recording, reason };
                self.agenda.add(at, Happening::ToCall(call, Input::Media(failed)));
            }
            MediaEffect::RecordStop { recording } => {
                let reason = "stop".to_owned();
                let ended = MediaInput::RecordingEnded { recording, duration_ms: 1_000, reason };
                self.service(call, Input::Media(ended));
            }
            _ => {}
        }
    }

    fn queue(&mut self, call: CallId, effect: QueueEffect) {
        let Some(live) = self.calls.get_mut(&call) else { return };
        live.enqueued += u32::from(matches!(effect, QueueEffect::Enqueue { .. }));
        live.under_way += 1;
        let input = effect.into_input(live.core.record());
        // One channel into the distribution: nothing overtakes anything.
        let at = self.acd_heard_at.max(self.channel_arrival());
        self.acd_heard_at = at;
        self.agenda.add(at, Happening::ToAcd(Some(call), input));
    }

    /// When a message between two tasks of the server is read: at once, or after
    /// a busy moment.
    pub(super) fn channel_arrival(&mut self) -> Timestamp {
        let busy = self.random.per_mille(self.config.trouble.late);
        let most_ms = if busy { BUSY_MS } else { 3 };
        self.now.plus_ms(self.random.range(0, most_ms))
    }

    fn send_to_phone(&mut self, call: CallId, leg: LegId, effect: LegEffect) {
        if let LegEffect::Originate { target, .. } = &effect {
            let agent = crate::agents::phone_of(&self.phones, target);
            let end = super::FarEnd { state: FarState::Idle, agent, under_way: 0 };
            if let Some(live) = self.calls.get_mut(&call) {
                live.ends.insert(leg, end);
            }
        }
        if let Some(end) = self.end(call, leg) {
            end.under_way += 1;
        }
        let at = self.arrival();
        self.agenda.add(at, Happening::ToPhone(call, leg, effect));
    }
}
