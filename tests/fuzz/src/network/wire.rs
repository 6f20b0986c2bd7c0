//! Looking at what an endpoint sends with eyes of our own.

/// Checks one SIP message as strictly as a picky peer would (RFC 3261 §7), and
/// gives its start line.
pub(crate) fn check_message(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let split = bytes.windows(4).position(|end| end == b"\r\n\r\n");
    let split = split.unwrap_or_else(|| panic!("no end of headers in {text:?}"));
    let (head, body) = (&bytes[..split], &bytes[split + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| match line.strip_suffix(b"\r") {
        Some(line) => line,
        // The last line's end was cut off with the empty line.
        None => line,
    });
    let start = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    assert!(start.starts_with("SIP/2.0 ") || start.ends_with(" SIP/2.0"), "start line of {text:?}");
    let mut seen = [0; 6];
    let names = ["via", "from", "to", "call-id", "cseq", "content-length"];
    for line in lines {
        assert!(!line.contains(&b'\r'), "a bare carriage return in {text:?}");
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let colon = colon.unwrap_or_else(|| panic!("a line without a name in {text:?}"));
        let name = String::from_utf8_lossy(&line[..colon]).trim().to_ascii_lowercase();
        let value = String::from_utf8_lossy(&line[colon + 1..]).trim().to_owned();
        let long = match name.as_str() {
            "v" => "via",
            "f" => "from",
            "t" => "to",
            "i" => "call-id",
            "l" => "content-length",
            other => other,
        };
        if let Some(at) = names.iter().position(|known| *known == long) {
            seen[at] += 1;
        }
        if long == "content-length" {
            assert_eq!(value.parse(), Ok(body.len()), "the body's length in {text:?}");
        }
    }
    assert!(seen[0] >= 1, "no Via in {text:?}");
    assert_eq!(&seen[1..], [1; 5], "From, To, Call-ID, CSeq, Content-Length in {text:?}");
    start
}

/// The value of a header by its long name.
pub(crate) fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().skip(1).take_while(|line| !line.is_empty()).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// What stands behind `name=` in a header's value, without quotes.
pub(crate) fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let rest = &value[value.find(&format!("{name}="))? + name.len() + 1..];
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => rest.split([';', ',', ' ', '>']).next(),
    }
}

/// Text from an editor as it goes over the wire: line ends become CRLF unless
/// the text has its own.
pub(crate) fn crlf(text: &[u8]) -> Vec<u8> {
    if text.contains(&b'\r') {
        return text.to_vec();
    }
    text.iter()
        .flat_map(|byte| if *byte == b'\n' { &b"\r\n"[..] } else { std::slice::from_ref(byte) })
        .copied()
        .collect()
}
