//! The distribution's side: its effects, its router, and the reference beside it.

use super::World;
use super::happening::Happening;
use strowger_acd::{
    Acd, AcdEffect, AcdEvent, AcdInput, RouterChoice, RouterDone, RouterFault, RouterTrigger,
};
use strowger_call::QueueInput;
use strowger_model::{AgentState, CallId, ContactOutcome};

impl World {
    pub(super) fn tell_acd_now(&mut self, input: AcdInput) {
        let wish = match &input {
            AcdInput::Enqueue(wish) => Some(wish.clone()),
            _ => None,
        };
        self.acd.handle(self.now, input);
        if let Some(wish) = wish {
            // Turned away at once: no contact has come to be.
            let first = self.acd.poll();
            let refused =
                matches!(&first, Some(AcdEffect::ContactEnded(ended)) if ended.contact.0 == 0);
            if !refused {
                let (call, queue) = (wish.call, wish.queue);
                self.reference.enqueued(self.now, call, queue, wish.priority, wish.needs);
            }
            if let Some(effect) = first {
                self.acd_effect(effect);
            }
        }
        self.drain_acd();
    }

    pub(super) fn acd_timer(&mut self) {
        if self.acd_timer_at == Some(self.now) {
            self.acd_timer_at = None;
            self.acd.handle_timeout(self.now);
            self.drain_acd();
        }
    }

    fn drain_acd(&mut self) {
        while let Some(effect) = self.acd.poll() {
            self.acd_effect(effect);
        }
        if let Some(next) = self.acd.next_timeout()
            && self.acd_timer_at.is_none_or(|at| next < at)
        {
            self.acd_timer_at = Some(next);
            self.agenda.add(next, Happening::AcdTimer);
        }
    }

    fn acd_effect(&mut self, effect: AcdEffect) {
        match effect {
            AcdEffect::AskRouter { ask, router, trigger, seed, .. } => {
                self.route(ask, router, &trigger, seed);
            }
            AcdEffect::Offer(offer) => {
                if let Err(wrong) = self.reference.offered(self.now, &offer) {
                    panic!("{wrong}");
                }
                self.engaged.insert(offer.agent, offer.call);
                let ring_ms = offer.ring_ms;
                let (agent, target) = (offer.agent, offer.extension);
                let input = QueueInput::Offer { offer: offer.offer, agent, target, ring_ms };
                self.acd_tells(offer.call, input);
            }
            AcdEffect::Withdraw { offer, call } => {
                self.reference.offer_over(offer);
                self.acd_tells(call, QueueInput::Withdraw { offer });
            }
            AcdEffect::Waiting { call, position, expected_wait_ms } => {
                self.acd_tells(call, QueueInput::Waiting { position, expected_wait_ms });
            }
            AcdEffect::ContactEnded(ended) => {
                self.reference.ended(ended.call);
                if let Some(live) = self.calls.get_mut(&ended.call) {
                    live.ended.push((ended.outcome, ended.agent));
                }
                let served = ended.outcome == ContactOutcome::Served;
                assert_eq!(served, ended.agent.is_some(), "served by nobody, or not served");
                let (outcome, reason, agent) = (ended.outcome, ended.reason, ended.agent);
                self.acd_tells(ended.call, QueueInput::Ended { outcome, reason, agent });
            }
            AcdEffect::AgentChanged { agent, state, .. } => {
                let busy = matches!(
                    state,
                    AgentState::Reserved
                        | AgentState::Ringing
                        | AgentState::Talking
                        | AgentState::Hold
                );
                if !busy {
                    self.engaged.remove(&agent);
                }
                self.reference.agent_changed(agent, state);
            }
            AcdEffect::Event(AcdEvent::OfferMissed { offer, .. }) => {
                self.reference.offer_over(offer);
            }
            AcdEffect::Event(_) | AcdEffect::Decided(_) => {}
        }
    }

    /// The router owns the distribution while it decides, so nothing else
    /// happens to it meanwhile.
    fn route(&mut self, ask: u64, router: RouterChoice, trigger: &RouterTrigger, seed: u64) {
        let stock = router == RouterChoice::Stock;
        let acd: &mut Acd = &mut self.acd;
        let fault = self.router.decide(stock, trigger, seed, acd).err();
        let fault = fault.map(|reason| RouterFault { kind: "returned".into(), reason });
        let done = RouterDone { ask, fault, fuel: 1, busy_us: 1 };
        self.acd.handle(self.now, AcdInput::RouterDone(done));
    }

    fn acd_tells(&mut self, call: CallId, input: QueueInput) {
        let at = self.channel_arrival();
        let Some(live) = self.calls.get_mut(&call) else { return };
        let at = live.heard_at.max(at);
        live.heard_at = at;
        live.under_way += 1;
        self.agenda.add(at, Happening::FromAcd(call, input));
    }
}
