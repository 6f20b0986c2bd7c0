//! Refusing a new call without reading it: when we are full, an INVITE must
//! cost less than answering it properly would, or the flood wins.
//!
//! Whatever looks unusual is not refused here but read properly.

use super::head::{Head, head, tag};
use std::net::{IpAddr, SocketAddr};

/// The lines of an INVITE outside any dialog that a response must copy
/// (RFC 3261 §8.2.6.2).
#[derive(Debug)]
pub(crate) struct Glance<'a> {
    vias: Vec<&'a [u8]>,
    from: &'a [u8],
    to: &'a [u8],
    /// What its transaction is known by.
    pub(crate) call_id: &'a [u8],
    pub(crate) from_tag: &'a [u8],
    pub(crate) sequence: u32,
}

/// Looks at a datagram or frame; `None` if it is anything but a plain INVITE
/// that starts a call.
pub(crate) fn glance(bytes: &[u8]) -> Option<Glance<'_>> {
    if !bytes.starts_with(b"INVITE ") {
        return None;
    }
    let Head { vias, from, to, call_id, sequence, method } = head(bytes)?;
    if vias.is_empty() || tag(to).is_some() || method != b"INVITE" {
        return None;
    }
    let from_tag = tag(from)?;
    Some(Glance { vias, from, to, call_id, from_tag, sequence })
}

impl Glance<'_> {
    /// The 503, and the port of its receiver (RFC 3261 §18.2.2, RFC 3581 §4).
    /// `None` if the way back is not plain.
    pub(crate) fn refusal(
        &self,
        source: SocketAddr,
        tag: &str,
        retry_after_s: u32,
    ) -> Option<(Vec<u8>, u16)> {
        let (first, rest) = self.vias.split_first()?;
        if first.contains(&b',') || first.contains(&b'"') {
            return None;
        }
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"SIP/2.0 503 Service Unavailable\r\nVia: ");
        let mut parts = first.split(|b| *b == b';');
        let sent_by = parts.next()?;
        out.extend_from_slice(sent_by);
        let mut symmetric = false;
        for part in parts {
            let name = part.split(|b| *b == b'=').next()?.trim_ascii();
            if name.eq_ignore_ascii_case(b"rport") {
                symmetric = true;
            } else if !name.eq_ignore_ascii_case(b"received") {
                out.push(b';');
                out.extend_from_slice(part);
            }
        }
        out.extend_from_slice(format!(";received={}", source.ip()).as_bytes());
        let port = if symmetric {
            out.extend_from_slice(format!(";rport={}", source.port()).as_bytes());
            source.port()
        } else {
            sent_by_port(sent_by)?
        };
        for via in rest {
            out.extend_from_slice(b"\r\nVia: ");
            out.extend_from_slice(via);
        }
        for (name, value) in [
            (&b"\r\nFrom: "[..], self.from),
            (b"\r\nTo: ", self.to),
            (b";tag=", tag.as_bytes()),
            (b"\r\nCall-ID: ", self.call_id),
        ] {
            out.extend_from_slice(name);
            out.extend_from_slice(value);
        }
        let end = format!(
            "\r\nCSeq: {} INVITE\r\nRetry-After: {retry_after_s}\r\nContent-Length: 0\r\n\r\n",
            self.sequence
        );
        out.extend_from_slice(end.as_bytes());
        Some((out, port))
    }
}

fn sent_by_port(sent_by: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(sent_by).ok()?;
    let host = text.split_ascii_whitespace().nth(1)?;
    if host.parse::<IpAddr>().is_ok() {
        return Some(5060);
    }
    match host.rsplit_once(':') {
        Some((before, port)) if !before.contains(':') || before.ends_with(']') => port.parse().ok(),
        Some(_) => None,
        None => Some(5060),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &str = "INVITE sip:1@a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKx\r\n\
        v: SIP/2.0/UDP far\r\nFrom: \"A\" <sip:a@b>;tag=9;x\r\nt: <sip:1@a>\r\nCall-ID: c@d\r\n\
        CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n";

    fn refused(text: &str) -> Option<(String, u16)> {
        let source = "192.0.2.9:999".parse().unwrap();
        let (bytes, port) = glance(text.as_bytes())?.refusal(source, "ours", 5)?;
        Some((String::from_utf8(bytes).unwrap(), port))
    }

    #[test]
    fn a_refusal_copies_what_it_must() {
        let seen = glance(INVITE.as_bytes()).unwrap();
        assert_eq!((seen.call_id, seen.from_tag, seen.sequence), (&b"c@d"[..], &b"9"[..], 7));
        let (text, port) = refused(INVITE).unwrap();
        assert_eq!(port, 5070);
        assert_eq!(
            text,
            "SIP/2.0 503 Service Unavailable\r\n\
             Via: SIP/2.0/UDP 10.0.0.2:5070;branch=z9hG4bKx;received=192.0.2.9\r\n\
             Via: SIP/2.0/UDP far\r\nFrom: \"A\" <sip:a@b>;tag=9;x\r\nTo: <sip:1@a>;tag=ours\r\n\
             Call-ID: c@d\r\nCSeq: 7 INVITE\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"
        );
        let (text, port) = refused(&INVITE.replace(";branch", ";rport;branch")).unwrap();
        assert_eq!(port, 999);
        assert!(text.contains(";received=192.0.2.9;rport=999\r\n"), "{text}");
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_parser() {
        for (from, to) in [
            ("INVITE sip", "OPTIONS sip"),
            ("t: <sip:1@a>", "t: <sip:1@a>;tag=inside"),
            ("Call-ID: c@d", "Call-ID: c@d\r\n folded"),
            ("Call-ID: c@d", "Call-ID: c@d\r\nCall-ID: e"),
            ("CSeq: 7 INVITE", "CSeq: 7 ACK"),
            ("CSeq: 7 INVITE", "CSeq: 99999999999 INVITE"),
            (";tag=9", ""),
            ("bKx\r\n", "bKx, SIP/2.0/UDP second\r\n"),
            ("\r\n\r\n", "\r\n"),
        ] {
            let changed = INVITE.replace(from, to);
            assert_ne!(changed, INVITE);
            assert_eq!(refused(&changed), None, "{from:?} -> {to:?}");
        }
    }
}
