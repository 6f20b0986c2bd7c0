//! Agents: one state each, changed only here.

use crate::acd::Acd;
use crate::candidates::AgentRack;
use crate::config::AgentConfig;
use crate::effect::AcdEffect;
use crate::index::Key;
use crate::limits::{MAX_FRESH, MAX_TALK_MS};
use crate::timers::Timer;
use strowger_model::{AgentState, CallId, OfferId, Timestamp};

/// The reason of an agent whose phone cannot be reached.
pub(crate) const PHONE_GONE: &str = "phone_gone";
/// The reason of an agent who has signed in and not said ready yet.
const SIGNED_IN: &str = "signed_in";

/// An agent.
#[derive(Debug)]
pub(crate) struct AgentRecord {
    pub(crate) number: u64,
    pub(crate) config: AgentConfig,
    /// Whether the agent stands in the index of idle agents.
    pub(crate) shelved: bool,
    /// Group of those with the same skills and memberships.
    pub(crate) group: usize,
    pub(crate) state: AgentState,
    pub(crate) since: Timestamp,
    /// When the agent became ready.
    pub(crate) idle_since: Timestamp,
    /// Contacts served since signing in.
    pub(crate) served: u32,
    /// Ready, but chosen by a router that has not returned yet, for this contact.
    pub(crate) held_for: Option<u64>,
    pub(crate) duty: Duty,
    /// What follows once the agent is free.
    pub(crate) next: Option<Next>,
}

/// What an agent is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// Nothing.
    None,
    /// The agent's phone rings, or soon will.
    Offer(OfferId),
    /// A conversation for this queue.
    Talk { call: CallId, queue: u32, since: Timestamp },
}

/// What an agent becomes once free, if not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    NotReady(String),
    SignedOut,
    /// The agent has been removed from the configuration.
    Removed,
}

impl AgentRecord {
    pub(crate) fn keys(&self) -> [Key; 2] {
        let since = self.idle_since.0;
        [(0, since, self.number), (i64::from(self.served), since, self.number)]
    }

    /// Whether a router may choose the agent now.
    pub(crate) fn is_free(&self) -> bool {
        self.state == AgentState::Ready && self.held_for.is_none()
    }
}

impl Acd {
    /// Changes an agent's state. Becoming ready puts the agent at the end of
    /// the idle ones, unless the place is kept.
    pub(crate) fn change_agent(&mut self, number: u64, state: AgentState, keep_place: bool) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        if agent.state == state {
            return;
        }
        let id = agent.config.id;
        let was = std::mem::replace(&mut agent.state, state.clone());
        agent.since = self.now;
        if was == AgentState::Ready && agent.held_for.take().is_none() {
            self.unshelve_agent(number);
        }
        if was == AgentState::SignedOut || state == AgentState::SignedOut {
            self.count_staff(number, was == AgentState::SignedOut);
        }
        if state == AgentState::Ready {
            self.idle_count += 1;
            self.shelve_soon(number, keep_place);
        }
        self.emit(AcdEffect::AgentChanged { agent: id, state, since: self.now });
        self.push_agent(number);
    }

    /// Puts an agent whom a router had chosen in vain back to the idle ones.
    pub(crate) fn unhold(&mut self, number: u64) {
        if let Some(agent) = self.agents.get_mut(&number)
            && agent.held_for.take().is_some()
        {
            self.idle_count += 1;
            self.shelve_soon(number, true);
            self.push_agent(number);
        }
    }

    /// The agent has become free. Most agents of a busy tenant are given the next
    /// contact at once; so the index is told only when somebody looks for agents.
    fn shelve_soon(&mut self, number: u64, keep_place: bool) {
        if let Some(agent) = self.agents.get_mut(&number)
            && !keep_place
        {
            agent.idle_since = self.now;
        }
        if self.fresh.len() >= MAX_FRESH {
            self.shelve_fresh();
        }
        self.fresh.push(number);
    }

    /// Puts those who have become free and still are into the index.
    pub(crate) fn shelve_fresh(&mut self) {
        for number in std::mem::take(&mut self.fresh) {
            if let Some(agent) = self.agents.get_mut(&number)
                && agent.is_free()
                && !agent.shelved
            {
                agent.shelved = true;
                self.idle.insert(agent.group, agent.keys());
            }
        }
    }

    /// The agent is no longer free.
    pub(crate) fn unshelve_agent(&mut self, number: u64) {
        self.idle_count -= 1;
        if let Some(agent) = self.agents.get_mut(&number)
            && std::mem::take(&mut agent.shelved)
        {
            self.idle.remove(agent.group, agent.keys());
        }
    }

    /// Keeps each queue's number of agents signed in.
    pub(crate) fn count_staff(&mut self, number: u64, comes: bool) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        agent.served = 0;
        for queue in self.queues.by_number.values_mut() {
            if !queue.is_restricted() || queue.names_member(agent.config.id) {
                queue.staffed = if comes { queue.staffed + 1 } else { queue.staffed - 1 };
            }
        }
    }

    pub(crate) fn sign_in(&mut self, number: u64) {
        let signed_out =
            self.agents.get(&number).is_some_and(|agent| agent.state == AgentState::SignedOut);
        if signed_out {
            self.change_agent(number, AgentState::NotReady(SIGNED_IN.into()), false);
        }
    }

    pub(crate) fn set_ready(&mut self, number: u64) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        match agent.state {
            AgentState::SignedOut | AgentState::NotReady(_) | AgentState::WrapUp => {
                if agent.next != Some(Next::Removed) {
                    agent.next = None;
                }
                self.after_work(number);
            }
            AgentState::Talking | AgentState::Hold => {
                if agent.next != Some(Next::Removed) {
                    agent.next = None;
                }
            }
            AgentState::Ready | AgentState::Reserved | AgentState::Ringing => {}
        }
    }

    pub(crate) fn set_not_ready(&mut self, number: u64, reason: String) {
        self.leave_after(number, Next::NotReady(reason));
    }

    pub(crate) fn sign_out(&mut self, number: u64) {
        self.leave_after(number, Next::SignedOut);
    }

    /// The agent stops taking contacts: at once if free or ringing, else after
    /// the conversation and its wrap-up. Wrap-up alone can be cut short.
    pub(crate) fn leave_after(&mut self, number: u64, next: Next) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        if agent.next == Some(Next::Removed) {
            return;
        }
        match agent.state {
            AgentState::Talking | AgentState::Hold => agent.next = Some(next),
            AgentState::SignedOut if matches!(next, Next::NotReady(_)) => {}
            _ => {
                let offer = match agent.duty {
                    Duty::Offer(offer) => Some(offer),
                    _ => None,
                };
                agent.next = Some(next);
                match offer {
                    Some(offer) => self.offer_missed(offer, "agent_left", true),
                    None => self.after_work(number),
                }
            }
        }
    }

    /// The phone is gone: no more offers until it is back.
    pub(crate) fn phone_gone(&mut self, number: u64) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        match (&agent.state, agent.duty) {
            (_, Duty::Offer(offer)) => {
                agent.next.get_or_insert(Next::NotReady(PHONE_GONE.into()));
                self.offer_missed(offer, PHONE_GONE, true);
            }
            (AgentState::Ready, _) => {
                self.change_agent(number, AgentState::NotReady(PHONE_GONE.into()), false);
            }
            (AgentState::Talking | AgentState::Hold | AgentState::WrapUp, _) => {
                agent.next.get_or_insert(Next::NotReady(PHONE_GONE.into()));
            }
            _ => {}
        }
    }

    /// The phone is back: undoes what its absence did, and nothing else.
    pub(crate) fn phone_back(&mut self, number: u64) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        if agent.next == Some(Next::NotReady(PHONE_GONE.into())) {
            agent.next = None;
        }
        if agent.state == AgentState::NotReady(PHONE_GONE.into()) {
            self.change_agent(number, AgentState::Ready, false);
        }
    }

    /// The agent has answered; the conversation begins.
    pub(crate) fn begin_talk(&mut self, number: u64, call: CallId, queue: u32) {
        // A call has one agent at a time; whoever had it before is free.
        if let Some(before) = self.talking_in.remove(&call) {
            self.end_talk(before, None);
        }
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        agent.duty = Duty::Talk { call, queue, since: self.now };
        agent.served += 1;
        self.talking_in.insert(call, number);
        self.timers.set(Timer::Talk(number), self.now.plus_ms(MAX_TALK_MS));
        self.change_agent(number, AgentState::Talking, false);
    }

    /// A conversation from before a restart goes on.
    pub(crate) fn talks_since(&mut self, number: u64, call: CallId, queue: &str, since: Timestamp) {
        // A queue that is gone asks for no wrap-up and keeps no figures.
        let queue = self.queues.named(queue).unwrap_or(u32::MAX);
        let since = since.min(self.now);
        self.begin_talk(number, call, queue);
        if let Some(agent) = self.agents.get_mut(&number) {
            agent.duty = Duty::Talk { call, queue, since };
            agent.since = since;
            self.timers.set(Timer::Talk(number), since.plus_ms(MAX_TALK_MS));
        }
    }

    /// What the agent was before a restart. Who was about to talk is ready again,
    /// and nobody has to wrap up for longer than any queue asks for.
    pub(crate) fn agent_was(&mut self, number: u64, state: AgentState, since: Timestamp) {
        let wrap_up_ms = self.queues.by_number.values().map(|q| q.config.wrap_up_ms).max();
        let wrap_up_until = since.plus_ms(wrap_up_ms.unwrap_or(0));
        match state {
            AgentState::SignedOut => {}
            AgentState::NotReady(reason) => {
                self.change_agent(number, AgentState::NotReady(reason), false);
            }
            AgentState::WrapUp if wrap_up_until > self.now => {
                self.timers.set(Timer::WrapUp(number), wrap_up_until);
                self.change_agent(number, AgentState::WrapUp, false);
            }
            _ => self.change_agent(number, AgentState::Ready, false),
        }
    }

    pub(crate) fn talk_ended(&mut self, number: u64, call: CallId, talk_ms: u64) {
        if self.talks_in(number, call) {
            self.end_talk(number, Some(talk_ms));
        }
    }

    pub(crate) fn talk_forgotten(&mut self, number: u64) {
        self.end_talk(number, None);
    }

    /// Ends an agent's conversation, whoever says so.
    pub(crate) fn end_talk(&mut self, number: u64, talk_ms: Option<u64>) {
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        let Duty::Talk { call, queue, since } = agent.duty else {
            return;
        };
        agent.duty = Duty::None;
        self.timers.cancel(Timer::Talk(number));
        self.talking_in.remove(&call);
        let mut wrap_up_ms = 0;
        if let Some(queue) = self.queues.get_mut(queue) {
            wrap_up_ms = queue.config.wrap_up_ms;
            let talk_ms = talk_ms.unwrap_or_else(|| self.now.ms_since(since));
            queue.rate.handled(talk_ms.saturating_add(wrap_up_ms));
        }
        if wrap_up_ms > 0 && agent.next != Some(Next::Removed) {
            self.timers.set(Timer::WrapUp(number), self.now.plus_ms(wrap_up_ms));
            self.change_agent(number, AgentState::WrapUp, false);
        } else {
            self.after_work(number);
        }
    }

    pub(crate) fn hold(&mut self, number: u64, call: CallId, on: bool) {
        if self.talks_in(number, call) {
            let state = if on { AgentState::Hold } else { AgentState::Talking };
            self.change_agent(number, state, false);
        }
    }

    fn talks_in(&self, number: u64, with: CallId) -> bool {
        self.agents
            .get(&number)
            .is_some_and(|agent| matches!(agent.duty, Duty::Talk { call, .. } if call == with))
    }

    /// The agent is free: ready, or whatever was asked for meanwhile.
    pub(crate) fn after_work(&mut self, number: u64) {
        self.timers.cancel(Timer::WrapUp(number));
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        match agent.next.take() {
            None => self.change_agent(number, AgentState::Ready, false),
            Some(Next::NotReady(reason)) => {
                self.change_agent(number, AgentState::NotReady(reason), false);
            }
            Some(Next::SignedOut) => self.change_agent(number, AgentState::SignedOut, false),
            Some(Next::Removed) => self.forget_agent(number),
        }
    }

    /// Removes a free agent for good.
    fn forget_agent(&mut self, number: u64) {
        self.change_agent(number, AgentState::SignedOut, false);
        self.timers.cancel(Timer::ReaskAgent(number));
        if let Some(agent) = self.agents.remove(&number) {
            self.agent_numbers.remove(&agent.config.id);
            self.leave_group(agent.group);
        }
    }

    pub(crate) fn leave_group(&mut self, group: usize) {
        if let Some(tags) = self.idle.kind(group) {
            self.tags.count_holder(&tags.clone(), false);
        }
        if let Some(tags) = self.idle.leave(group) {
            self.tags.release_all(&tags);
        }
    }

    /// The group of agents with this configuration, which the caller then holds.
    pub(crate) fn enter_group(&mut self, config: &AgentConfig) -> usize {
        let mut levels = std::collections::BTreeMap::new();
        for skill in config.skills.iter().filter(|skill| skill.level > 0) {
            let known = levels.entry(skill.name.as_str()).or_insert(skill.level);
            *known = skill.level.max(*known);
        }
        let member_of: Vec<_> = self
            .queues
            .by_number
            .values()
            .filter(|queue| queue.names_member(config.id))
            .map(|queue| queue.config.id)
            .collect();
        let tags = crate::needs::tagged(&mut self.tags, levels.into_iter(), member_of.into_iter());
        self.tags.count_holder(&tags, true);
        let (group, new) = self.idle.enter(&tags, || {
            let levels = tags.iter().map(|&(tag, level)| AgentRack::Level(tag, level));
            std::iter::once(AgentRack::All).chain(levels).collect()
        });
        if !new {
            self.tags.release_all(&tags);
        }
        group
    }
}
