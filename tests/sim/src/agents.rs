//! The tenant's queues and agents, and how agents spend their day.

use crate::random::Random;
use std::collections::BTreeSet;
use strowger_acd::{AfterNoAnswer, AgentConfig, Members, QueueConfig};
use strowger_call::Target;
use strowger_model::{AgentId, CallId, LegId, QueueId, Relaxation, Skill, SkillNeed};
use uuid::Uuid;

/// An agent's phone, which knows no more than what it was told.
#[derive(Clone, Debug)]
pub struct Phone {
    pub config: AgentConfig,
    pub reachable: bool,
    /// The leg it rings or talks for.
    pub leg: Option<(CallId, LegId)>,
}

/// Agents with random skills.
pub fn agents(count: u32, random: &mut Random) -> Vec<Phone> {
    (0..count)
        .map(|n| {
            let mut skills = Vec::new();
            for name in 0..3 {
                if random.percent(60) {
                    let level = random.range(1, 11) as u8;
                    skills.push(Skill { name: format!("skill{name}"), level });
                }
            }
            let config = AgentConfig {
                id: AgentId(Uuid::from_u128(0xa000_0000 + u128::from(n))),
                name: format!("agent {n}"),
                extension: (200 + n).to_string(),
                skills,
            };
            Phone { config, reachable: true, leg: None }
        })
        .collect()
}

/// Four queues that differ in everything a queue can differ in.
pub fn queues(agents: &[Phone]) -> Vec<QueueConfig> {
    let queue = |n: u128| QueueConfig::new(QueueId(Uuid::from_u128(n)), format!("queue{n}"));
    let half: BTreeSet<AgentId> = agents.iter().step_by(2).map(|a| a.config.id).collect();
    vec![
        QueueConfig { wrap_up_ms: 3_000, ring_ms: 8_000, ..queue(0) },
        QueueConfig {
            needs: vec![SkillNeed {
                name: "skill0".into(),
                min_level: 5,
                relax: vec![Relaxation { after_s: 15, min_level: 2 }],
            }],
            ring_ms: 6_000,
            ageing_per_minute: 10,
            ..queue(1)
        },
        QueueConfig {
            members: Members::Only(half),
            max_wait_ms: 40_000,
            ring_ms: 10_000,
            after_no_answer: AfterNoAnswer::Ready,
            ..queue(2)
        },
        QueueConfig { max_waiting: 5, wrap_up_ms: 1_000, ageing_per_minute: 3, ..queue(3) },
    ]
}

/// Whose phone a target is.
pub fn phone_of(phones: &[Phone], target: &str) -> Option<usize> {
    match target.parse::<Target>() {
        Ok(Target::Extension(address) | Target::Agent(address)) => {
            phones.iter().position(|phone| phone.config.extension == address.as_str())
        }
        _ => None,
    }
}
