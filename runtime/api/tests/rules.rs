//! Rules of trunks and tenants, bans and traces, as clients see them.

mod support;

use axum::http::StatusCode;
use serde_json::json;
use strowger_api::{Change, Changed};
use support::TestApi;
use support::seed::everything;

#[tokio::test]
async fn a_trunks_rules_are_replaced_and_the_server_is_told() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let path = format!("/v1/trunks/{}/rules", a.trunk);
    let before = api.get(&a.key, &path).await.expect(StatusCode::OK);
    assert_eq!((&before["weight"], &before["srtp"]), (&json!(1), &json!("off")));
    let rules = json!({
        "weight": 3,
        "numbers": {"called_out": {"rules": [{"prefix": "+44", "strip": 3, "prepend": "0"}]}},
        "caller": {"show": "anonymous"},
        "identity": {"assertion": "asserted"},
        "limits": {"calls_out": 5, "denied": ["+449"]},
        "session_timer": null,
        "codecs": ["opus", "g722", "pcma", "pcmu"],
        "srtp": "require",
    });
    api.control.changes.lock().unwrap().clear();
    let put = api.ask(&a.key, "PUT", &path, Some(rules.clone())).await.expect(StatusCode::OK);
    assert_eq!(api.get(&a.key, &path).await.expect(StatusCode::OK), put);
    for field in ["weight", "caller", "session_timer", "codecs", "srtp"] {
        assert_eq!(put[field], rules[field], "{put}");
    }
    assert_eq!(put["identity"], json!({"trusted": true, "assertion": "asserted"}));
    let changes = api.control.changes.lock().unwrap().clone();
    assert_eq!(changes, [Change { tenant: a.tenant, what: Changed::Trunks }]);
    // A change of the trunk itself leaves its rules alone.
    let trunk = json!({"name": a.trunk, "max_calls": 7});
    api.ask(&a.key, "PUT", &format!("/v1/trunks/{}", a.trunk), Some(trunk)).await;
    assert_eq!(api.get(&a.key, &path).await.expect(StatusCode::OK), put);
}

#[tokio::test]
async fn rules_without_sense_are_refused_by_the_name_of_the_field() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let path = format!("/v1/trunks/{}/rules", a.trunk);
    let before = api.get(&a.key, &path).await.expect(StatusCode::OK);
    let cases = [
        (json!({"limits": {"denied": ["fraud"]}}), "limits.denied"),
        (json!({"codecs": ["gsm"]}), "codecs"),
        (json!({"srtp": "maybe"}), "srtp"),
        (json!({"numbers": {"caller_out": {"form": "national"}}}), "numbers.plan"),
        (json!({"caller": {"show": "fixed"}}), "number"),
        (json!({"colour": "red"}), "colour"),
    ];
    for (rules, names) in cases {
        let reply = api.ask(&a.key, "PUT", &path, Some(rules)).await;
        let detail = reply.problem(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(detail.contains(names), "{names}: {detail}");
    }
    assert_eq!(api.get(&a.key, &path).await.expect(StatusCode::OK), before);
}

#[tokio::test]
async fn the_operator_sets_a_tenants_rules_and_the_tenant_sees_them() {
    let api = TestApi::start().await;
    let (tenant, key) = api.tenant("acme").await;
    let own = api.get(&key, "/v1/tenant/rules").await.expect(StatusCode::OK);
    assert!(own["limits"]["denied"].as_array().unwrap().contains(&json!("+979")), "{own}");
    let rules = json!({
        "limits": {"calls_out": 20},
        "tariff": {"prices": [{"prefix": "", "per_minute_micros": 50_000}],
                   "daily_budget_micros": 10_000_000},
    });
    let path = "/v1/tenants/acme/rules";
    api.control.changes.lock().unwrap().clear();
    let put = api.ask(&api.operator, "PUT", path, Some(rules)).await.expect(StatusCode::OK);
    assert_eq!(put["limits"]["denied"], json!([]), "what is not given is not limited");
    assert_eq!(put["fail_over_on"], json!([500, 502, 504]));
    assert_eq!(api.get(&key, "/v1/tenant/rules").await.expect(StatusCode::OK), put);
    let changes = api.control.changes.lock().unwrap().clone();
    assert_eq!(changes, [Change { tenant, what: Changed::Tenant }]);
    let free = json!({"tariff": {"prices": []}});
    let refused = api.ask(&api.operator, "PUT", path, Some(free)).await;
    let detail = refused.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail.starts_with("tariff.prices"), "{detail}");
}

#[tokio::test]
async fn bans_are_made_listed_and_lifted_by_the_operator() {
    let api = TestApi::start().await;
    let ban = async |body| api.ask(&api.operator, "POST", "/v1/bans", Some(body)).await;
    ban(json!({"address": "192.0.2.66", "for_s": 60})).await.expect(StatusCode::NO_CONTENT);
    let never = ban(json!({"address": "192.0.2.66", "for_s": 0})).await;
    assert!(never.problem(StatusCode::UNPROCESSABLE_ENTITY).starts_with("for_s"));
    ban(json!({"address": "someone", "for_s": 1})).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    let bans = api.get(&api.operator, "/v1/bans").await.expect(StatusCode::OK);
    assert_eq!(bans["items"][0]["address"], "192.0.2.66");
    let lift = async |address: &str| {
        api.ask(&api.operator, "DELETE", &format!("/v1/bans/{address}"), None).await
    };
    assert!(lift("someone").await.problem(StatusCode::BAD_REQUEST).contains("192.0.2.7"));
    lift("192.0.2.66").await.expect(StatusCode::NO_CONTENT);
    lift("192.0.2.66").await.problem(StatusCode::NOT_FOUND);
    let bans = api.get(&api.operator, "/v1/bans").await.expect(StatusCode::OK);
    assert_eq!(bans["items"], json!([]));
}

#[tokio::test]
async fn a_trace_shows_messages_and_legs() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let path = format!("/v1/calls/{}/trace", a.call);
    let trace = api.get(&a.key, &path).await.expect(StatusCode::OK);
    assert_eq!(trace["messages"][0]["text"], "INVITE sip:100@10.0.0.1 SIP/2.0");
    assert!(trace["ladder"].as_str().unwrap().contains("INVITE"), "{trace}");
    assert_eq!(trace["legs"], json!([]));
    api.control.running.lock().unwrap().get_mut(&a.tenant).unwrap().traces.clear();
    api.get(&a.key, &path).await.problem(StatusCode::NOT_FOUND);
}
