//! Taking a version out again by itself: figures of the calls that ended lately,
//! the rules held against them, and what follows when they are broken.
//!
//! [`figures`], [`window`] and [`judge`] are pure; [`watch`] is the one task that
//! owns all windows. They are in memory only: after a restart, and after every
//! change of a rollout, counting begins anew.

pub mod figures;
pub mod judge;
pub mod watch;
pub mod window;
