//! What the distribution and the store are asked for.

use super::CallTask;
use crate::calls::message::CallMessage;
use strowger_acd::{AcdInput, Enqueue};
use strowger_call::{Input, KvOp, QueueEffect};
use strowger_model::{Cause, Party};

impl CallTask {
    pub(super) fn queue(&mut self, effect: QueueEffect) {
        let call = self.handle.call;
        let input = match effect {
            QueueEffect::Enqueue { queue, needs, priority, attributes, max_wait_ms, since } => {
                self.sound.forget_standing();
                let record = self.core.record();
                AcdInput::Enqueue(Enqueue {
                    call,
                    queue,
                    needs,
                    priority,
                    attributes,
                    from: record.from.clone(),
                    to: record.to.clone(),
                    max_wait_ms,
                    since,
                })
            }
            QueueEffect::Leave => AcdInput::Leave { call },
            QueueEffect::CallerGone => AcdInput::CallerGone { call },
            QueueEffect::OfferRinging { offer } => AcdInput::OfferRinging { offer },
            QueueEffect::OfferAnswered { offer } => AcdInput::OfferAnswered { offer },
            QueueEffect::OfferFailed { offer, cause } => AcdInput::OfferFailed { offer, cause },
            QueueEffect::Talking { agent, queue, since } => {
                AcdInput::Talking { agent, call, queue, since }
            }
            QueueEffect::TalkEnded { agent, talk_ms } => {
                AcdInput::TalkEnded { agent, call, talk_ms }
            }
            QueueEffect::Hold { agent } => AcdInput::Hold { agent, call },
            QueueEffect::Resume { agent } => AcdInput::Resume { agent, call },
        };
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
