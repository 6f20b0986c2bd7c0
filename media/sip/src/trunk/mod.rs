//! Trunks as a group: where their names lead (RFC 3263), which one takes a
//! call and which one after it, how they are doing, what may go over them, and
//! how numbers are written for them.
//!
//! Everything here is decided from what is handed in. Nothing here sends a
//! message, looks a name up or knows of a call's dialog.

mod bucket;
mod figures;
mod gate;
mod health;
mod locate;
mod order;
mod policy;
pub(crate) mod table;
mod tariff;
mod translate;

pub use bucket::TokenBucket;
pub use figures::{CallFigures, TrunkFigures};
pub use gate::{CallLimits, Refusal};
pub use health::{HealthRules, TrunkReason, TrunkState};
pub use locate::{Answer, Located, Location, Naptr, Question, Srv};
pub use policy::{OutboundRoute, RouteStep, TenantPolicy, TrunkPolicy, Trunking};
pub use table::TrunkStatus;
pub use tariff::Tariff;
pub use translate::{
    CallerPolicy, Edit, NumberForm, NumberPlan, NumberRule, RuleError, Translation, When,
};

pub(crate) use gate::Gate;
pub(crate) use health::Health;
pub(crate) use locate::order_targets;
