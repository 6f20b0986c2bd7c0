//! What a tenant configures is stored, checked and kept apart.

mod support;

use strowger_model::{AgentState, Relaxation, Skill, SkillNeed, Timestamp};
use strowger_store::{
    AgentSettings, CallFallback, Fact, Ha1, Members, NewPrompt, NewVersion, Order, PhonePassword,
    QueueSettings, RouterChoice, StoreError, TrunkPasswords, TrunkSettings,
};
use support::{Database, settings};

fn agent(extension: &str) -> AgentSettings {
    AgentSettings {
        name: "Ann".to_owned(),
        extension: extension.parse().unwrap(),
        skills: vec![Skill { name: "sales".to_owned(), level: 5 }],
    }
}

fn password() -> PhonePassword {
    PhonePassword("correct horse".to_owned())
}

fn version<'a>(bytes: &'a [u8], digest: &'a str, worlds: &'a [String]) -> NewVersion<'a> {
    let order = Order { by: "test", seen: None };
    NewVersion { bytes, digest, worlds, note: "", promote: false, order, sign: None }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(message)) => message,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

#[tokio::test]
async fn names_and_domains_of_tenants_are_unique() {
    let db = Database::new().await;
    db.tenant("acme").await;
    let mut second = settings("acme");
    second.sip_domain = "other.example".to_owned();
    assert!(conflict(db.store.tenants().create(&second).await).contains("another tenant"));
    let mut third = settings("other");
    third.sip_domain = "ACME.example".to_owned();
    conflict(db.store.tenants().create(&third).await);
}

#[tokio::test]
async fn a_number_is_bound_once_in_the_whole_installation() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let number = "+44 1632 960000".parse().unwrap();
    db.store.tenant(a).numbers().create(&number, None, "").await.unwrap();
    for tenant in [a, b] {
        let again = db.store.tenant(tenant).numbers().create(&number, None, "").await;
        assert!(conflict(again).contains("+441632960000 is bound already"));
    }
    let short = "100".parse().unwrap();
    let refused = db.store.tenant(a).numbers().create(&short, None, "").await.unwrap_err();
    assert!(refused.to_string().contains("E.164"), "{refused}");
}

#[tokio::test]
async fn the_same_extension_may_exist_in_two_tenants_but_not_twice_in_one() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    db.store.tenant(a).agents().create(&agent("201"), &password()).await.unwrap();
    db.store.tenant(b).agents().create(&agent("201"), &password()).await.unwrap();
    conflict(db.store.tenant(a).agents().create(&agent("201"), &password()).await);
}

#[tokio::test]
async fn the_password_of_a_phone_is_nowhere_in_the_database() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    let made = db.store.tenant(tenant).agents().create(&agent("201"), &password()).await.unwrap();
    assert_eq!(made.ha1, Ha1::new("201", "acme.example", "correct horse"));
    db.store.close().await;
    for file in std::fs::read_dir(db.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|window| window == b"correct horse"));
    }
}

#[tokio::test]
async fn a_new_extension_needs_the_password_again() {
    let db = Database::new().await;
    let agents = db.store.tenant(db.tenant("acme").await.id).agents();
    let made = agents.create(&agent("201"), &password()).await.unwrap();
    assert!(matches!(
        agents.update(made.id, &agent("202"), None).await,
        Err(StoreError::Invalid(message)) if message.contains("password again")
    ));
    let renamed = AgentSettings { name: "B".into(), ..agent("201") };
    let kept = agents.update(made.id, &renamed, None).await.unwrap();
    assert_eq!(kept.ha1, made.ha1);
    let moved = agents.update(made.id, &agent("202"), Some(&password())).await.unwrap();
    assert_eq!(moved.ha1, Ha1::new("202", "acme.example", "correct horse"));
}

#[tokio::test]
async fn the_domain_stays_while_passwords_depend_on_it() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await;
    let agents = db.store.tenant(tenant.id).agents();
    let made = agents.create(&agent("201"), &password()).await.unwrap();
    let mut moved = tenant.settings.clone();
    moved.sip_domain = "moved.example".to_owned();
    conflict(db.store.tenants().update(tenant.id, &moved).await);
    agents.delete(made.id).await.unwrap();
    let after = db.store.tenants().update(tenant.id, &moved).await.unwrap();
    assert_eq!(after.settings, moved);
}

#[tokio::test]
async fn a_queue_keeps_needs_and_members_and_takes_no_other_tenants_agent() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let own = db.store.tenant(a).agents().create(&agent("201"), &password()).await.unwrap().id;
    let foreign = db.store.tenant(b).agents().create(&agent("201"), &password()).await.unwrap().id;
    let need = SkillNeed {
        name: "sales".to_owned(),
        min_level: 7,
        relax: vec![Relaxation { after_s: 20, min_level: 3 }],
    };
    let settings =
        QueueSettings { name: "sales".to_owned(), needs: vec![need], ..QueueSettings::default() };
    let queues = db.store.tenant(a).queues();
    let refused = queues.create(&settings, &Members::Only(vec![own, foreign])).await;
    assert!(matches!(refused, Err(StoreError::NotFound { what: "agent", .. })), "{refused:?}");
    assert_eq!(queues.list().await.unwrap(), [], "a refused queue must not be half there");
    let made = queues.create(&settings, &Members::Only(vec![own])).await.unwrap();
    assert_eq!((&made.settings, &made.members), (&settings, &Members::Only(vec![own])));
    assert_eq!(queues.list().await.unwrap(), std::slice::from_ref(&made));
    db.store.tenant(a).agents().delete(own).await.unwrap();
    assert_eq!(queues.get(made.id).await.unwrap().members, Members::Only(vec![]));
}

#[tokio::test]
async fn limits_of_a_tenant_hold() {
    let db = Database::new().await;
    let mut small = settings("small");
    small.limits.max_agents = 1;
    small.limits.max_queues = 0;
    small.limits.max_keys = 1;
    small.limits.max_stored_bytes = 10;
    let scope = db.store.tenant(db.store.tenants().create(&small).await.unwrap().id);
    scope.agents().create(&agent("201"), &password()).await.unwrap();
    assert!(conflict(scope.agents().create(&agent("202"), &password()).await).contains("limit"));
    let queue = QueueSettings { name: "q".to_owned(), ..QueueSettings::default() };
    conflict(scope.queues().create(&queue, &Members::All).await);
    scope.kv().set("one", "1", 0, Timestamp(0)).await.unwrap();
    scope.kv().set("one", "2", 0, Timestamp(0)).await.unwrap();
    conflict(scope.kv().set("two", "1", 0, Timestamp(0)).await);
    let worlds = ["call-flow".to_owned()];
    scope.flows().upload("f", &version(b"0123456789", "d1", &worlds)).await.unwrap();
    conflict(scope.flows().upload("f", &version(b"x", "d2", &worlds)).await);
    let prompt = NewPrompt {
        name: "p",
        content_type: "audio/wav",
        original: b"12345",
        converted: b"123456",
        duration_ms: 1,
    };
    conflict(scope.prompts().put(&prompt).await);
}

#[tokio::test]
async fn versions_are_immutable_and_promoted_by_hand() {
    let db = Database::new().await;
    let flows = db.store.tenant(db.tenant("acme").await.id).flows();
    let worlds = ["call-flow".to_owned()];
    let first = flows.upload("ivr", &version(b"one", "d1", &worlds)).await.unwrap();
    assert_eq!((first.number, first.worlds.clone()), (1, worlds.to_vec()));
    let second = flows.upload("ivr", &version(b"two", "d2", &worlds)).await.unwrap();
    assert_eq!(flows.get("ivr").await.unwrap().current, Some(first.clone()));
    assert_eq!(flows.versions("ivr").await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(flows.find(first.id).await.unwrap(), ("ivr".to_owned(), first.clone()));
    // The same bytes again are the same version.
    assert_eq!(flows.upload("ivr", &version(b"two", "d2", &worlds)).await.unwrap(), second);
    let order = Order { by: "test", seen: None };
    flows.promote("ivr", 2, None, order).await.unwrap();
    assert_eq!(flows.get("ivr").await.unwrap().current, Some(second.clone()));
    assert_eq!(flows.bytes(first.id).await.unwrap(), b"one");
    assert!(matches!(flows.promote("ivr", 3, None, order).await, Err(StoreError::NotFound { .. })));
}

#[tokio::test]
async fn bytes_are_reached_through_a_version_of_ones_own_only() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let worlds = ["call-flow".to_owned()];
    let (of_a, of_b) = (db.store.tenant(a).flows(), db.store.tenant(b).flows());
    let version_of_a = of_a.upload("f", &version(b"same", "d", &worlds)).await.unwrap();
    let version_of_b = of_b.upload("f", &version(b"same", "d", &worlds)).await.unwrap();
    assert!(matches!(of_b.bytes(version_of_a.id).await, Err(StoreError::NotFound { .. })));
    // A router cannot be fetched as a flow either.
    let routers = db.store.tenant(a).routers();
    assert!(matches!(routers.bytes(version_of_a.id).await, Err(StoreError::NotFound { .. })));
    of_a.delete("f").await.unwrap();
    assert_eq!(of_b.bytes(version_of_b.id).await.unwrap(), b"same");
}

#[tokio::test]
async fn what_is_in_use_is_not_deleted() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await;
    let scope = db.store.tenant(tenant.id);
    let worlds = ["call-flow".to_owned(), "router".to_owned()];
    scope.flows().upload("ivr", &version(b"one", "d1", &worlds)).await.unwrap();
    let number = "+441632960000".parse().unwrap();
    let bound = scope.numbers().create(&number, Some("ivr"), "").await.unwrap();
    assert_eq!(bound.flow_name.as_deref(), Some("ivr"));
    assert!(conflict(scope.flows().delete("ivr").await).contains("1 numbers lead to ivr"));
    scope.numbers().update("+441632960000", None, "").await.unwrap();
    scope.flows().delete("ivr").await.unwrap();
    let router = scope.routers().upload("r", &version(b"two", "d2", &worlds)).await.unwrap();
    let mut chosen = tenant.settings.clone();
    chosen.router = RouterChoice::Version(router.id);
    db.store.tenants().update(tenant.id, &chosen).await.unwrap();
    conflict(scope.routers().delete("r").await);
}

#[tokio::test]
async fn a_trunk_keeps_only_what_its_own_side_needs() {
    let db = Database::new().await;
    let trunks = db.store.tenant(db.tenant("acme").await.id).trunks();
    let settings = TrunkSettings {
        name: "carrier".to_owned(),
        addresses: vec!["192.0.2.0/28".to_owned(), "2001:db8::1".to_owned()],
        in_user: Some("them".to_owned()),
        out_user: Some("us".to_owned()),
        proxy: Some("sip.carrier.example".to_owned()),
        register: true,
        ..TrunkSettings::default()
    };
    let none = TrunkPasswords::default();
    assert!(matches!(trunks.create(&settings, &none).await, Err(StoreError::Invalid(_))));
    let both = TrunkPasswords {
        inbound: Some("inbound secret".to_owned()),
        outbound: Some("outbound secret".to_owned()),
    };
    let made = trunks.create(&settings, &both).await.unwrap();
    assert_eq!(made.in_ha1, Some(Ha1::new("them", "acme.example", "inbound secret")));
    assert_eq!(made.out_secret.as_ref().unwrap().expose(), "outbound secret");
    assert!(!format!("{made:?}").contains("secret\""), "{made:?}");
    let kept = trunks.update(made.id, &settings, &none).await.unwrap();
    assert_eq!((kept.in_ha1, kept.out_secret), (made.in_ha1, made.out_secret));
    for bad in ["192.0.2.0/33", "carrier.example", "192.0.2.0/0"] {
        let settings = TrunkSettings { addresses: vec![bad.to_owned()], ..settings.clone() };
        assert!(trunks.update(made.id, &settings, &none).await.is_err(), "{bad}");
    }
}

#[tokio::test]
async fn what_agents_were_doing_is_remembered() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    let agents = db.store.tenant(tenant).agents();
    let id = agents.create(&agent("201"), &password()).await.unwrap().id;
    let fact = |agent, state: &AgentState, since| {
        let (state, since) = (state.clone(), Timestamp(since));
        Fact::AgentState { tenant, agent, state, since }
    };
    let lunch = AgentState::NotReady("lunch".to_owned());
    db.store.keep(&[fact(id, &AgentState::Ready, 1), fact(id, &lunch, 2)]).await.unwrap();
    assert_eq!(agents.last_states().await.unwrap(), [(id, lunch.clone(), Timestamp(2))]);
    let stranger = strowger_model::AgentId(uuid::Uuid::now_v7());
    db.store.keep(&[fact(stranger, &lunch, 3)]).await.unwrap();
    assert_eq!(agents.last_states().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_value_ends_on_the_dot() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let kv = db.store.tenant(a).kv();
    kv.set("key", "value", 5, Timestamp(1_000)).await.unwrap();
    kv.set("other", "stays", 0, Timestamp(1_000)).await.unwrap();
    assert_eq!(kv.get("key", Timestamp(5_999)).await.unwrap().as_deref(), Some("value"));
    assert_eq!(kv.get("key", Timestamp(6_000)).await.unwrap(), None);
    assert_eq!(db.store.tenant(b).kv().get("other", Timestamp(0)).await.unwrap(), None);
    assert_eq!(kv.keys("", "", 10, Timestamp(6_000)).await.unwrap().len(), 1);
    assert_eq!(db.store.remove_expired(Timestamp(6_000)).await.unwrap(), 1);
    assert!(kv.set("", "value", 0, Timestamp(0)).await.is_err());
    assert!(kv.set("key", &"x".repeat(65_537), 0, Timestamp(0)).await.is_err());
}

#[tokio::test]
async fn a_deleted_tenant_takes_everything_along_and_leaves_the_other_alone() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await, db.tenant("b").await);
    let worlds = ["call-flow".to_owned()];
    for (tenant, number) in [(&a, "+441632960001"), (&b, "+441632960002")] {
        let scope = db.store.tenant(tenant.id);
        scope.flows().upload("f", &version(b"same", "d", &worlds)).await.unwrap();
        scope.numbers().create(&number.parse().unwrap(), Some("f"), "").await.unwrap();
        scope.agents().create(&agent("201"), &password()).await.unwrap();
        scope.keys().create("k").await.unwrap();
    }
    db.store.tenants().delete(a.id).await.unwrap();
    assert!(matches!(db.store.tenants().get(a.id).await, Err(StoreError::NotFound { .. })));
    assert_eq!(db.store.tenant(a.id).numbers().list().await.unwrap(), []);
    let left = db.store.tenant(b.id).configuration().await.unwrap();
    assert_eq!((left.numbers.len(), left.agents.len(), left.flows.len()), (1, 1, 1));
    // The number is free again.
    let number = "+441632960001".parse().unwrap();
    db.store.tenant(b.id).numbers().create(&number, None, "").await.unwrap();
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused() {
    let db = Database::new().await;
    let tenants = db.store.tenants();
    let changes: [fn(&mut strowger_store::TenantSettings); 6] = [
        |s| s.name = "a/b".to_owned(),
        |s| s.sip_domain = "not a host".to_owned(),
        |s| s.timezone = String::new(),
        |s| s.http_allow = vec!["http://api.example.com/".to_owned()],
        |s| s.http_allow = vec!["api.example.com:99999".to_owned()],
        |s| s.fallback = CallFallback::Flow("../etc".to_owned()),
    ];
    for (index, change) in changes.iter().enumerate() {
        let mut bad = settings("acme");
        change(&mut bad);
        let refused = tenants.create(&bad).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{index}: {refused:?}");
    }
}
