//! The API on a database of its own and a server that exists in memory only.

#![allow(dead_code, reason = "each test file uses its own part of this")]

pub mod memory;
pub mod seed;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use memory::MemoryControl;
use serde_json::Value;
use std::sync::Arc;
use strowger_api::{ApiConfig, Rate, router};
use strowger_store::{Place, Store};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub struct TestApi {
    pub router: Router,
    pub store: Store,
    pub control: Arc<MemoryControl>,
    pub operator: String,
    pub folder: TempDir,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {} {}", self.status, self.text()))
    }

    /// The JSON of a reply that must have this status.
    #[track_caller]
    pub fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The problem of a reply that must have this status.
    #[track_caller]
    pub fn problem(self, status: StatusCode) -> String {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.expect(status);
        assert_eq!(problem["status"], status.as_u16());
        problem["detail"].as_str().expect("a problem has a detail").to_owned()
    }
}

impl TestApi {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let place = Place::Sqlite(folder.path().join("strowger.db"));
        let store = Store::open(&place).await.expect("a fresh database opens");
        let (_, key) = store.operator_keys().create("test").await.expect("a key is made");
        let control = Arc::new(MemoryControl::default());
        let mut config = ApiConfig::new(folder.path().join("recordings"));
        // Tests ask faster than people; the rate has its own test.
        config.rate_per_key = Rate { per_second: 1e6, burst: 1e6 };
        config.rate_of_failures = Rate { per_second: 1e6, burst: 1e6 };
        change(&mut config);
        let router = router(store.clone(), control.clone(), config);
        Self { router, store, control, operator: key.expose().to_owned(), folder }
    }

    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response =
            self.router.clone().oneshot(request).await.expect("the router is infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the body is whole").to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    pub async fn ask(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"));
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    pub async fn get(&self, key: &str, path: &str) -> Reply {
        self.ask(key, "GET", path, None).await
    }

    pub async fn put_bytes(&self, key: &str, method: &str, path: &str, bytes: &[u8]) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {key}"))
            .body(Body::from(bytes.to_vec()));
        self.send(request.expect("a request")).await
    }

    /// A tenant and a key of its own.
    pub async fn tenant(&self, name: &str) -> (strowger_model::TenantId, String) {
        let body = serde_json::json!({"name": name, "sip_domain": format!("{name}.example")});
        let made = self.ask(&self.operator, "POST", "/v1/tenants", Some(body)).await;
        let made = made.expect(StatusCode::CREATED);
        let id = made["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let (_, key) = self.store.tenant(id).keys().create("admin").await.expect("a key is made");
        (id, key.expose().to_owned())
    }
}
