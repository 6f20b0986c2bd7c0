//! Which extensions we understand, and which we say so of (RFC 3261 §8.2.2.3, §19.2).

use super::Endpoint;
use crate::call::{Call, Phase};
use crate::counters::Count;
use crate::event::Source;
use crate::hop::Hop;
use crate::message::{Ask, Reply, SUPPORTED, has_option};
use crate::policy::Reliability;
use sipx_sip::headers::Require;
use sipx_sip::{HeaderName, Request};

impl Endpoint {
    /// Refuses a request that requires what we do not know; whether it may go on.
    pub(super) fn requires_only_known(&mut self, request: &Request, source: Hop) -> bool {
        let Some(required) = request.headers.typed::<Require>() else { return true };
        let Ok(required) = required else {
            self.counters.add(Count::Extension);
            self.refuse(request, source, 400);
            return false;
        };
        let unknown: Vec<&[u8]> =
            required.0.0.iter().map(Vec::as_slice).filter(|tag| !is_known(tag)).collect();
        if unknown.is_empty() && !required.0.0.is_empty() {
            return true;
        }
        self.counters.add(Count::Extension);
        let status = if unknown.is_empty() { 400 } else { 420 };
        let unknown = unknown.join(&b", "[..]);
        self.refuse_with(request, source, status, |reply| match unknown.is_empty() {
            true => reply,
            false => reply.header(HeaderName::Unsupported, unknown),
        });
        false
    }

    /// Refuses an INVITE that requires what its trunk's policy forbids.
    pub(super) fn policy_knows_required(
        &mut self,
        caller: &Source,
        request: &Request,
        source: Hop,
    ) -> bool {
        let supported = self.supported(caller);
        let forbidden: Vec<&str> = SUPPORTED
            .split(", ")
            .filter(|tag| !supported.contains(tag))
            .filter(|tag| has_option(&request.headers, &HeaderName::Require, tag))
            .collect();
        if forbidden.is_empty() {
            return true;
        }
        self.counters.add(Count::Extension);
        let forbidden = forbidden.join(", ");
        self.refuse_with(request, source, 420, |r| r.header(HeaderName::Unsupported, forbidden));
        false
    }

    /// The option tags of a leg.
    fn supported(&self, source: &Source) -> Vec<&'static str> {
        let policy = self.policies.of(source);
        SUPPORTED
            .split(", ")
            .filter(|tag| match *tag {
                "timer" => policy.session_timer.is_some(),
                "100rel" => policy.reliable != Reliability::Never,
                _ => true,
            })
            .collect()
    }

    /// What an INVITE or UPDATE of ours says of extensions.
    pub(super) fn offer_extensions(&self, ask: Ask, call: &Call) -> Ask {
        let ask = ask.header(HeaderName::Supported, self.supported(&call.source).join(", "));
        match call.reinvite.is_some() && call.phase != Phase::Up {
            // The INVITE's own answer starts the session's clock.
            true => ask,
            false => self.ask_timer(ask, call),
        }
    }

    /// What a 2xx of ours says of extensions.
    pub(super) fn show_extensions(&self, call: &Call, reply: Reply) -> Reply {
        reply.header(HeaderName::Supported, self.supported(&call.source).join(", "))
    }
}

fn is_known(tag: &[u8]) -> bool {
    SUPPORTED.split(", ").any(|known| tag.eq_ignore_ascii_case(known.as_bytes()))
}
