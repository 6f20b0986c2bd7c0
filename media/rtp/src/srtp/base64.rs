//! Base 64 (RFC 4648 §4) for keys in SDP: strict, and no longer than a key.

use super::MasterKey;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text for `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(word);
        for at in 0..4 {
            let sextet = (bits >> (18 - 6 * at)) & 63;
            out.push(if at <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    out
}

/// The bytes of `text` and how many they are; `None` if it is no base 64 or longer than a key.
/// Some senders leave the padding away.
pub(super) fn decode(text: &str) -> Option<([u8; MasterKey::MAX_LEN], usize)> {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) || digits.len() % 4 == 1 {
        return None;
    }
    let mut out = [0; MasterKey::MAX_LEN];
    let (mut len, mut bits, mut held) = (0, 0_u32, 0);
    for digit in digits.bytes() {
        let sextet = ALPHABET.iter().position(|known| *known == digit)?;
        bits = (bits << 6) | u32::try_from(sextet).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            *out.get_mut(len)? = (bits >> held) as u8;
            bits &= (1 << held) - 1;
            len += 1;
        }
    }
    (bits == 0).then_some((out, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_length_comes_back_and_junk_does_not() {
        let bytes: Vec<u8> = (0..44_u8).map(|n| n.wrapping_mul(37)).collect();
        for len in 0..=44 {
            let text = encode(&bytes[..len]);
            let (decoded, count) = decode(&text).unwrap();
            assert_eq!(&decoded[..count], &bytes[..len]);
            let (decoded, count) = decode(text.trim_end_matches('=')).unwrap();
            assert_eq!(&decoded[..count], &bytes[..len]);
        }
        assert_eq!(encode(b"foobar"), "Zm9vYmFy");
        for junk in ["A", "AB=", "A===", "A B=", "AB==CD==", "AC==\n", "QUJDé"] {
            assert!(decode(junk).is_none(), "{junk}");
        }
        assert!(decode("AB==").is_none(), "bits behind the last byte");
        assert!(decode(&"A".repeat(64)).is_none(), "longer than a key");
    }
}
