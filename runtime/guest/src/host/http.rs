//! `http`: requests to the tenant's own services.

use super::bindings::flow::strowger::platform::http;
use super::{GuestState, bytes_of_pairs};
use strowger_call::{Action, HttpRequest};

impl http::Host for GuestState {
    fn http_request(
        &mut self,
        options: http::HttpRequestOptions,
    ) -> wasmtime::Result<Result<u64, String>> {
        let bytes = options.method.len()
            + options.url.len()
            + bytes_of_pairs(&options.headers)
            + options.body.len();
        let request = HttpRequest {
            method: options.method,
            url: options.url,
            headers: options.headers,
            body: options.body,
            timeout_ms: options.timeout_ms,
        };
        self.act(bytes, Action::HttpRequest(request))
    }
}
