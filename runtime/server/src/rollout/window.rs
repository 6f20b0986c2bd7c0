//! Figures of the last seconds, in a fixed number of slots.

use std::collections::VecDeque;
use strowger_model::{Timestamp, VersionFigures};

/// Slots of a window. What is forgotten is forgotten a slot at a time, so a
/// window is up to a sixtieth longer than its name says.
const SLOTS: u64 = 60;

/// Figures of the calls that ended within the last seconds.
#[derive(Clone, Debug)]
pub struct Window {
    slot_ms: u64,
    /// Number of a slot and what was counted in it, oldest first.
    slots: VecDeque<(u64, VersionFigures)>,
}

impl Window {
    /// An empty window of so many seconds.
    pub fn new(window_s: u32) -> Self {
        let slot_ms = (u64::from(window_s) * 1_000).div_ceil(SLOTS).max(1);
        Self { slot_ms, slots: VecDeque::new() }
    }

    /// Counts a call that ended.
    pub fn add(&mut self, now: Timestamp, call: &VersionFigures) {
        self.forget(now);
        let slot = now.0 / self.slot_ms;
        match self.slots.back_mut() {
            // A clock that was set back counts in the newest slot.
            Some((number, figures)) if *number >= slot => sum(figures, call),
            _ => self.slots.push_back((slot, *call)),
        }
    }

    /// Everything within the window.
    pub fn total(&mut self, now: Timestamp) -> VersionFigures {
        self.forget(now);
        let mut total = VersionFigures::default();
        self.slots.iter().for_each(|(_, figures)| sum(&mut total, figures));
        total
    }

    fn forget(&mut self, now: Timestamp) {
        let oldest = (now.0 / self.slot_ms).saturating_sub(SLOTS);
        while self.slots.front().is_some_and(|(number, _)| *number < oldest) {
            self.slots.pop_front();
        }
    }
}

fn sum(into: &mut VersionFigures, more: &VersionFigures) {
    into.calls += more.calls;
    into.traps += more.traps;
    into.budget_overruns += more.budget_overruns;
    into.fallbacks += more.fallbacks;
    into.queued += more.queued;
    into.abandons += more.abandons;
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAP: VersionFigures = VersionFigures {
        calls: 1,
        traps: 1,
        budget_overruns: 0,
        fallbacks: 1,
        queued: 0,
        abandons: 0,
    };

    #[test]
    fn what_is_old_is_forgotten() {
        let mut window = Window::new(60);
        for second in 0..30 {
            window.add(Timestamp(1_000_000 + second * 1_000), &TRAP);
        }
        assert_eq!(window.total(Timestamp(1_030_000)).calls, 30);
        assert_eq!(window.total(Timestamp(1_070_000)).traps, 20);
        assert_eq!(window.total(Timestamp(1_200_000)), VersionFigures::default());
    }

    #[test]
    fn a_day_of_calls_takes_no_more_room_than_a_minute() {
        let mut window = Window::new(86_400);
        for call in 0..200_000 {
            window.add(Timestamp(1_000_000_000 + call * 1_000), &TRAP);
        }
        assert!(window.slots.len() <= SLOTS as usize + 1, "{}", window.slots.len());
    }

    #[test]
    fn a_clock_set_back_loses_nothing() {
        let mut window = Window::new(60);
        window.add(Timestamp(1_000_000), &TRAP);
        window.add(Timestamp(900_000), &TRAP);
        assert_eq!(window.total(Timestamp(1_000_000)).calls, 2);
    }
}
