//! The turns of the call's guest, and who takes over from one that failed.

use super::CallTask;
use serde_json::{Value, json};
use strowger_call::{Action, Fault, FaultKind, GuestEvent, Input, Moment, TurnResult, TurnView};

impl CallTask {
    pub(super) fn run_guest(&mut self, event: GuestEvent, moment: Moment, view: TurnView) {
        if let Some(lost) = self.guest_lost.take() {
            self.input(Input::Turn(view.finish(Some(lost), 0, 0)));
            return;
        }
        let Some(program) = self.program.clone() else {
            let fault = Fault::new(
                FaultKind::Instantiation,
                "the number has no flow, or its version could not be loaded",
            );
            self.input(Input::Turn(view.finish(Some(fault), 0, 0)));
            return;
        };
        let budget = self.tenant.config().budget;
        let turn = self.guest.handle(&program, &budget, moment, &event, view);
        for line in turn.logs {
            let data = json!({"level": line.level, "message": line.message});
            self.node.events.call(&self.handle, "guest.log", data);
        }
        self.report_turn(&turn.result);
        self.input(Input::Turn(turn.result));
    }

    pub(super) fn report_turn(&self, result: &TurnResult) {
        self.node.metrics.turn(result);
        // Most turns are made with nobody watching.
        if !self.node.events.is_heard(self.handle.tenant) {
            return;
        }
        let data = match &result.outcome {
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
        };
        self.node.events.call(&self.handle, "guest.turn", data);
    }

    pub(super) fn take_fallback(&mut self) -> Input {
        // The failed instance is gone; the next turn makes one of the fallback.
        self.guest.dismiss();
        match self.tenant.config().fallback_flow() {
            Some(flow) => {
                let version = flow.version;
                self.program = flow.program.clone();
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
