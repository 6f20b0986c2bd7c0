//! Reading an Authorization header.

/// Parameters in one header; the grammar has a dozen.
const MAX_PARAMETERS: usize = 24;

/// What a client sent to prove itself, still unproven.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) username: String,
    pub(crate) realm: String,
    pub(crate) nonce: String,
    pub(crate) uri: String,
    pub(crate) response: String,
    pub(crate) algorithm: Option<String>,
    pub(crate) qop: Option<String>,
    pub(crate) nc: Option<String>,
    pub(crate) cnonce: Option<String>,
}

impl Credentials {
    /// Reads `Digest name="value", …`; `None` if it is another scheme or lacks
    /// what every response must have.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim();
        let (scheme, rest) = text.split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let mut read = Self::default();
        let mut rest = rest.trim_start();
        for _ in 0..MAX_PARAMETERS {
            if rest.is_empty() {
                break;
            }
            let (name, after) = rest.split_once('=')?;
            let (value, after) = take_value(after.trim_start())?;
            match name.trim().to_ascii_lowercase().as_str() {
                "username" => read.username = value,
                "realm" => read.realm = value,
                "nonce" => read.nonce = value,
                "uri" => read.uri = value,
                "response" => read.response = value,
                "algorithm" => read.algorithm = Some(value),
                "qop" => read.qop = Some(value),
                "nc" => read.nc = Some(value),
                "cnonce" => read.cnonce = Some(value),
                _ => {}
            }
            rest = after.trim_start_matches([' ', '\t', ',']);
        }
        let complete = [&read.username, &read.realm, &read.nonce, &read.uri, &read.response]
            .iter()
            .all(|field| !field.is_empty());
        complete.then_some(read)
    }
}

/// One value, quoted or not, and what follows it.
fn take_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        return Some((value.trim().to_owned(), after));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, quoted.get(index + 1..)?)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_commas_and_quotes_stay_inside_their_value() {
        let read = Credentials::parse(
            br#"digest username="a\"b,c", realm="r",nonce=n , uri="sip:x", response="00", qop=auth"#,
        )
        .unwrap();
        assert_eq!(read.username, "a\"b,c");
        assert_eq!(read.nonce, "n");
        assert_eq!(read.qop.as_deref(), Some("auth"));
    }

    #[test]
    fn other_schemes_and_half_headers_are_no_credentials() {
        assert_eq!(Credentials::parse(b"Basic Zm9v"), None);
        assert_eq!(Credentials::parse(br#"Digest username="a"#), None);
        assert_eq!(Credentials::parse(br#"Digest username="a", realm="r""#), None);
        assert_eq!(Credentials::parse(b"Digest ,,,,"), None);
    }
}
