//! Who decides in a call: the flow run natively, or whatever stands in for it.

use crate::convert;
use std::cell::RefCell;
use std::rc::Rc;
use strowger_call::{Fault, FaultKind, GuestEvent, Moment, TurnResult, TurnView};
use strowger_sdk::guest::{Memory, handle};
use strowger_sdk::host::{self, FlowHost, Hosts, with_hosts};
use strowger_sdk::{Flow, Level};

/// What is asked for a decision at each event of the call. [`Flow`]s are asked
/// natively; a compiled flow is asked by whoever has an engine to run it in.
pub trait Decides {
    /// Handles one event; what was logged comes back with the result.
    fn turn(
        &mut self,
        event: GuestEvent,
        moment: Moment,
        view: TurnView,
    ) -> (TurnResult, Vec<(Level, String)>);
}

/// A flow with what it remembers.
pub(crate) struct Guest {
    flow: Box<dyn Flow>,
    memory: Memory,
}

impl Guest {
    pub(crate) fn new(flow: Box<dyn Flow>) -> Self {
        Self { flow, memory: Memory::default() }
    }
}

impl Decides for Guest {
    fn turn(
        &mut self,
        event: GuestEvent,
        moment: Moment,
        view: TurnView,
    ) -> (TurnResult, Vec<(Level, String)>) {
        let view = Rc::new(RefCell::new(view));
        let mut hosts = Hosts { flow: Some(Box::new(View(Rc::clone(&view)))), ..Hosts::default() };
        let event = convert::event(event);
        let at = strowger_sdk::guest::Moment { now_ms: moment.now.0, seed: moment.seed };
        let result =
            with_hosts(&mut hosts, || self.memory.with(|| handle(self.flow.as_mut(), at, &event)));
        let view = view.borrow().clone();
        let fault = match result {
            // As the guest host: the flood is the fault, whatever the flow made of it.
            _ if view.too_many_actions() => {
                Some(Fault::new(FaultKind::Actions, "too many actions in one event"))
            }
            Ok(()) => None,
            Err(message) => Some(Fault::new(FaultKind::Returned, message)),
        };
        (view.finish(fault, 0, 0), hosts.log)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // The flow's own commands are forgotten in its own memory.
        let Self { flow, memory } = self;
        memory.with(|| *flow = Box::new(Nothing));
    }
}

struct Nothing;

impl Flow for Nothing {
    fn on_event(
        &mut self,
        _: strowger_sdk::Call,
        _: &strowger_sdk::Event,
    ) -> Result<(), strowger_sdk::Error> {
        Ok(())
    }
}

struct View(Rc<RefCell<TurnView>>);

impl FlowHost for View {
    fn act(&mut self, action: host::Action) -> Result<u64, String> {
        let action = convert::action(action)?;
        self.0.borrow_mut().admit(action).map(|command| command.0)
    }

    fn fact(&mut self, name: &str) -> Option<String> {
        self.0.borrow().fact(name).map(|value| value.into_owned())
    }

    fn detail(&mut self, name: &str) -> Option<String> {
        self.0.borrow().detail(name).map(str::to_owned)
    }

    fn attribute(&mut self, name: &str) -> Option<String> {
        self.0.borrow().attribute(name).map(str::to_owned)
    }

    fn set_attribute(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.0.borrow_mut().set_attribute(name, value)
    }
}
