//! How deep the buffer must be: follows how late packets come compared with the
//! quickest ones.

/// Width of a bucket of the histogram.
const BUCKET_MS: i64 = 5;
/// Buckets: up to 300 ms.
const BUCKETS: usize = 60;
/// What a packet weighs against all before it: 1/256 forgets half in 3.5 s.
const FORGET: f32 = 1.0 / 256.0;
/// The share of packets that may come too late for the buffer.
const LATE_SHARE: f32 = 0.02;
/// The quickest packet is sought over two windows of this length, so that a
/// drifting clock or a new route is followed.
const WINDOW_MS: i64 = 4_000;

/// Bounds of the depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthLimits {
    /// Never shallower.
    pub least_ms: u16,
    /// Never deeper; 200 at most.
    pub most_ms: u16,
}

impl Default for DepthLimits {
    /// One frame for a quiet network; what a conversation still bears at the most.
    fn default() -> Self {
        Self { least_ms: 20, most_ms: 200 }
    }
}

/// Measures delays.
#[derive(Clone, Debug)]
pub(super) struct Depth {
    limits: DepthLimits,
    histogram: [f32; BUCKETS],
    quickest_now_us: i64,
    quickest_before_us: i64,
    window_began_us: i64,
    target_us: i64,
    heard: bool,
}

impl Depth {
    pub(super) fn new(limits: DepthLimits) -> Self {
        let most_ms = limits.most_ms.min(200);
        let limits = DepthLimits { least_ms: limits.least_ms.min(most_ms), most_ms };
        Self {
            limits,
            histogram: [0.0; BUCKETS],
            quickest_now_us: i64::MAX,
            quickest_before_us: i64::MAX,
            window_began_us: 0,
            target_us: i64::from(limits.least_ms.max(40).min(most_ms)) * 1_000,
            heard: false,
        }
    }

    /// Delays no longer compare with earlier ones; the jitter does.
    pub(super) fn change_source(&mut self) {
        self.quickest_now_us = i64::MAX;
        self.quickest_before_us = i64::MAX;
        self.heard = false;
    }

    /// A packet came at `now_us` with this delay against an arbitrary origin.
    pub(super) fn note(&mut self, now_us: i64, delay_us: i64) {
        if !self.heard || now_us - self.window_began_us >= WINDOW_MS * 1_000 {
            self.quickest_before_us = self.quickest_now_us;
            self.quickest_now_us = delay_us;
            self.window_began_us = now_us;
            self.heard = true;
        }
        self.quickest_now_us = self.quickest_now_us.min(delay_us);
        let late_ms = (delay_us - self.quickest_us()).max(0) / 1_000;
        let bucket = usize::try_from(late_ms / BUCKET_MS).unwrap_or(0).min(BUCKETS - 1);
        for (at, share) in self.histogram.iter_mut().enumerate() {
            let this = if at == bucket { 1.0 } else { 0.0 };
            *share += (this - *share) * FORGET;
        }
        // What the histogram does not know yet does not count as late.
        let known: f32 = self.histogram.iter().sum();
        let mut beyond = 0.0;
        let mut needed = 0;
        for (at, share) in self.histogram.iter().enumerate().rev() {
            beyond += share;
            if beyond > LATE_SHARE * known.max(0.1) {
                needed = at + 1;
                break;
            }
        }
        let needed_ms = i64::try_from(needed).unwrap_or(0) * BUCKET_MS;
        let limits = i64::from(self.limits.least_ms)..=i64::from(self.limits.most_ms);
        self.target_us = needed_ms.clamp(*limits.start(), *limits.end()) * 1_000;
    }

    pub(super) fn quickest_us(&self) -> i64 {
        self.quickest_now_us.min(self.quickest_before_us)
    }

    /// How long the quickest packet should wait.
    pub(super) fn target_us(&self) -> i64 {
        self.target_us
    }
}
