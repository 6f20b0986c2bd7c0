//! A leg's figures, published once a second and when it ends.

use strowger_rtp::Codec;
use strowger_rtp::quality::{Impairment, rating, score};
use strowger_rtp::srtp::Profile;

/// How one leg's media fared so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// What was negotiated last.
    pub codec: Option<Codec>,
    /// The codec of whom it was bridged with last.
    pub peer_codec: Option<Codec>,
    /// Whether its last bridge or conference decodes and encodes what it hears;
    /// otherwise packets are passed on as they come (between the laws of G.711
    /// byte by byte).
    pub transcoding: bool,
    /// How its packets are protected.
    pub srtp: Option<Profile>,
    /// Packets heard.
    pub received: u32,
    /// Their payloads.
    pub received_bytes: u64,
    /// Packets that should have been heard and were not.
    pub lost: u32,
    /// Packets that came after others sent later, or twice.
    pub reordered: u32,
    /// Packets that came too late to be decoded, where they were.
    pub late: u32,
    /// Frames of replacement that were made up for lost ones, where decoded.
    pub concealed: u32,
    /// Packets refused: strangers', unknown payload types, junk.
    pub refused: u32,
    /// Packets whose authentication was wrong, or that were repeated (SRTP and SRTCP).
    pub unauthentic: u32,
    /// Interarrival jitter of what we hear.
    pub jitter_ms: u32,
    /// Packets sent.
    pub sent: u32,
    /// Their payloads.
    pub sent_bytes: u64,
    /// Packets that the network stack did not take.
    pub send_errors: u32,
    /// From RTCP, if the other side reports.
    pub round_trip_ms: Option<u32>,
    /// Share of our packets that the other side lost lately, in 1/256, from RTCP.
    pub remote_fraction_lost: Option<u8>,
    /// Packets of ours that the other side lost in all, from RTCP.
    pub remote_lost: Option<u32>,
    /// Jitter of our packets where they arrive, from RTCP.
    pub remote_jitter_ms: Option<u32>,
}

impl LegStats {
    /// Estimated mean opinion score of what we hear, 1.0 to 4.5 (ITU-T G.107).
    pub fn mean_opinion_score(&self) -> f64 {
        score(self.rating())
    }

    /// Estimated transmission rating R of what we hear, 0 to 93.2 (ITU-T G.107).
    pub fn rating(&self) -> f64 {
        self.rated(self.lost, self.received, self.jitter_ms)
    }

    /// Estimated mean opinion score of what the other side hears; `None` if it
    /// does not report.
    pub fn sent_mean_opinion_score(&self) -> Option<f64> {
        self.sent_rating().map(score)
    }

    /// The same as a rating R.
    pub fn sent_rating(&self) -> Option<f64> {
        let lost = self.remote_lost?;
        let arrived = self.sent.saturating_sub(lost);
        Some(self.rated(lost, arrived, self.remote_jitter_ms.unwrap_or(0)))
    }

    fn rated(&self, lost: u32, arrived: u32, jitter_ms: u32) -> f64 {
        let expected = f64::from(arrived) + f64::from(lost);
        let loss = if expected > 0.0 { f64::from(lost) / expected } else { 0.0 };
        let one_way = f64::from(self.round_trip_ms.unwrap_or(40)) / 2.0;
        // A listener's buffer holds about twice the jitter, and a frame.
        let delay_ms = one_way + 2.0 * f64::from(jitter_ms) + 20.0;
        let impairment = Impairment::of(self.codec.unwrap_or(Codec::Pcma));
        rating(impairment, loss, 1.0, delay_ms)
    }
}
