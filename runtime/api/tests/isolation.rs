//! A tenant can neither see nor touch another's anything: for every endpoint
//! in the API document, whichever they will be.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use support::seed::{Seeded, everything};
use support::{Reply, TestApi};

/// What tenant B's key must get for an endpoint that is pointed at A's things.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expect {
    /// As if A's thing did not exist.
    Hidden,
    /// B's own things, without a trace of A's.
    OwnOnly,
    /// Something new of B's own, though it has the name of A's.
    MakesOwn,
    /// Not B's business.
    OperatorOnly,
    /// Taken: a number belongs to one tenant.
    Taken,
    /// Asks for a WebSocket; tenants' streams have a test of their own.
    Stream,
    /// Needs no key and shows nothing of anybody.
    Public,
}

/// Every endpoint: what B gets, and the body that it sends.
fn cases(a: &Seeded) -> BTreeMap<&'static str, (Expect, Sent)> {
    use Expect::{Hidden, MakesOwn, OperatorOnly, OwnOnly, Public, Stream, Taken};
    use Sent::{Bytes, Json, None};
    let agent = json!({"name": "b", "extension": a.agent, "password": "password of b"});
    let trunk = json!({"name": a.trunk});
    let number = json!({"number": a.number});
    let tenant = json!({"name": "c", "sip_domain": "c.example"});
    let wasm = b"\0asm call-flow router of b";
    BTreeMap::from([
        ("get /v1/tenants", (OperatorOnly, None)),
        ("post /v1/tenants", (OperatorOnly, Json(tenant.clone()))),
        ("get /v1/tenants/{tenant}", (OperatorOnly, None)),
        ("put /v1/tenants/{tenant}", (OperatorOnly, Json(tenant))),
        ("delete /v1/tenants/{tenant}", (OperatorOnly, None)),
        ("get /v1/tenants/{tenant}/rules", (OperatorOnly, None)),
        ("put /v1/tenants/{tenant}/rules", (OperatorOnly, Json(json!({})))),
        ("get /v1/tenant/rules", (OwnOnly, None)),
        ("get /v1/drain", (OperatorOnly, None)),
        ("put /v1/drain", (OperatorOnly, Json(json!({"within_s": 60})))),
        ("delete /v1/drain", (OperatorOnly, None)),
        ("get /v1/bans", (OperatorOnly, None)),
        ("post /v1/bans", (OperatorOnly, Json(json!({"address": "192.0.2.66", "for_s": 60})))),
        ("delete /v1/bans/{address}", (OperatorOnly, None)),
        ("get /metrics", (OperatorOnly, None)),
        ("get /v1/alarms", (OperatorOnly, None)),
        ("get /healthz", (Public, None)),
        ("get /v1/system/signing-keys", (Public, None)),
        ("get /v1/openapi.json", (Public, None)),
        ("get /v1/me", (OwnOnly, None)),
        ("get /v1/tenant", (OwnOnly, None)),
        (
            "put /v1/tenant",
            (
                // A flow of A's as B's fallback is a name that B has no flow for.
                OwnOnly,
                Json(json!({"timezone": "UTC", "language": "en",
                            "fallback": {"kind": "hang_up"}, "http_allow": []})),
            ),
        ),
        ("get /v1/keys", (OwnOnly, None)),
        ("post /v1/keys", (MakesOwn, Json(json!({"name": "b"})))),
        ("delete /v1/keys/{key}", (Hidden, None)),
        ("get /v1/trunks", (OwnOnly, None)),
        ("post /v1/trunks", (MakesOwn, Json(trunk.clone()))),
        ("get /v1/trunks/status", (OwnOnly, None)),
        ("get /v1/trunks/{trunk}", (Hidden, None)),
        ("put /v1/trunks/{trunk}", (Hidden, Json(trunk))),
        ("delete /v1/trunks/{trunk}", (Hidden, None)),
        ("get /v1/trunks/{trunk}/rules", (Hidden, None)),
        ("put /v1/trunks/{trunk}/rules", (Hidden, Json(json!({"weight": 5})))),
        ("get /v1/numbers", (OwnOnly, None)),
        ("post /v1/numbers", (Taken, Json(number))),
        ("get /v1/numbers/{number}", (Hidden, None)),
        ("put /v1/numbers/{number}", (Hidden, Json(json!({"note": "b"})))),
        ("delete /v1/numbers/{number}", (Hidden, None)),
        ("get /v1/agents", (OwnOnly, None)),
        ("post /v1/agents", (MakesOwn, Json(agent.clone()))),
        ("get /v1/agents/status", (OwnOnly, None)),
        ("get /v1/agents/{agent}", (Hidden, None)),
        ("put /v1/agents/{agent}", (Hidden, Json(agent))),
        ("delete /v1/agents/{agent}", (Hidden, None)),
        ("get /v1/agents/{agent}/state", (Hidden, None)),
        ("put /v1/agents/{agent}/state", (Hidden, Json(json!({"state": "ready"})))),
        ("get /v1/queues", (OwnOnly, None)),
        ("post /v1/queues", (MakesOwn, Json(json!({"name": a.queue})))),
        ("get /v1/queues/status", (OwnOnly, None)),
        ("get /v1/queues/{queue}", (Hidden, None)),
        ("put /v1/queues/{queue}", (Hidden, Json(json!({"name": a.queue})))),
        ("delete /v1/queues/{queue}", (Hidden, None)),
        ("get /v1/queues/{queue}/status", (Hidden, None)),
        ("get /v1/flows", (OwnOnly, None)),
        ("get /v1/flows/{name}", (Hidden, None)),
        ("delete /v1/flows/{name}", (Hidden, None)),
        ("get /v1/flows/{name}/versions", (Hidden, None)),
        ("post /v1/flows/{name}/versions", (MakesOwn, Bytes(wasm))),
        ("get /v1/flows/{name}/versions/{number}", (Hidden, None)),
        ("get /v1/flows/{name}/versions/{number}/wasm", (Hidden, None)),
        ("put /v1/flows/{name}/current", (Hidden, Json(json!({"version": 1})))),
        ("get /v1/flow-versions/{version}", (Hidden, None)),
        ("get /v1/flows/{name}/rollout", (Hidden, None)),
        ("post /v1/flows/{name}/rollback", (Hidden, Json(json!({})))),
        ("put /v1/flows/{name}/canary", (Hidden, Json(json!({"version": 1, "share_percent": 10})))),
        ("delete /v1/flows/{name}/canary", (Hidden, None)),
        ("get /v1/flows/{name}/compare", (Hidden, None)),
        ("delete /v1/flows/{name}/versions/{number}", (Hidden, None)),
        ("post /v1/flows/{name}/deployments", (MakesOwn, Bytes(wasm))),
        ("get /v1/flows/{name}/deployments/{deployment}", (Hidden, None)),
        ("get /v1/routers", (OwnOnly, None)),
        ("get /v1/routers/{name}", (Hidden, None)),
        ("delete /v1/routers/{name}", (Hidden, None)),
        ("get /v1/routers/{name}/versions", (Hidden, None)),
        ("post /v1/routers/{name}/versions", (MakesOwn, Bytes(wasm))),
        ("get /v1/routers/{name}/versions/{number}", (Hidden, None)),
        ("get /v1/routers/{name}/versions/{number}/wasm", (Hidden, None)),
        ("put /v1/routers/{name}/current", (Hidden, Json(json!({"version": 1})))),
        ("get /v1/routers/{name}/rollout", (Hidden, None)),
        ("post /v1/routers/{name}/rollback", (Hidden, Json(json!({})))),
        (
            "put /v1/routers/{name}/canary",
            (Hidden, Json(json!({"version": 1, "share_percent": 10}))),
        ),
        ("delete /v1/routers/{name}/canary", (Hidden, None)),
        ("get /v1/routers/{name}/compare", (Hidden, None)),
        ("delete /v1/routers/{name}/versions/{number}", (Hidden, None)),
        ("get /v1/router", (OwnOnly, None)),
        ("put /v1/router", (Hidden, Json(json!({"kind": "own", "name": a.router})))),
        ("get /v1/router/stock", (OwnOnly, None)),
        ("get /v1/breakers", (OwnOnly, None)),
        ("post /v1/flows/{name}/reset", (Hidden, None)),
        ("get /v1/usage", (OwnOnly, None)),
        ("get /v1/usage/latency", (OwnOnly, None)),
        ("get /v1/usage/memory", (OwnOnly, None)),
        ("get /v1/prompts", (OwnOnly, None)),
        ("get /v1/prompts/{prompt}", (Hidden, None)),
        ("put /v1/prompts/{prompt}", (MakesOwn, Bytes(b"RIFF of b"))),
        ("get /v1/prompts/{prompt}/audio", (Hidden, None)),
        ("delete /v1/prompts/{prompt}", (Hidden, None)),
        ("get /v1/calls", (OwnOnly, None)),
        ("get /v1/calls/live", (OwnOnly, None)),
        ("get /v1/calls/{call}", (Hidden, None)),
        ("get /v1/calls/{call}/journal", (Hidden, None)),
        ("get /v1/calls/{call}/trace", (Hidden, None)),
        ("get /v1/calls/{call}/decisions", (Hidden, None)),
        ("post /v1/calls/{call}/hangup", (Hidden, None)),
        ("get /v1/recordings", (OwnOnly, None)),
        ("get /v1/recordings/{recording}", (Hidden, None)),
        ("get /v1/recordings/{recording}/audio", (Hidden, None)),
        ("delete /v1/recordings/{recording}", (Hidden, None)),
        ("get /v1/kv", (OwnOnly, None)),
        ("get /v1/kv/{key}", (Hidden, None)),
        ("put /v1/kv/{key}", (MakesOwn, Json(json!({"value": "b"})))),
        ("delete /v1/kv/{key}", (Hidden, None)),
        ("get /v1/events", (Stream, None)),
    ])
}

#[derive(Clone, Debug)]
enum Sent {
    None,
    Json(Value),
    Bytes(&'static [u8]),
}

/// `method /path/{parameter}` of every endpoint in the document.
fn documented() -> BTreeSet<String> {
    let document: Value =
        serde_json::to_value(strowger_api::document()).expect("the document is JSON");
    let paths = document["paths"].as_object().expect("the document has paths");
    let mut found = BTreeSet::new();
    for (path, item) in paths {
        for method in item.as_object().expect("a path has methods").keys() {
            found.insert(format!("{method} {path}"));
        }
    }
    found
}

/// The path with A's things in it.
fn concrete(path: &str, a: &Seeded) -> String {
    let name = if path.starts_with("/v1/routers") { &a.router } else { &a.flow };
    let key = if path.starts_with("/v1/keys") { &a.key_id } else { &a.stored_key };
    let number = if path.contains("/versions/") { "1" } else { a.number.as_str() };
    let filled = path
        .replace("{tenant}", &a.tenant.to_string())
        .replace("{trunk}", &a.trunk)
        .replace("{number}", number)
        .replace("{agent}", &a.agent)
        .replace("{queue}", &a.queue)
        .replace("{name}", name)
        .replace("{version}", &a.version)
        .replace("{prompt}", &a.prompt)
        .replace("{address}", "192.0.2.66")
        .replace("{call}", &a.call.to_string())
        .replace("{recording}", &a.recording.to_string())
        .replace("{deployment}", &a.deployment)
        .replace("{key}", key);
    assert!(!filled.contains('{'), "{path} has a parameter that this test does not know");
    filled
}

async fn send(
    api: &TestApi,
    endpoint: &str,
    body: &Sent,
    a: &Seeded,
    headers: &[(&str, &str)],
) -> Reply {
    let (method, path) = endpoint.split_once(' ').expect("method and path");
    let mut request =
        Request::builder().method(method.to_uppercase().as_str()).uri(concrete(path, a));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = match body {
        Sent::None => request.body(Body::empty()),
        Sent::Json(body) => request
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string())),
        Sent::Bytes(bytes) => request.body(Body::from(*bytes)),
    };
    api.send(request.expect("a request")).await
}

/// Everything of A's that its own key can read.
async fn snapshot(api: &TestApi, a: &Seeded) -> BTreeMap<String, String> {
    let mut seen = BTreeMap::new();
    let bearer = format!("Bearer {}", a.key);
    for endpoint in documented() {
        let own = cases(a)[endpoint.as_str()].0;
        if endpoint.starts_with("get ") && matches!(own, Expect::Hidden | Expect::OwnOnly) {
            let headers = [("authorization", bearer.as_str())];
            let reply = send(api, &endpoint, &Sent::None, a, &headers).await;
            assert_eq!(reply.status, StatusCode::OK, "{endpoint} as A: {}", reply.text());
            // When a key was last used is the one thing that may change.
            let text = reply.text();
            let text = text.split("\"last_used_at\"").next().unwrap_or_default().to_owned();
            seen.insert(endpoint, text);
        }
    }
    seen
}

#[tokio::test]
async fn every_documented_endpoint_has_a_case_here() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let covered: BTreeSet<String> = cases(&a).keys().map(|key| (*key).to_owned()).collect();
    assert_eq!(documented(), covered, "add the new endpoint to `cases` and say what B must get");
}

#[tokio::test]
async fn another_tenants_key_neither_sees_nor_touches_anything() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let (_, b) = api.tenant("beta").await;
    let before = snapshot(&api, &a).await;
    let bearer = format!("Bearer {b}");
    let mut order: Vec<_> = cases(&a).into_iter().collect();
    // What B makes under A's names would make A's names B's own.
    order.sort_by_key(|(_, (expect, _))| *expect == Expect::MakesOwn);
    for (endpoint, (expect, body)) in order {
        let reply = send(&api, endpoint, &body, &a, &[("authorization", &bearer)]).await;
        let (status, text) = (reply.status, reply.text());
        match expect {
            Expect::Hidden => assert_eq!(status, StatusCode::NOT_FOUND, "{endpoint}: {text}"),
            Expect::OperatorOnly => assert_eq!(status, StatusCode::FORBIDDEN, "{endpoint}: {text}"),
            Expect::Taken => assert_eq!(status, StatusCode::CONFLICT, "{endpoint}: {text}"),
            Expect::Stream => assert_eq!(status, StatusCode::BAD_REQUEST, "{endpoint}: {text}"),
            Expect::OwnOnly | Expect::MakesOwn | Expect::Public => {
                assert!(status.is_success(), "{endpoint}: {status} {text}");
            }
        }
        for secret in [a.tenant.to_string(), a.call.to_string(), a.recording.to_string()] {
            let asked_for = endpoint.contains('{');
            assert!(asked_for || !text.contains(&secret), "{endpoint} shows A's {secret}: {text}");
        }
        if expect == Expect::OwnOnly {
            assert!(!text.contains(&a.mark), "{endpoint} shows something of A's: {text}");
        }
    }
    assert_eq!(snapshot(&api, &a).await, before, "B's requests changed something of A's");
}

#[tokio::test]
async fn a_tenants_key_cannot_name_another_tenant() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let (_, b) = api.tenant("beta").await;
    let before = snapshot(&api, &a).await;
    let bearer = format!("Bearer {b}");
    for (endpoint, (expect, body)) in cases(&a) {
        for named in [a.tenant.to_string(), "alpha".to_owned()] {
            let headers = [("authorization", bearer.as_str()), ("strowger-tenant", named.as_str())];
            let reply = send(&api, endpoint, &body, &a, &headers).await;
            if endpoint == "get /v1/me" {
                // Shows the key that asks, whatever it names.
                assert!(!reply.text().contains(&a.mark));
            } else if expect != Expect::Public {
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{endpoint}: {}", reply.text());
            }
        }
    }
    assert_eq!(snapshot(&api, &a).await, before, "B's requests changed something of A's");
}

#[tokio::test]
async fn without_a_valid_key_nothing_but_the_public_answers() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let zeros = format!("Bearer sk_{}_{}", "0".repeat(16), "0".repeat(64));
    // The right prefix with a wrong secret.
    let mut forged = a.key.clone();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    let forged = format!("Bearer {forged}");
    for (endpoint, (expect, body)) in cases(&a) {
        let attempts: [&[(&str, &str)]; 4] = [
            &[],
            &[("authorization", "Bearer nonsense")],
            &[("authorization", &zeros)],
            &[("authorization", &forged)],
        ];
        for headers in attempts {
            let reply = send(&api, endpoint, &body, &a, headers).await;
            if expect == Expect::Public {
                assert_eq!(reply.status, StatusCode::OK, "{endpoint}");
            } else {
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{endpoint} {headers:?}");
                assert_eq!(reply.headers["www-authenticate"], "Bearer");
            }
        }
    }
}

#[tokio::test]
async fn an_operators_key_acts_in_the_tenant_it_names() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let bearer = format!("Bearer {}", api.operator);
    for (endpoint, (expect, body)) in cases(&a) {
        if !endpoint.starts_with("get ") || expect == Expect::Public {
            continue;
        }
        let unnamed = send(&api, endpoint, &body, &a, &[("authorization", &bearer)]).await;
        let named = [("authorization", bearer.as_str()), ("strowger-tenant", "alpha")];
        let named = send(&api, endpoint, &body, &a, &named).await;
        match (expect, endpoint) {
            (Expect::OperatorOnly, _) | (_, "get /v1/me" | "get /v1/keys") => {
                assert_eq!(unnamed.status, StatusCode::OK, "{endpoint}: {}", unnamed.text());
            }
            (Expect::Stream, _) => assert_eq!(named.status, StatusCode::BAD_REQUEST),
            _ => {
                assert_eq!(unnamed.status, StatusCode::BAD_REQUEST, "{endpoint}");
                assert_eq!(named.status, StatusCode::OK, "{endpoint}: {}", named.text());
            }
        }
    }
}
