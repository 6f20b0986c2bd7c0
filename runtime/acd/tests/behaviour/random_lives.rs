//! Whatever callers, agents, phones and routers do, in any order: one outcome
//! for every contact, nobody stuck, no pair forgotten.

use crate::support::{World, agent, call, longest_idle, need, split, version};
use proptest::prelude::*;
use strowger_acd::{AcdInput, AfterNoAnswer, Distribution, RouterChoice, RouterTrigger};
use strowger_model::{AgentState, Cause, OfferId};

const AGENTS: u128 = 5;

#[derive(Clone, Debug)]
enum Step {
    Call { n: u8, vip: bool, skilled: bool },
    Agent { n: u8, what: u8 },
    Offer { back: u8, what: u8 },
    Ended { back: u8, hang_up: bool },
    Gone(u8),
    Leave(u8),
    Router(u8),
    Queue(u8),
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<u8>(), any::<bool>(), any::<bool>())
            .prop_map(|(n, vip, skilled)| Step::Call { n, vip, skilled }),
        4 => (any::<u8>(), 0..8_u8).prop_map(|(n, what)| Step::Agent { n, what }),
        8 => (0..4_u8, 0..6_u8).prop_map(|(back, what)| Step::Offer { back, what }),
        4 => (0..6_u8, any::<bool>()).prop_map(|(back, hang_up)| Step::Ended { back, hang_up }),
        1 => any::<u8>().prop_map(Step::Gone),
        1 => any::<u8>().prop_map(Step::Leave),
        1 => (0..8_u8).prop_map(Step::Router),
        1 => (0..4_u8).prop_map(Step::Queue),
        4 => (0..40_000_u32).prop_map(Step::Pass),
    ]
}

/// Assigns, then fails.
fn faulty(host: &mut dyn Distribution, trigger: &RouterTrigger) -> Result<(), String> {
    longest_idle(host, trigger)?;
    Err("trap".into())
}

/// Assigns what it should not, and puts the rest off.
fn wayward(host: &mut dyn Distribution, trigger: &RouterTrigger) -> Result<(), String> {
    if let RouterTrigger::ContactWaiting(contact) = trigger {
        for number in 0..10 {
            let _ = host.assign(*contact, number);
            let _ = host.assign(*contact + 1, number);
        }
        let _ = host.wake_in(*contact, 3_000);
    }
    Ok(())
}

fn apply(world: &mut World, step: Step) {
    let nth = |n: u8| agent(u128::from(n) % AGENTS + 1);
    match step {
        Step::Call { n, vip, skilled } => {
            world.call_with(u128::from(n), |wish| {
                wish.priority = if vip { 5 } else { 0 };
                wish.max_wait_ms = if n % 3 == 0 { 30_000 } else { 0 };
                if skilled {
                    wish.needs = vec![need("a", 5, &[(20, 2), (60, 0)])];
                }
            });
        }
        Step::Agent { n, what } => {
            let agent = nth(n);
            world.tell(match what {
                0 => AcdInput::SignIn(agent),
                1..=3 => AcdInput::SetReady(agent),
                4 => AcdInput::SetNotReady { agent, reason: "break".into() },
                5 => AcdInput::SignOut(agent),
                6 => AcdInput::PhoneGone(agent),
                _ => AcdInput::PhoneBack(agent),
            });
        }
        Step::Offer { back, what } => {
            let index = world.offers.len().wrapping_sub(1 + usize::from(back));
            let offer = world.offers.get(index).map_or(OfferId(0), |offer| offer.offer);
            world.tell(match what {
                0 | 1 => AcdInput::OfferRinging { offer },
                2 | 3 => AcdInput::OfferAnswered { offer },
                4 => AcdInput::OfferFailed { offer, cause: Cause::NoAnswer },
                _ => AcdInput::OfferFailed { offer, cause: Cause::Unreachable },
            });
        }
        Step::Ended { back, hang_up } => {
            let index = world.offers.len().wrapping_sub(1 + usize::from(back));
            if let Some(offer) = world.offers.get(index).cloned() {
                let (agent, call) = (offer.agent, offer.call);
                world.tell(if hang_up {
                    AcdInput::CallerGone { call }
                } else {
                    AcdInput::TalkEnded { agent, call, talk_ms: 9 }
                });
            }
        }
        Step::Gone(n) => world.tell(AcdInput::CallerGone { call: call(u128::from(n)) }),
        Step::Leave(n) => world.tell(AcdInput::Leave { call: call(u128::from(n)) }),
        Step::Router(n) => {
            let decide = [longest_idle, crate::support::lazy, faulty, wayward][usize::from(n) % 4];
            match n {
                0..4 => world.router = decide,
                _ => drop(world.routers.insert(version(1), decide)),
            }
        }
        Step::Queue(n) => world.queue("sales", |queue| {
            queue.ageing_per_minute = u32::from(n);
            queue.wrap_up_ms = u64::from(n) * 5_000;
            queue.router = split(&RouterChoice::Tenant, 1, u32::from(n) * 25);
            if n % 2 == 0 {
                queue.after_no_answer = AfterNoAnswer::Ready;
            }
        }),
        Step::Pass(ms) => world.pass_ms(u64::from(ms)),
    }
}

/// Free agents who may serve a waiting contact.
fn pairs(world: &mut World) -> usize {
    let free: Vec<_> = (1..=AGENTS).map(agent).collect();
    free.into_iter().filter(|agent| !world.shown(*agent, "arrival").is_empty()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn nobody_is_forgotten_and_nobody_is_stuck(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::with_queue(|queue| {
            queue.wrap_up_ms = 2_000;
            queue.router = split(&RouterChoice::Tenant, 1, 50);
        });
        for n in 1..=AGENTS {
            world.hire(n, &[("a", n as u8 * 2 - 1)]);
        }
        let mut waits = std::collections::BTreeMap::new();
        for step in steps {
            if let Step::Call { n, .. } = step {
                let call = call(u128::from(n));
                let waiting = world.acd.place(call).is_some();
                *waits.entry(call).or_insert(0) += usize::from(!waiting);
            }
            apply(&mut world, step);
            if pairs(&mut world) > 0 {
                let due = world.acd.next_timeout();
                prop_assert!(
                    due.is_some_and(|due| due.0 <= world.now.0 + 5_000),
                    "a pair has neither a question nor a timer"
                );
            }
            // An agent rings or talks for at most one call and is then not free.
            let busy = world.acd.agents().filter(|view| view.call.is_some());
            for view in busy {
                prop_assert!(matches!(view.state, AgentState::Talking | AgentState::Hold));
            }
        }

        // With a router that decides, nobody waits beside somebody free.
        world.router = longest_idle;
        world.routers.clear();
        world.pass_ms(700_000);
        prop_assert_eq!(pairs(&mut world), 0);

        // With everybody silent for a working day, everybody is free.
        world.router = crate::support::lazy;
        world.pass_ms(9 * 3_600_000);
        for n in 1..=AGENTS {
            let state = world.state(agent(n));
            let free = matches!(state, AgentState::Ready | AgentState::SignedOut | AgentState::NotReady(_));
            prop_assert!(free, "agent {} is {:?}", n, state);
        }

        // With every caller gone, every wait has had exactly one outcome.
        for n in 0..=255 {
            world.tell(AcdInput::CallerGone { call: call(n) });
        }
        for (call, count) in waits {
            prop_assert_eq!(world.ended.get(&call).map_or(0, Vec::len), count);
        }
        prop_assert_eq!(world.acd.queues().map(|queue| queue.waiting).sum::<u32>(), 0);
        prop_assert_eq!(world.acd.routers().count(), 0);
    }
}
