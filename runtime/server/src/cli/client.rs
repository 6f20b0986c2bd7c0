//! Requests to the API, and its answers as values or errors.

use super::CliError;
use super::connection::Target;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// Longer than the API's own limit for uploads, so that its answer is heard.
const TIMEOUT: Duration = Duration::from_secs(200);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Client {
    http: reqwest::Client,
    target: Target,
}

impl Client {
    pub(super) fn new(target: Target) -> Result<Self, CliError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("strowger/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| CliError::Usage(format!("HTTPS cannot be set up: {error}")))?;
        Ok(Self { http, target })
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, CliError> {
        self.json(self.request(Method::GET, path)).await
    }

    pub(super) async fn query(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Value, CliError> {
        let pairs: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let separator = if pairs.is_empty() { "" } else { "?" };
        self.get(&format!("{path}{separator}{}", pairs.join("&"))).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.json(self.request(Method::POST, path).json(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> Result<Value, CliError> {
        self.json(self.request(Method::PUT, path).json(body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, CliError> {
        self.json(self.request(Method::DELETE, path)).await
    }

    /// Sends a file as the body.
    pub(super) async fn upload(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<Value, CliError> {
        let request = self.request(method, path).header("content-type", content_type).body(bytes);
        self.json(request).await
    }

    /// An answer that is no JSON.
    pub(super) async fn open(&self, path: &str) -> Result<Response, CliError> {
        let response = self.request(Method::GET, path).send().await;
        self.checked(response.map_err(|error| self.unreachable(&error))?).await
    }

    /// A request that asks for a WebSocket.
    pub(super) async fn upgrade(&self, path: &str, nonce: &str) -> Result<Response, CliError> {
        let request = self
            .request_without_timeout(Method::GET, path)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", nonce);
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        self.checked(response).await?;
        Err(CliError::Stream(
            "the server did not switch to a WebSocket; is a proxy in between?".to_owned(),
        ))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_without_timeout(method, path).timeout(TIMEOUT)
    }

    fn request_without_timeout(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.target.url))
            .bearer_auth(&self.target.key);
        match &self.target.tenant {
            Some(tenant) => request.header(strowger_api::TENANT_HEADER, tenant),
            None => request,
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, CliError> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let response = self.checked(response).await?;
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).or(Ok(Value::String(text)))
    }

    /// Turns a problem into an error with its words.
    async fn checked(&self, response: Response) -> Result<Response, CliError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        let detail = match problem["detail"].as_str() {
            Some(detail) => detail.to_owned(),
            None => {
                format!("{} answered {status}; is this the address of the API?", self.target.url)
            }
        };
        Err(CliError::Api { status: status.as_u16(), detail })
    }

    fn unreachable(&self, error: &reqwest::Error) -> CliError {
        use std::error::Error as _;
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(deeper) = source {
            why = deeper.to_string();
            source = deeper.source();
        }
        CliError::Unreachable { url: self.target.url.clone(), why }
    }
}

/// A value as a part of a path or query (RFC 3986 §2.1).
pub(super) fn escape(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}
