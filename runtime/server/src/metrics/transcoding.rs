//! Legs that are being transcoded now: what costs most of all that media does.

use super::text::{Kind, Text};
use strowger_engine::media::TranscodedLegs;

/// The other side of a leg that hears a conference.
const CONFERENCE: &str = "conference";

/// Writes how many there are, and by codecs.
pub fn render(text: &mut Text, legs: &[TranscodedLegs]) {
    let help = "Legs that hear what is decoded and encoded for them now.";
    let all: u64 = legs.iter().map(|counted| counted.legs).sum();
    text.single("strowger_media_legs_transcoding", Kind::Gauge, help, all);
    let help = "The same by the leg's codec and that of whom it hears.";
    let mut family = text.family("strowger_media_legs_transcoding_by_codec", Kind::Gauge, help);
    for TranscodedLegs { codec, peer, legs } in legs {
        let peer = peer.map_or(CONFERENCE, |peer| peer.sdp_name());
        family.sample(&[("codec", codec.sdp_name()), ("peer", peer)], legs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_engine::media::Codec;

    #[test]
    fn legs_are_counted_together_and_by_codecs() {
        let legs = [
            TranscodedLegs { codec: Codec::Pcmu, peer: Some(Codec::Opus), legs: 2 },
            TranscodedLegs { codec: Codec::Pcma, peer: None, legs: 3 },
        ];
        let mut text = Text::default();
        render(&mut text, &legs);
        let text = text.finish();
        let name = "strowger_media_legs_transcoding";
        for line in [
            format!("{name} 5"),
            format!("{name}_by_codec{{codec=\"PCMU\",peer=\"opus\"}} 2"),
            format!("{name}_by_codec{{codec=\"PCMA\",peer=\"conference\"}} 3"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }

    #[test]
    fn none_is_a_number_too() {
        let mut text = Text::default();
        render(&mut text, &[]);
        assert!(text.finish().contains("strowger_media_legs_transcoding 0\n"));
    }
}
