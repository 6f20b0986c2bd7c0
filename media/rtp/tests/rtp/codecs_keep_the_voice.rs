use crate::audio::{amplitude, rms, sine, snr_db, voice};
use proptest::prelude::*;
use strowger_rtp::Codec;
use strowger_rtp::codec::{
    CodecError, Decoder, Encoder, MAX_FRAME_BYTES, MAX_PACKET_SAMPLES, Rate, Transcoder,
};

const TRANSCODABLE: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

fn encode_all(encoder: &mut Encoder, audio: &[i16]) -> Vec<Vec<u8>> {
    let mut buffer = [0; MAX_FRAME_BYTES];
    audio
        .chunks_exact(encoder.rate().frame_samples())
        .map(|frame| {
            let bytes = encoder.encode(frame, &mut buffer).unwrap();
            buffer[..bytes].to_vec()
        })
        .collect()
}

fn decode_all(decoder: &mut Decoder, payloads: &[Vec<u8>]) -> Vec<i16> {
    let mut buffer = [0; MAX_PACKET_SAMPLES];
    let mut out = Vec::new();
    for payload in payloads {
        let samples = decoder.decode(payload, &mut buffer).unwrap();
        assert_eq!(samples, decoder.rate().frame_samples());
        out.extend_from_slice(&buffer[..samples]);
    }
    out
}

fn transcode_all(transcoder: &mut Transcoder, payloads: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut buffer = [0; MAX_FRAME_BYTES];
    let mut out = Vec::new();
    for payload in payloads {
        transcoder.push(payload).unwrap();
        while let Some(bytes) = transcoder.pull(&mut buffer) {
            out.push(buffer[..bytes].to_vec());
        }
    }
    out
}

#[test]
fn a_voice_survives_each_codec_at_each_rate() {
    for codec in TRANSCODABLE {
        for rate in [Rate::Narrow, Rate::Wide] {
            let hz = f64::from(rate.hz());
            let said = voice(7, 20_000.0, hz, 2 * rate.hz() as usize);
            let payloads = encode_all(&mut Encoder::new(codec, rate).unwrap(), &said);
            let heard = decode_all(&mut Decoder::new(codec, rate).unwrap(), &payloads);
            let snr = snr_db(&said, &heard, 400);
            // Opus keeps what is heard, not the waveform.
            let least = match (codec, rate) {
                (Codec::Opus, _) => 4.0,
                (Codec::G722, _) => 17.0,
                (_, Rate::Narrow) => 30.0,
                (_, Rate::Wide) => 20.0,
            };
            assert!(snr > least, "{codec:?} {rate:?}: {snr:.1} dB");
            let level = 20.0 * (rms(&heard) / rms(&said)).log10();
            assert!(level.abs() < 1.0, "{codec:?} {rate:?}: level moved by {level:.2} dB");
        }
    }
}

#[test]
fn a_sine_keeps_level_and_frequency_through_every_transcoder() {
    for from in TRANSCODABLE {
        for to in TRANSCODABLE {
            for hz in [440.0, 1_000.0, 2_500.0] {
                let rate = f64::from(from.rate().hz());
                let said = sine(hz, 8_000.0, rate, from.rate().hz() as usize);
                let payloads = encode_all(&mut Encoder::new(from, from.rate()).unwrap(), &said);
                let payloads = transcode_all(&mut Transcoder::new(from, to).unwrap(), &payloads);
                assert_eq!(payloads.len(), 50);
                let heard = decode_all(&mut Decoder::new(to, Rate::Narrow).unwrap(), &payloads);
                let settled = &heard[3_200..];
                let level = 20.0 * (amplitude(settled, hz, 8_000.0) / 8_000.0).log10();
                // Opus at speech rates is free with the level of a lone sine.
                let most = if [from, to].contains(&Codec::Opus) { 2.5 } else { 0.5 };
                assert!(level.abs() < most, "{from:?} to {to:?}, {hz} Hz: {level:.2} dB");
                let share = amplitude(settled, hz, 8_000.0) / (rms(settled) * 2_f64.sqrt());
                assert!(share > 0.95, "{from:?} to {to:?}, {hz} Hz: share {share:.3}");
            }
        }
    }
}

#[test]
fn wide_band_is_kept_between_codecs_that_have_it() {
    for (from, to) in [(Codec::G722, Codec::Opus), (Codec::Opus, Codec::G722)] {
        let said = sine(5_500.0, 8_000.0, 16_000.0, 16_000);
        let payloads = encode_all(&mut Encoder::new(from, Rate::Wide).unwrap(), &said);
        let payloads = transcode_all(&mut Transcoder::new(from, to).unwrap(), &payloads);
        let heard = decode_all(&mut Decoder::new(to, Rate::Wide).unwrap(), &payloads);
        let level = 20.0 * (amplitude(&heard[6_400..], 5_500.0, 16_000.0) / 8_000.0).log10();
        assert!(level.abs() < 3.0, "{from:?} to {to:?}: {level:.2} dB");
    }
}

#[test]
fn packets_of_any_length_become_frames_of_20_ms() {
    for ms in [10, 30, 40, 60] {
        let said = sine(1_000.0, 8_000.0, 8_000.0, 9_600);
        let mut encoder = Encoder::new(Codec::Pcma, Rate::Narrow).unwrap();
        let mut transcoder = Transcoder::new(Codec::Pcma, Codec::Opus).unwrap();
        let mut decoder = Decoder::new(Codec::Opus, Rate::Narrow).unwrap();
        let mut frames = 0;
        let (mut payload, mut audio) = ([0; MAX_FRAME_BYTES], [0; MAX_PACKET_SAMPLES]);
        for packet in said.chunks(8 * ms) {
            let bytes = encoder.encode(packet, &mut payload).unwrap();
            transcoder.push(&payload[..bytes]).unwrap();
            while let Some(bytes) = transcoder.pull(&mut payload) {
                assert_eq!(decoder.decode(&payload[..bytes], &mut audio), Ok(160));
                frames += 1;
            }
        }
        assert_eq!(frames, 60, "packets of {ms} ms");
    }
}

#[test]
fn a_lost_opus_frame_is_recovered_from_the_next() {
    let said = voice(3, 20_000.0, 8_000.0, 16_000);
    let payloads = encode_all(&mut Encoder::new(Codec::Opus, Rate::Narrow).unwrap(), &said);
    let mut decoder = Decoder::new(Codec::Opus, Rate::Narrow).unwrap();
    let mut heard = Vec::new();
    let mut audio = [0; MAX_PACKET_SAMPLES];
    for (at, payload) in payloads.iter().enumerate() {
        if at % 10 == 5 {
            let next = payloads.get(at + 1).map(Vec::as_slice);
            assert!(decoder.recover(next, &mut audio[..160]));
        } else {
            assert_eq!(decoder.decode(payload, &mut audio), Ok(160));
        }
        heard.extend_from_slice(&audio[..160]);
    }
    let level = 20.0 * (rms(&heard) / rms(&said)).log10();
    assert!(level.abs() < 1.5, "{level:.2} dB");
    assert!(!decoder.recover(None, &mut audio[..7]), "not a length that Opus has");
}

#[test]
fn g729_is_only_passed_on() {
    let refused = Err(CodecError::PassThroughOnly(Codec::G729));
    assert_eq!(Decoder::new(Codec::G729, Rate::Narrow).map(|_| ()), refused);
    assert_eq!(Encoder::new(Codec::G729, Rate::Narrow).map(|_| ()), refused);
    assert_eq!(Transcoder::new(Codec::Pcmu, Codec::G729).map(|_| ()), refused);
    assert_eq!(Codec::G729.payload_us(&[0; 20]), Some(20_000));
}

#[test]
fn names_clocks_and_payload_types_are_the_standards() {
    assert_eq!(Codec::from_sdp("OPUS", 48_000), Some(Codec::Opus));
    assert_eq!(Codec::from_sdp("opus", 8_000), None);
    assert_eq!(Codec::from_sdp("g722", 8_000), Some(Codec::G722));
    let types: Vec<_> = Codec::ALL.into_iter().map(Codec::payload_type).collect();
    assert_eq!(types, [0, 8, 9, 111, 18]);
    assert_eq!(Codec::from_static_payload_type(9), Some(Codec::G722));
    assert_eq!(Codec::from_static_payload_type(111), None);
    let moves: Vec<_> = Codec::ALL.into_iter().map(Codec::frame_timestamps).collect();
    assert_eq!(moves, [160, 160, 160, 960, 160]);
    assert_eq!(Codec::G722.frame_samples(), 320);
    assert_eq!(Codec::Opus.timestamp(160), 960);
}

proptest! {
    #[test]
    fn lying_payloads_are_errors_and_nothing_worse(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..1_500), 1..8),
        room in 0_usize..2_000,
        from in 0_usize..4,
        to in 0_usize..4,
    ) {
        let (from, to) = (TRANSCODABLE[from], TRANSCODABLE[to]);
        let mut transcoder = Transcoder::new(from, to).unwrap();
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut decoder = Decoder::new(from, rate).unwrap();
            let mut audio = vec![0; room];
            let mut encoded = vec![0; room / 4];
            for payload in &payloads {
                if let Ok(samples) = decoder.decode(payload, &mut audio) {
                    prop_assert!(samples <= room);
                    prop_assert!(samples <= rate.samples(120));
                }
                decoder.recover(Some(payload), &mut audio);
                if transcoder.push(payload).is_ok() {
                    for _ in 0..7 {
                        if let Some(bytes) = transcoder.pull(&mut encoded) {
                            prop_assert!(bytes <= encoded.len());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn buffers_of_any_length_are_filled_or_refused(
        samples in 0_usize..2_500, room in 0_usize..1_500, codec in 0_usize..4,
    ) {
        let codec = TRANSCODABLE[codec];
        for rate in [Rate::Narrow, Rate::Wide] {
            let mut out = vec![0; room];
            let audio = vec![1_000; samples];
            if let Ok(bytes) = Encoder::new(codec, rate).unwrap().encode(&audio, &mut out) {
                prop_assert!(bytes <= room);
            }
        }
    }
}
