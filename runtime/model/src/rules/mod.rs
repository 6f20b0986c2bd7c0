//! Rules of trunks and tenants: how numbers are written, who is shown as the
//! caller, how much may go over and whereto, how SIP and media are spoken.
//!
//! Only the documents, as they are stored, sent and shown. Whether one makes
//! sense is checked where it is stored; what follows from it signalling decides.

mod number;
mod tenant;
mod trunk;

pub use number::{NumberForm, NumberPlan, NumberRule, NumberRules, TrunkNumbers};
pub use tenant::{CallLimits, PhoneRules, Price, Tariff, TenantRules};
pub use trunk::{
    CallerRule, CodecName, IdentityAssertion, IdentityRule, ReliableProvisional, SessionTimerRule,
    SrtpRule, TrunkRules,
};
