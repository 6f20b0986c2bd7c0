//! Other calls of the tenant: giving them a leg, finding them, taking over their flows.

use super::CallTask;
use crate::calls::message::CallMessage;
use crate::calls::registry::{CallHandle, ON_ITS_WAY};
use crate::tenants::config::Destination;
use strowger_call::{Input, LegFacts, PickUpFrom};
use strowger_model::{Address, CallId, LegId};

impl CallTask {
    /// A live call of the same tenant.
    pub(super) fn other_call(&self, call: CallId) -> Option<CallHandle> {
        self.node.calls.call(call).filter(|other| other.tenant == self.handle.tenant)
    }

    /// Sends a leg to another call. If that is gone, the leg is hung up.
    pub(super) fn give(&mut self, leg: LegId, to: CallId, facts: LegFacts) {
        let Some(to) = self.other_call(to) else {
            // Packed for nobody.
            drop(self.legs.give(leg, &self.handle.clone()));
            return;
        };
        if let Some((dialog, parcel)) = self.legs.give(leg, &to) {
            // Before the registry: what is heard of the leg comes after the leg.
            to.tell(CallMessage::Given(self.handle.call, facts, parcel));
            self.node.calls.enter_leg(dialog, &to, ON_ITS_WAY);
        }
    }

    pub(super) fn find_call(&self, from: &PickUpFrom) -> Option<(CallId, Option<LegId>)> {
        match from {
            PickUpFrom::Slot(slot) => Some((self.tenant.meeting.parked(slot)?, None)),
            PickUpFrom::Extension(number) => {
                let agent = self.tenant.config().agent_with_extension(number.as_str())?;
                let (call, leg) = self.tenant.meeting.ringing(agent)?;
                Some((call, Some(leg)))
            }
        }
    }

    pub(super) fn find_number(&mut self, number: &Address) -> Input {
        let config = self.tenant.config();
        match config.destination(number.as_str()) {
            Some(Destination::Flow(entry)) => match entry.version_for(self.handle.call) {
                (version, Some(program)) => {
                    let flow = entry.flow.name.clone();
                    self.found = Some((flow.clone(), Some(program)));
                    Input::NumberReady { flow, version }
                }
                (_, None) => failed(number),
            },
            _ => failed(number),
        }
    }
}

fn failed(number: &Address) -> Input {
    Input::NumberFailed {
        reason: format!("{number} has no flow with a version that could be loaded"),
    }
}
