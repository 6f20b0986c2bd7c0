//! Digest headers, one a line: as proofs of a phone that registers, and as
//! challenges of a carrier that we call.

use super::house::{CARRIER, House, PASSWORD, PHONE, TRUNK_PASSWORD, address};
use super::seed_of;
use super::sip::replace;
use super::wire::{header, parameter};
use sha2::{Digest as _, Sha256};
use strowger_sip::{DialogKey, Hop, SipEvent};

/// Headers of one input.
const MAX_HEADERS: usize = 16;
/// INVITEs that one call may cost: the first, and one for each challenge answered.
const MAX_INVITES: usize = 3;

pub(crate) const WORDS: &[&str] = &[
    "%NONCE%",
    "%RIGHT%",
    "Digest ",
    "Basic ",
    "username=\"201\"",
    "realm=\"acme.example\"",
    "nonce=\"",
    "uri=\"sip:acme.example\"",
    "response=\"",
    "algorithm=SHA-256",
    "algorithm=MD5",
    "algorithm=SHA-256-sess",
    "qop=auth",
    "qop=\"auth,auth-int\"",
    "nc=00000001",
    "nc=ffffffff",
    "cnonce=\"abc\"",
    "stale=true",
    "opaque=\"",
    "\"",
    "\\",
    "\\\"",
    ",",
    ", ",
    "=",
    "\0",
    "é",
    "userhash=true",
    "domain=\"sip:x\"",
];

/// Proofs and challenges of any shape.
pub fn digest(data: &[u8]) {
    let lines = || {
        let cut = data.split(|byte| matches!(byte, b'\n' | b'\r'));
        cut.filter(|line| !line.is_empty()).take(MAX_HEADERS)
    };
    as_proofs(seed_of(data), lines());
    as_challenges(seed_of(data), lines());
}

/// Nobody registers who has not computed the response, and that one only once.
fn as_proofs<'a>(seed: u64, lines: impl Iterator<Item = &'a [u8]>) {
    let mut house = House::new(seed);
    register(&mut house, 1, b"");
    let challenge = house.last_response.clone();
    let nonce = nonce_of(&challenge);
    let right = response(&nonce, "REGISTER", "sip:acme.example");
    let mut registered = 0;
    for (number, line) in (2..).zip(lines) {
        let filled = replace(line, b"%NONCE%", nonce.as_bytes());
        let filled = replace(&filled, b"%RIGHT%", right.as_bytes());
        register(&mut house, number, &filled);
        let now = house.events.iter().filter(|e| matches!(e, SipEvent::Registered { .. })).count();
        if now > registered {
            let text = String::from_utf8_lossy(&filled).to_ascii_lowercase();
            assert!(text.contains(&right), "registered without a proof by {text}");
            registered = now;
        }
    }
    assert!(registered <= 1, "one proof was taken {registered} times");
    // However it was treated, the right proof of a fresh nonce still works.
    register(&mut house, 100, b"");
    let proof = proof(&house.last_response, "REGISTER");
    register(&mut house, 101, proof.as_bytes());
    let now = house.events.iter().filter(|e| matches!(e, SipEvent::Registered { .. })).count();
    assert_eq!(now, registered + 1, "the right phone cannot register any more");
    house.close(&[]);
}

fn register(house: &mut House, number: u32, authorization: &[u8]) {
    let mut text = format!(
        "REGISTER sip:acme.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5;rport;\
         branch=z9hG4bK-r{number}\r\nMax-Forwards: 70\r\nFrom: <sip:201@acme.example>;tag=p\r\n\
         To: <sip:201@acme.example>\r\nCall-ID: r\r\nCSeq: {number} REGISTER\r\n\
         Contact: <sip:201@192.168.1.5>;expires=60\r\nContent-Length: 0\r\n"
    )
    .into_bytes();
    if !authorization.is_empty() {
        text.extend(b"Authorization: ");
        text.extend(authorization);
        text.extend(b"\r\n");
    }
    text.extend(b"\r\n");
    house.receive(Hop::udp(address(PHONE)), text);
}

/// A challenge costs a bounded number of tries, and never shows the password.
fn as_challenges<'a>(seed: u64, lines: impl Iterator<Item = &'a [u8]>) {
    let mut house = House::new(seed);
    house.place(DialogKey::outbound(1));
    let mut invite = house.last_request.clone();
    let mut invites = 1;
    for line in lines {
        house.receive(Hop::udp(address(CARRIER)), challenge(&invite, line));
        for (_, text) in &house.sent {
            assert!(!text.contains(TRUNK_PASSWORD), "the password is sent in clear: {text}");
            if text.starts_with("INVITE ") {
                invites += 1;
                assert!(header(text, "Authorization").is_some(), "asked again without a proof");
                invite.clone_from(text);
            }
        }
    }
    assert!(invites <= MAX_INVITES, "{invites} INVITEs for one call");
    house.close(&[]);
}

fn challenge(invite: &str, line: &[u8]) -> Vec<u8> {
    let of = |name| header(invite, name).unwrap_or_default();
    let mut text = format!(
        "SIP/2.0 401 Unauthorized\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=c\r\nCall-ID: {}\r\n\
         CSeq: {}\r\nContent-Length: 0\r\nWWW-Authenticate: ",
        of("Via"),
        of("From"),
        of("To"),
        of("Call-ID"),
        of("CSeq"),
    )
    .into_bytes();
    text.extend(line);
    text.extend(b"\r\n\r\n");
    text
}

/// The value of an Authorization header that answers the challenge in `reply`
/// as phone 201 must (RFC 7616 §3.4.1).
pub(crate) fn proof(reply: &str, method: &str) -> String {
    let nonce = nonce_of(reply);
    let uri = "sip:acme.example";
    format!(
        "Digest username=\"201\", realm=\"acme.example\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{}\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"abc\"",
        response(&nonce, method, uri)
    )
}

fn nonce_of(reply: &str) -> String {
    let challenge =
        header(reply, "WWW-Authenticate").or_else(|| header(reply, "Proxy-Authenticate"));
    challenge.and_then(|value| parameter(value, "nonce")).unwrap_or("none").to_owned()
}

fn response(nonce: &str, method: &str, uri: &str) -> String {
    let account = hash(&format!("201:acme.example:{PASSWORD}"));
    let request = hash(&format!("{method}:{uri}"));
    hash(&format!("{account}:{nonce}:00000001:abc:auth:{request}"))
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
