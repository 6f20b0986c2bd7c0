//! Which skills a contact needs after having waited for so long.

use crate::index::{Requirement, TagName, Tags};
use std::collections::BTreeMap;
use strowger_model::{QueueId, SkillNeed};

/// The levels needed now: of a skill that queue and contact both ask for, the
/// higher one. Skills that are no longer needed are left out.
pub(crate) fn levels<'a>(
    needs: impl Iterator<Item = &'a SkillNeed>,
    waited_ms: u64,
) -> BTreeMap<&'a str, u8> {
    let mut levels = BTreeMap::new();
    for need in needs {
        let level = need.level_after(waited_ms);
        if level > 0 {
            let known = levels.entry(need.name.as_str()).or_insert(level);
            *known = level.max(*known);
        }
    }
    levels
}

/// After how much waiting the levels change next, if they do.
pub(crate) fn next_change_ms<'a>(
    needs: impl Iterator<Item = &'a SkillNeed>,
    waited_ms: u64,
) -> Option<u64> {
    needs
        .flat_map(|need| &need.relax)
        .map(|step| u64::from(step.after_s) * 1_000)
        .filter(|&after_ms| after_ms > waited_ms)
        .min()
}

/// Levels and membership as sorted tags, a use of each of which the caller holds.
pub(crate) fn tagged<'a>(
    tags: &mut Tags,
    levels: impl Iterator<Item = (&'a str, u8)>,
    member_of: impl Iterator<Item = QueueId>,
) -> Requirement {
    let mut tagged: Vec<_> =
        levels.map(|(name, level)| (tags.take(TagName::Skill(name.to_owned())), level)).collect();
    tagged.extend(member_of.map(|queue| (tags.take(TagName::Member(queue)), 1)));
    tagged.sort_unstable();
    tagged.into()
}

#[cfg(test)]
mod tests {
    use crate::{Acd, AcdInput, AcdSetup, Enqueue, QueueConfig};
    use strowger_model::{CallId, QueueId, SkillNeed, TenantId, Timestamp};
    use uuid::Uuid;

    #[test]
    fn skills_that_nobody_needs_any_more_leave_nothing_behind() {
        let tenant = TenantId(Uuid::from_u128(1));
        let mut acd = Acd::new(AcdSetup { tenant, seed: 1 });
        let queue = QueueConfig::new(QueueId(Uuid::from_u128(2)), "sales");
        acd.handle(Timestamp(0), AcdInput::QueueUpsert(queue));
        let call = |n| CallId(Uuid::from_u128(n));
        for n in 0..100 {
            let need = SkillNeed { name: format!("skill {n}"), min_level: 1, relax: Vec::new() };
            let wish = Enqueue {
                call: call(n),
                queue: "sales".into(),
                needs: vec![need],
                priority: 0,
                attributes: Vec::new(),
                from: "100".parse().unwrap(),
                to: "200".parse().unwrap(),
                max_wait_ms: 0,
                since: None,
            };
            acd.handle(Timestamp(0), AcdInput::Enqueue(wish));
        }
        assert_eq!(acd.tags.count(), 100);
        for n in 0..100 {
            acd.handle(Timestamp(0), AcdInput::Leave { call: call(n) });
        }
        assert_eq!((acd.tags.count(), acd.waiting_count), (0, 0));
    }
}
