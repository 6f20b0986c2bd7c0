//! The dialog: who the two ends are and how requests travel (RFC 3261 §12).

use crate::hop::{Hop, Transport};
use crate::limits::MAX_ROUTES;
use crate::message::{Ask, host_of};
use crate::names::Name;
use bytes::Bytes;
use sipx_sip::uri::{Host, Scheme};
use sipx_sip::{Address, HeaderName, Headers, Method, Uri};
use std::collections::VecDeque;
use std::net::SocketAddr;
use strowger_model::TrunkId;

/// One end's view of a dialog.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    pub(crate) call_id: Bytes,
    /// Our address with our tag, as it stands in From (or To).
    pub(crate) local: Bytes,
    /// Their address, with their tag once known.
    pub(crate) remote: Bytes,
    pub(crate) remote_tag: Option<Bytes>,
    pub(crate) local_cseq: u32,
    pub(crate) remote_cseq: Option<u32>,
    /// Their Contact.
    pub(crate) target: Uri,
    /// Route headers of our requests, in order.
    pub(crate) routes: Vec<Uri>,
    /// Where our requests go.
    pub(crate) hop: Hop,
    /// Where they go if nobody is there (RFC 3263 §4.3).
    pub(crate) spare: VecDeque<Hop>,
    /// The neighbour that they go to while a name is looked up.
    pub(crate) awaits: Option<Neighbour>,
    /// Our Contact header.
    pub(crate) contact: String,
}

impl Dialog {
    /// A request inside this dialog, with loose or strict routing (§12.2.1.1).
    pub(crate) fn request(&self, method: &Method, cseq: u32, via: String) -> Ask {
        let strict = self.routes.first().filter(|first| !is_loose(first));
        let (uri, routes): (Uri, Vec<&Uri>) = match strict {
            None => (self.target.clone(), self.routes.iter().collect()),
            Some(first) => {
                let rest = self.routes.iter().skip(1).chain(std::iter::once(&self.target));
                (first.clone(), rest.collect())
            }
        };
        let mut ask = Ask::new(method.clone(), uri).header(HeaderName::Via, via);
        for route in routes {
            ask = ask.header(HeaderName::Route, bracketed(route));
        }
        ask.header(HeaderName::From, self.local.clone())
            .header(HeaderName::To, self.remote.clone())
            .header(HeaderName::CallId, self.call_id.clone())
            .cseq(cseq, method)
    }

    /// The number of our next request.
    pub(crate) fn next_cseq(&mut self) -> u32 {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.local_cseq
    }
}

fn is_loose(route: &Uri) -> bool {
    route.params().is_some_and(|params| params.contains("lr"))
}

fn bracketed(uri: &Uri) -> Vec<u8> {
    let mut out = vec![b'<'];
    uri.write_to(&mut out);
    out.push(b'>');
    out
}

/// The Record-Route set in header order; `None` if it is malformed or longer
/// than any honest path.
pub(crate) fn read_routes(headers: &Headers) -> Option<Vec<Uri>> {
    let mut routes = Vec::new();
    for header in headers.get_all(&HeaderName::RecordRoute) {
        for address in Address::parse_list(&header.value(), "Record-Route").ok()? {
            routes.push(address.uri);
        }
    }
    (routes.len() <= MAX_ROUTES).then_some(routes)
}

/// Who brought us into a dialog.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neighbour {
    /// Where its messages come from.
    pub(crate) hop: Hop,
    /// A phone is always reached where it was seen.
    pub(crate) phone: bool,
    /// The trunk in whose name TLS streams are opened.
    pub(crate) trunk: Option<TrunkId>,
}

/// Where requests of a dialog go: to the first route or, without one, to the
/// target. Private addresses behind a NAT cannot be reached: then the neighbour
/// that brought us here is the way, as it is while it is not known where a name
/// leads ([`next_name`]).
pub(crate) fn next_hop(routes: &[Uri], target: &Uri, neighbour: Neighbour) -> Hop {
    let Neighbour { hop: neighbour, phone, .. } = neighbour;
    if (phone && routes.is_empty()) || neighbour.transport.is_web() {
        return neighbour;
    }
    let uri = routes.first().unwrap_or(target);
    let Some(Host::Ip(ip)) = uri.host() else { return neighbour };
    let unreachable = is_private(*ip) && !is_private(neighbour.remote.ip());
    if unreachable || ip.is_unspecified() {
        return neighbour;
    }
    let (same_host, sips) = (*ip == neighbour.remote.ip(), matches!(uri.scheme(), Scheme::Sips));
    let transport = Transport::asked(uri.transport(), sips, same_host, neighbour.transport);
    let remote = SocketAddr::new(*ip, uri.port().unwrap_or(transport.default_port()));
    if transport.is_stream() && same_host {
        let connection = neighbour.connection.filter(|_| neighbour.transport == transport);
        return Hop { transport, remote, connection, trunk: neighbour.trunk };
    }
    Hop { transport, remote, connection: None, trunk: neighbour.trunk }
}

/// The name that must be looked up to know where requests of a dialog go.
pub(crate) fn next_name(routes: &[Uri], target: &Uri, neighbour: Neighbour) -> Option<Name> {
    let Neighbour { hop, phone, .. } = neighbour;
    if (phone && routes.is_empty()) || hop.transport.is_web() {
        return None;
    }
    let uri = routes.first().unwrap_or(target);
    let (Some(Host::Name(_)), Some(host)) = (uri.host(), host_of(uri)) else { return None };
    // Leads nowhere by definition (RFC 6761 §6.4).
    if host.ends_with(".invalid") {
        return None;
    }
    let (told, sips) = (uri.transport(), matches!(uri.scheme(), Scheme::Sips));
    let is_told = told.is_some() || sips;
    let transport = match is_told {
        true => Transport::asked(told, sips, false, hop.transport),
        false => hop.transport,
    };
    Some(Name { host, port: uri.port(), transport, is_told })
}

pub(crate) fn is_private(ip: std::net::IpAddr) -> bool {
    match ip {
        std::net::IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        std::net::IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
