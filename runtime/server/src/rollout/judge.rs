//! Whether a version that is tried breaks its rules.

use strowger_model::{RateLimit, RollbackRules, VersionFigures};
use strowger_store::ProgramKind;

/// Why the version is to be taken out; none: it may stay. `stable` is the version
/// beside it, if there is one.
pub fn judge(
    kind: ProgramKind,
    rules: &RollbackRules,
    tried: &VersionFigures,
    stable: Option<&VersionFigures>,
) -> Option<String> {
    rules.limits().find_map(|(name, limit)| broken(kind, rules, name, limit, tried, stable))
}

fn broken(
    kind: ProgramKind,
    rules: &RollbackRules,
    name: &str,
    limit: RateLimit,
    tried: &VersionFigures,
    stable: Option<&VersionFigures>,
) -> Option<String> {
    let (bad, of) = counted(name, tried);
    let percent = rate(bad, of, rules.min_calls)?;
    let what = format!(
        "{name} rate {percent:.1} % ({bad} of {of} {} in {} s)",
        unit(kind, name),
        rules.window_s
    );
    if let Some(max) = limit.max_percent.filter(|max| percent > *max) {
        return Some(format!("{what}, at most {max} % allowed"));
    }
    let over = limit.max_over_stable_percent?;
    let (bad, of) = counted(name, stable?);
    let usual = rate(bad, of, rules.min_calls)?;
    (percent > usual + over).then(|| {
        format!(
            "{what}, at most {over} points over the stable version's {usual:.1} % ({bad} of {of}) \
             allowed"
        )
    })
}

/// What is counted: calls, or what routers do.
fn unit(kind: ProgramKind, name: &str) -> &'static str {
    match (kind, name) {
        (ProgramKind::Flow, _) => "calls",
        (ProgramKind::Router, "abandon") => "contacts",
        (ProgramKind::Router, _) => "decisions",
    }
}

/// How many calls are bad in this way, and of how many.
fn counted(name: &str, figures: &VersionFigures) -> (u64, u64) {
    match name {
        "trap" => (figures.traps, figures.calls),
        "budget_overrun" => (figures.budget_overruns, figures.calls),
        "fallback" => (figures.fallbacks, figures.calls),
        _ => (figures.abandons, figures.queued),
    }
}

/// None: too few calls to say.
fn rate(bad: u64, of: u64, min_calls: u32) -> Option<f64> {
    (of >= u64::from(min_calls.max(1))).then(|| bad as f64 * 100.0 / of as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: ProgramKind = ProgramKind::Flow;

    fn limit(max: Option<f64>, over: Option<f64>) -> Option<RateLimit> {
        Some(RateLimit { max_percent: max, max_over_stable_percent: over })
    }

    fn rules() -> RollbackRules {
        RollbackRules { min_calls: 10, ..RollbackRules::default() }
    }

    fn figures(calls: u64, traps: u64) -> VersionFigures {
        VersionFigures { calls, traps, fallbacks: traps, ..VersionFigures::default() }
    }

    #[test]
    fn table() {
        let traps = RollbackRules { trap: limit(Some(10.0), None), ..rules() };
        let beside = RollbackRules { trap: limit(None, Some(5.0)), ..rules() };
        let both = RollbackRules { trap: limit(Some(50.0), Some(5.0)), ..rules() };
        let none_at_all = RollbackRules { trap: limit(Some(0.0), None), ..rules() };
        let falls = RollbackRules { fallback: limit(Some(10.0), None), ..rules() };
        let cases: [(&str, &RollbackRules, VersionFigures, Option<VersionFigures>, bool); 16] = [
            ("no rules", &rules(), figures(100, 100), None, false),
            ("no calls", &traps, figures(0, 0), None, false),
            ("too few calls", &traps, figures(9, 9), None, false),
            ("enough calls", &traps, figures(10, 2), None, true),
            ("exactly the limit", &traps, figures(10, 1), None, false),
            ("none allowed, none there", &none_at_all, figures(10, 0), None, false),
            ("none allowed, one there", &none_at_all, figures(10, 1), None, true),
            ("nothing beside it", &beside, figures(100, 100), None, false),
            ("too few beside it", &beside, figures(100, 100), Some(figures(9, 0)), false),
            ("worse than beside it", &beside, figures(100, 6), Some(figures(100, 0)), true),
            ("as bad as beside it", &beside, figures(100, 30), Some(figures(100, 30)), false),
            ("a little worse", &beside, figures(100, 35), Some(figures(100, 30)), false),
            ("better than beside it", &beside, figures(100, 0), Some(figures(100, 30)), false),
            ("the second limit", &both, figures(100, 10), Some(figures(100, 1)), true),
            ("the first limit", &both, figures(100, 60), Some(figures(100, 60)), true),
            ("traps are fallbacks", &falls, figures(100, 11), None, true),
        ];
        for (what, rules, tried, stable, trips) in cases {
            let reason = judge(FLOW, rules, &tried, stable.as_ref());
            assert_eq!(reason.is_some(), trips, "{what}: {reason:?}");
        }
    }

    #[test]
    fn each_rate_has_its_own_calls() {
        let overrun = RollbackRules { budget_overrun: limit(Some(10.0), None), ..rules() };
        let calls = VersionFigures { calls: 20, budget_overruns: 3, ..VersionFigures::default() };
        assert!(
            judge(FLOW, &overrun, &calls, None).unwrap().starts_with("budget_overrun rate 15.0 %")
        );
        let abandon = RollbackRules { abandon: limit(Some(10.0), None), ..rules() };
        let waited = |queued, abandons| VersionFigures {
            calls: 100,
            queued,
            abandons,
            ..VersionFigures::default()
        };
        assert_eq!(judge(FLOW, &abandon, &waited(9, 9), None), None);
        assert!(judge(FLOW, &abandon, &waited(10, 2), None).unwrap().contains("2 of 10 calls"));
    }

    #[test]
    fn the_reason_names_rate_and_limit() {
        let rules = RollbackRules { trap: limit(None, Some(5.0)), ..rules() };
        let reason = judge(FLOW, &rules, &figures(40, 5), Some(&figures(200, 2))).unwrap();
        assert_eq!(
            reason,
            "trap rate 12.5 % (5 of 40 calls in 600 s), at most 5 points over the stable \
             version's 1.0 % (2 of 200) allowed"
        );
    }

    #[test]
    fn a_routers_rates_are_of_decisions_and_contacts() {
        let rules = RollbackRules { trap: limit(Some(1.0), None), ..rules() };
        let reason = judge(ProgramKind::Router, &rules, &figures(10, 10), None).unwrap();
        assert!(reason.starts_with("trap rate 100.0 % (10 of 10 decisions in"), "{reason}");
        let rules = RollbackRules { trap: None, abandon: limit(Some(1.0), None), ..rules };
        let waited = VersionFigures { queued: 10, abandons: 10, ..VersionFigures::default() };
        let reason = judge(ProgramKind::Router, &rules, &waited, None).unwrap();
        assert!(reason.contains("10 of 10 contacts"), "{reason}");
    }
}
