//! How good a call sounded, estimated from what the network did.

/// Mean opinion score, 1.0 to 4.5, of a G.711 call by the E-model (ITU-T G.107)
/// with default loudness and echo, and packet loss concealment at the listener
/// (Bpl 25.1, ITU-T G.113 table I.4).
///
/// `loss` is a share of 0 to 1; `delay_ms` one way, jitter buffer included.
pub fn mean_opinion_score(loss: f64, delay_ms: f64) -> f64 {
    const BEST_RATING: f64 = 93.2;
    const LOSS_ROBUSTNESS: f64 = 25.1;
    let percent = (loss * 100.0).clamp(0.0, 100.0);
    let loss_impairment = 95.0 * percent / (percent + LOSS_ROBUSTNESS);
    let delay = delay_ms.max(0.0);
    let delay_impairment = 0.024 * delay + if delay > 177.3 { 0.11 * (delay - 177.3) } else { 0.0 };
    let rating = (BEST_RATING - loss_impairment - delay_impairment).clamp(0.0, 100.0);
    let score = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    score.clamp(1.0, 4.5)
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
}
