use crate::audio::Seeded;
use strowger_rtp::packet::Header;
use strowger_rtp::srtp::{
    CryptoLine, MAX_TRAILER, MasterKey, Profile, Protect, SdesError, SrtpError, Unprotect,
};

fn key(profile: Profile) -> MasterKey {
    MasterKey::from_random(profile, std::array::from_fn(|at| (at as u8).wrapping_mul(29)))
}

fn packet(sequence: u16, ssrc: u32) -> Vec<u8> {
    let header = Header { marker: false, payload_type: 0, sequence, timestamp: 160, ssrc };
    let mut bytes = header.to_bytes().to_vec();
    bytes.extend((0..160).map(|at| (at as u16 ^ sequence) as u8));
    bytes
}

fn protected(protect: &mut Protect, plain: &[u8]) -> Vec<u8> {
    let mut buffer = plain.to_vec();
    buffer.resize(plain.len() + MAX_TRAILER, 0);
    let len = protect.protect_rtp(&mut buffer, plain.len()).unwrap();
    buffer.truncate(len);
    buffer
}

fn each(act: impl Fn(Profile, Protect, Unprotect)) {
    for profile in Profile::ALL {
        act(profile, Protect::new(&key(profile)), Unprotect::new(&key(profile)));
    }
}

#[test]
fn the_roll_over_counter_is_followed_through_loss_and_disorder() {
    each(|profile, mut protect, mut unprotect| {
        let mut random = Seeded(9);
        let mut held: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut heard = 0;
        for n in 0..60_000_u32 {
            // Steps leave gaps, so that 2^16 is crossed many times.
            let plain = packet((n * 7) as u16, 5);
            let secure = protected(&mut protect, &plain);
            if random.share() < 0.05 {
                continue;
            }
            held.push((plain, secure));
            if held.len() > 8 {
                let at = (random.share() * 8.0) as usize;
                let (plain, mut secure) = held.swap_remove(at);
                match unprotect.unprotect_rtp(&mut secure) {
                    Ok(len) => {
                        assert_eq!(secure[..len], plain);
                        heard += 1;
                    }
                    // Held back for longer than the window.
                    Err(error) => assert_eq!(error, SrtpError::Replayed, "{profile:?}"),
                }
            }
        }
        assert!(heard > 52_000, "{profile:?}: {heard}");
    });
}

#[test]
fn a_packet_is_heard_once() {
    each(|_, mut protect, mut unprotect| {
        let secure: Vec<_> = (0..200).map(|n| protected(&mut protect, &packet(n, 5))).collect();
        assert!(unprotect.unprotect_rtp(&mut secure[150].clone()).is_ok());
        let again = unprotect.unprotect_rtp(&mut secure[150].clone());
        assert_eq!(again, Err(SrtpError::Replayed));
        assert!(unprotect.unprotect_rtp(&mut secure[100].clone()).is_ok(), "late, but new");
        let again = unprotect.unprotect_rtp(&mut secure[100].clone());
        assert_eq!(again, Err(SrtpError::Replayed));
        let ancient = unprotect.unprotect_rtp(&mut secure[10].clone());
        assert_eq!(ancient, Err(SrtpError::Replayed), "behind the window");
    });
}

#[test]
fn every_changed_bit_is_noticed_and_changes_nothing() {
    each(|profile, mut protect, mut unprotect| {
        let plain = packet(7, 5);
        let secure = protected(&mut protect, &plain);
        for bit in 0..secure.len() * 8 {
            let mut changed = secure.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect.unprotect_rtp(&mut changed).is_err(), "{profile:?} bit {bit}");
        }
        for len in 0..secure.len() {
            let short = unprotect.unprotect_rtp(&mut secure[..len].to_vec());
            assert!(short.is_err(), "{profile:?} cut to {len}");
        }
        let mut whole = secure.clone();
        let len = unprotect.unprotect_rtp(&mut whole).unwrap();
        assert_eq!(whole[..len], plain);
        let mut stranger = Unprotect::new(&MasterKey::from_random(profile, [1; 44]));
        assert_eq!(stranger.unprotect_rtp(&mut secure.clone()), Err(SrtpError::Unauthentic));
    });
}

#[test]
fn a_new_source_starts_anew_and_the_old_one_stays_guarded() {
    each(|_, mut protect, mut unprotect| {
        let first = protected(&mut protect, &packet(60_000, 5));
        assert!(unprotect.unprotect_rtp(&mut first.clone()).is_ok());
        let second = protected(&mut protect, &packet(3, 6));
        assert!(unprotect.unprotect_rtp(&mut second.clone()).is_ok());
        assert_eq!(unprotect.unprotect_rtp(&mut first.clone()), Err(SrtpError::Replayed));
        for ssrc in 7..13 {
            let other = protected(&mut protect, &packet(3, ssrc));
            assert!(unprotect.unprotect_rtp(&mut other.clone()).is_ok());
        }
        let mut one_too_many = packet(3, 99);
        one_too_many.resize(200, 0);
        let refused = protect.protect_rtp(&mut one_too_many, 172);
        assert_eq!(refused, Err(SrtpError::TooManySources));
    });
}

#[test]
fn a_key_stream_is_never_used_twice() {
    each(|_, mut protect, _| {
        protected(&mut protect, &packet(7, 5));
        let mut same_number = packet(7, 5);
        same_number[50] ^= 1;
        let before = same_number.clone();
        same_number.resize(200, 0);
        assert_eq!(protect.protect_rtp(&mut same_number, 172), Err(SrtpError::Replayed));
        assert_eq!(same_number[..172], before);
    });
}

#[test]
fn reports_are_protected_too() {
    each(|profile, mut protect, mut unprotect| {
        let plain = [[0x81, 0xc8, 0, 6, 0, 0, 0, 5].as_slice(), &[0x5a; 20]].concat();
        let mut sent = Vec::new();
        for _ in 0..3 {
            let mut buffer = plain.clone();
            buffer.resize(plain.len() + MAX_TRAILER, 0);
            let len = protect.protect_rtcp(&mut buffer, plain.len()).unwrap();
            buffer.truncate(len);
            assert_ne!(buffer[8..28], plain[8..28]);
            sent.push(buffer);
        }
        for at in [1, 0, 2] {
            let mut report = sent[at].clone();
            let len = unprotect.unprotect_rtcp(&mut report).unwrap();
            assert_eq!(report[..len], plain, "{profile:?}");
            let again = unprotect.unprotect_rtcp(&mut sent[at].clone());
            assert_eq!(again, Err(SrtpError::Replayed));
        }
        let mut fresh = Unprotect::new(&key(profile));
        for bit in 0..sent[0].len() * 8 {
            let mut changed = sent[0].clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(fresh.unprotect_rtcp(&mut changed).is_err(), "{profile:?} bit {bit}");
        }
        for len in 0..sent[0].len() {
            assert!(fresh.unprotect_rtcp(&mut sent[0][..len].to_vec()).is_err());
        }
    });
}

#[test]
fn a_buffer_without_room_is_refused() {
    each(|_, mut protect, _| {
        let mut plain = packet(1, 5);
        let len = plain.len();
        assert_eq!(protect.protect_rtp(&mut plain, len), Err(SrtpError::Buffer));
        assert_eq!(protect.protect_rtp(&mut plain, len + 1), Err(SrtpError::Buffer));
        assert_eq!(protect.protect_rtp(&mut plain, 11), Err(SrtpError::Malformed));
    });
}

#[test]
fn keys_go_through_sdp() {
    for profile in Profile::ALL {
        let line = CryptoLine { tag: 1, key: key(profile) };
        let text = line.to_string();
        assert!(text.starts_with(&format!("1 {} inline:", profile.sdp_name())));
        assert_eq!(CryptoLine::parse(&text), Ok(line));
        assert_eq!(CryptoLine::parse(&format!("{text}|2^31")), Ok(line));
        assert_eq!(CryptoLine::parse(&format!("{text}|1048576 WSH=128 -X=1")), Ok(line));
    }
    let shown = format!("{:?}", key(Profile::AeadAes128Gcm));
    assert_eq!(shown, "MasterKey { profile: AeadAes128Gcm, .. }");
}

#[test]
fn lines_that_cannot_be_honoured_are_refused_with_the_reason() {
    // RFC 4568 §9.1's example.
    let good = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20";
    assert!(CryptoLine::parse(good).is_ok());
    for (from, to, error) in [
        ("|2^20", "|2^20|1:32", SdesError::KeyIdentifier),
        ("|2^20", "|1:4", SdesError::KeyIdentifier),
        ("|2^20", ";inline:AAAA", SdesError::KeyIdentifier),
        ("2^20", "2^49", SdesError::Lifetime),
        ("2^20", "2^99", SdesError::Lifetime),
        ("2^20", "1000", SdesError::Lifetime),
        ("2^20", "", SdesError::Lifetime),
        ("inline:d", "inline:", SdesError::Key),
        ("inline:d", "inline:*", SdesError::Key),
        ("SHA1_80", "SHA1_32 ", SdesError::Malformed),
        ("AES_CM", "F8", SdesError::Suite),
        ("1 AES", "x AES", SdesError::Malformed),
        ("inline:", "outline:", SdesError::Malformed),
        ("inline:d", "é", SdesError::Malformed),
        ("2^20", "2^20 UNENCRYPTED_SRTP", SdesError::Parameter),
        ("2^20", "2^20 KDR=1", SdesError::Parameter),
    ] {
        let line = good.replacen(from, to, 1);
        let parsed = CryptoLine::parse(&line);
        if to == "SHA1_32 " {
            assert!(parsed.is_ok(), "further blanks do not matter: {line}");
        } else {
            assert_eq!(parsed, Err(error), "{line}");
        }
    }
    assert_eq!(
        CryptoLine::parse(&format!("{good} -{}", "x".repeat(600))),
        Err(SdesError::Malformed)
    );
}
