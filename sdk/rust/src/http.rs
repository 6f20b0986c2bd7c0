//! Requests to the tenant's own services.

use crate::command::{Command, Kind, starts};
use crate::host::{self, HttpRequestOptions};
use crate::time::{secs, to_ms};
use std::time::Duration;

static HTTP: Kind = Kind::new("http-request").outliving_call().with_details(&["status"]);

/// A request; made by [`crate::Call::http`]. Without options: no headers, no
/// body, five seconds.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked until it is awaited or started"]
pub struct HttpRequest {
    options: HttpRequestOptions,
    wanted: Vec<String>,
}

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Body as text.
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Response {
    /// Whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header that was asked for with [`HttpRequest::want_header`].
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl HttpRequest {
    pub(crate) fn new(method: &str, url: &str) -> Self {
        Self {
            options: HttpRequestOptions {
                method: method.to_owned(),
                url: url.to_owned(),
                headers: Vec::new(),
                body: String::new(),
                timeout_ms: to_ms(secs(5)),
            },
            wanted: Vec::new(),
        }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.options.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends this body.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.options.body = body.into();
        self
    }

    /// Longest wait for the whole answer.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options.timeout_ms = to_ms(time);
        self
    }

    /// Keeps this header of the answer for [`Response::header`].
    pub fn want_header(mut self, name: &str) -> Self {
        self.wanted.push(["header:", &name.to_ascii_lowercase()].concat());
        self
    }

    /// Begins without waiting for the end. It goes on if its command is dropped,
    /// and after the end of the call. Awaited, it fails if the request is not
    /// allowed, takes too long or gets no answer.
    pub fn start(self) -> Command<Response> {
        let begun = host::http_request(&self.options);
        Command::begin_with(&HTTP, begun, self.wanted, |ended| {
            if ended.outcome != "response" {
                return Err(HTTP.failed(ended));
            }
            let status = ended.detail("status").and_then(|status| status.parse().ok());
            let headers = ended.names.iter().filter_map(|name| {
                let header = name.strip_prefix("header:")?.to_owned();
                Some((header, ended.detail(name)?))
            });
            let headers = headers.collect();
            Ok(Response { status: status.unwrap_or(0), headers, body: ended.value })
        })
    }
}

starts!(HttpRequest => Response);
