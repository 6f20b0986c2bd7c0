//! What agents can do and what contacts ask for.

use serde::{Deserialize, Serialize};

/// Highest skill level; 1 is the lowest.
const MAX_LEVEL: u8 = 10;
/// Relaxation steps per need.
const MAX_STEPS: usize = 8;

/// A skill that an agent has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Skill {
    /// Name, unique per agent.
    pub name: String,
    /// 1 (learning) to 10 (expert).
    pub level: u8,
}

/// A skill that a contact asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SkillNeed {
    /// Name of the skill.
    pub name: String,
    /// Lowest level that will do at first.
    pub min_level: u8,
    /// How the need softens while the contact waits; sorted by `after_s`.
    #[serde(default)]
    pub relax: Vec<Relaxation>,
}

/// From `after_s` seconds of waiting on, `min_level` will do; level 0 drops the need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Relaxation {
    /// Seconds in the queue.
    pub after_s: u32,
    /// Level from then on.
    pub min_level: u8,
}

/// Why a need is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SkillNeedError {
    /// No name.
    #[error("a skill needs a name")]
    NoName,
    /// Level outside 1..=10 (0..=10 in a relaxation).
    #[error("a skill level is 1 to 10, not {0}")]
    Level(u8),
    /// Too many steps.
    #[error("a skill need has at most 8 relaxation steps")]
    TooManySteps,
    /// Steps that are out of order or that ask for more than before.
    #[error("relaxation steps must come later and ask for less, one after the other")]
    Order,
}

impl SkillNeed {
    /// The level that will do after `waited_ms`; 0 means the skill is no longer needed.
    pub fn level_after(&self, waited_ms: u64) -> u8 {
        self.relax
            .iter()
            .rev()
            .find(|step| waited_ms >= u64::from(step.after_s) * 1000)
            .map_or(self.min_level, |step| step.min_level)
    }

    /// Checks levels and the order of relaxation steps.
    pub fn validate(&self) -> Result<(), SkillNeedError> {
        if self.name.is_empty() {
            return Err(SkillNeedError::NoName);
        }
        if !(1..=MAX_LEVEL).contains(&self.min_level) {
            return Err(SkillNeedError::Level(self.min_level));
        }
        if self.relax.len() > MAX_STEPS {
            return Err(SkillNeedError::TooManySteps);
        }
        let mut before = (0, self.min_level);
        for (index, step) in self.relax.iter().enumerate() {
            let later = index == 0 || step.after_s > before.0;
            if !later || step.min_level >= before.1 {
                return Err(SkillNeedError::Order);
            }
            before = (step.after_s, step.min_level);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(relax: &[(u32, u8)]) -> SkillNeed {
        SkillNeed {
            name: "billing".into(),
            min_level: 7,
            relax: relax
                .iter()
                .map(|&(after_s, min_level)| Relaxation { after_s, min_level })
                .collect(),
        }
    }

    #[test]
    fn a_need_softens_step_by_step() {
        let need = need(&[(20, 4), (60, 0)]);
        need.validate().unwrap();
        assert_eq!(need.level_after(19_999), 7);
        assert_eq!(need.level_after(20_000), 4);
        assert_eq!(need.level_after(60_000), 0);
    }

    #[test]
    fn a_relaxation_that_asks_for_more_is_refused() {
        assert_eq!(need(&[(20, 8)]).validate(), Err(SkillNeedError::Order));
        assert_eq!(need(&[(20, 5), (20, 4)]).validate(), Err(SkillNeedError::Order));
    }
}
