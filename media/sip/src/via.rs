//! The way back: what a request's topmost Via says, and what we add to it.

use crate::hop::{Hop, Transport};
use sipx_sip::headers::first_hop_end;
use sipx_sip::uri::Host;
use sipx_sip::{Header, HeaderName, Request, Via};
use std::net::SocketAddr;

/// Adds `received` and fills `rport` in the topmost Via, so that the response
/// finds its way through a NAT (RFC 3261 §18.2.1, RFC 3581 §4).
pub(crate) fn stamp_source(request: &mut Request, via: &Via, remote: SocketAddr) {
    let wants_port = via.rport().is_some();
    let same_host = matches!(via.host, Host::Ip(ip) if ip == remote.ip());
    if same_host && !wants_port {
        return;
    }
    let Some(index) = request.headers.iter().position(|h| *h.name() == HeaderName::Via) else {
        return;
    };
    let Some(header) = request.headers.remove_first(&HeaderName::Via) else { return };
    let value = header.value().into_owned();
    let end = first_hop_end(&value).min(value.len());
    let (first, rest) = value.split_at(end);
    let mut stamped = without_params(first, &["rport", "received"]);
    stamped.extend_from_slice(format!(";received={}", remote.ip()).as_bytes());
    if wants_port {
        stamped.extend_from_slice(format!(";rport={}", remote.port()).as_bytes());
    }
    stamped.extend_from_slice(rest);
    match Header::build(HeaderName::Via, stamped) {
        Ok(stamped) => request.headers.insert(index, stamped),
        Err(_) => request.headers.insert(index, header),
    }
}

/// One hop's text without the parameters named.
fn without_params(hop: &[u8], names: &[&str]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(hop.len() + 48);
    for (index, part) in split_params(hop).into_iter().enumerate() {
        let name = part.split(|b| *b == b'=').next().unwrap_or(part).trim_ascii();
        let dropped = names.iter().any(|n| name.eq_ignore_ascii_case(n.as_bytes()));
        if index > 0 && dropped {
            continue;
        }
        if index > 0 {
            kept.push(b';');
        }
        kept.extend_from_slice(part.trim_ascii());
    }
    kept
}

/// Splits at semicolons that are not inside quotes.
fn split_params(hop: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (index, &byte) in hop.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                parts.extend(hop.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(hop.get(start..));
    parts
}

/// Where responses to a request go (RFC 3261 §18.2.2, RFC 3581 §4). `maddr` is
/// not followed: it would let a stranger aim our responses at a third party.
pub(crate) fn response_hop(via: &Via, source: Hop) -> Hop {
    match source.transport {
        // If the connection is gone by then, the sender listens where it says.
        Transport::Tcp | Transport::Tls => {
            let port = via.port.unwrap_or(source.transport.default_port());
            Hop { remote: SocketAddr::new(source.remote.ip(), port), ..source }
        }
        // A browser listens nowhere.
        Transport::Ws | Transport::Wss => source,
        Transport::Udp if via.rport().is_some() => source,
        Transport::Udp => {
            let port = via.port.unwrap_or(5060);
            Hop::udp(SocketAddr::new(source.remote.ip(), port))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn stamped(via: &str) -> String {
        let text = format!(
            "OPTIONS sip:a SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:a>\r\n\
             Call-ID: 1\r\nCSeq: 1 OPTIONS\r\nVia: SIP/2.0/UDP last\r\n\r\n"
        );
        let parsed = sipx_sip::parse_datagram(Bytes::from(text), &crate::limits::parse_limits());
        let Ok(sipx_sip::Message::Request(mut request)) = parsed else { panic!("does not parse") };
        let via = request.headers.typed::<Via>().unwrap().unwrap();
        stamp_source(&mut request, &via, "192.0.2.7:4444".parse().unwrap());
        let vias: Vec<_> = request
            .headers
            .get_all(&HeaderName::Via)
            .map(|h| String::from_utf8_lossy(&h.value()).into_owned())
            .collect();
        assert_eq!(vias.len(), 2, "{vias:?}");
        assert_eq!(vias[1], "SIP/2.0/UDP last");
        vias[0].clone()
    }

    #[test]
    fn the_source_is_added_to_the_first_hop_only() {
        assert_eq!(
            stamped("SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bK1, SIP/2.0/UDP b;rport"),
            "SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bK1;received=192.0.2.7;rport=4444, SIP/2.0/UDP b;rport"
        );
        assert_eq!(
            stamped("SIP/2.0/UDP host;branch=z9hG4bK1;x=\"a;rport\""),
            "SIP/2.0/UDP host;branch=z9hG4bK1;x=\"a;rport\";received=192.0.2.7"
        );
        assert_eq!(
            stamped("SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1"),
            "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1"
        );
    }
}
