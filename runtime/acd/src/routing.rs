//! When a router is asked, and what becomes of its answer.
//!
//! A router is asked when a contact begins to wait, comes back or needs less,
//! when an agent becomes free, and when it asked to be woken; and only if at
//! that moment there is a contact and a free agent who may serve it. So a
//! thousand waiting with nobody free cost nothing, and nothing polls.
//!
//! Agents are asked about before contacts, and contacts by priority and
//! arrival: a newcomer must not take an agent past those who waited.
//!
//! A contact is decided about by its own router, which sees no others. About an
//! agent every router is asked that has a contact for the agent, until one takes
//! the agent: first the one whose best contact comes first.
//!
//! If a router leaves both a contact and somebody for it unassigned, it is
//! asked again after [`REASK_MS`], over and over. A pair of a waiting contact
//! and a free agent is therefore never forgotten: a question about one of the
//! two is always pending, under way, or timed.

use crate::acd::Acd;
use crate::candidates::ContactOrder;
use crate::contacts::Phase;
use crate::decision::Decision;
use crate::distribution::RouterTrigger;
use crate::effect::AcdEffect;
use crate::index::Key;
use crate::input::{RouterDone, RouterFault};
use crate::limits::{ASK_MS, MAX_LOOKS, REASK_MS};
use crate::routers::{RouterChoice, RouterIndex};
use crate::timers::Timer;
use std::collections::{BTreeSet, HashSet, VecDeque};

/// Questions that wait their turn; each at most once, so never more than there
/// are contacts and agents.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    agents: VecDeque<u64>,
    known_agents: HashSet<u64>,
    /// By priority and arrival; and whether it is a wake.
    contacts: BTreeSet<(Key, bool)>,
}

/// A router at work.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) decision: Decision,
    /// Whose contacts it is about, one use of which is held; the stock router
    /// may have been asked in its place.
    pub(crate) router: RouterIndex,
    /// Who is asked about the same agent next, last first.
    others: Vec<RouterIndex>,
}

/// Whom a question is about.
#[derive(Clone, Copy, Debug)]
enum Subject {
    Contact { number: u64, wake: bool },
    Agent(u64),
}

impl Acd {
    /// A contact wants to be decided about.
    pub(crate) fn push_contact(&mut self, number: u64, wake: bool) {
        if self.idle_count == 0 {
            return;
        }
        if let Some(contact) = self.contacts.get(&number)
            && matches!(contact.phase, Phase::Waiting(_))
        {
            self.pending.contacts.insert((contact.keys(0)[1], wake));
        }
    }

    /// An agent may have become free.
    pub(crate) fn push_agent(&mut self, number: u64) {
        let free = self.agents.get(&number).is_some_and(|agent| agent.is_free());
        if free && self.waiting_count > 0 && self.pending.known_agents.insert(number) {
            self.pending.agents.push_back(number);
        }
    }

    /// Every free agent may have become able to serve somebody.
    pub(crate) fn push_everybody(&mut self) {
        let mut free: Vec<_> = self
            .agents
            .values()
            .filter(|agent| agent.is_free())
            .map(|agent| (agent.idle_since, agent.number))
            .collect();
        free.sort_unstable();
        for (_, number) in free {
            self.push_agent(number);
        }
    }

    /// Asks the next question that has more than one possible answer.
    pub(crate) fn ask_next(&mut self) {
        while self.asking.is_none() {
            let subject = if let Some(number) = self.pending.agents.pop_front() {
                self.pending.known_agents.remove(&number);
                Subject::Agent(number)
            } else if let Some((key, wake)) = self.pending.contacts.pop_first() {
                Subject::Contact { number: key.2, wake }
            } else {
                return;
            };
            if !self.is_open(subject) {
                continue;
            }
            let (trigger, routers) = match subject {
                Subject::Agent(number) => {
                    (RouterTrigger::AgentReady(number), self.routers_for(number))
                }
                Subject::Contact { number, wake } => {
                    let router = self.contacts.get(&number).map(|contact| contact.router);
                    let trigger = match wake {
                        false => RouterTrigger::ContactWaiting(number),
                        true => RouterTrigger::Wake(number),
                    };
                    (trigger, router.map(|router| (router, Vec::new())))
                }
            };
            if let Some((router, others)) = routers {
                self.ask(trigger, self.routers.choice(router), router, others);
            }
        }
    }

    /// Asks the next router about an agent whom none has taken so far; false if
    /// there is none to ask.
    fn ask_others(&mut self, trigger: &RouterTrigger, mut others: Vec<RouterIndex>) -> bool {
        let RouterTrigger::AgentReady(number) = *trigger else {
            return false;
        };
        while let Some(router) = others.pop() {
            let Some(agent) = self.agents.get(&number).filter(|agent| agent.is_free()) else {
                return false;
            };
            let order = ContactOrder::Arrival;
            if !self.contacts_for(agent, order, Some(router), 0, 1).is_empty() {
                self.ask(trigger.clone(), self.routers.choice(router), router, others);
                return true;
            }
        }
        false
    }

    /// Whether the subject is free and somebody is there for it.
    fn is_open(&mut self, subject: Subject) -> bool {
        match subject {
            Subject::Agent(number) => {
                self.waiting_count > 0
                    && self
                        .agents
                        .get(&number)
                        .is_some_and(|agent| agent.is_free() && self.anything_for(agent))
            }
            Subject::Contact { number, .. } => {
                self.shelve_fresh();
                self.idle_count > 0
                    && self.contacts.get(&number).is_some_and(|contact| self.somebody_for(contact))
            }
        }
    }

    fn ask(
        &mut self,
        trigger: RouterTrigger,
        choice: RouterChoice,
        router: RouterIndex,
        others: Vec<RouterIndex>,
    ) {
        self.routers.keep(router);
        let ask = self.next_ask;
        self.next_ask += 1;
        let seed = self.draw();
        self.asking = Some(Asking {
            decision: Decision {
                tenant: self.tenant,
                ask,
                at: self.now,
                seed,
                router: choice.clone(),
                trigger: trigger.clone(),
                looks: Vec::new(),
                looks_dropped: 0,
                assignments: Vec::new(),
                fault: None,
                fault_kind: None,
                fuel: 0,
                busy_us: 0,
            },
            router,
            others,
        });
        self.timers.set(Timer::Ask, self.now.plus_ms(ASK_MS));
        self.emit(AcdEffect::AskRouter { ask, router: choice, trigger, now: self.now, seed });
    }

    /// Keeps what a router looked at.
    pub(crate) fn keep_look(&mut self, look: impl FnOnce() -> crate::decision::Look) {
        if let Some(asking) = &mut self.asking {
            if asking.decision.looks.len() < MAX_LOOKS {
                asking.decision.looks.push(look());
            } else {
                asking.decision.looks_dropped += 1;
            }
        }
    }

    /// No answer came: as if the router had failed.
    pub(crate) fn router_lost(&mut self) {
        if let Some(asking) = &self.asking {
            self.router_done(RouterDone {
                ask: asking.decision.ask,
                fault: Some(RouterFault {
                    kind: "host".to_owned(),
                    reason: format!("no answer within {ASK_MS} ms"),
                }),
                fuel: 0,
                busy_us: 0,
            });
        }
    }

    pub(crate) fn router_done(&mut self, done: RouterDone) {
        let Some(asking) = self.asking.take_if(|asking| asking.decision.ask == done.ask) else {
            return;
        };
        self.timers.cancel(Timer::Ask);
        let Asking { mut decision, router, others } = asking;
        decision.fuel = done.fuel;
        decision.busy_us = done.busy_us;
        if let Some(fault) = done.fault {
            decision.fault = Some(fault.reason);
            decision.fault_kind = Some(fault.kind);
        }
        let failed = decision.fault.is_some();
        let chosen: Vec<_> = if failed {
            std::mem::take(&mut decision.assignments)
        } else {
            decision.assignments.clone()
        };
        let trigger = decision.trigger.clone();
        let is_stock = decision.router == RouterChoice::Stock;
        self.emit(AcdEffect::Decided(Box::new(decision)));
        for choice in &chosen {
            self.settle(choice.contact, choice.agent_number, !failed);
        }
        if failed && !is_stock {
            self.ask(trigger, RouterChoice::Stock, router, others);
        } else if !self.ask_others(&trigger, others) {
            self.ask_again_later(&trigger);
        }
        self.routers.release(router);
    }

    /// Makes an assignment real, or undoes it: because the router failed, or
    /// because one of the two has gone meanwhile.
    fn settle(&mut self, contact: u64, agent: u64, counts: bool) {
        let contact_held =
            self.contacts.get(&contact).is_some_and(|c| c.phase == Phase::Held(agent));
        let agent_held =
            self.agents.get(&agent).is_some_and(|agent| agent.held_for == Some(contact));
        if counts && contact_held && agent_held {
            self.make_offer(contact, agent);
            return;
        }
        if contact_held {
            self.put_back(contact, false);
        }
        if agent_held {
            self.unhold(agent);
        }
    }

    /// Sets the timer that keeps a pair from being forgotten.
    fn ask_again_later(&mut self, trigger: &RouterTrigger) {
        let (subject, timer) = match *trigger {
            RouterTrigger::AgentReady(number) => {
                (Subject::Agent(number), Timer::ReaskAgent(number))
            }
            RouterTrigger::ContactWaiting(number) | RouterTrigger::Wake(number) => {
                // The router has said itself when it wants to hear of it.
                if self.timers.is_set(Timer::Wake(number)) {
                    return;
                }
                (Subject::Contact { number, wake: false }, Timer::ReaskContact(number))
            }
            RouterTrigger::Signal { .. } => return,
        };
        if self.is_open(subject) {
            self.timers.set(timer, self.now.plus_ms(REASK_MS));
        }
    }
}
