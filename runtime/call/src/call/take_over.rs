//! A transfer to a number of the tenant: its flow takes the guest's seat and
//! serves whoever stays.

use super::Call;
use super::guest::Seat;
use super::transfer::Towards;
use crate::effect::Effect;
use crate::journal::{TAKEN_OVER_NOTE, TakenOverBody};
use crate::view::CommandKind;
use serde_json::json;
use std::sync::Arc;
use strowger_model::VersionId;

impl Call {
    pub(super) fn number_ready(&mut self, flow: String, version: Option<VersionId>) {
        let is_number = |t: &mut super::transfer::Transfer| matches!(t.towards, Towards::Number(_));
        let Some(transfer) = self.transfer.take_if(is_number) else { return };
        let Some(stays) = self.other_party(transfer.by) else { return };
        let entry = transfer.record.and_then(|index| self.record.transfers.get(index));
        let to = entry.map_or_else(|| self.setup.to.clone(), |entry| entry.target.clone());
        self.transfer_succeeded(&transfer, None);
        self.agent_done();
        self.talk = None;
        self.happened("talk.transferred", json!({ "from": transfer.by, "flow": flow }));
        let from = match self.record.legs.get(stays.0 as usize) {
            Some(leg) if stays != self.subject => leg.address.clone(),
            _ => self.setup.from.clone(),
        };
        self.subject = stays;
        self.forget_commands();
        self.running.retain(|(_, kind)| *kind != CommandKind::Bridge);
        self.end_free_legs();
        self.guest.replace(Seat::Flow, self.next_command);
        self.taken_over = true;
        self.record.flow_version = version;
        let taken = TakenOverBody { flow, version, from, to };
        let body = serde_json::to_value(&taken).unwrap_or_default();
        self.setup.take_over(taken);
        self.facts = Arc::new(self.setup.guest_facts(version));
        self.happened(TAKEN_OVER_NOTE, body);
        self.effects.push_back(Effect::TakeSeat);
        self.start_flow();
    }

    pub(super) fn number_failed(&mut self, reason: &str) {
        let fetched = self.transfer.as_ref().map(|transfer| transfer.towards);
        if let Some(Towards::Number(_)) = fetched {
            self.note("transfer.no_flow", json!({ "reason": reason }));
            self.transfer_failed(404);
        }
    }
}
