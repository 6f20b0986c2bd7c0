//! Just enough of a SIP message for a phone (RFC 3261 §7).

use std::fmt::Write as _;

/// A request or response with its headers in order.
#[derive(Clone, Debug)]
pub struct Message {
    /// Request line or status line.
    pub start: String,
    /// Names as they came.
    pub headers: Vec<(String, String)>,
    /// SDP or nothing.
    pub body: String,
}

impl Message {
    /// A message without headers.
    pub fn new(start: impl Into<String>) -> Self {
        Self { start: start.into(), headers: Vec::new(), body: String::new() }
    }

    /// Reads a datagram; `None` if it is no SIP message.
    pub fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next().filter(|line| line.contains("SIP/2.0"))?.to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect();
        Some(Self { start, headers, body: body.to_owned() })
    }

    /// Adds a header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds an SDP body.
    pub fn with_sdp(mut self, sdp: &str) -> Self {
        self.body = sdp.to_owned();
        self.with("Content-Type", "application/sdp")
    }

    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All headers of that name, in order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(have, _)| have.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        (!self.start.starts_with("SIP/2.0")).then(|| self.start.split(' ').next().unwrap_or(""))
    }

    /// The code of a response.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()
    }

    /// The method named in CSeq, and its number.
    pub fn cseq(&self) -> Option<(u32, &str)> {
        let (number, method) = self.header("CSeq")?.split_once(' ')?;
        Some((number.parse().ok()?, method.trim()))
    }

    /// The Call-ID, or nothing.
    pub fn call_id(&self) -> &str {
        self.header("Call-ID").unwrap_or_default()
    }

    /// The bytes for the wire.
    pub fn encode(&self) -> Vec<u8> {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text.into_bytes()
    }

    /// A response to this request, with the headers RFC 3261 §8.2.6 copies.
    pub fn response(&self, status: u16, reason: &str, to_tag: &str) -> Message {
        let mut response = Message::new(format!("SIP/2.0 {status} {reason}"));
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            match lower.as_str() {
                "via" | "from" | "call-id" | "cseq" | "record-route" => {
                    response.headers.push((name.clone(), value.clone()));
                }
                "to" if value.contains("tag=") || status == 100 => {
                    response.headers.push((name.clone(), value.clone()));
                }
                "to" => response.headers.push((name.clone(), format!("{value};tag={to_tag}"))),
                _ => {}
            }
        }
        response
    }
}

/// The URI between angle brackets, or the whole value without parameters.
pub fn uri_of(header: &str) -> &str {
    match header.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        Some((uri, _)) => uri,
        None => header.split(';').next().unwrap_or(header).trim(),
    }
}

/// Where SDP says that audio is to be sent.
pub fn audio_address(sdp: &str) -> Option<std::net::SocketAddr> {
    let host = sdp.lines().find_map(|line| line.trim().strip_prefix("c=IN IP4 "))?;
    let port = sdp.lines().find_map(|line| line.trim().strip_prefix("m=audio "))?;
    format!("{}:{}", host.trim(), port.split(' ').next()?).parse().ok()
}
