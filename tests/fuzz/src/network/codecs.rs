//! Payloads of every codec, valid or not: decoded, concealed, transcoded.
//!
//! An input is a list of payloads, each with its length (two bytes) before it.

use strowger_rtp::Codec;
use strowger_rtp::codec::{
    Decoder, Encoder, MAX_FRAME_BYTES, MAX_PACKET_MS, MAX_PACKET_SAMPLES, Rate, Transcoder,
};

/// Payloads of one input.
const MAX_PAYLOADS: usize = 12;

/// Payloads of one stream after another.
pub fn codecs(data: &[u8]) {
    let payloads = payloads(data);
    for codec in Codec::ALL {
        for payload in &payloads {
            if let Some(us) = codec.payload_us(payload) {
                assert!(us > 0 && us <= MAX_PACKET_MS * 1_000, "{us} µs in a packet of {codec:?}");
            }
        }
        for rate in [Rate::Narrow, Rate::Wide] {
            decoded(codec, rate, &payloads);
        }
    }
    for (from, to) in
        [(Codec::Opus, Codec::Pcma), (Codec::G722, Codec::Opus), (Codec::Pcmu, Codec::G722)]
    {
        transcoded(from, to, &payloads);
    }
}

fn payloads(data: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = data;
    while let Some((length, after)) = rest.split_first_chunk::<2>()
        && found.len() < MAX_PAYLOADS
    {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (payload, after) = after.split_at(length);
        found.push(payload);
        rest = after;
    }
    found
}

/// As much audio comes out as the payload says, or nothing; and however broken
/// it was, a good frame is decoded after it.
fn decoded(codec: Codec, rate: Rate, payloads: &[&[u8]]) {
    let Ok(mut decoder) = Decoder::new(codec, rate) else {
        assert!(!codec.is_transcodable());
        return;
    };
    let mut out = [0; MAX_PACKET_SAMPLES];
    for payload in payloads {
        let says = codec.payload_us(payload);
        match decoder.decode(payload, &mut out) {
            Ok(count) => {
                let wanted = says.map(|us| (us / 125) as usize * (rate.hz() / 8_000) as usize);
                assert_eq!(Some(count), wanted, "{codec:?} gave {count} samples");
            }
            // Opus looks into the payload, the others only at its length.
            Err(_) => {
                assert!(says.is_none() || codec == Codec::Opus, "{codec:?} refused {says:?} µs")
            }
        }
        let half = out.len() / 6;
        decoder.recover(Some(payload), &mut out[..half]);
        decoder.recover(None, &mut out[..half]);
    }
    let mut encoder = Encoder::new(codec, rate).expect("what is decoded is encoded");
    let mut frame = [0; MAX_FRAME_BYTES];
    let length = encoder.encode(&vec![1_000; rate.frame_samples()], &mut frame).expect("a frame");
    let count = decoder.decode(&frame[..length], &mut out).expect("a good frame after bad ones");
    assert_eq!(count, rate.frame_samples());
}

fn transcoded(from: Codec, to: Codec, payloads: &[&[u8]]) {
    let mut transcoder = Transcoder::new(from, to).expect("both can be transcoded");
    let mut out = [0; MAX_FRAME_BYTES];
    for payload in payloads {
        let pushed = transcoder.push(payload);
        let mut frames = 0;
        while let Some(length) = transcoder.pull(&mut out) {
            frames += 1;
            assert_eq!(to.payload_us(&out[..length]), Some(20_000), "{to:?}");
        }
        assert!(frames <= MAX_PACKET_MS / 20 + 1, "{frames} frames of one packet");
        assert!(pushed.is_ok() || frames == 0, "{frames} frames of a refused packet");
    }
}
