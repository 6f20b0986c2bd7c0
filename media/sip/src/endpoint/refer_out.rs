//! We transfer the other side (RFC 3515): blind, or into another call of ours
//! (RFC 3891), and hear how it goes.

use super::{Endpoint, Fate};
use crate::call::{Call, Phase, ReferOut, Replaces};
use crate::event::{DialogKey, SipEvent, Source};
use crate::limits::MAX_CHALLENGES;
use crate::message::{Reply, host_text, sip_uri};
use crate::random::hex64;
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use bytes::Bytes;
use sipx_sip::event::Subscription;
use sipx_sip::{HeaderName, Method, Request, Response, Uri};
use strowger_model::{Cause, Timestamp};

/// After an accepted REFER nobody may be silent for longer than a call rings.
const SILENCE_MS: u64 = 600_000;
/// A status line is short; the rest of a sipfrag is not read.
const MAX_FRAGMENT_BYTES: usize = 256;

/// Where the other side shall go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferTarget {
    /// A number or name in the domain of the leg's own trunk or tenant; a
    /// trunk is told it as it writes numbers.
    Number(String),
    /// A whole `sip:`, `sips:` or `tel:` address.
    Uri(String),
    /// The far end of another call of the same tenant that is up; it will be
    /// asked to put the other side in our place.
    Dialog(DialogKey),
}

impl Endpoint {
    /// Sends a REFER in a call that is up; told by [`SipEvent::ReferProgress`],
    /// the last of which says so. The call itself goes on until it is hung up.
    pub fn refer(&mut self, now: Timestamp, dialog: DialogKey, target: &TransferTarget) {
        let refer_to = self.calls.get(&dialog).and_then(|call| self.refer_to(call, target));
        self.with_call(dialog, |endpoint, call| {
            if call.phase == Phase::Closing {
                return Fate::Keep;
            }
            let busy = call.referring.as_ref().is_some_and(|mine| !mine.done);
            let (Some(refer_to), Phase::Up, false) = (refer_to, call.phase, busy) else {
                endpoint.emit(SipEvent::ReferProgress { dialog, status: 400, is_last: true });
                return Fate::Keep;
            };
            let headers = vec![
                (HeaderName::ReferTo, refer_to),
                (HeaderName::ReferredBy, call.dialog.contact.clone()),
            ];
            endpoint.send_refer(now, call, headers, 0, None);
            Fate::Keep
        });
    }

    /// Names one of our dialogs as its other end must be told of it, for
    /// [`crate::InviteOptions`] of a call to whoever that is.
    pub fn replaces(&self, dialog: DialogKey) -> Option<Replaces> {
        let call = self.calls.get(&dialog).filter(|call| call.phase == Phase::Up)?;
        let tag = call
            .dialog
            .remote_tag
            .as_ref()
            .map_or(Some("0"), |tag| std::str::from_utf8(tag).ok())?;
        Some(Replaces {
            call_id: String::from_utf8(call.dialog.call_id.to_vec()).ok()?,
            to_tag: tag.to_owned(),
            from_tag: hex64(call.tag),
            early_only: false,
        })
    }

    fn refer_to(&self, call: &Call, target: &TransferTarget) -> Option<String> {
        match target {
            TransferTarget::Number(number) => {
                let (number, domain) = match &call.source {
                    Source::Trunk { trunk, .. } => {
                        let written = self.book.trunk(*trunk).called_out.apply(number);
                        (written, self.directory.trunk(*trunk)?.domain())
                    }
                    Source::Extension { tenant, .. } => {
                        (number.clone(), self.directory.realm(*tenant)?.as_str())
                    }
                };
                let uri = sip_uri(Some(&number), &host_text(domain))?;
                Some(format!("<{}>", String::from_utf8_lossy(&uri.to_bytes())))
            }
            TransferTarget::Uri(uri) => {
                let uri = Uri::parse(Bytes::from(uri.clone())).ok()?;
                Some(format!("<{}>", String::from_utf8_lossy(&uri.to_bytes())))
            }
            TransferTarget::Dialog(other) => {
                let replaces = escape_header(&self.replaces(*other)?.text());
                let other = self.calls.get(other)?;
                if other.source.tenant() != call.source.tenant() {
                    return None;
                }
                let uri = other.dialog.target.to_bytes();
                Some(format!("<{}?Replaces={replaces}>", String::from_utf8_lossy(&uri)))
            }
        }
    }

    fn send_refer(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        headers: Vec<(HeaderName, String)>,
        challenges: u8,
        proof: Option<(HeaderName, String)>,
    ) {
        let branch = self.random.number();
        let via = self.via(call.dialog.hop.transport, branch);
        let cseq = call.dialog.next_cseq();
        let mut ask = call
            .dialog
            .request(&Method::Refer, cseq, via)
            .header(HeaderName::Contact, call.dialog.contact.clone());
        for (name, value) in headers.iter().chain(&proof) {
            ask = ask.header(name.clone(), value.clone());
        }
        let Some(request) = ask.build() else {
            let dialog = call.key;
            return self.emit(SipEvent::ReferProgress { dialog, status: 400, is_last: true });
        };
        let owner = ClientOwner::Refer(call.key);
        let transaction = self.ask(now, request, branch, call.dialog.hop, owner);
        let until = now.plus_ms(SILENCE_MS);
        self.timers.set(until, TimerKey::Refer(call.key));
        call.referring =
            Some(Box::new(ReferOut { transaction, headers, challenges, done: false, until }));
    }

    pub(super) fn on_refer_outcome(
        &mut self,
        now: Timestamp,
        id: u64,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        let status = response.map_or(408, |response| response.status.code());
        let uri = self.request_uri(id);
        self.with_call(key, |endpoint, call| {
            let current = call.referring.as_ref().filter(|mine| mine.transaction == id);
            let Some(mine) = current.filter(|_| status >= 200 && call.phase == Phase::Up) else {
                return Fate::Keep;
            };
            let proof =
                response.filter(|_| mine.challenges < MAX_CHALLENGES).and_then(|response| {
                    let login = call.login.as_ref()?;
                    endpoint.prove_to(response, login, &Method::Refer, uri.as_deref()?)
                });
            match (status, proof) {
                (401 | 407, Some(proof)) => {
                    let (headers, challenges) = (mine.headers.clone(), mine.challenges + 1);
                    endpoint.send_refer(now, call, headers, challenges, Some(proof));
                }
                (200..=299, _) => {
                    // Without a subscription this is all there will be (RFC 4488 §4).
                    let silent = response
                        .and_then(|response| response.headers.value(&HeaderName::ReferSub))
                        .is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"false"));
                    match silent {
                        true => endpoint.refer_ended(call, status),
                        false if !mine.done => endpoint.emit(SipEvent::ReferProgress {
                            dialog: key,
                            status,
                            is_last: false,
                        }),
                        false => {}
                    }
                }
                _ => endpoint.refer_ended(call, status),
            }
            // The dialog is gone for them (RFC 3261 §12.2.1.2).
            match status {
                481 | 408 => endpoint.lose(now, call, Cause::Unreachable),
                _ => Fate::Keep,
            }
        });
    }

    /// Tells once how a transfer of ours ended.
    pub(super) fn refer_ended(&mut self, call: &mut Call, status: u16) {
        if let Some(mine) = call.referring.as_mut().filter(|mine| !mine.done) {
            mine.done = true;
            self.emit(SipEvent::ReferProgress { dialog: call.key, status, is_last: true });
        }
    }

    pub(super) fn take_notify(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        id: u64,
        request: &Request,
    ) {
        let tag = hex64(call.tag);
        let event = request.headers.value(&HeaderName::Event).unwrap_or_default();
        let package = event.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
        let status = match &call.referring {
            _ if !package.eq_ignore_ascii_case(b"refer") => 489,
            None => 481,
            Some(_) => 200,
        };
        self.respond(now, id, Reply::new(request, status, &tag).build());
        if status != 200 {
            return;
        }
        let over = request
            .headers
            .value(&HeaderName::SubscriptionState)
            .and_then(|value| Subscription::parse(&value))
            .is_some_and(|state| Subscription::is_terminated(&state));
        let progress = read_fragment(request.body());
        match progress {
            Some(status @ 200..) => self.refer_ended(call, status),
            // Over without a final word: nobody knows.
            _ if over => self.refer_ended(call, 408),
            Some(status) if call.referring.as_ref().is_some_and(|mine| !mine.done) => {
                let dialog = call.key;
                self.emit(SipEvent::ReferProgress { dialog, status, is_last: false });
            }
            _ => {}
        }
        if over {
            call.referring = None;
        }
    }
}

/// The status in a `message/sipfrag` (RFC 3420).
fn read_fragment(body: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(body.get(..body.len().min(MAX_FRAGMENT_BYTES))?);
    let rest = text.trim_start().strip_prefix("SIP/2.0 ")?;
    rest.split_whitespace().next()?.parse().ok().filter(|status| (100..700).contains(status))
}

/// A header value as it may stand inside an address (RFC 3261 §19.1.1).
fn escape_header(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 16);
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
