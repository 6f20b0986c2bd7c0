//! Making a request that cannot be parsed answerable.
//!
//! Of a datagram whose framing is wrong (a body cut short, a negative
//! Content-Length, a broken header) only the method and the headers that a
//! response must copy are kept. If those are sound, the sender is told 400.

use crate::limits::{MAX_MESSAGE_BYTES, parse_limits};
use bytes::Bytes;
use sipx_sip::{Message, Method, Request};

/// The headers of a response (RFC 3261 §8.2.6.2), long and compact.
const COPIED: [&[u8]; 9] = [b"via", b"v", b"from", b"f", b"to", b"t", b"call-id", b"i", b"cseq"];

/// The answerable rest of a broken datagram; never an ACK.
pub(super) fn request(bytes: &[u8]) -> Option<Request> {
    if bytes.len() > MAX_MESSAGE_BYTES || bytes.starts_with(b"SIP/") {
        return None;
    }
    let mut kept = Vec::with_capacity(bytes.len().min(2048));
    let mut keep_folded = false;
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if number > 0 && line.is_empty() {
            break;
        }
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let keep = match number {
            0 => true,
            _ if folded => keep_folded,
            _ => is_copied(line),
        };
        keep_folded = keep && number > 0;
        if number == 0 {
            kept.extend_from_slice(&start_line(line)?);
        } else if keep {
            kept.extend_from_slice(line);
            kept.extend_from_slice(b"\r\n");
        }
    }
    kept.extend_from_slice(b"Content-Length: 0\r\n\r\n");
    match sipx_sip::parse_datagram(Bytes::from(kept), &parse_limits()) {
        Ok(Message::Request(request)) if request.method != Method::Ack => Some(request),
        _ => None,
    }
}

/// The method with an address that can be read: no response copies the
/// Request-URI, so whatever stood there need not keep the sender in the dark.
fn start_line(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.trim_ascii_end();
    let method = line.split(|b| *b == b' ').next()?;
    line.ends_with(b" SIP/2.0").then(|| [method, b" sip:unreadable.invalid SIP/2.0\r\n"].concat())
}

fn is_copied(line: &[u8]) -> bool {
    let name = line.split(|b| *b == b':').next().unwrap_or(line).trim_ascii();
    COPIED.iter().any(|copied| name.eq_ignore_ascii_case(copied))
}
