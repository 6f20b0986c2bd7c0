//! Telling what another process would need to go on with a leg or to reach a
//! phone: once per change, and only if somebody keeps it.

use super::Endpoint;
use crate::call::{Call, DialogRecord, Text};
use crate::event::{DialogKey, SipEvent};
use crate::hop::Transport;
use bytes::Bytes;
use sipx_sip::{CSeq, HeaderName};
use std::net::SocketAddr;
use strowger_model::{AgentId, TenantId};

impl Endpoint {
    /// A leg changed in a way that must be kept. It is told once the work on it
    /// is done, however often it changed meanwhile.
    pub(super) fn keep(&mut self, dialog: DialogKey) {
        if self.config.keep_dialogs && !self.unkept.contains(&dialog) {
            self.unkept.push(dialog);
        }
    }

    /// Keeps a leg if this is news that must be kept.
    pub(super) fn keep_after(&mut self, event: &SipEvent) {
        match event {
            SipEvent::Answered { dialog, .. }
            | SipEvent::Held { dialog, .. }
            | SipEvent::Resumed { dialog, .. }
            | SipEvent::MediaChanged { dialog, .. }
            | SipEvent::Reinvited { dialog, .. }
            | SipEvent::TakenUp { dialog, .. } => self.keep(*dialog),
            _ => {}
        }
    }

    /// Tells what must be kept of a leg, if anything changed.
    pub(super) fn tell_kept(&mut self, call: &Call) {
        let Some(index) = self.unkept.iter().position(|key| *key == call.key) else { return };
        self.unkept.swap_remove(index);
        let invited = call.invited.and_then(|id| self.transactions.server(id));
        let came_from = invited.map(|server| server.hop);
        let transactions = &mut self.transactions;
        let record = DialogRecord::of(call, came_from, |id| {
            let headers = &transactions.client(id)?.machine.request().headers;
            let via = Bytes::from(headers.value(&HeaderName::Via)?.into_owned());
            Some((Text(via), headers.typed::<CSeq>()?.ok()?.sequence))
        });
        if let Some(record) = record {
            self.emit(SipEvent::Keep { dialog: call.key, record: Box::new(record) });
        }
    }

    /// A leg is over.
    pub(super) fn forget_kept(&mut self, dialog: DialogKey) {
        self.unkept.retain(|key| *key != dialog);
    }

    /// Tells where an extension's phones are.
    pub(super) fn keep_contacts(&mut self, agent: AgentId, tenant: TenantId) {
        if self.config.keep_dialogs {
            let contacts = self.registrar.keep(agent);
            self.emit(SipEvent::KeepContacts { agent, tenant, contacts });
        }
    }
}

/// Where the other end is, as far as it is kept.
pub(super) fn place_of(call: &Call) -> (Bytes, Transport, SocketAddr) {
    let hop = call.dialog.hop;
    (call.dialog.target.to_bytes(), hop.transport, hop.remote)
}
