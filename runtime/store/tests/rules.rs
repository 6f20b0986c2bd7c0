//! Rules of trunks and tenants: what is kept, and what is refused by name.

mod support;

use strowger_model::rules::{
    CallLimits, CallerRule, CodecName, NumberForm, NumberPlan, NumberRule, NumberRules, Price,
    SessionTimerRule, SrtpRule, Tariff, TenantRules, TrunkRules,
};
use strowger_store::{StoreError, TrunkPasswords, TrunkSettings};
use support::Database;

fn plan() -> NumberPlan {
    NumberPlan {
        country_code: "44".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    }
}

fn by_prefix(prefix: &str, strip: u8, prepend: &str) -> NumberRule {
    NumberRule {
        prefix: Some(prefix.into()),
        strip,
        prepend: prepend.into(),
        ..NumberRule::default()
    }
}

#[tokio::test]
async fn rules_are_kept_beside_the_settings_and_are_each_tenants_own() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await, db.tenant("b").await);
    assert_eq!(a.rules, TenantRules::default());
    let trunks = db.store.tenant(a.id).trunks();
    let settings = TrunkSettings { name: "carrier".into(), ..TrunkSettings::default() };
    let made = trunks.create(&settings, &TrunkPasswords::default()).await.unwrap();
    assert_eq!(made.rules, TrunkRules::default());
    let mut rules = TrunkRules {
        weight: 7,
        caller: CallerRule::Own {
            numbers: vec!["+441632960100".parse().unwrap()],
            otherwise: "+441632960100".parse().unwrap(),
        },
        session_timer: None,
        codecs: vec![CodecName::Opus, CodecName::Pcma],
        srtp: SrtpRule::Require,
        ..TrunkRules::default()
    };
    rules.numbers.plan = Some(plan());
    rules.numbers.called_out =
        NumberRules { rules: vec![by_prefix("+44", 3, "0")], form: Some(NumberForm::National) };
    assert_eq!(trunks.set_rules(made.id, &rules).await.unwrap().rules, rules);
    let renamed = TrunkSettings { name: "other".into(), ..settings };
    let kept = trunks.update(made.id, &renamed, &TrunkPasswords::default()).await.unwrap();
    assert_eq!(kept.rules, rules, "settings are changed without rules");
    let stranger = db.store.tenant(b.id).trunks().set_rules(made.id, &rules).await;
    assert!(matches!(stranger, Err(StoreError::NotFound { .. })), "{stranger:?}");

    let tariff = Tariff {
        prices: vec![Price { prefix: String::new(), per_minute_micros: 20_000 }],
        daily_budget_micros: Some(5_000_000),
    };
    let rules = TenantRules { tariff: Some(tariff), plan: Some(plan()), ..TenantRules::default() };
    db.store.tenants().set_rules(a.id, &rules).await.unwrap();
    let read = db.store.tenant(a.id).configuration().await.unwrap();
    assert_eq!((read.tenant.rules, read.trunks.len()), (rules, 1));
    assert_eq!(db.store.tenants().get(b.id).await.unwrap().rules, TenantRules::default());
}

#[tokio::test]
async fn what_makes_no_sense_on_a_trunk_is_refused_by_name() {
    let db = Database::new().await;
    let trunks = db.store.tenant(db.tenant("acme").await.id).trunks();
    let settings = TrunkSettings { name: "carrier".into(), ..TrunkSettings::default() };
    let id = trunks.create(&settings, &TrunkPasswords::default()).await.unwrap().id;
    type Spoil = Box<dyn Fn(&mut TrunkRules)>;
    let cases: Vec<(&str, &str, Spoil)> = vec![
        (
            "numbers.called_out.rules",
            "strip at most 3",
            Box::new(|r| r.numbers.called_out.rules.push(by_prefix("+44", 4, ""))),
        ),
        (
            "numbers.caller_in.rules",
            "not both",
            Box::new(|r| {
                let both = NumberRule { pattern: Some("0.*".into()), ..by_prefix("0", 1, "") };
                r.numbers.caller_in.rules.push(both);
            }),
        ),
        (
            "numbers.called_in.rules",
            "is no pattern",
            Box::new(|r| {
                let open = NumberRule { pattern: Some("(".into()), ..NumberRule::default() };
                r.numbers.called_in.rules.push(open);
            }),
        ),
        (
            "numbers.caller_out.form",
            "needs numbers.plan",
            Box::new(|r| r.numbers.caller_out.form = Some(NumberForm::E164)),
        ),
        (
            "numbers.plan",
            "digits",
            Box::new(|r| {
                r.numbers.plan = Some(NumberPlan { country_code: "+44".into(), ..plan() });
            }),
        ),
        ("limits.calls_per_s", "1 to", Box::new(|r| r.limits.calls_per_s = Some(0))),
        ("limits.denied", "+44", Box::new(|r| r.limits.denied.push("premium".into()))),
        ("limits.allowed", "+44", Box::new(|r| r.limits.allowed.push(String::new()))),
        (
            "session_timer.min_s",
            "no longer",
            Box::new(|r| {
                r.session_timer = Some(SessionTimerRule { interval_s: 100, min_s: 200 });
            }),
        ),
        (
            "session_timer.interval_s",
            "90",
            Box::new(|r| {
                r.session_timer = Some(SessionTimerRule { interval_s: 30, min_s: 90 });
            }),
        ),
        ("pass_headers", "Diversion", Box::new(|r| r.pass_headers.push("a b".into()))),
        ("codecs", "twice", Box::new(|r| r.codecs = vec![CodecName::Pcma, CodecName::Pcma])),
    ];
    for (field, advice, spoil) in cases {
        let mut rules = TrunkRules::default();
        spoil(&mut rules);
        let error = trunks.set_rules(id, &rules).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::Invalid(_)), "{text}");
        assert!(text.starts_with(field) && text.contains(advice), "{field}: {text}");
    }
    assert_eq!(trunks.get(id).await.unwrap().rules, TrunkRules::default());
}

#[tokio::test]
async fn what_makes_no_sense_for_a_tenant_is_refused_by_name() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    let price = |prefix: &str| Price { prefix: prefix.into(), per_minute_micros: 1 };
    let tariff = |prices: Vec<Price>| {
        let tariff = Some(Tariff { prices, daily_budget_micros: None });
        TenantRules { tariff, ..TenantRules::default() }
    };
    let cases = [
        ("tariff.prices", "empty prefix", tariff(vec![])),
        ("tariff.prices", "two prices", tariff(vec![price("+44"), price("+44")])),
        ("tariff.prices", "+44", tariff(vec![price("dear")])),
        (
            "fail_over_on",
            "out of order",
            TenantRules { fail_over_on: vec![486], ..TenantRules::default() },
        ),
        (
            "plan",
            "digits",
            TenantRules {
                plan: Some(NumberPlan { international_prefix: String::new(), ..plan() }),
                ..TenantRules::default()
            },
        ),
        (
            "limits.calls_out",
            "null for no limit",
            TenantRules {
                limits: CallLimits { calls_out: Some(u32::MAX), ..CallLimits::default() },
                ..TenantRules::default()
            },
        ),
    ];
    for (field, advice, rules) in cases {
        let error = db.store.tenants().set_rules(tenant, &rules).await.unwrap_err().to_string();
        assert!(error.starts_with(field) && error.contains(advice), "{field}: {error}");
    }
}

#[test]
fn documents_say_what_is_unknown_in_them() {
    let error = serde_json::from_str::<TrunkRules>(r#"{"wieght": 1}"#).unwrap_err().to_string();
    assert!(error.contains("wieght") && error.contains("weight"), "{error}");
    let off: TrunkRules = serde_json::from_str(r#"{"session_timer": null}"#).unwrap();
    assert_eq!(off.session_timer, None);
    let fixed = r#"{"caller": {"show": "fixed", "number": "+441632960100"}}"#;
    let fixed: TrunkRules = serde_json::from_str(fixed).unwrap();
    assert!(matches!(fixed.caller, CallerRule::Fixed { name: None, .. }));
    assert!(fixed.session_timer.is_some());
}
