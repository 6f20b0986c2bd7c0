//! Journals fed to programs: to rebuild the guest of a live call, and to compare
//! what a program does with a recorded call with what was done then.
//!
//! Nothing is carried out and nobody is asked: what came of the recorded actions
//! (digits, HTTP answers, stored values, agents) is in the journal and is fed back.
//! Runs on the thread that calls it, like every guest.

mod compare;
mod difference;
mod dry_run;
mod follow;
mod rebuild;
mod words;

pub use compare::{ComparedTurn, Comparison, End, Verdict, compare};
pub use difference::{Difference, What};
pub use dry_run::{DryRun, DryRunLimits, Finding, dry_run};
pub(crate) use rebuild::rebuild_on;
pub use rebuild::{Divergence, ReplayError, Replayed, rebuild};
pub use words::{action_in_words, event_in_words, fault_in_words, length_in_words};
