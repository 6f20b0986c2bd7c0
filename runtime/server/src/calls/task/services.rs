//! What the distribution and the store are asked for.

use super::CallTask;
use crate::calls::message::CallMessage;
use strowger_call::{Input, KvOp, QueueEffect};
use strowger_model::{Cause, Party};

impl CallTask {
    pub(super) fn queue(&mut self, effect: QueueEffect) {
        let call = self.handle.call;
        if matches!(effect, QueueEffect::Enqueue { .. }) {
            self.sound.forget_standing();
        }
        let input = effect.into_input(self.core.record());
        if !self.tenant.distribution.tell(input) {
            tracing::error!(%call, "the tenant's distribution is gone or overrun");
            self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
        }
    }

    pub(super) fn kv(&self, command: strowger_call::CommandId, op: KvOp) {
        let (node, handle) = (self.node.clone(), self.handle.clone());
        self.node.services.spawn(async move {
            let (outcome, value) = node.ledger.kv(handle.tenant, op).await;
            let outcome = outcome.to_owned();
            handle.tell(CallMessage::Core(Input::Kv { command, outcome, value }));
        });
    }
}
