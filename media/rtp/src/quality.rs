//! How good a call sounded, estimated from what the network did: the E-model
//! (ITU-T G.107) with default loudness and echo, per leg and direction.

use crate::codec::Codec;
use crate::reception::Report;
use crate::rtcp::{Block, round_trip_ms};

/// The rating of a perfect narrow-band connection (ITU-T G.107 §7.7).
const BEST_RATING: f64 = 93.2;
/// One way, for a side that does not report: a network within one country.
const USUAL_ROUND_TRIP_MS: u32 = 40;

/// How much a codec takes away, and how it bears loss (ITU-T G.113 appendix I).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impairment {
    /// Equipment impairment factor Ie.
    pub equipment: f64,
    /// Packet-loss robustness factor Bpl.
    pub robustness: f64,
}

impl Impairment {
    /// The codec's, with concealment at the listener.
    ///
    /// G.711 and G.729 are from G.113. It has no narrow-band values for G.722
    /// and Opus: G.722 counts as G.711, whose concealment it gets; Opus at our
    /// bit rates as an equal of GSM-EFR (Ie 5) with G.711's robustness, because
    /// it carries error correction. Both are estimates.
    pub const fn of(codec: Codec) -> Self {
        match codec {
            Codec::Pcmu | Codec::Pcma | Codec::G722 => Self { equipment: 0.0, robustness: 25.1 },
            Codec::G729 => Self { equipment: 11.0, robustness: 19.0 },
            Codec::Opus => Self { equipment: 5.0, robustness: 25.1 },
        }
    }
}

/// The transmission rating R, 0 to 93.2 (ITU-T G.107, simplified).
///
/// `loss` is a share of 0 to 1; `delay_ms` one way, jitter buffer included;
/// `burst_ratio` is how much longer losses last in a row than they would by
/// chance, 1 or more.
pub fn rating(impairment: Impairment, loss: f64, burst_ratio: f64, delay_ms: f64) -> f64 {
    let percent = (loss * 100.0).clamp(0.0, 100.0);
    let Impairment { equipment, robustness } = impairment;
    let spread = percent / burst_ratio.max(1.0) + robustness;
    let equipment = equipment + (95.0 - equipment) * percent / spread;
    let delay = delay_ms.max(0.0);
    let delay_impairment = 0.024 * delay + if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    (BEST_RATING - equipment - delay_impairment).clamp(0.0, 100.0)
}

/// The mean opinion score of a rating, 1.0 to 4.5 (ITU-T G.107 annex B).
pub fn score(rating: f64) -> f64 {
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    score.clamp(1.0, 4.5)
}

/// Mean opinion score of a G.711 call with losses by chance.
///
/// `loss` is a share of 0 to 1; `delay_ms` one way, jitter buffer included.
pub fn mean_opinion_score(loss: f64, delay_ms: f64) -> f64 {
    score(rating(Impairment::of(Codec::Pcmu), loss, 1.0, delay_ms))
}

/// How one direction of a leg fares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Share lost since the last report, 0 to 1.
    pub loss: f64,
    /// Interarrival jitter.
    pub jitter_ms: u32,
    /// The transmission rating R.
    pub rating: f64,
    /// The mean opinion score.
    pub score: f64,
}

/// Gathers one leg's figures from its reports, both ways.
#[derive(Clone, Copy, Debug)]
pub struct LegQuality {
    codec: Codec,
    heard: Option<Report>,
    sent: Option<Report>,
    round_trip_ms: Option<u32>,
    /// Of all reports so far.
    worst: Option<f64>,
}

impl LegQuality {
    /// A leg of this codec without reports.
    pub fn new(codec: Codec) -> Self {
        Self { codec, heard: None, sent: None, round_trip_ms: None, worst: None }
    }

    /// What we are about to report of what we hear
    /// ([`crate::reception::Reception::report`]).
    pub fn note_heard(&mut self, report: Report) {
        self.heard = Some(report);
        self.note_worst(self.heard());
    }

    /// What the other side reports of what it hears; it came at `now_ntp`.
    pub fn note_sent(&mut self, now_ntp: u64, about_us: &Block) {
        self.sent = Some(about_us.report);
        self.round_trip_ms = round_trip_ms(now_ntp, about_us).or(self.round_trip_ms);
        self.note_worst(self.sent());
    }

    /// How what we hear fares; `None` before the first report.
    pub fn heard(&self) -> Option<Direction> {
        self.heard.map(|report| self.direction(report))
    }

    /// How what we send fares, by the other side's reports.
    pub fn sent(&self) -> Option<Direction> {
        self.sent.map(|report| self.direction(report))
    }

    /// From the last report that tells it.
    pub fn round_trip_ms(&self) -> Option<u32> {
        self.round_trip_ms
    }

    /// The lowest score of any report, either way.
    pub fn worst_score(&self) -> Option<f64> {
        self.worst
    }

    fn note_worst(&mut self, direction: Option<Direction>) {
        if let Some(Direction { score, .. }) = direction {
            self.worst = Some(self.worst.map_or(score, |worst| worst.min(score)));
        }
    }

    fn direction(&self, report: Report) -> Direction {
        let loss = f64::from(report.fraction_lost) / 256.0;
        let per_ms = self.codec.clock_hz() / 1_000;
        let jitter_ms = report.jitter / per_ms;
        let round_trip = f64::from(self.round_trip_ms.unwrap_or(USUAL_ROUND_TRIP_MS));
        // A listener's buffer holds about twice the jitter, and a frame.
        let delay = round_trip / 2.0 + 2.0 * f64::from(jitter_ms) + f64::from(crate::FRAME_MS);
        let rating = rating(Impairment::of(self.codec), loss, 1.0, delay);
        Direction { loss, jitter_ms, rating, score: score(rating) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_call_is_good_and_loss_and_delay_make_it_worse() {
        let clean = mean_opinion_score(0.0, 20.0);
        assert!((4.3..4.5).contains(&clean), "{clean}");
        let lossy = mean_opinion_score(0.05, 20.0);
        assert!((3.2..4.0).contains(&lossy), "{lossy}");
        assert!(mean_opinion_score(0.05, 400.0) < lossy);
        assert!((mean_opinion_score(1.0, 1_000.0) - 1.0).abs() < 0.1);
    }

    #[test]
    fn ratings_are_those_of_the_formula() {
        let of = |codec, loss, burst| rating(Impairment::of(codec), loss, burst, 0.0);
        assert!((of(Codec::Pcmu, 0.0, 1.0) - 93.2).abs() < 0.01);
        assert!((of(Codec::G729, 0.0, 1.0) - 82.2).abs() < 0.01);
        // 11 + 84 · 2 / (2 + 19) = 19.
        assert!((of(Codec::G729, 0.02, 1.0) - 74.2).abs() < 0.01);
        assert!(of(Codec::Pcmu, 0.05, 4.0) < of(Codec::Pcmu, 0.05, 1.0));
        // G.107 annex B.
        assert!((score(93.2) - 4.41).abs() < 0.01 && (score(70.0) - 3.60).abs() < 0.01);
        assert!((score(0.0) - 1.0).abs() < 0.01 && score(100.0) <= 4.5);
    }

    #[test]
    fn a_leg_has_figures_for_both_ways_and_keeps_the_worst() {
        let mut leg = LegQuality::new(Codec::Opus);
        assert_eq!((leg.heard(), leg.sent(), leg.worst_score()), (None, None, None));
        let report = |fraction_lost, jitter| Report { fraction_lost, jitter, ..Report::default() };
        leg.note_heard(report(0, 480));
        let heard = leg.heard().unwrap();
        assert_eq!((heard.jitter_ms, heard.loss), (10, 0.0), "48 units are a millisecond");
        // Sent at 10 s, held for half a second, back 0.1 s after.
        let block = Block { ssrc: 1, report: report(64, 0), last_report: 10 << 16, delay: 1 << 15 };
        leg.note_sent((10 << 32) + (6 << 32) / 10, &block);
        assert_eq!(leg.round_trip_ms(), Some(99));
        let sent = leg.sent().unwrap();
        assert!((sent.loss - 0.25).abs() < 1e-9 && sent.score < heard.score);
        leg.note_sent(0, &Block { last_report: 0, report: report(0, 0), ..block });
        assert_eq!(leg.round_trip_ms(), Some(99), "a report without a time changes nothing");
        assert_eq!(leg.worst_score(), Some(sent.score));
    }
}
