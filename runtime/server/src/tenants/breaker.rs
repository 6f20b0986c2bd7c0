//! When a version of a flow that fails again and again is taken out of service.
//!
//! One [`Breaker`] for each version, without a clock or a lock. Closed, it counts
//! the calls that begin and the faults over a sliding window. Enough faults open
//! it: new calls go to the tenant's fallback at once. After a pause one call at a
//! time tries the version again; if it goes well the breaker is closed, if not
//! the next pause is twice as long. Calls that run the version already are left
//! alone. Memory is fixed, however many calls there are.

use strowger_model::guest_limits::BreakerRules;
use strowger_model::{CallId, Timestamp};

/// Parts of the window: what is counted is forgotten a part at a time.
const PARTS: usize = 12;
/// A trial that has gone on so long without a fault has gone well: a caller may
/// wait in a queue for an hour.
const TRIAL_MS: u64 = 30_000;

/// Decides about one version.
#[derive(Clone, Debug, Default)]
pub struct Breaker {
    state: State,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly every breaker is closed")]
enum State {
    Closed(Window),
    Open {
        since: Timestamp,
        until: Timestamp,
        times: u32,
        reason: String,
    },
    /// The pause is over.
    HalfOpen {
        since: Timestamp,
        times: u32,
        reason: String,
        trial: Option<(CallId, Timestamp)>,
    },
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(Window::default())
    }
}

/// What becomes of a new call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It runs the version.
    Run,
    /// It runs the version, and the breaker closes or opens with it.
    Try,
    /// The fallback takes it.
    Fallback,
}

/// What has changed, to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turned {
    /// Out of service from now on.
    Off {
        /// When it is tried again.
        until: Timestamp,
        /// How many times in a row.
        times: u32,
        /// What happened last.
        reason: String,
    },
    /// In service again.
    On,
}

/// How a breaker stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// `open` or `half_open`.
    pub state: &'static str,
    /// Since when the version is disabled.
    pub since: Timestamp,
    /// When it is tried again.
    pub until: Timestamp,
    /// How many times in a row it was disabled.
    pub times: u32,
    /// The last fault.
    pub reason: String,
}

impl Breaker {
    /// A call to the version begins.
    pub fn admit(
        &mut self,
        now: Timestamp,
        call: CallId,
        rules: &BreakerRules,
    ) -> (Verdict, Option<Turned>) {
        if rules.faults == 0 {
            let turned = self.reset();
            return (Verdict::Run, turned);
        }
        match &mut self.state {
            State::Closed(window) => {
                window.at(now, rules).calls += 1;
                (Verdict::Run, None)
            }
            State::Open { until, .. } if now < *until => (Verdict::Fallback, None),
            State::Open { since, times, reason, .. } => {
                self.state = State::HalfOpen {
                    since: *since,
                    times: *times,
                    reason: std::mem::take(reason),
                    trial: Some((call, now)),
                };
                (Verdict::Try, None)
            }
            State::HalfOpen { trial: trial @ None, .. } => {
                *trial = Some((call, now));
                (Verdict::Try, None)
            }
            State::HalfOpen { trial: Some((_, began)), .. } if now.ms_since(*began) < TRIAL_MS => {
                (Verdict::Fallback, None)
            }
            State::HalfOpen { .. } => {
                let turned = self.reset();
                let (verdict, _) = self.admit(now, call, rules);
                (verdict, turned)
            }
        }
    }

    /// The version has failed in a call.
    pub fn fault(
        &mut self,
        now: Timestamp,
        call: CallId,
        reason: &str,
        rules: &BreakerRules,
    ) -> Option<Turned> {
        if rules.faults == 0 {
            return None;
        }
        match &mut self.state {
            State::Closed(window) => {
                window.at(now, rules).faults += 1;
                let (calls, faults) = window.sums(now, rules);
                // A call that began before the window may fail within it.
                let calls = calls.max(faults);
                let many = faults >= u64::from(rules.faults)
                    && faults * 100 >= calls * u64::from(rules.percent);
                many.then(|| self.open(now, now, 1, reason, rules))
            }
            State::HalfOpen { since, times, trial: Some((tried, _)), .. } if *tried == call => {
                let (since, times) = (*since, times.saturating_add(1));
                Some(self.open(now, since, times, reason, rules))
            }
            // Calls that began before it was disabled say nothing new.
            State::Open { .. } | State::HalfOpen { .. } => None,
        }
    }

    /// A call to the version is over and had no fault, as far as is known here:
    /// one that had is not on trial any more.
    pub fn call_over(&mut self, call: CallId) -> Option<Turned> {
        match &self.state {
            State::HalfOpen { trial: Some((tried, _)), .. } if *tried == call => self.reset(),
            _ => None,
        }
    }

    /// Puts the version back into service.
    pub fn reset(&mut self) -> Option<Turned> {
        let was_closed = matches!(self.state, State::Closed(_));
        self.state = State::default();
        (!was_closed).then_some(Turned::On)
    }

    /// How it stands; none: in service.
    pub fn standing(&self) -> Option<Standing> {
        match &self.state {
            State::Closed(_) => None,
            State::Open { since, until, times, reason } => Some(Standing {
                state: "open",
                since: *since,
                until: *until,
                times: *times,
                reason: reason.clone(),
            }),
            State::HalfOpen { since, times, reason, .. } => Some(Standing {
                state: "half_open",
                since: *since,
                until: *since,
                times: *times,
                reason: reason.clone(),
            }),
        }
    }

    fn open(
        &mut self,
        now: Timestamp,
        since: Timestamp,
        times: u32,
        reason: &str,
        rules: &BreakerRules,
    ) -> Turned {
        // 2^17 seconds are longer than any pause.
        let factor = 1_u64 << times.saturating_sub(1).min(17);
        let longest = u64::from(rules.longest_pause_s.max(rules.pause_s));
        let pause_s = (u64::from(rules.pause_s) * factor).min(longest);
        let until = now.plus_ms(pause_s * 1_000);
        let reason = reason.to_owned();
        self.state = State::Open { since, until, times, reason: reason.clone() };
        Turned::Off { until, times, reason }
    }
}

/// Counts over a sliding window.
#[derive(Clone, Debug, Default)]
struct Window {
    parts: [Part; PARTS],
}

/// Counts of one part; which part of time it stands for tells an old one.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    number: u64,
    calls: u64,
    faults: u64,
}

impl Window {
    fn number(now: Timestamp, rules: &BreakerRules) -> u64 {
        let part_ms = (u64::from(rules.window_s) * 1_000 / PARTS as u64).max(1);
        now.0 / part_ms
    }

    fn at(&mut self, now: Timestamp, rules: &BreakerRules) -> &mut Part {
        let number = Self::number(now, rules);
        let part = &mut self.parts[(number % PARTS as u64) as usize];
        if part.number != number {
            *part = Part { number, ..Part::default() };
        }
        part
    }

    fn sums(&self, now: Timestamp, rules: &BreakerRules) -> (u64, u64) {
        let number = Self::number(now, rules);
        let within = |part: &&Part| part.number + PARTS as u64 > number && part.number <= number;
        self.parts
            .iter()
            .filter(within)
            .fold((0, 0), |(calls, faults), part| (calls + part.calls, faults + part.faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const RULES: BreakerRules =
        BreakerRules { faults: 3, percent: 50, window_s: 60, pause_s: 10, longest_pause_s: 35 };

    fn call(number: u128) -> CallId {
        CallId(Uuid::from_u128(number))
    }

    /// One step of a story: when, what, and what comes of it.
    enum Step {
        Begin(u128, Verdict),
        Fault(u128),
        Over(u128),
        Reset,
    }
    use Step::{Begin, Fault, Over, Reset};
    use Verdict::{Fallback, Run, Try};

    /// Plays steps; after each one, until when the version is off (in seconds).
    fn play(steps: &[(u64, Step, Option<u64>)]) {
        let start = Timestamp(1_000_000_000);
        let mut breaker = Breaker::default();
        for (index, (at_s, step, off_until_s)) in steps.iter().enumerate() {
            let now = start.plus_ms(at_s * 1_000);
            match step {
                Begin(number, verdict) => {
                    let (was, _) = breaker.admit(now, call(*number), &RULES);
                    assert_eq!(was, *verdict, "step {index}");
                }
                Fault(number) => drop(breaker.fault(now, call(*number), "trap", &RULES)),
                Over(number) => drop(breaker.call_over(call(*number))),
                Reset => drop(breaker.reset()),
            }
            let until = match &breaker.state {
                State::Open { until, .. } => Some(until.ms_since(start) / 1_000),
                _ => None,
            };
            assert_eq!(until, *off_until_s, "step {index}");
        }
    }

    #[test]
    fn enough_faults_in_the_window_disable_a_version() {
        play(&[
            (0, Begin(1, Run), None),
            (0, Fault(1), None),
            (1, Begin(2, Run), None),
            (1, Fault(2), None),
            (2, Begin(3, Run), None),
            (2, Begin(4, Run), None),
            (2, Fault(3), Some(12)),
            (3, Begin(5, Fallback), Some(12)),
            // One that began before says nothing new.
            (3, Fault(4), Some(12)),
        ]);
    }

    #[test]
    fn faults_that_are_old_or_rare_do_not() {
        play(&[
            (0, Begin(1, Run), None),
            (0, Fault(1), None),
            (1, Begin(2, Run), None),
            (1, Fault(2), None),
            (120, Begin(3, Run), None),
            (120, Fault(3), None),
            (121, Begin(4, Run), None),
            (121, Begin(5, Run), None),
            (121, Begin(6, Run), None),
            (121, Begin(7, Run), None),
            (121, Begin(8, Run), None),
            (121, Begin(9, Run), None),
            // Three of seven are less than half.
            (121, Fault(4), None),
            (121, Fault(5), None),
            (121, Fault(6), Some(131)),
        ]);
    }

    #[test]
    fn one_call_at_a_time_tries_it_again() {
        play(&[
            (0, Fault(1), None),
            (0, Fault(2), None),
            (0, Fault(3), Some(10)),
            (10, Begin(4, Try), None),
            (10, Begin(5, Fallback), None),
            (11, Over(5), None),
            (11, Begin(6, Fallback), None),
            (12, Over(4), None),
            (12, Begin(7, Run), None),
            (12, Begin(8, Run), None),
        ]);
    }

    #[test]
    fn each_pause_is_twice_as_long_up_to_the_longest() {
        play(&[
            (0, Fault(1), None),
            (0, Fault(2), None),
            (0, Fault(3), Some(10)),
            (10, Begin(4, Try), None),
            (10, Fault(4), Some(30)),
            (29, Begin(5, Fallback), Some(30)),
            (30, Begin(6, Try), None),
            (30, Fault(6), Some(65)),
            (65, Begin(7, Try), None),
            (65, Fault(7), Some(100)),
        ]);
    }

    #[test]
    fn a_trial_that_lasts_has_gone_well() {
        play(&[
            (0, Fault(1), None),
            (0, Fault(2), None),
            (0, Fault(3), Some(10)),
            (10, Begin(4, Try), None),
            (39, Begin(5, Fallback), None),
            (40, Begin(6, Run), None),
        ]);
    }

    #[test]
    fn a_reset_closes_it_and_forgets_the_pauses() {
        play(&[
            (0, Fault(1), None),
            (0, Fault(2), None),
            (0, Fault(3), Some(10)),
            (1, Reset, None),
            (1, Begin(4, Run), None),
            (1, Fault(4), None),
            (1, Fault(5), None),
            (1, Fault(6), Some(11)),
        ]);
    }

    #[test]
    fn switched_off_it_disables_nothing_and_lets_go_of_what_it_had() {
        let off = BreakerRules { faults: 0, ..RULES };
        let (now, mut breaker) = (Timestamp(1_000_000), Breaker::default());
        for number in 0..3 {
            breaker.fault(now, call(number), "trap", &RULES);
        }
        assert_eq!(breaker.standing().map(|standing| standing.state), Some("open"));
        assert_eq!(breaker.admit(now, call(4), &off), (Run, Some(Turned::On)));
        assert_eq!(breaker.fault(now, call(4), "trap", &off), None);
        assert_eq!(breaker.standing(), None);
    }
}
