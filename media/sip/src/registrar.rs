//! Where phones are: the contacts of every extension (RFC 3261 §10.3).

mod kept;

pub use kept::ContactRecord;

use crate::directory::Directory;
use crate::hop::{ConnectionId, Hop};
use crate::limits::{DEFAULT_EXPIRES_S, MAX_CONTACTS, MAX_EXPIRES_S, MIN_EXPIRES_S};
use bytes::Bytes;
use sipx_sip::Uri;
use std::collections::{BTreeSet, HashMap};
use strowger_model::{AgentId, TenantId, Timestamp};

/// One registered contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Whose phone.
    pub agent: AgentId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// The contact's URI as the phone gave it.
    pub contact: String,
    /// Where the phone was seen and is reached.
    pub hop: Hop,
    /// Until when.
    pub expires_at: Timestamp,
}

#[derive(Debug)]
struct Binding {
    uri: Uri,
    hop: Hop,
    call_id: Bytes,
    cseq: u32,
    expires_at: Timestamp,
}

#[derive(Debug)]
struct Line {
    tenant: TenantId,
    bindings: Vec<Binding>,
}

/// What a REGISTER asks for one contact.
pub(crate) struct Wish {
    pub(crate) uri: Uri,
    /// 0 takes the contact away.
    pub(crate) expires_s: Option<u32>,
}

/// What a REGISTER asks for.
pub(crate) enum Change {
    /// Only what there is.
    Ask,
    /// Take every contact away.
    Clear,
    Set(Vec<Wish>),
}

/// Why a REGISTER is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It asks for less than [`MIN_EXPIRES_S`].
    TooBrief,
    /// The extension has its phones, or the registrar is full.
    TooMany,
    /// An older request than the one that made the contact (§10.3 step 7).
    OutOfOrder,
}

/// One contact that a REGISTER set, for how long.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) contact: String,
    pub(crate) expires_s: u32,
}

#[derive(Debug)]
pub(crate) struct Registrar {
    lines: HashMap<AgentId, Line>,
    expiries: BTreeSet<(Timestamp, AgentId)>,
    /// Whose contacts hang on a WebSocket; goes with the connection.
    web: HashMap<ConnectionId, BTreeSet<AgentId>>,
    count: usize,
    limit: usize,
}

impl Registrar {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            lines: HashMap::new(),
            expiries: BTreeSet::new(),
            web: HashMap::new(),
            count: 0,
            limit,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// The contacts of an extension, the latest first.
    pub(crate) fn contacts(&self, agent: AgentId) -> impl Iterator<Item = (&Uri, Hop)> {
        let line = self.lines.get(&agent);
        line.into_iter().flat_map(|line| line.bindings.iter().rev()).map(|b| (&b.uri, b.hop))
    }

    pub(crate) fn list(&self) -> Vec<Registration> {
        self.lines
            .iter()
            .flat_map(|(agent, line)| {
                line.bindings.iter().map(|binding| Registration {
                    agent: *agent,
                    tenant: line.tenant,
                    contact: text(&binding.uri),
                    hop: binding.hop,
                    expires_at: binding.expires_at,
                })
            })
            .collect()
    }

    /// Every contact of an extension with the seconds it has left.
    pub(crate) fn current(&self, now: Timestamp, agent: AgentId) -> Vec<(Bytes, u64)> {
        let line = self.lines.get(&agent);
        line.into_iter()
            .flat_map(|line| &line.bindings)
            .map(|b| (b.uri.to_bytes(), b.expires_at.ms_since(now).div_ceil(1000)))
            .collect()
    }

    /// Carries a REGISTER out, as a whole or not at all. Says what was set and
    /// whether the extension's last contact went.
    pub(crate) fn change(
        &mut self,
        now: Timestamp,
        agent: AgentId,
        tenant: TenantId,
        change: Change,
        hop: Hop,
        order: (Bytes, u32),
    ) -> Result<(Vec<Set>, bool), Refusal> {
        let wishes = match change {
            Change::Ask => return Ok((Vec::new(), false)),
            Change::Clear => return self.clear(agent, &order),
            Change::Set(wishes) => wishes,
        };
        self.check(agent, &wishes, &order)?;
        let line = self.lines.entry(agent).or_insert(Line { tenant, bindings: Vec::new() });
        let before = line.bindings.len();
        let mut set = Vec::new();
        for Wish { uri, expires_s } in wishes {
            if let Some(index) = line.bindings.iter().position(|b| b.uri.equivalent(&uri)) {
                let old = line.bindings.remove(index);
                self.expiries.remove(&(old.expires_at, agent));
            }
            let expires_s = expires_s.unwrap_or(DEFAULT_EXPIRES_S).min(MAX_EXPIRES_S);
            if expires_s == 0 {
                continue;
            }
            let expires_at = now.plus_ms(u64::from(expires_s) * 1000);
            set.push(Set { contact: text(&uri), expires_s });
            let (call_id, cseq) = order.clone();
            line.bindings.push(Binding { uri, hop, call_id, cseq, expires_at });
        }
        let left = line.bindings.len();
        if let Some(connection) = hop.connection.filter(|_| hop.transport.is_web())
            && left > 0
        {
            self.web.entry(connection).or_default().insert(agent);
        }
        // Two contacts may expire in the same millisecond and share an entry.
        self.expiries.extend(line.bindings.iter().map(|b| (b.expires_at, agent)));
        self.count = self.count + left - before;
        if left == 0 {
            self.lines.remove(&agent);
        }
        Ok((set, left == 0 && before > 0))
    }

    fn check(
        &self,
        agent: AgentId,
        wishes: &[Wish],
        (call_id, cseq): &(Bytes, u32),
    ) -> Result<(), Refusal> {
        let none = Vec::new();
        let bindings = self.lines.get(&agent).map_or(&none, |line| &line.bindings);
        let mut more: Vec<&Uri> = Vec::new();
        for wish in wishes {
            if wish.expires_s.is_some_and(|s| s > 0 && s < MIN_EXPIRES_S) {
                return Err(Refusal::TooBrief);
            }
            match bindings.iter().find(|binding| binding.uri.equivalent(&wish.uri)) {
                Some(old) if old.call_id == *call_id && old.cseq >= *cseq => {
                    return Err(Refusal::OutOfOrder);
                }
                Some(_) => {}
                None if wish.expires_s != Some(0) => more.push(&wish.uri),
                None => {}
            }
        }
        let going = wishes.iter().filter(|wish| {
            wish.expires_s == Some(0) && bindings.iter().any(|b| b.uri.equivalent(&wish.uri))
        });
        let after = (bindings.len() + more.len()).saturating_sub(going.count());
        if after > MAX_CONTACTS || (!more.is_empty() && self.count + more.len() > self.limit) {
            return Err(Refusal::TooMany);
        }
        Ok(())
    }

    fn clear(
        &mut self,
        agent: AgentId,
        (call_id, cseq): &(Bytes, u32),
    ) -> Result<(Vec<Set>, bool), Refusal> {
        let Some(line) = self.lines.get(&agent) else { return Ok((Vec::new(), false)) };
        if line.bindings.iter().any(|b| b.call_id == *call_id && b.cseq >= *cseq) {
            return Err(Refusal::OutOfOrder);
        }
        self.remove(agent);
        Ok((Vec::new(), true))
    }

    fn remove(&mut self, agent: AgentId) -> Option<TenantId> {
        let line = self.lines.remove(&agent)?;
        self.count -= line.bindings.len();
        for binding in &line.bindings {
            self.expiries.remove(&(binding.expires_at, agent));
        }
        Some(line.tenant)
    }

    /// Drops what has expired; says whose last contact went.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<(AgentId, TenantId)> {
        let mut gone = Vec::new();
        while let Some(&(at, agent)) = self.expiries.first() {
            if at > now {
                break;
            }
            self.expiries.pop_first();
            let Some(line) = self.lines.get_mut(&agent) else { continue };
            let before = line.bindings.len();
            line.bindings.retain(|binding| binding.expires_at > now);
            self.count -= before - line.bindings.len();
            if line.bindings.is_empty() {
                gone.push((agent, line.tenant));
                self.lines.remove(&agent);
            }
        }
        gone
    }

    /// Whether a phone is reached over a connection.
    pub(crate) fn is_over(&self, connection: ConnectionId) -> bool {
        let mut bindings = self.lines.values().flat_map(|line| &line.bindings);
        bindings.any(|binding| binding.hop.connection == Some(connection))
    }

    /// Drops the contacts that were reached over a WebSocket; says whose last
    /// contact went. Streams that we can open anew are not touched.
    pub(crate) fn forget_web(&mut self, connection: ConnectionId) -> Vec<(AgentId, TenantId)> {
        let Some(agents) = self.web.remove(&connection) else { return Vec::new() };
        let over = |b: &Binding| b.hop.transport.is_web() && b.hop.connection == Some(connection);
        let mut gone = Vec::new();
        for agent in agents {
            let Some(line) = self.lines.get_mut(&agent) else { continue };
            let before = line.bindings.len();
            line.bindings.retain(|binding| !over(binding));
            self.count -= before - line.bindings.len();
            if line.bindings.is_empty() && before > 0 {
                gone.push((agent, line.tenant));
                self.lines.remove(&agent);
            }
        }
        gone
    }

    /// Drops the contacts of extensions that are no longer in the directory.
    pub(crate) fn retain(&mut self, directory: &Directory) -> Vec<(AgentId, TenantId)> {
        let stays = |agent: &AgentId, line: &Line| {
            directory.extension(*agent).is_some_and(|e| e.tenant == line.tenant)
        };
        let gone: Vec<AgentId> = self
            .lines
            .iter()
            .filter(|(agent, line)| !stays(agent, line))
            .map(|(agent, _)| *agent)
            .collect();
        gone.into_iter()
            .filter_map(|agent| self.remove(agent).map(|tenant| (agent, tenant)))
            .collect()
    }
}

fn text(uri: &Uri) -> String {
    String::from_utf8_lossy(&uri.to_bytes()).into_owned()
}
