//! SIP signalling as one pure machine ([`Endpoint`]) on top of `sipx-sip` and
//! `sipx-sdp`: transactions, dialogs, offer/answer, registrar, digest both
//! ways, trunk registration.
//!
//! Nothing here opens a socket, reads a clock, looks up a name or asks the
//! system for randomness; `sipx` types do not show in the public interface.

mod admission;
mod call;
mod counters;
mod digest;
mod directory;
mod endpoint;
mod event;
mod hop;
pub mod limits;
mod message;
mod names;
mod notice;
mod policy;
mod random;
mod registrar;
mod sdp;
mod streams;
mod timer;
mod trace;
mod transaction;
mod trunk;
mod trunks;
mod via;

pub use admission::{Ban, GuardRules, Offence};
pub use call::{DialogRecord, InviteOptions, RecordError, Replaces};
pub use counters::{Count, Counters};
pub use digest::{Algorithm, ChallengeOrder, Realm, Secret};
pub use directory::{
    Directory, DirectoryError, Extension, InboundLogin, Login, Proxy, SourceRule, SourceRuleError,
    TenantDomains, Trunk,
};
pub use endpoint::{
    Caller, Endpoint, EndpointConfig, InviteRequest, InviteTarget, Output, TakeUp, TakeUpError,
    TransferTarget, Usage,
};
pub use event::{DialogKey, Incoming, Refer, Side, SipEvent, Source};
pub use hop::{ConnectionId, Hop, Packet, Transmit, Transport};
pub use limits::Limits;
pub use names::{LookupId, NameLookup};
pub use notice::Notice;
pub use policy::{Assertion, IdentityPolicy, LegPolicy, Policies, Reliability, SessionTimer};
pub use registrar::{ContactRecord, Registration};
pub use sdp::{
    Codec, CodecOrder, Direction, LocalMedia, MediaOptions, Negotiated, RemoteMedia, Security,
    Session, SessionError, Srtp, SrtpKey,
};
pub use trace::{Heading, HepSource, Trace, TraceEntry, TracePolicy, hep_packet, ladder};
pub use trunk::{
    Answer, CallFigures, CallLimits, CallerPolicy, Edit, HealthRules, Located, Location, Naptr,
    NumberForm, NumberPlan, NumberRule, OutboundRoute, Question, Refusal, RouteStep, RuleError,
    Srv, Tariff, TenantPolicy, TokenBucket, Translation, TrunkFigures, TrunkPolicy, TrunkReason,
    TrunkState, TrunkStatus, Trunking, When,
};
