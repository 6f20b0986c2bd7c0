//! Secured packets: forged, changed, repeated; and keys in SDP.

use super::seed_of;
use strowger_rtp::packet::{HEADER_LEN, Header};
use strowger_rtp::srtp::{
    CryptoLine, MAX_TRAILER, MasterKey, Profile, Protect, SrtpError, Unprotect,
};

/// Longest packet tried.
const MAX_BYTES: usize = 2_048;

pub(crate) const WORDS: &[&str] = &[
    "1 ",
    "999999999 ",
    "AES_CM_128_HMAC_SHA1_80 ",
    "AES_CM_128_HMAC_SHA1_32 ",
    "AEAD_AES_128_GCM ",
    "AEAD_AES_256_GCM ",
    "inline:",
    "INLINE:",
    "|2^20",
    "|2^48",
    "|2^99",
    "|1048576",
    "|1:4",
    ";",
    " WSH=64",
    " UNENCRYPTED_SRTP",
    " -x",
    "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "=",
    "==",
    "\u{80}",
    "\u{c8}",
];

/// The bytes as packets of a forger, as payload of ours, and as a key line.
pub fn srtp(data: &[u8]) {
    for profile in Profile::ALL {
        let key = MasterKey::from_random(profile, [7; MasterKey::MAX_LEN]);
        forged(&key, data);
        sent(&key, data);
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(line) = CryptoLine::parse(text)
    {
        assert_eq!(CryptoLine::parse(&line.to_string()), Ok(line), "written, it reads differently");
        let shown = format!("{line:?}");
        let secret = line.to_string();
        let secret = secret.rsplit(':').next().unwrap_or_default();
        assert!(!shown.contains(secret), "the key is shown in logs");
    }
}

/// What was not made with the key is refused and leaves nothing behind.
fn forged(key: &MasterKey, data: &[u8]) {
    let mut unprotect = Unprotect::new(key);
    let mut packet = data.get(..MAX_BYTES).unwrap_or(data).to_vec();
    // Tags of 32 bits may be met by chance; nobody meets one of 80.
    if key.profile() != Profile::AesCm128HmacSha1_32 {
        assert!(unprotect.unprotect_rtp(&mut packet).is_err(), "a forged packet is heard");
    }
    let mut packet = data.get(..MAX_BYTES).unwrap_or(data).to_vec();
    assert!(unprotect.unprotect_rtcp(&mut packet).is_err(), "a forged report is believed");
    let (mut ours, length) = packet_of(key, b"after the forged one");
    unprotect
        .unprotect_rtp(&mut ours[..length])
        .expect("the right packet is refused after a forged one");
}

/// What is sent is received as it was, once; changed in any bit, never.
fn sent(key: &MasterKey, data: &[u8]) {
    let payload = data.get(..MAX_BYTES).unwrap_or(data);
    let (secured, length) = packet_of(key, payload);
    let mut unprotect = Unprotect::new(key);
    let bit = usize::try_from(seed_of(data) >> 8).unwrap_or(0) % (length * 8);
    let mut changed = secured[..length].to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    assert!(unprotect.unprotect_rtp(&mut changed).is_err(), "bit {bit} was changed unnoticed");
    let mut received = secured[..length].to_vec();
    let plain = unprotect.unprotect_rtp(&mut received).expect("what we sent is refused");
    assert_eq!(&received[HEADER_LEN..plain], payload);
    let mut again = secured[..length].to_vec();
    assert_eq!(unprotect.unprotect_rtp(&mut again), Err(SrtpError::Replayed));
}

fn packet_of(key: &MasterKey, payload: &[u8]) -> (Vec<u8>, usize) {
    let header = Header { marker: false, payload_type: 0, sequence: 9, timestamp: 160, ssrc: 5 };
    let mut packet = [&header.to_bytes(), payload].concat();
    let plain = packet.len();
    packet.resize(plain + MAX_TRAILER, 0);
    let length = Protect::new(key).protect_rtp(&mut packet, plain).expect("a packet of ours");
    (packet, length)
}
