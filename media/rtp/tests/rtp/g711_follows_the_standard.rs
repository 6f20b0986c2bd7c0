use std::f64::consts::TAU;
use strowger_rtp::Law;

/// ITU-T G.711 tables 5 and 6: one period of the digital test sequence for
/// 1 kHz at 0 dBm0.
const PCMA_REFERENCE: [u8; 8] = [0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4];
const PCMU_REFERENCE: [u8; 8] = [0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e];

/// `overload`: the level of a sine that just fills the scale, in hundredths of dBm0.
fn reference_tone(law: Law, overload: i32) -> Vec<u8> {
    let peak = 32_768.0 * 10_f64.powf(-f64::from(overload) / 2_000.0);
    (0..8)
        .map(|at| -peak * (TAU * (f64::from(at) + 0.5) / 8.0).sin())
        .map(|sample| law.encode(sample as i16))
        .collect()
}

#[test]
fn the_reference_tone_has_the_standards_codes() {
    assert_eq!(reference_tone(Law::Pcma, 314), PCMA_REFERENCE);
    assert_eq!(reference_tone(Law::Pcmu, 317), PCMU_REFERENCE);
}

#[test]
fn the_ends_of_the_scales_are_the_standards() {
    let pcmu = |byte| Law::Pcmu.decode(byte);
    assert_eq!((pcmu(0xff), pcmu(0x7f), pcmu(0x80), pcmu(0x00)), (0, 0, 32_124, -32_124));
    let pcma = |byte| Law::Pcma.decode(byte);
    assert_eq!((pcma(0xd5), pcma(0x55), pcma(0xaa), pcma(0x2a)), (8, -8, 32_256, -32_256));
    for law in [Law::Pcmu, Law::Pcma] {
        assert_eq!(
            law.decode(law.encode(i16::MAX)),
            law.decode_table().iter().copied().max().unwrap()
        );
        assert_eq!(
            law.decode(law.encode(i16::MIN)),
            law.decode_table().iter().copied().min().unwrap()
        );
        assert!(law.decode(law.silence()).abs() <= 8);
    }
}

#[test]
fn every_code_survives_decoding_and_encoding() {
    for byte in 0..=u8::MAX {
        assert_eq!(Law::Pcma.encode(Law::Pcma.decode(byte)), byte);
        // µ-law has two zeroes; the encoder uses one.
        let same = if byte == 0x7f { 0xff } else { byte };
        assert_eq!(Law::Pcmu.encode(Law::Pcmu.decode(byte)), same);
    }
}

#[test]
fn louder_samples_never_get_quieter_codes() {
    for law in [Law::Pcmu, Law::Pcma] {
        let decoded = (i16::MIN..=i16::MAX).map(|sample| law.decode(law.encode(sample)));
        assert!(decoded.is_sorted());
    }
}

#[test]
fn converting_laws_stays_within_a_step() {
    for law in [Law::Pcmu, Law::Pcma] {
        let other = if law == Law::Pcmu { Law::Pcma } else { Law::Pcmu };
        for byte in 0..=u8::MAX {
            let mut converted = [byte];
            law.convert(&mut converted);
            let (before, after) =
                (i32::from(law.decode(byte)), i32::from(other.decode(converted[0])));
            let step = (before.abs() / 16).max(16);
            assert!((before - after).abs() <= step, "{law:?} {byte}: {before} became {after}");
        }
    }
}
