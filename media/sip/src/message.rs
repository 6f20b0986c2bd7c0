//! Small things about messages: writing them, replying, reading addresses.

use bytes::Bytes;
use sipx_sip::uri::{Host, HostName};
use sipx_sip::{
    Header, HeaderName, Message, Method, Request, RequestBuilder, Response, ResponseBuilder,
    StatusCode, Uri,
};

/// What stands in User-Agent and Server.
pub(crate) const PRODUCT: &str = "Strowger";
/// The methods that we act on.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY, REGISTER";
/// The extensions that a peer may require of us.
pub(crate) const SUPPORTED: &str = "timer, 100rel, replaces, norefersub";
/// The only bodies that we read outside INFO.
pub(crate) const SDP_TYPE: &str = "application/sdp";

pub(crate) fn write_request(request: &Request) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    request.write_to(&mut out);
    Bytes::from(out)
}

pub(crate) fn write(message: &Message) -> Bytes {
    match message {
        Message::Request(request) => write_request(request),
        Message::Response(response) => write_response(response),
    }
}

pub(crate) fn write_response(response: &Response) -> Bytes {
    let mut out = Vec::with_capacity(1024);
    response.write_to(&mut out);
    Bytes::from(out)
}

/// A response being written. Whoever asks has checked that the request
/// carries what every response must copy; if it does not, nothing comes out.
pub(crate) struct Reply(Option<ResponseBuilder>);

impl Reply {
    /// Starts a response; `tag` is added to a To header that has none.
    pub(crate) fn new(request: &Request, status: u16, tag: &str) -> Self {
        Self::with_reason(request, status, reason_phrase(status), tag)
    }

    /// With a reason phrase of its own; one that cannot stand in a start line
    /// is replaced by the standard one.
    pub(crate) fn with_reason(request: &Request, status: u16, reason: &str, tag: &str) -> Self {
        let clean = reason.bytes().all(|b| b >= 0x20 && b != 0x7f);
        let reason = if clean { reason } else { reason_phrase(status) };
        let builder = StatusCode::new(status)
            .and_then(|code| ResponseBuilder::to_request(request, code, reason.to_owned()).ok());
        let mut reply = Self(builder);
        // Refused for saying it twice, a request is still answered once.
        for name in [HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq] {
            if request.headers.get_all(&name).nth(1).is_some()
                && let Some(first) = request.headers.value(&name)
            {
                let first = first.into_owned();
                reply.0 = reply.0.and_then(|b| b.set_header(&name, first).ok());
            }
        }
        let to = request.headers.value(&HeaderName::To);
        if status != 100
            && let Some(to) = to
            && !has_tag(&to)
        {
            let mut tagged = to.into_owned();
            tagged.extend_from_slice(b";tag=");
            tagged.extend_from_slice(tag.as_bytes());
            reply.0 = reply.0.and_then(|b| b.set_header(&HeaderName::To, tagged).ok());
        }
        reply.header(HeaderName::Server, PRODUCT)
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<Bytes>) -> Self {
        self.0 = self.0.and_then(|builder| builder.header(name, value).ok());
        self
    }

    pub(crate) fn headers<'a>(mut self, headers: impl Iterator<Item = &'a Header>) -> Self {
        for header in headers {
            self = self.header(header.name().clone(), header.value().into_owned());
        }
        self
    }

    pub(crate) fn sdp(mut self, sdp: String) -> Self {
        self = self.header(HeaderName::ContentType, SDP_TYPE);
        self.0 = self.0.map(|builder| builder.body(sdp));
        self
    }

    pub(crate) fn build(self) -> Option<Response> {
        self.0.map(ResponseBuilder::build)
    }
}

/// A request being written; see [`Reply`].
pub(crate) struct Ask(Option<RequestBuilder>);

impl Ask {
    pub(crate) fn new(method: Method, uri: Uri) -> Self {
        Self(Some(RequestBuilder::new(method, uri).max_forwards(70)))
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<Bytes>) -> Self {
        self.0 = self.0.and_then(|builder| builder.header(name, value).ok());
        self
    }

    pub(crate) fn cseq(mut self, number: u32, method: &Method) -> Self {
        self.0 = self.0.and_then(|builder| builder.cseq(number, method).ok());
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self = self.header(HeaderName::ContentType, content_type);
        self.0 = self.0.map(|builder| builder.body(body));
        self
    }

    pub(crate) fn build(self) -> Option<Request> {
        self.0
            .map(|builder| builder.header(HeaderName::UserAgent, PRODUCT))
            .and_then(Result::ok)
            .map(RequestBuilder::build)
    }
}

/// Whether a header that lists option tags names this one (RFC 3261 §19.2).
pub(crate) fn has_option(headers: &sipx_sip::Headers, name: &HeaderName, option: &str) -> bool {
    headers.get_all(name).any(|header| {
        let value = header.value();
        value
            .split(|b| *b == b',')
            .any(|tag| tag.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
    })
}

fn has_tag(to: &[u8]) -> bool {
    sipx_sip::Address::parse(to, "To").is_ok_and(|address| address.tag().is_some())
}

/// The number or name in an address, with escapes resolved.
pub(crate) fn user_of(uri: &Uri) -> Option<String> {
    let raw = match uri.tel_parts() {
        // Separators are for the eye only (RFC 3966 §5.1.1).
        Some(tel) => tel.subscriber().iter().copied().filter(|b| !b"-.()".contains(b)).collect(),
        None => uri.decoded_user()?,
    };
    let text = String::from_utf8(raw).ok()?;
    // `+441632960000;phone-context=…` inside a user part: the number is what counts.
    Some(text.split(';').next().unwrap_or_default().to_owned())
}

/// The host in an address, lower-cased, without brackets or port.
pub(crate) fn host_of(uri: &Uri) -> Option<String> {
    match uri.host()? {
        Host::Name(name) => Some(String::from_utf8_lossy(name.as_bytes()).to_ascii_lowercase()),
        Host::Ip(ip) => Some(ip.to_string()),
    }
}

/// A user part as it may stand in an address (RFC 3261 §25.1).
pub(crate) fn escape_user(user: &str) -> String {
    let mut out = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// A display name as it may stand before an address.
pub(crate) fn quote_name(name: &str) -> String {
    let clean: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    format!("\"{}\" ", clean.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `sip:user@host`.
pub(crate) fn sip_uri(user: Option<&str>, host: &str) -> Option<Uri> {
    let text = match user {
        Some(user) => format!("sip:{}@{host}", escape_user(user)),
        None => format!("sip:{host}"),
    };
    Uri::parse(Bytes::from(text)).ok()
}

/// A host that is a name or an address, as it stands in an address.
pub(crate) fn host_text(host: &str) -> String {
    match host.parse::<std::net::IpAddr>() {
        Ok(ip) => Host::Ip(ip).to_string(),
        Err(_) => match HostName::new(host.to_owned()) {
            Ok(_) => host.to_owned(),
            Err(_) => "invalid".to_owned(),
        },
    }
}

pub(crate) fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        _ => match status / 100 {
            1 => "Progress",
            2 => "OK",
            3 => "Redirected",
            5 => "Server Failure",
            _ => "Refused",
        },
    }
}
