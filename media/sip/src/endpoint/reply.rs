//! Answers that leave no state behind (RFC 3261 §8.2.7).
//!
//! Whoever is not known, not allowed or not understood gets one message and
//! costs no memory; if it is lost the request comes again and gets the same.

use super::Endpoint;
use crate::hop::Hop;
use crate::message::{Reply, write_response};
use crate::random::hex64;
use crate::via::response_hop;
use sipx_sip::{HeaderName, Method, Request, Via};
use std::hash::{DefaultHasher, Hash, Hasher};

impl Endpoint {
    /// A tag that is the same for every copy of one request.
    pub(super) fn stateless_tag(&self, request: &Request) -> String {
        let mut hasher = DefaultHasher::new();
        self.tag_key.hash(&mut hasher);
        for name in [HeaderName::CallId, HeaderName::From, HeaderName::CSeq] {
            request.headers.value(&name).hash(&mut hasher);
        }
        hex64(hasher.finish())
    }

    /// Answers without a transaction; an ACK is never answered.
    pub(super) fn refuse(&mut self, request: &Request, source: Hop, status: u16) {
        self.refuse_with(request, source, status, |reply| reply);
    }

    pub(super) fn refuse_with(
        &mut self,
        request: &Request,
        source: Hop,
        status: u16,
        add: impl FnOnce(Reply) -> Reply,
    ) {
        if request.method == Method::Ack {
            return;
        }
        let Some(Ok(via)) = request.headers.typed::<Via>() else { return };
        let tag = self.stateless_tag(request);
        if let Some(response) = add(Reply::new(request, status, &tag)).build() {
            self.transmit(response_hop(&via, source), write_response(&response));
        }
    }
}
