//! Who may call and register, and where calls go out: one immutable snapshot
//! of every tenant's domains, extensions and trunks.
//!
//! The snapshot is built elsewhere (from the database) and swapped as a whole.
//! Tenants are kept apart here: an extension is only ever looked up inside the
//! tenant whose domain the request names.

use crate::digest::{Realm, Secret};
use crate::hop::Transport;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use strowger_model::{AgentId, TenantId, TrunkId};

/// A tenant's SIP domains. The first one is its digest realm and stands in the
/// addresses that its phones are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantDomains {
    /// Whose.
    pub tenant: TenantId,
    /// At least one, each of one tenant only; compared without case.
    pub domains: Vec<String>,
}

/// A phone line of an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Whose phone.
    pub agent: AgentId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// User part of its address, and its digest user name.
    pub username: String,
    /// What it proves itself with.
    pub secret: Secret,
}

/// Where a trunk's calls come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRule {
    /// Network address.
    pub network: IpAddr,
    /// How many leading bits of it count.
    pub prefix: u8,
    /// Only from this port, if given.
    pub port: Option<u16>,
}

/// Why a text is no [`SourceRule`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no source; write an address, address:port, or network/bits")]
pub struct SourceRuleError(pub String);

impl std::str::FromStr for SourceRule {
    type Err = SourceRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || SourceRuleError(text.to_owned());
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self { network: ip, prefix: bits(ip), port: None });
        }
        if let Ok(address) = text.parse::<SocketAddr>() {
            let ip = address.ip();
            return Ok(Self { network: ip, prefix: bits(ip), port: Some(address.port()) });
        }
        let (network, prefix) = text.split_once('/').ok_or_else(bad)?;
        let network: IpAddr = network.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        if prefix > bits(network) {
            return Err(bad());
        }
        Ok(Self { network, prefix, port: None })
    }
}

impl SourceRule {
    /// Whether a packet from `source` is covered.
    pub fn matches(&self, source: SocketAddr) -> bool {
        if self.port.is_some_and(|port| port != source.port()) {
            return false;
        }
        match (self.network, source.ip()) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                leading(u128::from(network.to_bits()), u128::from(ip.to_bits()), 32, self.prefix)
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                leading(network.to_bits(), ip.to_bits(), 128, self.prefix)
            }
            _ => false,
        }
    }

    /// How narrow the rule is; narrower wins.
    fn weight(&self) -> (u8, bool) {
        (self.prefix, self.port.is_some())
    }
}

fn bits(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

fn leading(a: u128, b: u128, width: u32, prefix: u8) -> bool {
    let rest = width - u32::from(prefix).min(width);
    a.checked_shr(rest).unwrap_or(0) == b.checked_shr(rest).unwrap_or(0)
}

/// A user name and password that we prove ourselves with.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// User name.
    pub username: String,
    /// Password; kept out of logs.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A trunk's user name and secret with which it proves itself to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundLogin {
    /// User name, unique among the tenant's extensions and trunks.
    pub username: String,
    /// What it proves itself with.
    pub secret: Secret,
}

/// Where a trunk's calls go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Address or name; a name is resolved by whoever owns the sockets.
    pub host: String,
    /// Port; the transport's own if not given (5060, TLS 5061).
    pub port: Option<u16>,
    /// What carries the messages.
    pub transport: Transport,
}

/// A line to a carrier or another exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Which.
    pub id: TrunkId,
    /// Whose.
    pub tenant: TenantId,
    /// Addresses whose calls are this trunk's without further proof.
    pub sources: Vec<SourceRule>,
    /// Digest that proves calls to be this trunk's, from any address.
    pub inbound: Option<InboundLogin>,
    /// Where outgoing calls go; `None` for a trunk that only receives.
    pub proxy: Option<Proxy>,
    /// Domain in the addresses of outgoing requests; the proxy's host if not given.
    pub domain: Option<String>,
    /// What we prove ourselves with when challenged.
    pub outbound: Option<Login>,
    /// Whether to register with the proxy.
    pub register: bool,
}

impl Trunk {
    /// Domain in the addresses of outgoing requests.
    pub fn domain(&self) -> &str {
        match (&self.domain, &self.proxy) {
            (Some(domain), _) => domain,
            (None, Some(proxy)) => &proxy.host,
            (None, None) => "invalid",
        }
    }

    /// The proxy's address, if it needs no resolving.
    pub(crate) fn literal_address(&self) -> Option<SocketAddr> {
        let proxy = self.proxy.as_ref()?;
        let host = proxy.host.trim_start_matches('[').trim_end_matches(']');
        Some(SocketAddr::new(
            host.parse().ok()?,
            proxy.port.unwrap_or(proxy.transport.default_port()),
        ))
    }
}

/// Why a directory is refused. Nothing of it is used then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// A tenant without a domain.
    #[error("tenant {0} needs at least one SIP domain")]
    NoDomain(TenantId),
    /// A domain given twice.
    #[error("SIP domain {0} belongs to two tenants; give it to one")]
    DuplicateDomain(String),
    /// An extension or trunk of a tenant that has no domains here.
    #[error("tenant {0} has extensions or trunks but no SIP domain; add one")]
    UnknownTenant(TenantId),
    /// A user name given twice within a tenant.
    #[error("user name {0} is used twice within a tenant; rename one")]
    DuplicateUsername(String),
    /// A trunk that shall register but cannot.
    #[error("trunk {0} shall register but has no proxy or no login; add both")]
    CannotRegister(TrunkId),
    /// A trunk over a transport that only browsers open.
    #[error("trunk {0} cannot be called over a WebSocket; choose UDP, TCP or TLS")]
    WebTrunk(TrunkId),
    /// A name with characters that no SIP message may carry.
    #[error("{0:?} cannot stand in a SIP message; use letters, digits and . - _ + * #")]
    BadName(String),
    /// An id given twice.
    #[error("trunk or agent {0} is given twice")]
    DuplicateId(String),
}

/// Who a user name of a tenant belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Account {
    Extension(usize),
    Trunk(usize),
}

/// The snapshot.
#[derive(Debug, Default)]
pub struct Directory {
    domains: HashMap<String, TenantId>,
    realms: HashMap<TenantId, Realm>,
    accounts: HashMap<TenantId, HashMap<String, Account>>,
    extensions: Vec<Extension>,
    by_agent: HashMap<AgentId, usize>,
    trunks: Vec<Trunk>,
    by_trunk: HashMap<TrunkId, usize>,
    default_tenant: Option<TenantId>,
}

impl Directory {
    /// Checks and indexes a snapshot. `default_tenant` serves requests that
    /// name our address instead of a domain; with one tenant, name it here.
    pub fn new(
        domains: Vec<TenantDomains>,
        extensions: Vec<Extension>,
        trunks: Vec<Trunk>,
        default_tenant: Option<TenantId>,
    ) -> Result<Self, DirectoryError> {
        let mut directory = Self { default_tenant, ..Self::default() };
        for entry in domains {
            directory.add_domains(entry)?;
        }
        for extension in extensions {
            directory.add_extension(extension)?;
        }
        for trunk in trunks {
            directory.add_trunk(trunk)?;
        }
        Ok(directory)
    }

    fn add_domains(&mut self, entry: TenantDomains) -> Result<(), DirectoryError> {
        let first = entry.domains.first().ok_or(DirectoryError::NoDomain(entry.tenant))?;
        self.realms.insert(entry.tenant, Realm::new(&check_host(first)?));
        for domain in &entry.domains {
            let domain = check_host(domain)?;
            if self.domains.insert(domain.clone(), entry.tenant).is_some() {
                return Err(DirectoryError::DuplicateDomain(domain));
            }
        }
        Ok(())
    }

    fn add_extension(&mut self, extension: Extension) -> Result<(), DirectoryError> {
        let index = self.extensions.len();
        check_user(&extension.username)?;
        self.add_account(extension.tenant, &extension.username, Account::Extension(index))?;
        if self.by_agent.insert(extension.agent, index).is_some() {
            return Err(DirectoryError::DuplicateId(extension.agent.to_string()));
        }
        self.extensions.push(extension);
        Ok(())
    }

    fn add_trunk(&mut self, trunk: Trunk) -> Result<(), DirectoryError> {
        let index = self.trunks.len();
        if trunk.register && (trunk.proxy.is_none() || trunk.outbound.is_none()) {
            return Err(DirectoryError::CannotRegister(trunk.id));
        }
        if trunk.proxy.as_ref().is_some_and(|proxy| proxy.transport.is_web()) {
            return Err(DirectoryError::WebTrunk(trunk.id));
        }
        if trunk.proxy.is_some() {
            check_host(trunk.domain())?;
        }
        if let Some(login) = &trunk.outbound {
            check_user(&login.username)?;
        }
        match &trunk.inbound {
            Some(login) => {
                check_user(&login.username)?;
                self.add_account(trunk.tenant, &login.username, Account::Trunk(index))?;
            }
            None if !self.realms.contains_key(&trunk.tenant) => {
                return Err(DirectoryError::UnknownTenant(trunk.tenant));
            }
            None => {}
        }
        if self.by_trunk.insert(trunk.id, index).is_some() {
            return Err(DirectoryError::DuplicateId(trunk.id.to_string()));
        }
        self.trunks.push(trunk);
        Ok(())
    }

    fn add_account(
        &mut self,
        tenant: TenantId,
        username: &str,
        account: Account,
    ) -> Result<(), DirectoryError> {
        if !self.realms.contains_key(&tenant) {
            return Err(DirectoryError::UnknownTenant(tenant));
        }
        let accounts = self.accounts.entry(tenant).or_default();
        if accounts.insert(username.to_owned(), account).is_some() {
            return Err(DirectoryError::DuplicateUsername(username.to_owned()));
        }
        Ok(())
    }

    /// The extension of an agent.
    pub fn extension(&self, agent: AgentId) -> Option<&Extension> {
        self.by_agent.get(&agent).and_then(|&index| self.extensions.get(index))
    }

    /// A trunk.
    pub fn trunk(&self, id: TrunkId) -> Option<&Trunk> {
        self.by_trunk.get(&id).and_then(|&index| self.trunks.get(index))
    }

    /// Every trunk.
    pub fn trunks(&self) -> &[Trunk] {
        &self.trunks
    }

    /// A tenant's realm, which is also its first domain.
    pub fn realm(&self, tenant: TenantId) -> Option<&Realm> {
        self.realms.get(&tenant)
    }

    /// The tenant that a host in an address stands for.
    pub(crate) fn tenant_of(&self, host: &str, is_ours: bool) -> Option<TenantId> {
        let named = self.domains.get(host).copied();
        named.or_else(|| self.domains.get(&host.to_ascii_lowercase()).copied()).or(if is_ours {
            self.default_tenant
        } else {
            None
        })
    }

    pub(crate) fn extension_named(&self, tenant: TenantId, username: &str) -> Option<&Extension> {
        match self.accounts.get(&tenant)?.get(username)? {
            Account::Extension(index) => self.extensions.get(*index),
            Account::Trunk(_) => None,
        }
    }

    pub(crate) fn trunk_named(&self, tenant: TenantId, username: &str) -> Option<&Trunk> {
        match self.accounts.get(&tenant)?.get(username)? {
            Account::Trunk(index) => self.trunks.get(*index),
            Account::Extension(_) => None,
        }
    }

    /// The trunk whose calls come from `source`: the narrowest rule wins; among
    /// equals the one of the tenant that the request names. `also` lists the
    /// resolved addresses of trunks' proxies.
    pub(crate) fn trunk_at(
        &self,
        source: SocketAddr,
        named: Option<TenantId>,
        mut also: impl FnMut(&Trunk) -> bool,
    ) -> TrunkMatch<'_> {
        let mut best: Vec<&Trunk> = Vec::new();
        let mut weight = None;
        for trunk in &self.trunks {
            let by_rule = trunk.sources.iter().filter(|rule| rule.matches(source));
            let by_rule = by_rule.map(SourceRule::weight).max();
            let by_proxy = also(trunk).then_some((bits(source.ip()), false));
            let Some(found) = by_rule.max(by_proxy) else { continue };
            if weight.is_none_or(|weight| found > weight) {
                best.clear();
                weight = Some(found);
            }
            if weight == Some(found) {
                best.push(trunk);
            }
        }
        if best.len() > 1 {
            // A tenant with two trunks to one carrier: either says the same of the caller.
            let one_tenant = best.iter().all(|trunk| trunk.tenant == best[0].tenant);
            best.retain(|trunk| one_tenant || Some(trunk.tenant) == named);
            return best.first().map_or(TrunkMatch::Ambiguous, |trunk| TrunkMatch::One(trunk));
        }
        best.first().map_or(TrunkMatch::None, |trunk| TrunkMatch::One(trunk))
    }
}

pub(crate) enum TrunkMatch<'a> {
    None,
    One(&'a Trunk),
    Ambiguous,
}

/// A name that may stand where SIP wants a host; lower-cased.
fn check_host(text: &str) -> Result<String, DirectoryError> {
    let lower = text.to_ascii_lowercase();
    let good = !lower.is_empty()
        && lower.len() <= 253
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b));
    if good { Ok(lower) } else { Err(DirectoryError::BadName(text.to_owned())) }
}

/// A name that may stand where SIP wants a user, unescaped.
fn check_user(text: &str) -> Result<(), DirectoryError> {
    let good = !text.is_empty()
        && text.len() <= 64
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_+*#@".contains(&b));
    if good { Ok(()) } else { Err(DirectoryError::BadName(text.to_owned())) }
}
