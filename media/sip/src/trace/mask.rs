//! Taking secrets out of a message before it is kept.

use bytes::Bytes;

/// Headers whose value proves something (RFC 3261 §22; RFC 8224's Identity is
/// public and stays).
const SECRET_HEADERS: [&[u8]; 4] = [
    b"authorization",
    b"proxy-authorization",
    b"authentication-info",
    b"proxy-authentication-info",
];
/// Lines of a session description that open its media (RFC 4568, RFC 4566 §5.12,
/// RFC 4567, RFC 8839).
const SECRET_LINES: [&[u8]; 4] = [b"a=crypto:", b"k=", b"a=key-mgmt:", b"a=ice-pwd:"];
/// Bodies that are digits of the caller: a PIN, a card number.
const DIGIT_TYPES: [&[u8]; 2] = [b"application/dtmf", b"application/dtmf-relay"];
const MASK: &[u8] = b"***";

/// A copy without secrets.
pub(crate) fn masked(message: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(message.len());
    let (mut in_body, mut secret, mut digits) = (false, false, false);
    for (text, end) in lines(message) {
        if in_body {
            let secret_line = SECRET_LINES.iter().find(|start| begins(text, start));
            match secret_line {
                _ if digits => out.extend_from_slice(MASK),
                Some(start) => out.extend_from_slice(&[start, MASK].concat()),
                None => out.extend_from_slice(text),
            }
        } else if text.is_empty() {
            in_body = true;
        } else if matches!(text.first(), Some(b' ' | b'\t')) {
            // A folded line belongs to the header before it.
            out.extend_from_slice(if secret { b" ***" } else { text });
        } else {
            let colon = text.iter().position(|b| *b == b':');
            let (name, value) = text.split_at(colon.unwrap_or(text.len()));
            let name = name.trim_ascii();
            secret = SECRET_HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header));
            if name.eq_ignore_ascii_case(b"content-type") || name.eq_ignore_ascii_case(b"c") {
                let kind = value.get(1..).unwrap_or_default().trim_ascii();
                let kind = kind.split(|b| *b == b';').next().unwrap_or_default().trim_ascii();
                digits = DIGIT_TYPES.iter().any(|digits| kind.eq_ignore_ascii_case(digits));
            }
            if secret {
                out.extend_from_slice(name);
                out.extend_from_slice(b": ***");
            } else {
                out.extend_from_slice(text);
            }
        }
        out.extend_from_slice(end);
    }
    Bytes::from(out)
}

/// Lines with what ends them. A lone CR ends a line too: some readers of session
/// descriptions take it so, and a key must not hide behind one.
fn lines(mut rest: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let length = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
        let (text, after) = rest.split_at(length);
        let end_length = if after.starts_with(b"\r\n") { 2 } else { after.len().min(1) };
        let (end, after) = after.split_at(end_length);
        rest = after;
        Some((text, end))
    })
}

fn begins(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> String {
        String::from_utf8(masked(text.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn proofs_keys_and_digits_go_and_the_rest_stays() {
        let text = "INVITE sip:1@a SIP/2.0\r\nAUTHORIZATION : Digest response=\"00\"\r\n  more\r\n\
            Proxy-Authorization: Digest x\r\nWWW-Authenticate: Digest nonce=\"n\"\r\nX: y\r\n\r\n\
            v=0\r\na=crypto:1 AES inline:KEY\r\na=ice-pwd:secret\r\na=sendrecv\r\n";
        let masked = after(text);
        for secret in ["response", "more", "Digest x", "KEY", "secret"] {
            assert!(!masked.contains(secret), "{secret} in {masked}");
        }
        for open in ["INVITE sip:1@a", "nonce=\"n\"", "X: y", "a=sendrecv", "a=crypto:***"] {
            assert!(masked.contains(open), "{open} not in {masked}");
        }
    }

    #[test]
    fn keys_do_not_hide_behind_strange_line_ends() {
        for end in ["\r\n", "\n", "\r"] {
            let lines = ["INVITE sip:1@a SIP/2.0", "Authorization: Digest PROOF", "", "v=0"];
            let secrets = ["A=Crypto:1 AES inline:KEY", "a=key-mgmt:mikey KEY", "k=clear:KEY"];
            let text = [&lines[..], &secrets[..], &["a=ptime:20", ""][..]].concat().join(end);
            let masked = after(&text);
            assert!(!masked.contains("KEY") && !masked.contains("PROOF"), "{end:?}: {masked}");
            let kept = format!("a=ptime:20{end}");
            assert!(masked.starts_with(lines[0]) && masked.ends_with(&kept), "{end:?}: {masked}");
        }
        assert_eq!(after(""), "");
        assert_eq!(after("no line end"), "no line end");
    }

    #[test]
    fn a_pin_in_info_is_not_kept() {
        let info =
            "INFO sip:a SIP/2.0\r\nc: application/dtmf-relay\r\n\r\nSignal=7\r\nDuration=90\r\n";
        assert!(!after(info).contains("Signal=7"));
        assert!(after(&info.replace("dtmf-relay", "x")).contains("Signal=7"));
    }
}
