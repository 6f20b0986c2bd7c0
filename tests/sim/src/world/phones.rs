//! Phones and the network to them: people answer, refuse, hang up, vanish;
//! messages are late, doubled, out of order, or replaced by silence.

use super::happening::{Deed, Happening};
use super::{FarState, World};
use strowger_acd::AcdInput;
use strowger_call::{Input, LegEffect, LegInput, ReferTo};
use strowger_model::{AgentState, CallId, Cause, LegId, Party, Timestamp};

/// When signalling repeats what was lost (RFC 3261: T1 is half a second).
const AGAIN_MS: u64 = 500;
/// When either side notices that the other is silent.
const SILENCE_MS: u64 = 20_000;

impl World {
    /// When a message sent now arrives.
    pub(super) fn arrival(&mut self) -> Timestamp {
        let again = self.random.per_mille(self.config.trouble.late);
        self.now.plus_ms(self.random.range(1, 40) + if again { AGAIN_MS } else { 0 })
    }

    pub(super) fn caller_arrives(&mut self, call: CallId) {
        let patience_ms = match self.random.range(0, 100) {
            0..10 => self.random.range(0, 3_000),
            10..50 => self.random.range(3_000, 60_000),
            _ => self.random.range(60_000, 400_000),
        };
        self.later(patience_ms, call, LegId(0), Deed::HangUp);
        if self.random.per_mille(self.config.trouble.vanishing) {
            let ms = self.random.range(0, 60_000);
            self.later(ms, call, LegId(0), Deed::Vanish);
        }
        if self.random.per_mille(self.config.trouble.operator) {
            let at = self.now.plus_ms(self.random.range(0, 90_000));
            let end = Input::HangUp { cause: Cause::ServerRestart, by: Party::Host };
            self.agenda.add(at, Happening::ToCall(call, end));
        }
    }

    fn later(&mut self, ms: u64, call: CallId, leg: LegId, deed: Deed) {
        self.agenda.add(self.now.plus_ms(ms), Happening::PhoneDoes(call, leg, deed));
    }

    /// A phone says something; the network does what it does to it.
    fn say(&mut self, call: CallId, leg: LegId, input: LegInput) {
        let trouble = self.config.trouble;
        let ends = matches!(input, LegInput::HungUp { .. } | LegInput::Failed { .. });
        let doubled = self.random.per_mille(trouble.doubled);
        let lost = self.random.per_mille(trouble.lost);
        // A lost answer or end shows as silence; other news is just not there.
        let (input, at) = match (lost, ends || matches!(input, LegInput::Answered { .. })) {
            (false, _) => (input, self.arrival()),
            (true, true) => (LegInput::MediaTimeout, self.now.plus_ms(SILENCE_MS)),
            (true, false) => return,
        };
        for copy in 0..=u32::from(doubled) {
            if let Some(end) = self.end(call, leg) {
                end.under_way += 1;
            }
            let at = at.plus_ms(u64::from(copy) * self.random.range(0, 30));
            self.agenda.add(at, Happening::FromPhone(call, leg, input.clone()));
        }
    }

    pub(super) fn phone_gets(&mut self, call: CallId, leg: LegId, effect: LegEffect) {
        let Some(end) = self.end(call, leg) else { return };
        end.under_way -= 1;
        let state = end.state;
        match (effect, state) {
            (LegEffect::Originate { .. }, FarState::Idle) => self.invited(call, leg),
            (LegEffect::Answer, FarState::Ringing) => {
                self.set(call, leg, FarState::Up);
                self.say(call, leg, LegInput::Answered { codec: "PCMU".into() });
            }
            (
                LegEffect::HangUp { .. }
                | LegEffect::Cancel
                | LegEffect::LetGo
                | LegEffect::Reject { .. },
                _,
            ) => {
                // What is lost for good is noticed as silence.
                if state != FarState::Gone
                    && state != FarState::Idle
                    && self.random.per_mille(self.config.trouble.lost)
                {
                    if let Some(end) = self.end(call, leg) {
                        end.under_way += 1;
                    }
                    let at = self.now.plus_ms(SILENCE_MS);
                    let again = LegEffect::HangUp { cause: Cause::MediaTimeout };
                    self.agenda.add(at, Happening::ToPhone(call, leg, again));
                    return;
                }
                self.set(call, leg, FarState::Gone);
            }
            _ => {}
        }
    }

    /// A phone is called.
    fn invited(&mut self, call: CallId, leg: LegId) {
        let agent = self.end(call, leg).and_then(|end| end.agent);
        if let Some(phone) = agent.and_then(|agent| self.phones.get_mut(agent)) {
            if !phone.reachable {
                let cause = Cause::Unreachable;
                self.fail(call, leg, LegInput::Failed { cause, sip_status: Some(480) });
                return;
            }
            if phone.leg.is_some() {
                self.fail(
                    call,
                    leg,
                    LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) },
                );
                return;
            }
            phone.leg = Some((call, leg));
        }
        self.set(call, leg, FarState::Ringing);
        self.say(call, leg, LegInput::Ringing { early_media: false });
        let wait_ms = self.random.range(200, 9_000);
        match self.random.range(0, 100) {
            0..72 => self.later(wait_ms, call, leg, Deed::Answer),
            72..80 => self.later(wait_ms, call, leg, Deed::Decline),
            _ => {}
        }
        if self.random.per_mille(self.config.trouble.vanishing) {
            self.later(wait_ms / 2, call, leg, Deed::Vanish);
        }
    }

    fn fail(&mut self, call: CallId, leg: LegId, how: LegInput) {
        self.set(call, leg, FarState::Gone);
        self.say(call, leg, how);
    }

    pub(super) fn phone_does(&mut self, call: CallId, leg: LegId, deed: Deed) {
        let Some(end) = self.end(call, leg) else { return };
        let (state, agent) = (end.state, end.agent);
        match (deed, state) {
            (_, FarState::Gone | FarState::Idle) => {}
            (Deed::Answer, FarState::Ringing) => self.picked_up(call, leg),
            (Deed::Decline, FarState::Ringing) => {
                let cause = Cause::Rejected;
                self.fail(call, leg, LegInput::Failed { cause, sip_status: Some(603) });
            }
            (Deed::HangUp, _) => {
                self.set(call, leg, FarState::Gone);
                self.say(call, leg, LegInput::HungUp { cause: Cause::Normal });
            }
            (Deed::Press(digit), _) => {
                self.say(call, leg, LegInput::Digit { digit, held_ms: 90 });
            }
            (Deed::Hold, FarState::Up) => self.say(call, leg, LegInput::Held),
            (Deed::Resume, FarState::Up) => self.say(call, leg, LegInput::Resumed),
            (Deed::Transfer, FarState::Up) => self.transfer(call, leg),
            (Deed::Vanish, _) => self.vanished(call, leg, agent),
            _ => {}
        }
    }

    fn picked_up(&mut self, call: CallId, leg: LegId) {
        self.set(call, leg, FarState::Up);
        self.say(call, leg, LegInput::Answered { codec: "PCMA".into() });
        let talk_ms = self.random.range(500, 60_000);
        self.later(talk_ms, call, leg, Deed::HangUp);
        if self.random.percent(20) {
            self.later(talk_ms / 4, call, leg, Deed::Hold);
            self.later(talk_ms / 2, call, leg, Deed::Resume);
        }
        if self.random.percent(15) {
            let ms = self.random.range(100, talk_ms);
            self.later(ms, call, leg, Deed::Transfer);
        }
        if self.random.percent(3) {
            self.later(talk_ms / 2, call, LegId(0), Deed::Transfer);
        }
        if self.random.per_mille(self.config.trouble.vanishing) {
            self.later(talk_ms / 3, call, leg, Deed::Vanish);
        }
    }

    /// Somebody wants the other party connected with a number, an extension, a
    /// flow of the house, or with nobody there is. Many hang up at once.
    fn transfer(&mut self, call: CallId, leg: LegId) {
        let (target, to) = match self.random.range(0, 10) {
            0..4 => ("+441632960801", ReferTo::Target("number:+441632960801".into())),
            4..6 => ("200", ReferTo::Target("extension:200".into())),
            6..9 => ("+441632960555", ReferTo::Number),
            _ => ("999", ReferTo::Nowhere { sip_status: 404 }),
        };
        let target = target.parse().expect("an address");
        self.say(call, leg, LegInput::Referred { target, to });
        if self.random.percent(40) {
            let ms = self.random.range(20, 2_000);
            self.later(ms, call, leg, Deed::HangUp);
        }
    }

    /// Nothing comes from there any more. A ringing phone is not missed until it
    /// should have answered.
    fn vanished(&mut self, call: CallId, leg: LegId, agent: Option<usize>) {
        let was_up = self.end(call, leg).is_some_and(|end| end.state == FarState::Up);
        self.set(call, leg, FarState::Gone);
        if was_up || leg == LegId(0) {
            if let Some(end) = self.end(call, leg) {
                end.under_way += 1;
            }
            let at = self.now.plus_ms(SILENCE_MS);
            self.agenda.add(at, Happening::FromPhone(call, leg, LegInput::MediaTimeout));
        }
        if let Some(phone) = agent.and_then(|agent| self.phones.get_mut(agent)) {
            phone.reachable = false;
            let gone = AcdInput::PhoneGone(phone.config.id);
            let at = self.now.plus_ms(self.random.range(100, 8_000));
            self.agenda.add(at, Happening::ToAcd(None, gone));
        }
    }

    fn set(&mut self, call: CallId, leg: LegId, state: FarState) {
        let Some(end) = self.end(call, leg) else { return };
        end.state = state;
        let agent = end.agent;
        if state == FarState::Gone
            && let Some(phone) = agent.and_then(|agent| self.phones.get_mut(agent))
            && phone.leg == Some((call, leg))
        {
            phone.leg = None;
        }
    }

    /// An agent looks at the screen and does what agents do.
    pub(super) fn agent_thinks(&mut self, index: usize) {
        let next = self.now.plus_ms(self.random.range(2_000, 20_000));
        self.agenda.add(next, Happening::AgentThinks(index));
        let Some(phone) = self.phones.get_mut(index) else { return };
        let agent = phone.config.id;
        if !phone.reachable {
            phone.reachable = true;
            self.tell_acd_now(AcdInput::PhoneBack(agent));
            return;
        }
        let state = self.reference.agents.get(index).map(|(_, state)| state.clone());
        let dice = self.random.range(0, 100);
        let input = match state {
            Some(AgentState::SignedOut) => AcdInput::SetReady(agent),
            Some(AgentState::NotReady(_)) if dice < 80 => AcdInput::SetReady(agent),
            Some(AgentState::WrapUp) if dice < 30 => AcdInput::SetReady(agent),
            _ if dice < 3 => AcdInput::SetNotReady { agent, reason: "break".into() },
            _ if dice < 4 => AcdInput::SignOut(agent),
            _ => return,
        };
        self.tell_acd_now(input);
    }
}
