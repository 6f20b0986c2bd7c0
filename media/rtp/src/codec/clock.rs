//! Timestamps of one codec as timestamps of another.

use super::Codec;
use crate::sequence::timestamp_distance;

/// Follows one stream's timestamps and states them on another clock, across
/// their wrap and whatever the order of packets.
#[derive(Clone, Copy, Debug)]
pub struct ClockScaler {
    from_hz: i64,
    to_hz: i64,
    newest: u32,
    /// `newest` with its wraps.
    unwrapped: i64,
}

impl ClockScaler {
    /// From one codec's clock to another's; the first timestamp is arbitrary.
    pub fn new(from: Codec, to: Codec) -> Self {
        Self {
            from_hz: i64::from(from.clock_hz()),
            to_hz: i64::from(to.clock_hz()),
            newest: 0,
            unwrapped: 0,
        }
    }

    /// The timestamp on the other clock.
    pub fn scale(&mut self, timestamp: u32) -> u32 {
        let moved = i64::from(timestamp_distance(timestamp, self.newest));
        let at = self.unwrapped.wrapping_add(moved);
        if moved > 0 {
            self.newest = timestamp;
            self.unwrapped = at;
        }
        at.wrapping_mul(self.to_hz).div_euclid(self.from_hz) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrap_on_either_clock_is_no_jump_on_the_other() {
        for (from, to, step, scaled) in
            [(Codec::Opus, Codec::Pcmu, 960_u32, 160_u32), (Codec::Pcma, Codec::Opus, 160, 960)]
        {
            let mut scaler = ClockScaler::new(from, to);
            let first = u32::MAX - 50 * step;
            let mut before = scaler.scale(first);
            for n in 1..10_000_u32 {
                let at = scaler.scale(first.wrapping_add(n.wrapping_mul(step)));
                assert_eq!(at.wrapping_sub(before), scaled);
                before = at;
            }
        }
    }

    #[test]
    fn an_older_packet_gets_an_older_timestamp() {
        let mut scaler = ClockScaler::new(Codec::Opus, Codec::Pcmu);
        let at = scaler.scale(96_000);
        assert_eq!(at.wrapping_sub(scaler.scale(96_000 - 960)), 160);
        assert_eq!(scaler.scale(96_960).wrapping_sub(at), 160);
    }
}
