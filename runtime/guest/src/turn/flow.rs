//! A flow's instance: one per call.

use super::sandbox::Sandbox;
use crate::host::bindings::flow::CallFlow;
use crate::host::bindings::flow::strowger::platform::{call_types, types};
use crate::host::{LogLine, Role};
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::{Program, World};
use std::fmt;
use strowger_call::{Fault, FaultKind, GuestEvent, Moment, RefusedAction, TurnResult, TurnView};

/// A flow that serves one call.
pub struct FlowInstance {
    program: Program,
    sandbox: Sandbox,
    exports: CallFlow,
}

/// What came of one event.
#[derive(Clone, Debug)]
pub struct FlowTurn {
    /// For the call core.
    pub result: TurnResult,
    /// What the flow logged, whether it failed or not.
    pub logs: Vec<LogLine>,
    /// Lines that were dropped or shortened.
    pub logs_cut: u32,
    /// Actions that were not possible, the first few.
    pub refused: Vec<RefusedAction>,
}

impl FlowTurn {
    /// A turn of which only the result is known.
    pub fn of(result: TurnResult) -> Self {
        Self { result, logs: Vec::new(), logs_cut: 0, refused: Vec::new() }
    }
}

impl fmt::Debug for FlowInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowInstance").field("program", &self.program).finish_non_exhaustive()
    }
}

impl FlowInstance {
    /// Starts an instance whose memory is nobody's.
    ///
    /// # Errors
    /// Why it did not start.
    pub fn new(program: &Program, budget: &Budget) -> Result<Self, Fault> {
        Self::new_on(&MemoryAccount::default(), program, budget)
    }

    /// Starts an instance whose memory goes to an account.
    ///
    /// # Errors
    /// Why it did not start.
    pub fn new_on(
        account: &MemoryAccount,
        program: &Program,
        budget: &Budget,
    ) -> Result<Self, Fault> {
        let pre = program.flow().ok_or_else(|| wrong_world(program, World::CallFlow))?;
        let mut sandbox = Sandbox::new(program.engine(), budget, account);
        let exports = sandbox.start(|store| pre.instantiate(store))?;
        Ok(Self { program: program.clone(), sandbox, exports })
    }

    /// Which program it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether it may handle another event; if not it is to be dropped.
    pub fn is_sound(&self) -> bool {
        self.sandbox.is_sound()
    }

    /// Changes fuel and time for the events to come.
    pub(super) fn set_budget(&mut self, budget: &Budget) {
        self.sandbox.set_budget(budget);
    }

    /// Handles one event.
    pub fn handle(&mut self, moment: Moment, event: &GuestEvent, view: TurnView) -> FlowTurn {
        let turn = view.turn();
        let at = types::Moment { now_ms: moment.now.0, seed: moment.seed };
        let event = to_wit(event);
        let exports = &self.exports;
        let run = self
            .sandbox
            .run(Role::Flow(view), moment, |store| exports.call_handle(store, at, &event));
        let fault = run.result.err();
        let (result, refused) = match run.role {
            Role::Flow(mut view) => {
                let refused = view.take_refused();
                (view.finish(fault, run.fuel, run.busy_us), refused)
            }
            // The role is only ever exchanged by the sandbox.
            _ => (lost(turn, fault), Vec::new()),
        };
        FlowTurn { result, logs: run.log.lines, logs_cut: run.log.cut, refused }
    }
}

/// The answer to a turn that no instance could handle.
pub(super) fn failed(view: TurnView, fault: Fault) -> FlowTurn {
    FlowTurn::of(view.finish(Some(fault), 0, 0))
}

/// The answer to a turn in which our side panicked.
pub(super) fn panicked(turn: u32) -> FlowTurn {
    let fault = Fault::new(FaultKind::Host, "the host of the flow panicked");
    FlowTurn::of(lost(turn, Some(fault)))
}

/// The answer to a turn whose view is gone.
fn lost(turn: u32, fault: Option<Fault>) -> TurnResult {
    let fault = fault.unwrap_or_else(|| Fault::new(FaultKind::Host, "the turn's state was lost"));
    TurnResult { turn, outcome: Err(fault), attributes: Vec::new(), fuel: 0, busy_us: 0 }
}

pub(super) fn wrong_world(program: &Program, world: World) -> Fault {
    let served: Vec<&str> = program.worlds().iter().map(|world| world.name()).collect();
    Fault::new(
        FaultKind::World,
        format!("a program of world {} cannot be used as a {}", served.join(", "), world.name()),
    )
}

fn to_wit(event: &GuestEvent) -> call_types::Event {
    use call_types::Event;
    match event {
        GuestEvent::Started => Event::Started,
        GuestEvent::Completed { command, outcome, value } => {
            Event::Completed(call_types::Completion {
                command: command.0,
                outcome: outcome.clone(),
                value: value.clone(),
            })
        }
        GuestEvent::Input { digit, held_ms } => {
            Event::Input(call_types::DigitPress { digit: digit.to_string(), held_ms: *held_ms })
        }
        GuestEvent::Ended { cause } => Event::Ended(cause.name().to_owned()),
        GuestEvent::Signal { name, data } => {
            Event::Signal(types::Signal { name: name.clone(), data: data.clone() })
        }
    }
}
