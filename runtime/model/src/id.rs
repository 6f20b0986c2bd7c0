//! Identifiers. Each names one kind of thing, so that they cannot be swapped.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )*};
}

uuid_id! {
    /// An enterprise hosted by the operator.
    TenantId,
    /// A call: everything between the first leg's set-up and the last leg's end.
    CallId,
    /// A tenant's flow, a name under which versions are uploaded.
    FlowId,
    /// A tenant's router, a name under which versions are uploaded.
    RouterId,
    /// One uploaded, immutable version of a flow, router or pacer.
    VersionId,
    /// A queue of a tenant.
    QueueId,
    /// An agent of a tenant; also names the agent's extension.
    AgentId,
    /// A SIP trunk of a tenant.
    TrunkId,
    /// A public number bound to a flow.
    NumberId,
    /// An uploaded prompt.
    PromptId,
    /// A recording of a call.
    RecordingId,
    /// An API key.
    ApiKeyId,
    /// A tenant's stored key-value pair.
    KeyId,
}

macro_rules! counter_id {
    ($($(#[$doc:meta])* $name:ident($inner:ty)),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

counter_id! {
    /// A leg, counted within its call; the first one is 0.
    LegId(u32),
    /// A contact in a tenant's distribution, counted since the tenant's task started.
    ContactId(u64),
    /// One offer of one contact to one agent, counted within the tenant.
    OfferId(u64),
}
