//! The vectors of RFC 3711 appendix B and RFC 7714 §16, §17.

use super::*;
use crate::srtp::index::Sources;
use crate::srtp::{MAX_TRAILER, Protect, Unprotect};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[test]
fn the_key_stream_is_that_of_rfc_3711_b2() {
    let key: [u8; 16] = hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
    let first: [u8; 16] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
    let mut stream = vec![0; 0xff02 * 16];
    add_key_stream(&Aes128Enc::new(&key.into()), first, &mut stream);
    assert_eq!(
        stream[..48],
        hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
             41E95B3BB0A2E8DD477901E4FCA894C0")
    );
    assert_eq!(
        stream[0xfeff * 16..],
        hex("EC8CDF7398607CB0F2D21675EA9EA1E4 362B7C3C6773516318A077D7FC5073AE
             6A2CC3787889374FBEB4C81B17BA6C44")
    );
}

#[test]
fn session_keys_are_those_of_rfc_3711_b3() {
    let master = MasterKey::from_bytes(
        Profile::AesCm128HmacSha1_80,
        &hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6"),
    )
    .unwrap();
    let (mut key, mut auth, mut salt) = ([0; 16], [0; 20], [0; 14]);
    derive(&master, 0, &mut key);
    derive(&master, 1, &mut auth);
    derive(&master, 2, &mut salt);
    assert_eq!(key[..], hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(auth[..], hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
    assert_eq!(salt[..], hex("30CBBC08863D8C85D49DB34A9AE1"));
}

const SALT: &str = "51756964 2070726f 2071756f 0000";

fn cipher(profile: Profile, purpose: Use) -> Cipher {
    let key: Vec<u8> = (0..profile.key_len() as u8).collect();
    let salt: [u8; 14] = hex(SALT).try_into().unwrap();
    Cipher::with_session_keys(profile, purpose, &key, &salt, &[0; AUTH_KEY])
}

fn both_ways(profile: Profile, plain: &str, expected: &str) {
    let (plain, expected) = (hex(plain), hex(expected));
    let rtcp = || cipher(profile, Use::Rtcp);
    let mut protect =
        Protect { rtp: cipher(profile, Use::Rtp), rtcp: rtcp(), sources: Sources::default() };
    let mut unprotect =
        Unprotect { rtp: cipher(profile, Use::Rtp), rtcp: rtcp(), sources: Sources::default() };
    let mut buffer = plain.clone();
    buffer.resize(plain.len() + MAX_TRAILER, 0);
    let is_rtcp = plain[1] == 0xc8;
    let len = if is_rtcp {
        // The RFC's packet has this index.
        protect.sources.note_rtcp(0x4d61_7273, 0x5d3).unwrap();
        protect.protect_rtcp(&mut buffer, plain.len())
    } else {
        protect.protect_rtp(&mut buffer, plain.len())
    }
    .unwrap();
    assert_eq!(buffer[..len], expected, "{profile:?}");
    let back = if is_rtcp {
        unprotect.unprotect_rtcp(&mut buffer[..len])
    } else {
        unprotect.unprotect_rtp(&mut buffer[..len])
    };
    assert_eq!(back, Ok(plain.len()));
    assert_eq!(buffer[..plain.len()], plain);
}

const RTP: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 69612065 7374206f 6d6e6973 20646976
    69736120 696e2070 61727465 73207472 6573";
const RTCP: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";

#[test]
fn rtp_with_gcm_is_that_of_rfc_7714_section_16() {
    both_ways(
        Profile::AeadAes128Gcm,
        RTP,
        "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a
         51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce",
    );
    both_ways(
        Profile::AeadAes256Gcm,
        RTP,
        "8040f17b 8041f8d3 5501a0b2 32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02
         76ffae0f 1ba63799 b87b7aa3 db36dfff d6b0f9bb 7878d7a7 6c13",
    );
}

#[test]
fn rtcp_with_gcm_is_that_of_rfc_7714_section_17() {
    both_ways(
        Profile::AeadAes128Gcm,
        RTCP,
        "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda
         4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
}

#[test]
fn a_whole_packet_with_hmac_is_that_of_the_reference_implementation() {
    let master = MasterKey::from_bytes(
        Profile::AesCm128HmacSha1_80,
        &hex("E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6"),
    )
    .unwrap();
    let mut packet = hex("800f1234 decafbad cafebabe abababab abababab abababab abababab");
    packet.resize(28 + MAX_TRAILER, 0);
    let len = Protect::new(&master).protect_rtp(&mut packet, 28).unwrap();
    assert_eq!(
        packet[..len],
        hex(
            "800f1234 decafbad cafebabe 4e55dc4c e79978d8 8ca4d215 949d2402 b78d6acc 99ea179b 8dbb"
        )
    );
    let mut report = hex("81c8000b cafebabe abababab abababab abababab abababab");
    report.resize(24 + MAX_TRAILER, 0);
    let len = Protect::new(&master).protect_rtcp(&mut report, 24).unwrap();
    assert_eq!(
        report[..len],
        hex(
            "81c8000b cafebabe 7128035b e487b9bd bef89041 f977a5a8 80000001 993e08cd 54d6c123 0798"
        )
    );
}
