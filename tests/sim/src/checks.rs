//! What must be true, whatever happens.

use crate::world::{FarState, Live, World};
use strowger_model::{AgentId, AgentState, CallId, ContactOutcome};

/// After every step, for the call it was about.
pub(crate) fn call(world: &World, id: CallId) {
    let Some(live) = world.calls.get(&id) else { return };
    if live.finished.is_some() {
        assert!(live.core.is_over(), "{id} gave its record out and goes on");
        return;
    }
    // It is looked after: somebody will act on it, at the latest its own timer.
    assert!(live.core.next_timeout().is_some(), "{id} has been forgotten: {:?}", live.core);
    let settled = live.under_way == 0;
    if settled && let Some(agent) = live.core.talks_to_agent() {
        assert_eq!(
            world.engaged.get(&agent),
            Some(&id),
            "{agent} talks in {id} unknown to the distribution"
        );
    }
}

/// Every agent, contact and far end.
pub(crate) fn everything(world: &World) {
    for (config, state) in &world.reference.agents {
        agent(world, config.id, state);
    }
    for contact in &world.reference.contacts {
        let Some(live) = world.calls.get(&contact.call) else {
            panic!("contact {} waits for {} which is gone", contact.number, contact.call)
        };
        let waits = live.core.view().state().wait.is_some();
        assert!(waits || live.under_way > 0, "contact {} waits for nobody", contact.number);
    }
    for (id, live) in &world.calls {
        far_ends(*id, live);
        call(world, *id);
    }
    for phone in &world.phones {
        if let Some((call, leg)) = phone.leg {
            let end = world.calls.get(&call).and_then(|live| live.ends.get(&leg));
            assert!(end.is_some(), "a phone rings or talks for {call}, which is gone");
        }
    }
}

/// Nobody is reserved, rung or talked to without a call behind it.
fn agent(world: &World, agent: AgentId, state: &AgentState) {
    let ringing = match state {
        AgentState::Reserved | AgentState::Ringing => true,
        AgentState::Talking | AgentState::Hold => false,
        _ => return,
    };
    let Some(call) = world.engaged.get(&agent) else {
        panic!("{agent} is {} for no call", state.name())
    };
    let Some(live) = world.calls.get(call) else {
        panic!("{agent} is {} for {call}, which is gone", state.name())
    };
    if live.under_way > 0 {
        return;
    }
    assert!(live.finished.is_none(), "{agent} is {} for {call}, which is over", state.name());
    if ringing {
        let rings = live
            .core
            .record()
            .legs
            .iter()
            .any(|leg| leg.agent == Some(agent) && leg.ended_at.is_none());
        assert!(rings, "{agent} is {} for {call} without a leg", state.name());
    } else {
        assert_eq!(live.core.talks_to_agent(), Some(agent), "{agent} talks to nobody in {call}");
    }
}

/// A phone that rings or talks does so for a leg that lives, and the other way round.
fn far_ends(id: CallId, live: &Live) {
    for (leg, end) in &live.ends {
        if end.under_way > 0 {
            continue;
        }
        let record = live.core.record().legs.get(leg.0 as usize);
        let lives = record.is_some_and(|record| record.ended_at.is_none());
        match end.state {
            FarState::Ringing | FarState::Up => {
                assert!(lives, "the phone of {id} {leg} was never told that it is over");
            }
            FarState::Gone | FarState::Idle => {}
        }
    }
}

/// A call that is over, with everything that belonged to it.
pub(crate) fn closed(world: &World, id: CallId, live: &Live) {
    let Some(record) = &live.finished else { panic!("{id} has no record") };
    assert!(record.ended_at.is_some() && record.cause.is_some() && record.ended_by.is_some());
    for leg in &record.legs {
        assert!(leg.ended_at.is_some(), "{id} {} has no end", leg.leg);
    }
    assert_eq!(live.enqueued as usize, live.ended.len(), "{id}: one outcome for each wait");
    assert_eq!(live.enqueued as usize, record.queue_visits.len());
    for (visit, (outcome, agent)) in record.queue_visits.iter().zip(&live.ended) {
        // The call may have hung up while the distribution's word was on its way;
        // it may not have talked to somebody unknown to the distribution.
        if visit.outcome == Some(ContactOutcome::Served) {
            assert_eq!((*outcome, *agent), (ContactOutcome::Served, visit.agent), "{id}");
        }
        if visit.talk_ms > 0 {
            assert_eq!(visit.outcome, Some(ContactOutcome::Served), "{id}");
        }
    }
    assert!(!world.engaged.values().any(|call| *call == id), "{id} leaves an agent behind");
    assert!(!world.reference.contacts.iter().any(|c| c.call == id), "{id} leaves a contact behind");
}

/// When the last call is over, nobody is busy.
pub(crate) fn evening(world: &World) {
    assert!(world.calls.is_empty());
    assert_eq!(world.report.calls, world.config.calls, "calls were lost");
    assert!(world.reference.contacts.is_empty(), "somebody still waits");
    assert!(world.engaged.is_empty(), "an agent is still busy: {:?}", world.engaged);
    for phone in &world.phones {
        assert_eq!(phone.leg, None, "a phone is still in use");
    }
}
