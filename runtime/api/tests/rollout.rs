//! Rollouts over the API: who is too late is told, shares are percentages, what
//! is in use stays, and versions show whose signature they have.

mod support;

use axum::http::StatusCode;
use serde_json::{Value, json};
use strowger_api::{Change, Changed};
use support::TestApi;

/// A tenant with a flow `ivr` of so many versions, the first one stable.
async fn with_versions(api: &TestApi, versions: u32) -> String {
    let (_, key) = api.tenant("acme").await;
    for number in 1..=versions {
        let bytes = format!("\0asm call-flow router {number}");
        for path in ["/v1/flows/ivr/versions", "/v1/routers/own/versions"] {
            let made = api.put_bytes(&key, "POST", path, bytes.as_bytes()).await;
            assert_eq!(made.expect(StatusCode::CREATED)["number"], number);
        }
    }
    key
}

async fn put(api: &TestApi, key: &str, path: &str, body: Value) -> support::Reply {
    api.ask(key, "PUT", path, Some(body)).await
}

#[tokio::test]
async fn a_canary_comes_and_goes() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 3).await;
    let rules = json!({"min_calls": 5, "trap": {"max_percent": 2.5}});
    let body = json!({"version": 2, "share_percent": 10, "rules": rules});
    let state = put(&api, &key, "/v1/flows/ivr/canary", body).await.expect(StatusCode::OK);
    assert_eq!((&state["stable"], &state["canary"]["version"]), (&json!(1), &json!(2)));
    assert_eq!(state["rules"]["trap"], json!({"max_percent": 2.5}));
    assert_eq!((&state["rules"]["window_s"], &state["revision"]), (&json!(600), &json!(2)));
    assert_eq!(state["history"][0]["by"], "admin");
    let tenant = api.control.changes.lock().unwrap().last().cloned().unwrap();
    assert!(matches!(tenant, Change { what: Changed::Flows, .. }));
    let state = api.ask(&key, "DELETE", "/v1/flows/ivr/canary", None).await.expect(StatusCode::OK);
    assert_eq!((&state["canary"], &state["history"][0]["left"]), (&Value::Null, &json!(2)));
    put(&api, &key, "/v1/flows/ivr/current", json!({"version": 3})).await.expect(StatusCode::OK);
    let shown = api.get(&key, "/v1/flows/ivr/rollout").await.expect(StatusCode::OK);
    assert!(shown["watched_until"].as_u64() > shown["since"].as_u64(), "{shown}");
    let back = api.ask(&key, "POST", "/v1/flows/ivr/rollback", Some(json!({}))).await;
    let back = back.expect(StatusCode::OK);
    assert_eq!((&back["stable"], &back["history"][0]["step"]), (&json!(1), &json!("rollback")));
    assert_eq!(api.get(&key, "/v1/flows/ivr/rollout").await.expect(StatusCode::OK), back);
}

#[tokio::test]
async fn a_share_outside_of_0_to_100_is_refused() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 2).await;
    for share in [json!(101), json!(-1), json!("10"), json!(9.5), json!(u64::MAX)] {
        let body = json!({"version": 2, "share_percent": share});
        let reply = put(&api, &key, "/v1/flows/ivr/canary", body).await;
        reply.problem(StatusCode::UNPROCESSABLE_ENTITY);
        let canary = json!({"version": 2, "share_percent": share});
        let body = json!({"number": "+441632960000", "flow": "ivr", "canary": canary});
        let reply = api.ask(&key, "POST", "/v1/numbers", Some(body)).await;
        reply.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
    let over = json!({"version": 2, "share_percent": 101});
    let reply = put(&api, &key, "/v1/flows/ivr/canary", over).await;
    assert!(reply.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("0 to 100 percent"));
    let state = api.get(&key, "/v1/flows/ivr/rollout").await.expect(StatusCode::OK);
    assert_eq!((&state["canary"], &state["revision"]), (&Value::Null, &json!(1)));
    for share in [0, 100] {
        let body = json!({"version": 2, "share_percent": share});
        put(&api, &key, "/v1/flows/ivr/canary", body).await.expect(StatusCode::OK);
    }
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 2).await;
    for rules in [
        json!({"window_s": 0}),
        json!({"trap": {}}),
        json!({"trap": {"max_percent": 101}}),
        json!({"traps": {"max_percent": 1}}),
    ] {
        let body = json!({"version": 2, "share_percent": 1, "rules": rules});
        let reply = put(&api, &key, "/v1/flows/ivr/canary", body).await;
        reply.problem(StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn of_two_who_deploy_at_once_the_later_one_is_told() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 3).await;
    let promote = json!({"version": 2, "expected_revision": 1});
    put(&api, &key, "/v1/flows/ivr/current", promote.clone()).await.expect(StatusCode::OK);
    let lost = put(&api, &key, "/v1/flows/ivr/current", promote).await;
    assert!(lost.problem(StatusCode::CONFLICT).contains("look at it again"));
    let body = json!({"version": 3, "share_percent": 5, "expected_revision": 1});
    put(&api, &key, "/v1/flows/ivr/canary", body).await.problem(StatusCode::CONFLICT);
    let body = json!({"expected_revision": 1});
    let lost = api.ask(&key, "POST", "/v1/flows/ivr/rollback", Some(body)).await;
    lost.problem(StatusCode::CONFLICT);
    let path = "/v1/flows/ivr/versions?promote=true&expected_revision=1";
    let lost = api.put_bytes(&key, "POST", path, b"\0asm call-flow late").await;
    lost.problem(StatusCode::CONFLICT);
    let state = api.get(&key, "/v1/flows/ivr/rollout").await.expect(StatusCode::OK);
    assert_eq!((&state["stable"], &state["revision"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn a_version_in_use_is_not_deleted() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 3).await;
    let delete = async |path: &str| api.ask(&key, "DELETE", path, None).await;
    delete("/v1/flows/ivr/versions/1").await.problem(StatusCode::CONFLICT);
    let bound = json!({"number": "+441632960000", "flow": "ivr", "version": 2,
                       "canary": {"version": 3, "share_percent": 25}});
    let made = api.ask(&key, "POST", "/v1/numbers", Some(bound)).await.expect(StatusCode::CREATED);
    assert_eq!((&made["version"], &made["canary"]["share_percent"]), (&json!(2), &json!(25)));
    delete("/v1/flows/ivr/versions/2").await.problem(StatusCode::CONFLICT);
    delete("/v1/flows/ivr/versions/3").await.problem(StatusCode::CONFLICT);
    // Whoever points a number elsewhere says anew which version.
    let moved = json!({"flow": "ivr"});
    let moved = put(&api, &key, "/v1/numbers/+441632960000", moved).await.expect(StatusCode::OK);
    assert_eq!((&moved["version"], &moved["canary"]), (&Value::Null, &Value::Null));
    delete("/v1/flows/ivr/versions/3").await.expect(StatusCode::NO_CONTENT);
    delete("/v1/flows/ivr/versions/3").await.problem(StatusCode::NOT_FOUND);
    let chosen = json!({"kind": "own", "name": "own", "version": 2});
    put(&api, &key, "/v1/router", chosen).await.expect(StatusCode::OK);
    delete("/v1/routers/own/versions/2").await.problem(StatusCode::CONFLICT);
    delete("/v1/routers/own/versions/3").await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn routers_are_promoted_and_taken_back() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 2).await;
    put(&api, &key, "/v1/routers/own/current", json!({"version": 2})).await.expect(StatusCode::OK);
    let back = api.ask(&key, "POST", "/v1/routers/own/rollback", Some(json!({}))).await;
    assert_eq!(back.expect(StatusCode::OK)["stable"], 1);
    let shown = api.get(&key, "/v1/routers/own/rollout").await.expect(StatusCode::OK);
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_canary_of_a_router_comes_and_goes() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 2).await;
    let body = json!({"version": 2, "share_percent": 10, "rules": {"trap": {"max_percent": 5}}});
    let state = put(&api, &key, "/v1/routers/own/canary", body).await.expect(StatusCode::OK);
    assert_eq!((&state["stable"], &state["canary"]["version"]), (&json!(1), &json!(2)));
    let told = api.control.changes.lock().unwrap().last().cloned().unwrap();
    assert!(matches!(told, Change { what: Changed::Routers, .. }));
    let over = json!({"version": 2, "share_percent": 101});
    let reply = put(&api, &key, "/v1/routers/own/canary", over).await;
    assert!(reply.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("0 to 100 percent"));
    let off = api.ask(&key, "DELETE", "/v1/routers/own/canary", None).await;
    assert_eq!(off.expect(StatusCode::OK)["canary"], Value::Null);
    let path = "/v1/routers/own/versions?canary=30";
    let made = api.put_bytes(&key, "POST", path, b"\0asm router tried at once").await;
    assert_eq!(made.expect(StatusCode::CREATED)["number"], 3);
    let state = api.get(&key, "/v1/routers/own/rollout").await.expect(StatusCode::OK);
    assert_eq!(state["canary"], json!({"version": 3, "share_percent": 30}));
    let compared = api.get(&key, "/v1/routers/own/compare?versions=1,3").await;
    let compared = compared.expect(StatusCode::OK);
    assert_eq!(compared["versions"][1]["version"], 3);
    assert_eq!(compared["versions"][0]["decision_us"]["p99"], Value::Null);
}

#[tokio::test]
async fn a_queue_has_a_router_of_its_own() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 3).await;
    let make = async |name: &str, router: Value| {
        let body = json!({"name": name, "router": router});
        api.ask(&key, "POST", "/v1/queues", Some(body)).await
    };
    let plain = make("plain", Value::Null).await.expect(StatusCode::CREATED);
    assert_eq!(plain["router"], Value::Null);
    let stock = json!({"kind": "stock", "name": "skills"});
    let made = make("by-skills", stock.clone()).await.expect(StatusCode::CREATED);
    assert_eq!(made["router"], stock);
    let split = json!({"kind": "own", "name": "own", "version": 2,
                       "canary": {"version": 3, "share_percent": 25}});
    make("split", split.clone()).await.expect(StatusCode::CREATED);
    let listed = api.get(&key, "/v1/queues").await.expect(StatusCode::OK);
    let routers: Vec<_> =
        listed["items"].as_array().unwrap().iter().map(|q| &q["router"]).collect();
    assert_eq!(routers, [&stock, &Value::Null, &split]);
    for (wrong, words) in [
        (json!({"kind": "stock", "name": "magic"}), "there is no stock router"),
        (
            json!({"kind": "own", "name": "own", "canary": {"version": 2, "share_percent": 101}}),
            "0 to 100 percent",
        ),
    ] {
        let problem = make("wrong", wrong).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(problem.contains(words), "{problem}");
    }
    for missing in [
        json!({"kind": "own", "name": "nobody"}),
        json!({"kind": "own", "name": "own", "version": 9}),
        json!({"kind": "own", "name": "ivr"}),
    ] {
        make("wrong", missing).await.problem(StatusCode::NOT_FOUND);
    }
    // What a queue goes by stays, and whoever wants it gone is told which queue it is.
    for path in ["/v1/routers/own/versions/2", "/v1/routers/own/versions/3", "/v1/routers/own"] {
        let problem = api.ask(&key, "DELETE", path, None).await.problem(StatusCode::CONFLICT);
        assert!(problem.contains("the queue \"split\""), "{path}: {problem}");
    }
    // Whoever replaces a queue says anew which router it has.
    let body = json!({"name": "split"});
    let replaced = put(&api, &key, "/v1/queues/split", body).await.expect(StatusCode::OK);
    assert_eq!(replaced["router"], Value::Null);
    api.ask(&key, "DELETE", "/v1/routers/own", None).await.expect(StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_queue_goes_by_no_other_tenants_router() {
    let api = TestApi::start().await;
    with_versions(&api, 2).await;
    let (_, other) = api.tenant("other").await;
    for router in
        [json!({"kind": "own", "name": "own"}), json!({"kind": "own", "name": "own", "version": 1})]
    {
        let body = json!({"name": "queue", "router": router});
        let reply = api.ask(&other, "POST", "/v1/queues", Some(body)).await;
        reply.problem(StatusCode::NOT_FOUND);
        put(&api, &other, "/v1/router", router).await.problem(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn versions_show_their_signature() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 1).await;
    let version = api.get(&key, "/v1/flows/ivr/versions/1").await.expect(StatusCode::OK);
    assert_eq!(version["signature"]["key"], "0123456789abcdef");
    let keys = api.get("", "/v1/system/signing-keys").await.expect(StatusCode::OK);
    assert_eq!(keys["items"][0]["id"], "0123456789abcdef");
}

#[tokio::test]
async fn a_comparison_names_its_versions() {
    let api = TestApi::start().await;
    let key = with_versions(&api, 3).await;
    let all = api.get(&key, "/v1/flows/ivr/compare").await.expect(StatusCode::OK);
    let numbers = |answer: &Value| -> Vec<u64> {
        let versions = answer["versions"].as_array().expect("a list");
        versions.iter().filter_map(|version| version["version"].as_u64()).collect()
    };
    assert_eq!(numbers(&all), [3, 2, 1]);
    assert_eq!(all["versions"][0]["fuel"]["p50"], Value::Null);
    let some = api.get(&key, "/v1/flows/ivr/compare?versions=1,3&since=5").await;
    assert_eq!(numbers(&some.expect(StatusCode::OK)), [1, 3]);
    for bad in ["versions=x", "versions=", "versions=1,2,3,4,5,6,7,8,9,10,11", "until=x"] {
        let reply = api.get(&key, &format!("/v1/flows/ivr/compare?{bad}")).await;
        reply.problem(StatusCode::BAD_REQUEST);
    }
    let missing = api.get(&key, "/v1/flows/ivr/compare?versions=9").await;
    missing.problem(StatusCode::NOT_FOUND);
}
