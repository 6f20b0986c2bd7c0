//! Signalling as a script of what peers send and what the server orders, and
//! the framing of streams.
//!
//! A line that begins with `@` says who sends what follows, or what is ordered:
//! `@carrier`, `@phone`, `@stream`, `@stranger`, `@wait 500`, `@answer` … What
//! stands before the first one is the carrier's. Names in percent signs stand
//! for what only a peer of ours can know: see [`Script::fill`].

use super::house::{CARRIER, House, PHONE, STRANGER, address, media};
use super::wire::{crlf, header, parameter};
use super::{digest, seed_of};
use strowger_model::Cause;
use strowger_sip::{ConnectionId, DialogKey, Direction, Hop, SipEvent};

/// Steps of one script; a call has about ten.
const MAX_STEPS: usize = 48;
/// What an answer may be longer than the question: our own headers, and two
/// challenges. More would make us an amplifier of forged questions.
const MAX_LONGER: usize = 1_024;

pub(crate) const WORDS: &[&str] = &[
    "@carrier\n",
    "@phone\n",
    "@stranger\n",
    "@stream\n",
    "@answer\n",
    "@ring\n",
    "@early\n",
    "@hangup\n",
    "@call\n",
    "@hold\n",
    "@unhold\n",
    "@wait 500\n",
    "@wait 40000\n",
    "@refer\n",
    "%TAG%",
    "%BRANCH%",
    "%CALLID%",
    "%LOCALTAG%",
    "%CSEQ%",
    "%LEN%",
    "%PROOF%",
    "\n",
    "\n\n",
    "\r\n",
    "\"",
    "<",
    ">",
    ";",
    ",",
    "@",
    "%00",
    "%",
    ":",
    "\0",
    "SIP/2.0",
    ";tag=",
    ";lr",
    "*",
    "z9hG4bK",
    ";rport",
    ";received=10.0.0.9",
    ";maddr=10.0.0.9",
    ";branch=",
    "Via: ",
    "To: ",
    "From: ",
    "Route: <sip:10.0.0.9;lr>\n",
    "Record-Route: <sip:10.0.0.9;lr>\n",
    "Contact: <sip:x@10.0.0.9>\n",
    "Contact: *\n",
    "Expires: 0\n",
    "Content-Length: 9999\n",
    "Content-Length: -1\n",
    "Require: 100rel\n",
    "Supported: timer, 100rel, replaces\n",
    "Session-Expires: 90;refresher=uac\n",
    "Min-SE: 4294967295\n",
    "RSeq: 4294967295\n",
    "RAck: 1 1 INVITE\n",
    "Replaces: a;to-tag=b;from-tag=c\n",
    "Refer-To: <sip:202@acme.example>\n",
    "Event: refer\n",
    "Subscription-State: terminated\n",
    "Privacy: id\n",
    "l: 0\n",
    "tel:+1",
    "sips:",
    "[::1]",
    "4294967295",
    "4294967296",
    "0",
    "-1",
    "SIP/2.0 200 OK\n",
    "SIP/2.0 401 Unauthorized\n",
    "SIP/2.0 183 Progress\n",
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "PRACK",
    "UPDATE",
    "REFER",
    "NOTIFY",
    "INFO",
    "OPTIONS",
    "REGISTER",
];

/// Messages of every kind in any order, from peers and strangers.
pub fn sip(data: &[u8]) {
    let mut script = Script { house: House::new(seed_of(data)), placed: 0 };
    for (verb, payload) in steps(data).into_iter().take(MAX_STEPS) {
        script.step(&verb, payload);
    }
    script.house.close(&[ConnectionId(1)]);
}

/// Cuts at the lines that begin with `@`.
fn steps(data: &[u8]) -> Vec<(String, &[u8])> {
    let mut steps = Vec::new();
    let (mut verb, mut start) = ("carrier".to_owned(), 0);
    let mut at = 0;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'@') {
            steps.push((verb, &data[start..at]));
            verb = String::from_utf8_lossy(&line[1..]).trim().to_owned();
            start = at + line.len();
        }
        at += line.len();
    }
    steps.push((verb, &data[start..]));
    steps
}

struct Script {
    house: House,
    placed: u64,
}

impl Script {
    fn step(&mut self, verb: &str, payload: &[u8]) {
        let (verb, argument) = verb.split_once(' ').unwrap_or((verb, ""));
        let call = self.house.events.iter().rev().find_map(SipEvent::dialog);
        match (verb, call) {
            ("carrier", _) => self.peer(Hop::udp(address(CARRIER)), payload),
            ("phone", _) => self.peer(Hop::udp(address(PHONE)), payload),
            ("stream", _) => {
                self.peer(Hop::tcp(address(CARRIER), Some(ConnectionId(1))), payload);
            }
            ("stranger", _) => self.stranger(payload),
            ("wait", _) => self.house.wait(argument.parse().unwrap_or(500).min(1_000_000)),
            ("call", _) => self.call(),
            (order, Some(call)) => self.order(order, call),
            _ => {}
        }
    }

    fn peer(&mut self, source: Hop, payload: &[u8]) {
        if !payload.is_empty() {
            let bytes = self.fill(payload);
            self.house.receive(source, bytes);
        }
    }

    /// Whatever a stranger says, nobody hears of it but itself, and it is not
    /// told much more than it said.
    fn stranger(&mut self, payload: &[u8]) {
        if payload.is_empty() {
            return;
        }
        let heard = self.house.events.len();
        // A stranger cannot guess the branch of somebody else's request, which is
        // all that a CANCEL has to prove (RFC 3261 §9.2).
        let bytes = replace(&crlf(payload), b"z9hG4bK", b"z9hG4bK-of-a-stranger");
        let asked = bytes.len();
        self.house.receive(Hop::udp(address(STRANGER)), bytes);
        assert_eq!(self.house.events.len(), heard, "a stranger is listened to");
        assert!(self.house.sent.len() <= 1, "{} answers to one stranger", self.house.sent.len());
        for (hop, text) in &self.house.sent {
            assert_eq!(
                hop.remote.ip(),
                address(STRANGER).ip(),
                "a stranger makes us write to others"
            );
            assert!(text.starts_with("SIP/2.0 "), "a stranger is asked something: {text}");
            assert!(
                text.len() <= asked + MAX_LONGER,
                "{asked} bytes are answered by {}",
                text.len()
            );
        }
    }

    fn call(&mut self) {
        self.placed += 1;
        self.house.place(DialogKey::outbound(self.placed));
    }

    fn order(&mut self, order: &str, call: DialogKey) {
        self.house.act(|endpoint, now| match order {
            "ring" => endpoint.ring(now, call),
            "early" => endpoint.early_media(now, call, &media()),
            "answer" => endpoint.answer(now, call, &media()),
            "reject" => endpoint.reject(now, call, 486, None),
            "hangup" => endpoint.hang_up(now, call, Cause::Normal),
            "hold" => endpoint.reinvite(now, call, Direction::SendOnly),
            "unhold" => endpoint.update(now, call, Direction::SendRecv),
            "digit" => endpoint.send_digit(now, call, '5', 100),
            "refer" => endpoint.accept_refer(now, call),
            "refer-failed" => endpoint.refer_progress(now, call, 486),
            _ => {}
        });
    }

    /// Puts in what only a peer can know: our tag in its calls (`%TAG%`); the
    /// branch, Call-ID, tag and number of our last request (`%BRANCH%`,
    /// `%CALLID%`, `%LOCALTAG%`, `%CSEQ%`); the right proof of phone 201
    /// (`%PROOF%`); and the length of the body (`%LEN%`).
    fn fill(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = crlf(payload);
        if !bytes.contains(&b'%') {
            return bytes;
        }
        let (response, request) = (&self.house.last_response, &self.house.last_request);
        let of = |text: &str, name: &str, inner: &str| {
            header(text, name).and_then(|value| parameter(value, inner)).unwrap_or("x").to_owned()
        };
        let cseq = header(request, "CSeq").and_then(|value| value.split(' ').next());
        let method =
            String::from_utf8_lossy(bytes.split(|b| *b == b' ').next().unwrap_or_default());
        let proof = digest::proof(response, &method);
        for (name, value) in [
            ("%TAG%", of(response, "To", "tag")),
            ("%BRANCH%", of(request, "Via", "branch")),
            ("%CALLID%", header(request, "Call-ID").unwrap_or("x").to_owned()),
            ("%LOCALTAG%", of(request, "From", "tag")),
            ("%CSEQ%", cseq.unwrap_or("1").to_owned()),
            ("%PROOF%", proof),
        ] {
            bytes = replace(&bytes, name.as_bytes(), value.as_bytes());
        }
        let body = bytes.windows(4).position(|end| end == b"\r\n\r\n").map(|at| at + 4);
        let length = body.map_or(0, |at| bytes.len() - at).to_string();
        replace(&bytes, b"%LEN%", length.as_bytes())
    }
}

pub(crate) fn replace(bytes: &[u8], what: &[u8], by: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(what.len()).position(|window| window == what) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(by);
        rest = &rest[at + what.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// A stream in pieces means what it means in one, and two streams beside each
/// other do not mix.
pub fn sip_stream(data: &[u8]) {
    let Some((cut, rest)) = data.split_first() else { return };
    let bytes = crlf(rest);
    let whole = stream(&[&bytes]);
    let piece = usize::from(*cut % 61) + 1;
    let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
    let cut_up = stream(&pieces);
    assert_eq!(whole.broken, cut_up.broken, "broken in one piece, and in many");
    assert_eq!(whole.said, cut_up.said);
}

struct Heard {
    said: Vec<String>,
    broken: bool,
}

fn stream(pieces: &[&[u8]]) -> Heard {
    let mut house = House::new(1);
    let connection = ConnectionId(1);
    let source = Hop::tcp(address(CARRIER), Some(connection));
    let mut heard = Heard { said: Vec::new(), broken: false };
    for piece in pieces {
        if heard.broken {
            break;
        }
        house.receive(source, piece.to_vec());
        // Pings that come together are answered together.
        let messages = house.sent.iter().map(|(_, text)| text.clone());
        heard.said.extend(messages.filter(|text| !text.trim().is_empty()));
        heard.broken = house.endpoint.usage().streams == 0;
    }
    house.close(&[connection]);
    heard
}
