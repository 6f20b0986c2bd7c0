//! Whatever a client gets wrong, it is told what to do, as a problem document.

mod support;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use serde_json::json;
use strowger_api::Rate;
use support::TestApi;

#[tokio::test]
async fn junk_is_refused_with_words() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let post = async |path: &str, body: &str| {
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        api.send(request).await
    };
    post("/v1/queues", "{").await.problem(StatusCode::BAD_REQUEST);
    let typo = post("/v1/queues", r#"{"name": "a", "rign_ms": 5}"#).await;
    assert!(typo.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("rign_ms"));
    let missing = post("/v1/queues", "{}").await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(missing.contains("name"), "{missing}");
    let bad = post("/v1/queues", r#"{"name": "a/b"}"#).await;
    assert!(bad.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("letters"));
    let huge = format!(r#"{{"name": "{}"}}"#, "a".repeat(600_000));
    post("/v1/queues", &huge).await.problem(StatusCode::PAYLOAD_TOO_LARGE);
    api.get(&key, "/v1/nowhere").await.problem(StatusCode::NOT_FOUND);
    api.ask(&key, "PATCH", "/v1/queues", None).await.problem(StatusCode::METHOD_NOT_ALLOWED);
    api.get(&key, "/v1/calls/not-an-id").await.problem(StatusCode::NOT_FOUND);
    api.get(&key, "/v1/calls?limit=many").await.problem(StatusCode::BAD_REQUEST);
    let cursor = api.get(&key, "/v1/calls?after=junk").await.problem(StatusCode::BAD_REQUEST);
    assert!(cursor.contains("next"), "{cursor}");
    let unknown = api.get(&key, "/v1/calls?form=x").await.problem(StatusCode::BAD_REQUEST);
    assert!(unknown.contains("form"), "{unknown}");
}

#[tokio::test]
async fn a_number_bound_twice_is_a_conflict_that_names_it() {
    let api = TestApi::start().await;
    let (_, a) = api.tenant("a").await;
    let (_, b) = api.tenant("b").await;
    let body = json!({"number": "+44 1632 960000"});
    let made = api.ask(&a, "POST", "/v1/numbers", Some(body.clone())).await;
    assert_eq!(made.expect(StatusCode::CREATED)["number"], "+441632960000");
    for key in [&a, &b] {
        let again = api.ask(key, "POST", "/v1/numbers", Some(body.clone())).await;
        let detail = again.problem(StatusCode::CONFLICT);
        assert!(detail.contains("+441632960000 is bound already"), "{detail}");
    }
}

#[tokio::test]
async fn uploads_are_checked_before_they_are_kept() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let upload = async |kind: &str, bytes: &[u8]| {
        api.put_bytes(&key, "POST", &format!("/v1/{kind}/f/versions"), bytes).await
    };
    let detail = upload("flows", b"MZ").await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail.contains("not WebAssembly"), "{detail}");
    let detail = upload("flows", b"\0asm router").await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert!(detail.contains("call-flow") && detail.contains("router"), "{detail}");
    upload("flows", b"").await.problem(StatusCode::BAD_REQUEST);
    upload("routers", b"\0asm call-flow").await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(api.get(&key, "/v1/flows").await.json()["items"], json!([]));
    let prompt = api.put_bytes(&key, "PUT", "/v1/prompts/p", b"MP4 ...").await;
    assert!(prompt.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("no audio"));
    assert_eq!(api.get(&key, "/v1/prompts").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_unread() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    for (method, path) in [("POST", "/v1/flows/f/versions"), ("PUT", "/v1/prompts/p")] {
        let never = futures_util::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .header(header::CONTENT_LENGTH, "1000000000")
            .body(Body::from_stream(never))
            .unwrap();
        api.send(request).await.problem(StatusCode::PAYLOAD_TOO_LARGE);
    }
}

#[tokio::test]
async fn a_body_that_does_not_say_how_large_it_is_is_cut_off() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let chunk = bytes::Bytes::from(vec![0_u8; 1 << 20]);
    let endless = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
    let request = Request::builder()
        .method("PUT")
        .uri("/v1/prompts/p")
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .body(Body::from_stream(endless))
        .unwrap();
    api.send(request).await.problem(StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let rate = Rate { per_second: 0.1, burst: 3.0 };
    let api = TestApi::with(|config| config.rate_per_key = rate).await;
    for _ in 0..3 {
        api.get(&api.operator, "/v1/me").await.expect(StatusCode::OK);
    }
    let refused = api.get(&api.operator, "/v1/me").await;
    assert_eq!(refused.headers[header::RETRY_AFTER], "10");
    refused.problem(StatusCode::TOO_MANY_REQUESTS);
    // Another key is not held up.
    let (_, other) = api.store.operator_keys().create("other").await.unwrap();
    api.get(other.expose(), "/v1/me").await.expect(StatusCode::OK);
}

#[tokio::test]
async fn guessing_keys_is_slowed_down() {
    let rate = Rate { per_second: 0.1, burst: 3.0 };
    let api = TestApi::with(|config| config.rate_of_failures = rate).await;
    for _ in 0..3 {
        api.get("sk_guess", "/v1/me").await.problem(StatusCode::UNAUTHORIZED);
    }
    api.get("sk_guess", "/v1/me").await.problem(StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let own = api.get(&key, "/v1/me").await.expect(StatusCode::OK);
    let path = format!("/v1/keys/{}", own["id"].as_str().unwrap());
    api.ask(&key, "DELETE", &path, None).await.expect(StatusCode::NO_CONTENT);
    api.get(&key, "/v1/me").await.problem(StatusCode::UNAUTHORIZED);
}
