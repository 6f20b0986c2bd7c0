//! A leg's figures, published once a second.

use strowger_rtp::quality::mean_opinion_score;

/// How one leg's media fared so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LegStats {
    /// Packets heard.
    pub received: u32,
    /// Packets that should have been heard and were not.
    pub lost: u32,
    /// Packets refused: strangers', unknown payload types, junk.
    pub refused: u32,
    /// Interarrival jitter of what we hear.
    pub jitter_ms: u32,
    /// Packets sent.
    pub sent: u32,
    /// Packets that the network stack did not take.
    pub send_errors: u32,
    /// From RTCP, if the other side reports.
    pub round_trip_ms: Option<u32>,
    /// Share of our packets that the other side lost lately, in 1/256, from RTCP.
    pub remote_fraction_lost: Option<u8>,
}

impl LegStats {
    /// Estimated mean opinion score of what we hear, 1.0 to 4.5 (ITU-T G.107).
    pub fn mean_opinion_score(&self) -> f64 {
        let expected = f64::from(self.received) + f64::from(self.lost);
        let loss = if expected > 0.0 { f64::from(self.lost) / expected } else { 0.0 };
        let one_way = f64::from(self.round_trip_ms.unwrap_or(40)) / 2.0;
        // A listener's buffer holds about twice the jitter, and a frame.
        mean_opinion_score(loss, one_way + 2.0 * f64::from(self.jitter_ms) + 20.0)
    }
}
