//! The few headers that say what a message is part of, without reading the rest.
//!
//! Whatever looks unusual is not read here: the parser does that.

/// Headers that are looked at; an honest INVITE has 15 to 30.
const MAX_LINES: usize = 64;

#[derive(Debug)]
pub(super) struct Head<'a> {
    /// In order; several may stand in one.
    pub(super) vias: Vec<&'a [u8]>,
    pub(super) from: &'a [u8],
    pub(super) to: &'a [u8],
    pub(super) call_id: &'a [u8],
    /// The number in CSeq.
    pub(super) sequence: u32,
    /// The method in CSeq.
    pub(super) method: &'a [u8],
}

/// Looks at a datagram or frame; `None` if it is no plain message.
pub(super) fn head(bytes: &[u8]) -> Option<Head<'_>> {
    let (mut vias, mut from, mut to, mut cseq, mut call_id) = (Vec::new(), None, None, None, None);
    let mut ended = false;
    for line in bytes.split(|b| *b == b'\n').skip(1).take(MAX_LINES) {
        if line == b"\r" {
            ended = true;
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => break,
            // A folded line: leave it to the parser.
            Some(b' ' | b'\t') => return None,
            _ => {}
        }
        let colon = line.iter().position(|b| *b == b':')?;
        let (name, value) = (line.get(..colon)?.trim_ascii_end(), line.get(colon + 1..)?);
        let value = value.trim_ascii();
        let is = |long: &str, short: &str| {
            name.eq_ignore_ascii_case(long.as_bytes())
                || name.eq_ignore_ascii_case(short.as_bytes())
        };
        let slot = match name.len() {
            _ if is("via", "v") => {
                vias.push(value);
                continue;
            }
            _ if is("from", "f") => &mut from,
            _ if is("to", "t") => &mut to,
            _ if is("cseq", "cseq") => &mut cseq,
            _ if is("call-id", "i") => &mut call_id,
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let (from, to, cseq, call_id) = (from?, to?, cseq?, call_id?);
    if !ended || call_id.is_empty() {
        return None;
    }
    let (sequence, method) = cseq.split_at(cseq.iter().position(|b| *b == b' ')?);
    let sequence = std::str::from_utf8(sequence).ok()?.parse().ok()?;
    Some(Head { vias, from, to, call_id, sequence, method: method.trim_ascii() })
}

/// The tag after an address; without angle brackets, parameters are the
/// header's (RFC 3261 §20).
pub(super) fn tag(address: &[u8]) -> Option<&[u8]> {
    let end = address.iter().rposition(|b| *b == b'>').map_or(0, |end| end + 1);
    parameter(address.get(end..)?, b"tag")
}

/// The value of a parameter after the first semicolon.
pub(super) fn parameter<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut parts = text.split(|b| *b == b';').skip(1).map(<[u8]>::trim_ascii);
    parts.find_map(|part| {
        let (found, value) = part.split_at(part.iter().position(|b| *b == b'=')?);
        found.trim_ascii_end().eq_ignore_ascii_case(name).then(|| value.get(1..))?
    })
}
