//! SIP trunks.

mod create;
mod delete;
mod get;
mod list;
mod rules;
mod set_rules;
mod status;
mod update;

use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_model::{Timestamp, TrunkId};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_trunks))
        .routes(routes!(create::create_trunk))
        .routes(routes!(get::get_trunk))
        .routes(routes!(update::update_trunk))
        .routes(routes!(delete::delete_trunk))
        .routes(routes!(status::trunk_status))
        .routes(routes!(rules::trunk_rules))
        .routes(routes!(set_rules::set_trunk_rules))
}

/// What can be set on a trunk.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrunkBody {
    /// Unique within the tenant.
    name: String,
    /// Addresses or networks (`192.0.2.0/28`) whose calls are taken without a password.
    #[serde(default)]
    addresses: Vec<String>,
    /// User the carrier authenticates as.
    #[serde(default)]
    in_user: Option<String>,
    /// Its password; absent: as before.
    #[serde(default)]
    in_password: Option<String>,
    /// Where calls go out: `sip.carrier.example:5060`; absent: inbound only.
    #[serde(default)]
    proxy: Option<String>,
    /// What carries SIP.
    #[serde(default)]
    transport: Transport,
    /// Whether to register at the proxy.
    #[serde(default)]
    register: bool,
    /// User we authenticate as.
    #[serde(default)]
    out_user: Option<String>,
    /// Its password; absent: as before.
    #[serde(default)]
    out_password: Option<String>,
    /// Domain in From and in the registration; absent: the proxy's host.
    #[serde(default)]
    from_domain: Option<String>,
    /// Calls at the same time; 0: no limit.
    #[serde(default)]
    max_calls: u32,
    /// Lower is tried first for outgoing calls.
    #[serde(default)]
    preference: u32,
}

/// What carries SIP.
#[derive(Clone, Copy, Default, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Transport {
    #[default]
    Udp,
    Tcp,
    Tls,
}

/// A trunk. Passwords are never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Trunk {
    pub id: TrunkId,
    pub name: String,
    pub addresses: Vec<String>,
    pub in_user: Option<String>,
    pub proxy: Option<String>,
    pub transport: Transport,
    pub register: bool,
    pub out_user: Option<String>,
    pub from_domain: Option<String>,
    pub max_calls: u32,
    pub preference: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl TrunkBody {
    fn split(self) -> (store::TrunkSettings, store::TrunkPasswords) {
        let settings = store::TrunkSettings {
            name: self.name,
            addresses: self.addresses,
            in_user: self.in_user,
            proxy: self.proxy,
            transport: match self.transport {
                Transport::Udp => store::TrunkTransport::Udp,
                Transport::Tcp => store::TrunkTransport::Tcp,
                Transport::Tls => store::TrunkTransport::Tls,
            },
            register: self.register,
            out_user: self.out_user,
            from_domain: self.from_domain,
            max_calls: self.max_calls,
            preference: self.preference,
        };
        let passwords =
            store::TrunkPasswords { inbound: self.in_password, outbound: self.out_password };
        (settings, passwords)
    }
}

impl From<store::Trunk> for Trunk {
    fn from(trunk: store::Trunk) -> Self {
        let settings = trunk.settings;
        Self {
            id: trunk.id,
            name: settings.name,
            addresses: settings.addresses,
            in_user: settings.in_user,
            proxy: settings.proxy,
            transport: match settings.transport {
                store::TrunkTransport::Udp => Transport::Udp,
                store::TrunkTransport::Tcp => Transport::Tcp,
                store::TrunkTransport::Tls => Transport::Tls,
            },
            register: settings.register,
            out_user: settings.out_user,
            from_domain: settings.from_domain,
            max_calls: settings.max_calls,
            preference: settings.preference,
            created_at: trunk.created_at,
            updated_at: trunk.updated_at,
        }
    }
}
