//! Digits in INFO requests, both ways (RFC 6086; `application/dtmf-relay` and
//! `application/dtmf` are older than it and what phones speak).

use super::{Endpoint, Fate};
use crate::call::{Call, Phase};
use crate::event::{DialogKey, SipEvent};
use crate::message::Reply;
use crate::random::hex64;
use crate::transaction::ClientOwner;
use sipx_sip::headers::ContentType;
use sipx_sip::{HeaderName, Method, Request, Response};
use strowger_model::{Cause, Timestamp};

const RELAY_TYPE: &str = "application/dtmf-relay";
/// Longest body that can say one digit and its duration.
const MAX_BODY_BYTES: usize = 256;
/// Longest digit believed; longer ones are typing errors of a gateway.
const MAX_HELD_MS: u32 = 10_000;

impl Endpoint {
    /// Sends a digit as INFO, for peers that agreed to no RFC 4733 events.
    pub fn send_digit(&mut self, now: Timestamp, dialog: DialogKey, digit: char, held_ms: u32) {
        if !is_digit(digit) {
            return;
        }
        self.with_call(dialog, |endpoint, call| {
            if call.phase != Phase::Up {
                return Fate::Keep;
            }
            let branch = endpoint.random.number();
            let via = endpoint.via(call.dialog.hop.transport, branch);
            let cseq = call.dialog.next_cseq();
            let held_ms = held_ms.clamp(40, MAX_HELD_MS);
            let body = format!("Signal={digit}\r\nDuration={held_ms}\r\n");
            let ask = call.dialog.request(&Method::Info, cseq, via).body(RELAY_TYPE, body);
            if let Some(request) = ask.build() {
                endpoint.ask(now, request, branch, call.dialog.hop, ClientOwner::Info(dialog));
            }
            Fate::Keep
        });
    }

    /// A dialog that the other end does not know any more is over (§12.2.1.2).
    pub(super) fn on_info_outcome(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        if response.is_some_and(|response| response.status.code() == 481) {
            self.with_call(key, |endpoint, call| match call.phase {
                Phase::Up => endpoint.lose(now, call, Cause::Unreachable),
                _ => Fate::Keep,
            });
        }
    }

    pub(super) fn take_info(&mut self, now: Timestamp, call: &Call, id: u64, request: &Request) {
        let tag = hex64(call.tag);
        if request.body().is_empty() {
            return self.respond(now, id, Reply::new(request, 200, &tag).build());
        }
        let digit = match request.headers.typed::<ContentType>() {
            Some(Ok(content)) if content.is("application", "dtmf-relay") => {
                read_relay(request.body())
            }
            Some(Ok(content)) if content.is("application", "dtmf") => read_plain(request.body()),
            _ => {
                let reply = Reply::new(request, 415, &tag)
                    .header(HeaderName::Accept, "application/dtmf-relay, application/dtmf");
                return self.respond(now, id, reply.build());
            }
        };
        let status = if digit.is_some() { 200 } else { 400 };
        self.respond(now, id, Reply::new(request, status, &tag).build());
        if let Some((digit, held_ms)) = digit {
            self.emit(SipEvent::Digit { dialog: call.key, digit, held_ms });
        }
    }
}

fn is_digit(digit: char) -> bool {
    matches!(digit, '0'..='9' | '*' | '#' | 'A'..='D')
}

/// One digit as people and gateways write it: `5`, `a`, or `10` and `11` for
/// star and hash.
fn read_signal(text: &str) -> Option<char> {
    match text.trim() {
        "10" => Some('*'),
        "11" => Some('#'),
        text => {
            let mut characters = text.chars();
            let digit = characters.next()?.to_ascii_uppercase();
            (characters.next().is_none() && is_digit(digit)).then_some(digit)
        }
    }
}

fn read_relay(body: &[u8]) -> Option<(char, u32)> {
    let text = std::str::from_utf8(body.get(..body.len().min(MAX_BODY_BYTES))?).ok()?;
    let (mut digit, mut held_ms) = (None, 0);
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("signal") {
            digit = read_signal(value);
        } else if name.trim().eq_ignore_ascii_case("duration") {
            held_ms = value.trim().parse().unwrap_or(0);
        }
    }
    Some((digit?, held_ms.min(MAX_HELD_MS)))
}

fn read_plain(body: &[u8]) -> Option<(char, u32)> {
    let text = std::str::from_utf8(body.get(..body.len().min(MAX_BODY_BYTES))?).ok()?;
    // Some put the relay's words under this type.
    if text.contains('=') {
        return read_relay(body);
    }
    read_signal(text).map(|digit| (digit, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nonsense_is_not() {
        assert_eq!(read_relay(b"Signal=5\r\nDuration=160\r\n"), Some(('5', 160)));
        assert_eq!(read_relay(b"signal= #\nduration=9999999"), Some(('#', MAX_HELD_MS)));
        assert_eq!(read_relay(b"Duration=160"), None);
        assert_eq!(read_relay(b"Signal=55"), None);
        assert_eq!(read_plain(b"*"), Some(('*', 0)));
        assert_eq!(read_plain(b"11\r\n"), Some(('#', 0)));
        assert_eq!(read_plain(b"Signal=d"), Some(('D', 0)));
        assert_eq!(read_plain(b"\xff"), None);
        assert_eq!(read_plain(b""), None);
    }
}
