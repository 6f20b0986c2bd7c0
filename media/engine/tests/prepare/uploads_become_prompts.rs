use crate::support::{loudness, samples, share};
use std::f64::consts::TAU;
use std::io::Cursor;
use strowger_engine::prompt::{MAX_PROMPT_MS, MAX_UPLOAD_BYTES, Prompt, PromptError, decode};
use strowger_rtp::Law;
use strowger_rtp::wav::{Content, WavWriter};

/// A 16-bit WAV file with a sine of 600 Hz on every channel.
fn wav(rate: u32, channels: u16, seconds: f64) -> Vec<u8> {
    let frames = (f64::from(rate) * seconds) as u32;
    let bytes = frames * u32::from(channels) * 2;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((bytes + 36).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(channels) * 2).to_le_bytes());
    file.extend((channels * 2).to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    for at in 0..frames {
        let sample = (9_000.0 * (TAU * 600.0 * f64::from(at) / f64::from(rate)).sin()) as i16;
        for _ in 0..channels {
            file.extend(sample.to_le_bytes());
        }
    }
    file
}

/// A FLAC file of silence, in blocks of 14 bytes for 65,535 samples
/// (RFC 9639 §8.2, §9.1).
fn silent_flac(rate: u32, seconds: u32) -> Vec<u8> {
    const BLOCK: u16 = u16::MAX;
    let blocks = (u64::from(rate) * u64::from(seconds)).div_ceil(u64::from(BLOCK));
    let mut file = b"fLaC\x80\0\0\x22".to_vec();
    file.extend([BLOCK.to_be_bytes(), BLOCK.to_be_bytes()].concat());
    file.extend([0; 6]);
    // Rate, one channel, 16 bits, and no word about how long it is.
    file.extend((u64::from(rate) << 44 | 15 << 36).to_be_bytes());
    file.extend([0; 16]);
    for number in 0..blocks {
        let start = file.len();
        file.extend([0xff, 0xf8, 0x70, 0x08]);
        match u32::try_from(number).unwrap() {
            small @ 0..0x80 => file.push(small as u8),
            more => file.extend(char::from_u32(more).unwrap().to_string().into_bytes()),
        }
        file.extend((BLOCK - 1).to_be_bytes());
        file.push(crc(8, 0x07, &file[start..]) as u8);
        file.extend([0, 0, 0]);
        let sum = crc(16, 0x8005, &file[start..]);
        file.extend(sum.to_be_bytes());
    }
    file
}

fn crc(bits: u32, polynomial: u16, bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ u16::from(*byte) << (bits - 8), |sum, _| {
            let carry = sum >> (bits - 1) & 1;
            ((sum << 1) ^ (carry * polynomial)) & (u16::MAX >> (16 - bits))
        })
    })
}

/// Half a second of 600 Hz at its level, give or take a codec's manners.
fn assert_is_the_tone(prompt: &Prompt) {
    assert!((480..=600).contains(&prompt.duration_ms()), "{} ms", prompt.duration_ms());
    for law in [Law::Pcmu, Law::Pcma] {
        let heard = samples(prompt, law);
        let middle = &heard[1_000..3_000];
        assert!(share(middle, 600.0) > 0.97, "600 Hz is only {}", share(middle, 600.0));
        let level = loudness(middle);
        assert!((5_700.0..7_000.0).contains(&level), "a level of {level}");
    }
}

#[test]
fn wav_of_any_rate_and_number_of_channels() {
    for (rate, channels) in
        [(8_000, 1), (11_025, 1), (16_000, 2), (22_050, 1), (44_100, 2), (48_000, 6)]
    {
        assert_is_the_tone(&decode(wav(rate, channels, 0.5)).unwrap());
    }
}

#[test]
fn mp3_flac_and_vorbis() {
    assert_is_the_tone(
        &decode(include_bytes!("../audio/half-second-600-hz.mp3").to_vec()).unwrap(),
    );
    assert_is_the_tone(
        &decode(include_bytes!("../audio/half-second-600-hz.flac").to_vec()).unwrap(),
    );
    assert_is_the_tone(
        &decode(include_bytes!("../audio/half-second-600-hz.ogg").to_vec()).unwrap(),
    );
}

#[test]
fn g711_at_the_telephones_rate_is_kept_bit_by_bit() {
    for law in [Law::Pcmu, Law::Pcma] {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(1_600).collect();
        let mut file = WavWriter::new(Cursor::new(Vec::new()), Content::G711(law), 1).unwrap();
        file.append(&bytes).unwrap();
        let prompt = decode(file.finish().unwrap().into_inner()).unwrap();
        let kept: Vec<u8> =
            (0..prompt.frames()).flat_map(|at| *prompt.frame(law, at).unwrap()).collect();
        // µ-law has two zeroes; the encoder uses one.
        let expected: Vec<u8> = bytes
            .into_iter()
            .map(|byte| if law == Law::Pcmu && byte == 0x7f { 0xff } else { byte })
            .collect();
        assert!(kept == expected, "{law:?} was changed");
    }
}

#[test]
fn frequencies_a_telephone_cannot_carry_are_taken_out() {
    let mut file = wav(44_100, 1, 0.5);
    // 6 kHz would fold to 2 kHz.
    for (at, sample) in file[44..].chunks_exact_mut(2).enumerate() {
        let value = (9_000.0 * (TAU * 6_000.0 * at as f64 / 44_100.0).sin()) as i16;
        sample.copy_from_slice(&value.to_le_bytes());
    }
    let heard = samples(&decode(file).unwrap(), Law::Pcma);
    assert!(loudness(&heard[800..3_200]) < 100.0, "{}", loudness(&heard[800..3_200]));
}

#[test]
fn what_is_no_audio_is_refused_with_advice() {
    for bytes in [
        Vec::new(),
        b"just a letter".repeat(100),
        vec![0; 10_000],
        b"\x00asm\x01\x00\x00\x00".to_vec(),
    ] {
        let error = decode(bytes).unwrap_err();
        assert!(matches!(error, PromptError::NotAudio(_)), "{error}");
        assert!(error.to_string().contains("upload WAV, MP3, FLAC or Ogg Vorbis"), "{error}");
    }
}

#[test]
fn an_empty_file_a_long_one_and_a_large_one_are_refused() {
    let error = decode(wav(8_000, 1, 0.0)).unwrap_err();
    assert!(matches!(error, PromptError::Empty | PromptError::NotAudio(_)), "{error}");
    let too_long = (MAX_PROMPT_MS / 1_000 + 5) as f64;
    assert!(matches!(decode(wav(8_000, 1, too_long)).unwrap_err(), PromptError::TooLong));
    let error = decode(vec![0; MAX_UPLOAD_BYTES + 1]).unwrap_err();
    assert!(matches!(error, PromptError::TooLarge(_)), "{error}");
}

#[test]
fn a_truncated_file_gives_what_is_there_or_an_error_and_never_a_panic() {
    let flac = include_bytes!("../audio/half-second-600-hz.flac");
    let files = [
        wav(44_100, 2, 0.1),
        flac.to_vec(),
        include_bytes!("../audio/half-second-600-hz.ogg").to_vec(),
    ];
    for file in files {
        for length in (0..file.len()).step_by(97) {
            if let Ok(prompt) = decode(file[..length].to_vec()) {
                assert!(prompt.duration_ms() <= 600);
            }
        }
    }
}

#[test]
fn silence_that_compresses_without_end_fills_no_memory() {
    let second = decode(silent_flac(48_000, 1)).unwrap();
    assert!((1_000..3_000).contains(&second.duration_ms()), "{} ms", second.duration_ms());
    // Refused by its first words, before it turns out to be too long as well.
    let error = decode(silent_flac(655_350, 601)).unwrap_err();
    assert!(matches!(error, PromptError::SampleRate(655_350)), "{error}");
    let error = decode(silent_flac(192_000, 300)).unwrap_err();
    assert!(matches!(error, PromptError::TooManySamples), "{error}");
    let error = decode(silent_flac(8_000, 2_000)).unwrap_err();
    assert!(matches!(error, PromptError::TooLong), "{error}");
}

#[test]
fn samples_that_are_no_numbers_are_silence() {
    let mut file = wav(16_000, 2, 0.5);
    // The same bytes as floats of one channel.
    (file[20], file[22]) = (3, 1);
    (file[32], file[34]) = (4, 32);
    for (at, sample) in file[44..].chunks_exact_mut(4).enumerate() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.5];
        sample.copy_from_slice(&odd[at % odd.len()].to_le_bytes());
    }
    let prompt = decode(file).unwrap();
    assert!((480..=600).contains(&prompt.duration_ms()), "{} ms", prompt.duration_ms());
}
