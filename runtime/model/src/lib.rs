//! The words every other crate speaks: ids, addresses, causes, units and the
//! records that outlive a call.
//!
//! Nothing here reads a clock, draws a random number or does I/O; ids are made
//! outside and carried in.

mod address;
mod agent;
mod cause;
pub mod guest_limits;
mod id;
mod journal;
mod record;
mod rollout;
pub mod rules;
mod skill;
mod time;

pub use address::{Address, AddressError};
pub use agent::AgentState;
pub use cause::{Blame, Cause, ContactOutcome, Party};
pub use id::{
    AgentId, ApiKeyId, CallId, ContactId, FlowId, KeyId, LegId, NumberId, OfferId, PromptId,
    QueueId, RecordingId, RouterId, TenantId, TrunkId, VersionId,
};
pub use journal::{JournalEntry, JournalKind};
pub use record::{
    CallRecord, Direction, GuestUse, LegMedia, LegRecord, QueueVisit, TransferKind, TransferRecord,
    VersionUse,
};
pub use rollout::{
    RateLimit, RollbackFigures, RollbackRules, RolloutChange, RolloutStep, VersionFigures,
    VersionSignature, VersionStatement, WHOLE_PERCENT, tries_canary,
};
pub use skill::{Relaxation, Skill, SkillNeed, SkillNeedError};
pub use time::Timestamp;
