//! The same candidates in the same order as plain sorted vectors give, for
//! random queues, agents and contacts.

use crate::support::{START, World, agent, call, lazy, queue_id};
use proptest::prelude::*;
use std::collections::BTreeMap;
use strowger_acd::{AcdInput, AgentConfig, Distribution, Enqueue, Members, QueueConfig};
use strowger_model::{Relaxation, Skill, SkillNeed, Timestamp};

/// Index of the skill, level, and when it softens to what.
type PlainNeed = (usize, u8, Option<(u32, u8)>);

const SKILLS: [&str; 4] = ["a", "b", "c", "d"];

/// What happens to the population, one step at a time.
#[derive(Clone, Debug)]
enum Step {
    Queue(u8, PlainQueue),
    Agent(u8, Vec<(usize, u8)>),
    Ready(u8),
    Break(u8),
    Call { queue: u8, priority: i32, needs: Vec<PlainNeed> },
    Leave(u8),
    Pass(u32),
}

#[derive(Clone, Debug, Default)]
struct PlainQueue {
    ageing: u32,
    needs: Vec<PlainNeed>,
    members: Option<Vec<u8>>,
}

#[derive(Clone, Debug)]
struct PlainContact {
    call: u128,
    queue: u8,
    priority: i32,
    since: u64,
    needs: Vec<SkillNeed>,
}

#[derive(Clone, Debug)]
struct PlainAgent {
    skills: BTreeMap<String, u8>,
    ready_since: Option<u64>,
}

/// Everything in vectors and maps, nothing sorted beforehand.
#[derive(Default)]
struct Plain {
    now: u64,
    queues: BTreeMap<u8, PlainQueue>,
    agents: BTreeMap<u8, PlainAgent>,
    contacts: BTreeMap<u64, PlainContact>,
    next: u64,
}

fn skill_needs(needs: &[PlainNeed]) -> Vec<SkillNeed> {
    needs
        .iter()
        .map(|&(skill, min_level, relax)| SkillNeed {
            name: SKILLS[skill].into(),
            min_level,
            relax: relax
                .filter(|(_, level)| *level < min_level)
                .map(|(after_s, min_level)| Relaxation { after_s, min_level })
                .into_iter()
                .collect(),
        })
        .collect()
}

impl Plain {
    fn may_serve(&self, agent: u8, contact: &PlainContact) -> bool {
        let queue = &self.queues[&contact.queue];
        let waited = self.now - contact.since;
        let member = queue.members.as_ref().is_none_or(|members| members.contains(&agent));
        let levels = &self.agents[&agent].skills;
        let queue_needs = skill_needs(&queue.needs);
        member
            && queue_needs.iter().chain(&contact.needs).all(|need| {
                need.level_after(waited) <= levels.get(&need.name).copied().unwrap_or(0)
            })
    }

    fn contacts_for(&self, agent: u8, order: &str) -> Vec<u64> {
        if self.agents[&agent].ready_since.is_none() {
            return Vec::new();
        }
        let mut found: Vec<_> =
            self.contacts.iter().filter(|(_, c)| self.may_serve(agent, c)).collect();
        found.sort_by_key(|(id, contact)| {
            let value = match order {
                "arrival" => 0,
                "priority" => i128::from(contact.priority),
                _ => {
                    let ageing = i128::from(self.queues[&contact.queue].ageing);
                    let waited = i128::from(self.now - contact.since);
                    i128::from(contact.priority) * 60_000 + ageing * waited
                }
            };
            (-value, contact.since, **id)
        });
        found.into_iter().map(|(id, _)| *id).collect()
    }

    fn agents_for(&self, contact: &PlainContact, order: &str) -> Vec<u8> {
        let waited = self.now - contact.since;
        let queue_needs = skill_needs(&self.queues[&contact.queue].needs);
        let mut needed: Vec<&String> = queue_needs
            .iter()
            .chain(&contact.needs)
            .filter(|need| need.level_after(waited) > 0)
            .map(|need| &need.name)
            .collect();
        needed.sort();
        needed.dedup();
        let mut found: Vec<_> = self
            .agents
            .iter()
            .filter(|(_, agent)| agent.ready_since.is_some())
            .filter(|(n, _)| self.may_serve(**n, contact))
            .collect();
        found.sort_by_key(|(n, agent)| {
            let sum: i64 = needed.iter().map(|name| i64::from(agent.skills[*name])).sum();
            let first = if order == "highest-level" { -sum } else { 0 };
            (first, agent.ready_since, **n)
        });
        found.into_iter().map(|(n, _)| *n).collect()
    }

    fn place(&self, id: u64) -> u32 {
        let key = |id: u64| {
            let contact = &self.contacts[&id];
            let ageing = i128::from(self.queues[&contact.queue].ageing);
            let waited = i128::from(self.now - contact.since);
            (-(i128::from(contact.priority) * 60_000 + ageing * waited), contact.since, id)
        };
        let queue = self.contacts[&id].queue;
        let ahead = self
            .contacts
            .iter()
            .filter(|(other, contact)| contact.queue == queue && key(**other) < key(id));
        ahead.count() as u32 + 1
    }
}

fn needs() -> impl Strategy<Value = Vec<PlainNeed>> {
    let relax = prop::option::of((1..40_u32, 0..4_u8));
    prop::collection::vec((0..SKILLS.len(), 1..6_u8, relax), 0..3)
}

fn step() -> impl Strategy<Value = Step> {
    let members = prop::option::of(prop::collection::vec(1..9_u8, 0..6));
    let queue = (prop::sample::select(vec![0_u32, 1, 7]), needs(), members)
        .prop_map(|(ageing, needs, members)| PlainQueue { ageing, needs, members });
    let skills = prop::collection::vec((0..SKILLS.len(), 1..8_u8), 0..4);
    prop_oneof![
        1 => (0..3_u8, queue).prop_map(|(n, queue)| Step::Queue(n, queue)),
        2 => (1..9_u8, skills).prop_map(|(n, skills)| Step::Agent(n, skills)),
        4 => (1..9_u8).prop_map(Step::Ready),
        1 => (1..9_u8).prop_map(Step::Break),
        8 => (0..3_u8, -5..6_i32, needs())
            .prop_map(|(queue, priority, needs)| Step::Call { queue, priority, needs }),
        2 => any::<u8>().prop_map(Step::Leave),
        3 => (0..20_000_u32).prop_map(Step::Pass),
    ]
}

fn queue_config(n: u8, plain: &PlainQueue) -> QueueConfig {
    let name = format!("q{n}");
    let mut config = QueueConfig::new(queue_id(&name), name);
    config.ageing_per_minute = plain.ageing;
    config.needs = skill_needs(&plain.needs);
    if let Some(members) = &plain.members {
        config.members = Members::Only(members.iter().map(|n| agent(u128::from(*n))).collect());
    }
    config
}

fn apply(world: &mut World, plain: &mut Plain, calls: &mut u128, step: Step) {
    match step {
        Step::Queue(n, queue) => {
            world.tell(AcdInput::QueueUpsert(queue_config(n, &queue)));
            plain.queues.insert(n, queue);
        }
        Step::Agent(n, skills) => {
            world.tell(AcdInput::AgentUpsert(AgentConfig {
                id: agent(u128::from(n)),
                name: String::new(),
                extension: String::new(),
                skills: skills
                    .iter()
                    .map(|&(skill, level)| Skill { name: SKILLS[skill].into(), level })
                    .collect(),
            }));
            let known = plain
                .agents
                .entry(n)
                .or_insert(PlainAgent { skills: BTreeMap::new(), ready_since: None });
            known.skills.clear();
            for (skill, level) in skills {
                let best = known.skills.entry(SKILLS[skill].into()).or_insert(0);
                *best = level.max(*best);
            }
        }
        Step::Ready(n) => {
            world.tell(AcdInput::SetReady(agent(u128::from(n))));
            if let Some(known) = plain.agents.get_mut(&n) {
                known.ready_since.get_or_insert(plain.now);
            }
        }
        Step::Break(n) => {
            let reason = "break".to_owned();
            world.tell(AcdInput::SetNotReady { agent: agent(u128::from(n)), reason });
            if let Some(known) = plain.agents.get_mut(&n) {
                known.ready_since = None;
            }
        }
        Step::Call { queue, priority, needs } => {
            *calls += 1;
            let needs = skill_needs(&needs);
            world.tell(AcdInput::Enqueue(Enqueue {
                call: call(*calls),
                queue: format!("q{queue}"),
                needs: needs.clone(),
                priority,
                attributes: Vec::new(),
                from: "100".parse().unwrap(),
                to: "200".parse().unwrap(),
                max_wait_ms: 0,
                since: None,
            }));
            if plain.queues.contains_key(&queue) {
                plain.next += 1;
                let contact =
                    PlainContact { call: *calls, queue, priority, since: plain.now, needs };
                plain.contacts.insert(plain.next, contact);
            }
        }
        Step::Leave(n) => {
            let ids: Vec<u64> = plain.contacts.keys().copied().collect();
            if let Some(&id) = ids.get(usize::from(n) % ids.len().max(1)) {
                let gone = plain.contacts.remove(&id).unwrap();
                world.tell(AcdInput::Leave { call: call(gone.call) });
            }
        }
        Step::Pass(ms) => {
            world.pass_ms(u64::from(ms));
            plain.now = world.now.0;
        }
    }
}

fn compare(world: &mut World, plain: &Plain) -> Result<(), TestCaseError> {
    let numbers: BTreeMap<u8, u64> =
        plain.agents.keys().map(|&n| (n, world.number(agent(u128::from(n))))).collect();
    for (&n, &number) in &numbers {
        for order in ["arrival", "priority", "aged-priority"] {
            let found = world.acd.contacts_for_agent(number, order, 0, 100).unwrap();
            let found: Vec<_> = found.iter().map(|contact| contact.id).collect();
            prop_assert_eq!(found, plain.contacts_for(n, order), "agent {}, {}", n, order);
        }
    }
    for (&id, contact) in &plain.contacts {
        for order in ["longest-idle", "highest-level", "least-served"] {
            let found = world.acd.agents_for_contact(id, order, 0, 100).unwrap();
            let found: Vec<_> = found.iter().map(|agent| agent.id).collect();
            let expected = plain.agents_for(contact, order);
            let expected: Vec<_> = expected.iter().map(|n| numbers[n]).collect();
            prop_assert_eq!(found, expected, "contact {}, {}", id, order);
        }
        let place = world.acd.place(call(contact.call)).map(|(place, _)| place);
        prop_assert_eq!(place, Some(plain.place(id)), "place of {}", id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn candidates_and_places_agree(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::new();
        world.router = lazy;
        let mut plain = Plain { now: START, ..Default::default() };
        let mut calls = 0;
        // The first moment counts from START, as the world's clock does.
        world.acd.handle_timeout(Timestamp(START));
        for n in 0..2 {
            apply(&mut world, &mut plain, &mut calls, Step::Queue(n, PlainQueue::default()));
        }
        // Numbers are given by order of configuration: the same in both.
        for n in 1..9 {
            apply(&mut world, &mut plain, &mut calls, Step::Agent(n, Vec::new()));
        }
        // Orders are kept from the first question on: ask early and late.
        let early = steps.len() / 3;
        for (index, step) in steps.into_iter().enumerate() {
            apply(&mut world, &mut plain, &mut calls, step);
            if index == early {
                compare(&mut world, &plain)?;
            }
        }
        compare(&mut world, &plain)?;
    }
}
