//! The turns of the call's guest, and who takes over from one that failed.

use super::CallTask;
use crate::calls::message::CallMessage;
use crate::clock;
use crate::tenants::guests;
use serde_json::{Value, json};
use strowger_call::{Action, Fault, FaultKind, GuestEvent, Input, Moment, TurnResult, TurnView};
use strowger_guest::{Budget, CallGuest, FlowTurn, Program};
use strowger_model::Blame;

impl CallTask {
    pub(super) fn run_guest(&mut self, event: GuestEvent, moment: Moment, view: TurnView) {
        if let Some(lost) = self.guest_lost.take() {
            let result = view.finish(Some(lost), 0, 0);
            return self.turned(FlowTurn::of(result));
        }
        let Some(program) = self.program.clone() else {
            let fault = Fault::new(
                FaultKind::Instantiation,
                "the number has no flow, or its version could not be loaded",
            );
            self.input(Input::Turn(view.finish(Some(fault), 0, 0)));
            return;
        };
        self.watch.away = None;
        let budget = self.tenant.config().budget;
        let version = self.core.record().flow_version;
        if guests::is_over_share(&self.node, &self.tenant, moment.now, version) {
            return self.run_in_background(program, budget, event, moment, view);
        }
        let turn = self.guest.handle(&program, &budget, moment, &event, view);
        self.turned(turn);
    }

    /// A tenant that takes more than its share waits among its like; the call
    /// meanwhile hears what else happens.
    fn run_in_background(
        &mut self,
        program: Program,
        budget: Budget,
        event: GuestEvent,
        moment: Moment,
        view: TurnView,
    ) {
        let number = view.turn();
        let guest = std::mem::take(&mut self.guest);
        let (handle, budget) = (self.handle.clone(), budget.in_background());
        let state = Box::new((guest, view));
        let taken = self.node.background.submit(self.tenant.id, state, move |state| {
            let (mut guest, view) = *state;
            let turn = guest.handle(&program, &budget, moment, &event, view);
            // A call that is over needs no answer.
            handle.tell(CallMessage::Turned(Box::new((guest, turn))));
        });
        match taken {
            Ok(()) => {
                self.node.metrics.count_event("guest.background");
                self.watch.goes_away(number);
            }
            Err(state) => {
                // The call goes on at once, with its guest.
                let view = state.1;
                self.guest = state.0;
                self.node.metrics.count_event("guest.background_full");
                let fault = Fault::new(
                    FaultKind::Deadline,
                    "the tenant's guests take more time than their share, and too many of \
                     their turns wait already",
                )
                // It says that the tenant has too many calls for its share.
                .blamed(Blame::Operator);
                self.turned(FlowTurn::of(view.finish(Some(fault), 0, 0)));
            }
        }
    }

    pub(super) fn turned(&mut self, turn: FlowTurn) {
        let FlowTurn { result, logs, logs_cut, .. } = turn;
        if !logs.is_empty() || logs_cut > 0 {
            self.show_log(logs, logs_cut);
        }
        self.watch_turn(&result);
        self.report_turn(&result);
        self.input(Input::Turn(result));
    }

    pub(super) fn report_turn(&self, result: &TurnResult) {
        self.node.metrics.turn(result);
        self.node.events.call(&self.handle, "guest.turn", || match &result.outcome {
            Ok(actions) => json!({
                "turn": result.turn,
                "busy_us": result.busy_us,
                "fuel": result.fuel,
                "actions": actions.iter().map(|(_, action)| name_of(action)).collect::<Vec<_>>(),
            }),
            Err(fault) => json!({
                "turn": result.turn,
                "busy_us": result.busy_us,
                "fuel": result.fuel,
                "fault": fault.to_string(),
            }),
        });
    }

    pub(super) fn take_fallback(&mut self) -> Input {
        // The failed instance is gone; the next turn makes one of the fallback.
        self.dismiss_guest();
        // Where flows have failed for lack of memory, this one must not.
        self.guest = CallGuest::on(self.tenant.guests.memory.reserve());
        match self.tenant.config().fallback_flow() {
            Some(flow) => {
                let version = flow.version;
                let (node, tenant, call) = (&self.node, &self.tenant, self.handle.call);
                let refused =
                    version.and_then(|id| guests::admit(node, tenant, (&flow.name, id), call));
                if let Some(fault) = refused {
                    return Input::FallbackFailed { reason: fault.message };
                }
                self.program = flow.program.clone();
                self.watch.meter.serves(node, tenant.id, &flow.name, clock::now());
                Input::FallbackReady { version }
            }
            None => Input::FallbackFailed {
                reason: "the tenant's fallback flow has no version; upload and promote one".into(),
            },
        }
    }
}

/// An action without what it is about: sources, digits and numbers stay out of
/// the event stream.
fn name_of(action: &Action) -> String {
    match serde_json::to_value(action) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
