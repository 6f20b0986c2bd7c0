//! HTTP requests of flows: to hosts on the tenant's allow-list and nowhere else.

use futures_util::StreamExt as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use strowger_call::HttpRequest;
use tokio::sync::Semaphore;

/// Bytes of a response that a flow is given; what is longer fails.
const MAX_RESPONSE: usize = 64 * 1024;
/// Requests under way at once: further ones wait within their own time-out.
const MAX_UNDER_WAY: usize = 512;
/// Headers of a response shown to the flow.
const MAX_HEADERS: usize = 32;

/// The client that all tenants share.
#[derive(Clone, Debug)]
pub struct HttpService {
    client: reqwest::Client,
    slots: Arc<Semaphore>,
    private_networks: bool,
}

/// How a request ended, in the words of `wit/flow.wit`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOutcome {
    /// `response`, `refused`, `timeout` or `failed`.
    pub outcome: &'static str,
    /// Body or reason.
    pub value: String,
    /// `status`, `header:NAME`.
    pub details: Vec<(String, String)>,
}

impl HttpOutcome {
    fn ended(outcome: &'static str, reason: impl Into<String>) -> Self {
        Self { outcome, value: reason.into(), details: Vec::new() }
    }
}

impl HttpService {
    /// A client that follows no redirects: each hop would need its own check.
    pub fn new(private_networks: bool) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .dns_resolver(Arc::new(GuardedResolver { private_networks }))
            .user_agent("strowger")
            .build()?;
        Ok(Self { client, slots: Arc::new(Semaphore::new(MAX_UNDER_WAY)), private_networks })
    }

    /// Carries out one request.
    pub async fn request(&self, allow: &[String], request: HttpRequest) -> HttpOutcome {
        let limit = Duration::from_millis(u64::from(request.timeout_ms).max(1));
        match tokio::time::timeout(limit, self.attempt(allow, request)).await {
            Ok(outcome) => outcome,
            Err(_) => HttpOutcome::ended("timeout", format!("no response within {limit:?}")),
        }
    }

    async fn attempt(&self, allow: &[String], request: HttpRequest) -> HttpOutcome {
        let url = match reqwest::Url::parse(&request.url) {
            Ok(url) => url,
            Err(error) => return HttpOutcome::ended("refused", format!("no URL: {error}")),
        };
        if let Err(reason) = self.admit(&url, allow) {
            return HttpOutcome::ended("refused", reason);
        }
        let Ok(method) = reqwest::Method::from_bytes(request.method.as_bytes()) else {
            return HttpOutcome::ended("refused", format!("no method: {:?}", request.method));
        };
        let Ok(_slot) = self.slots.acquire().await else {
            return HttpOutcome::ended("failed", "the server is stopping");
        };
        let mut builder = self.client.request(method, url).body(request.body);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        let response = match builder.send().await {
            Ok(response) => response,
            Err(error) => return HttpOutcome::ended("failed", describe(&error)),
        };
        let mut details = vec![("status".to_owned(), response.status().as_u16().to_string())];
        details.extend(response.headers().iter().take(MAX_HEADERS).filter_map(|(name, value)| {
            Some((format!("header:{name}"), value.to_str().ok()?.to_owned()))
        }));
        let mut body = Vec::new();
        let mut stream = response.bytes_stream();
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) if body.len() + chunk.len() <= MAX_RESPONSE => body.extend(chunk),
                Ok(_) => {
                    let reason = format!("the response is longer than {MAX_RESPONSE} bytes");
                    return HttpOutcome::ended("failed", reason);
                }
                Err(error) => return HttpOutcome::ended("failed", describe(&error)),
            }
        }
        match String::from_utf8(body) {
            Ok(value) => HttpOutcome { outcome: "response", value, details },
            Err(_) => HttpOutcome::ended("failed", "the response is not UTF-8 text"),
        }
    }

    fn admit(&self, url: &reqwest::Url, allow: &[String]) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("only http and https, not {}", url.scheme()));
        }
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let listed = allow.iter().any(|entry| {
            with_port.as_deref() == Some(entry.as_str())
                || (url.port().is_none() && host_matches(entry, host))
        });
        if !listed {
            let named = with_port.as_deref().unwrap_or(host);
            return Err(format!("{named} is not on the tenant's allow-list; an admin can add it"));
        }
        // A literal address does not pass the resolver.
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !self.private_networks && is_private(address) => {
                Err(format!("{address} is in a private network"))
            }
            _ => Ok(()),
        }
    }
}

/// `api.example.com` matches itself, `*.example.com` everything below it.
fn host_matches(entry: &str, host: &str) -> bool {
    match entry.strip_prefix("*.") {
        Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
        None => entry.eq_ignore_ascii_case(host),
    }
}

/// Names that resolve into the operator's own network are as good as refused.
#[derive(Debug)]
struct GuardedResolver {
    private_networks: bool,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private_networks = self.private_networks;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|address| private_networks || !is_private(address.ip()))
                .collect();
            if found.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                // Shared address space of carriers (RFC 6598).
                || (v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_private(IpAddr::V4(v4)),
            None => {
                v6.is_loopback()
                    || v6.is_unspecified()
                    || v6.is_unique_local()
                    || v6.is_unicast_link_local()
                    || v6.is_multicast()
            }
        },
    }
}

fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> reqwest::Url {
        reqwest::Url::parse(text).unwrap()
    }

    #[test]
    fn only_listed_hosts_pass() {
        let service = HttpService::new(false).unwrap();
        let allow = vec!["api.example.com".to_owned(), "*.shop.example".to_owned()];
        assert!(service.admit(&url("https://api.example.com/x"), &allow).is_ok());
        assert!(service.admit(&url("https://eu.shop.example/x"), &allow).is_ok());
        for refused in [
            "https://evil.com/?api.example.com",
            "https://api.example.com.evil.com/",
            "https://api.example.com@evil.com/",
            "https://api.example.com:8443/",
            "https://notshop.example/",
            "ftp://api.example.com/",
        ] {
            assert!(service.admit(&url(refused), &allow).is_err(), "{refused}");
        }
    }

    #[test]
    fn the_operators_own_network_is_out_of_reach() {
        let service = HttpService::new(false).unwrap();
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "169.254.169.254",
            "100.64.0.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            let allow = vec![host.to_owned()];
            assert!(service.admit(&url(&format!("http://{host}/")), &allow).is_err(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused() {
        let service = HttpService::new(false).unwrap();
        let request = HttpRequest {
            method: "GET".into(),
            url: "http://localhost/".into(),
            headers: vec![],
            body: String::new(),
            timeout_ms: 2_000,
        };
        let outcome = service.request(&["localhost".into()], request).await;
        assert_eq!(outcome.outcome, "failed");
        assert!(outcome.value.contains("no public address"), "{}", outcome.value);
    }
}
