//! What a message is part of, if of anything that goes on.
//!
//! Read for sources that are shut out, so it must cost little; and it must say
//! nothing of a message that could be a guess.

use super::head::{Head, head, parameter, tag};

/// What a message says it is part of. Whether that exists is for others to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Talk<'a> {
    /// A response to the request that bears this branch.
    Answer(&'a [u8]),
    /// A request in the dialog that bears this tag of ours.
    Inside(&'a [u8]),
    /// An INVITE that may have been heard before, or its CANCEL.
    Invite { call_id: &'a [u8], from_tag: &'a [u8], sequence: u32 },
}

/// Looks at a datagram or frame.
pub(crate) fn talk(bytes: &[u8]) -> Option<Talk<'_>> {
    let Head { vias, from, to, call_id, sequence, method } = head(bytes)?;
    if bytes.starts_with(b"SIP/2.0 ") {
        let first = vias.first()?.split(|byte| *byte == b',').next()?;
        return parameter(first, b"branch").map(Talk::Answer);
    }
    let of_invite = bytes.starts_with(method) && matches!(method, b"INVITE" | b"CANCEL");
    match tag(to) {
        Some(tag) => Some(Talk::Inside(tag)),
        None if of_invite => Some(Talk::Invite { call_id, from_tag: tag(from)?, sequence }),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYE: &str = "BYE sip:1@a SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKx\r\n\
        From: \"A\" <sip:a@b>;tag=9\r\nt: <sip:1@a>;tag=ours;x\r\nCall-ID: c@d\r\n\
        CSeq: 7 BYE\r\nContent-Length: 0\r\n\r\n";

    fn said(text: &str, from: &str, to: &str) -> String {
        let changed = text.replace(from, to);
        assert!(changed != text || from == to);
        format!("{:?}", talk(changed.as_bytes()))
    }

    #[test]
    fn a_message_says_what_it_is_part_of() {
        let inside = format!("{:?}", Some(Talk::Inside(b"ours")));
        assert_eq!(said(BYE, "", ""), inside);
        assert_eq!(said(BYE, "<sip:1@a>", "sip:1@a"), inside, "without angle brackets");
        let invite = Talk::Invite { call_id: b"c@d", from_tag: b"9", sequence: 7 };
        let begun = BYE.replace(";tag=ours", "");
        assert_eq!(said(&begun, "BYE", "INVITE"), format!("{:?}", Some(&invite)));
        assert_eq!(said(&begun, "BYE", "CANCEL"), format!("{:?}", Some(&invite)));
        let answer = format!("{:?}", Some(Talk::Answer(b"z9hG4bKx")));
        assert_eq!(said(BYE, "BYE sip:1@a SIP/2.0", "SIP/2.0 200 OK"), answer);
    }

    #[test]
    fn what_could_be_a_guess_is_part_of_nothing() {
        let begun = BYE.replace(";tag=ours", "");
        for method in ["BYE", "REGISTER", "OPTIONS"] {
            assert_eq!(said(&begun, "BYE", method), "None", "{method}");
        }
        assert_eq!(said(&begun, "BYE sip", "REGISTER sip"), "None");
        assert_eq!(said(&begun, "7 BYE", "7 INVITE"), "None");
        assert_eq!(said(BYE, "CSeq", "t: <sip:2@a>\r\nCSeq"), "None", "which of them?");
        assert_eq!(talk(b"\r\n\r\n"), None);
    }
}
