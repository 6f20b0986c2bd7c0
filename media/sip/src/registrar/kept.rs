//! Contacts that outlive the process.

use super::{Binding, Line, Registrar};
use crate::hop::{Hop, Transport};
use crate::limits::{MAX_CONTACTS, MAX_EXPIRES_S};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sipx_sip::Uri;
use std::net::SocketAddr;
use strowger_model::{AgentId, TenantId, Timestamp};

/// What the shape of [`ContactRecord`] is called; others are not taken.
const VERSION: u32 = 1;

/// One registered contact, as [`crate::SipEvent::KeepContacts`] brings it and
/// [`crate::Endpoint::restore_registrations`] takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecord {
    #[serde(rename = "v")]
    version: u32,
    /// Whose phone.
    pub agent: AgentId,
    /// Of which tenant.
    pub tenant: TenantId,
    /// The contact's URI as the phone gave it.
    pub contact: String,
    over: Transport,
    at: SocketAddr,
    call_id: String,
    cseq: u32,
    /// Until when.
    pub expires_at: Timestamp,
}

/// Whether a phone there can be reached without its own stream: nobody opens
/// one to a browser, and none inside TLS to a phone.
fn outlives(transport: Transport) -> bool {
    matches!(transport, Transport::Udp | Transport::Tcp)
}

impl Registrar {
    /// The contacts of an extension that another process could reach.
    pub(crate) fn keep(&self, agent: AgentId) -> Vec<ContactRecord> {
        let Some(line) = self.lines.get(&agent) else { return Vec::new() };
        let lasting = line.bindings.iter().filter(|binding| outlives(binding.hop.transport));
        lasting
            .map(|binding| ContactRecord {
                version: VERSION,
                agent,
                tenant: line.tenant,
                contact: super::text(&binding.uri),
                over: binding.hop.transport,
                at: binding.hop.remote,
                call_id: String::from_utf8_lossy(&binding.call_id).into_owned(),
                cseq: binding.cseq,
                expires_at: binding.expires_at,
            })
            .collect()
    }

    /// Takes a contact back, unless the phone registered again meanwhile; the
    /// seconds that it has left, or `None` if it is not taken.
    pub(crate) fn restore(&mut self, now: Timestamp, record: &ContactRecord) -> Option<u64> {
        let expires_at = record.expires_at.min(now.plus_ms(u64::from(MAX_EXPIRES_S) * 1_000));
        let good = record.version == VERSION && outlives(record.over) && expires_at > now;
        let uri = Uri::parse(Bytes::from(record.contact.clone())).ok().filter(|_| good)?;
        if self.count >= self.limit {
            return None;
        }
        let none = Vec::new();
        let there = self.lines.get(&record.agent).map_or(&none, |line| &line.bindings);
        if there.len() >= MAX_CONTACTS || there.iter().any(|b| b.uri.equivalent(&uri)) {
            return None;
        }
        let hop = Hop { transport: record.over, remote: record.at, connection: None, trunk: None };
        let call_id = Bytes::from(record.call_id.clone());
        let binding = Binding { uri, hop, call_id, cseq: record.cseq, expires_at };
        let line = Line { tenant: record.tenant, bindings: Vec::new() };
        self.lines.entry(record.agent).or_insert(line).bindings.push(binding);
        self.expiries.insert((expires_at, record.agent));
        self.count += 1;
        Some(expires_at.ms_since(now).div_ceil(1_000))
    }
}
