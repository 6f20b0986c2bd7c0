//! What a call asks of its tenant's distribution, in the distribution's words.

use crate::effect::QueueEffect;
use strowger_acd::{AcdInput, Enqueue};
use strowger_model::CallRecord;

impl QueueEffect {
    /// The input for the distribution. `record` is of the call that wants it.
    pub fn into_input(self, record: &CallRecord) -> AcdInput {
        let call = record.call;
        match self {
            Self::Enqueue { queue, needs, priority, attributes, max_wait_ms, since } => {
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
            Self::Leave => AcdInput::Leave { call },
            Self::CallerGone => AcdInput::CallerGone { call },
            Self::OfferRinging { offer } => AcdInput::OfferRinging { offer },
            Self::OfferAnswered { offer } => AcdInput::OfferAnswered { offer },
            Self::OfferFailed { offer, cause } => AcdInput::OfferFailed { offer, cause },
            Self::Talking { agent, queue, since } => {
                AcdInput::Talking { agent, call, queue, since }
            }
            Self::TalkEnded { agent, talk_ms } => AcdInput::TalkEnded { agent, call, talk_ms },
            Self::Hold { agent } => AcdInput::Hold { agent, call },
            Self::Resume { agent } => AcdInput::Resume { agent, call },
        }
    }
}
