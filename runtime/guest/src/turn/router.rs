//! A router's instance: one per tenant. The tenant's distribution is moved in
//! for each decision and moved out again; there is no lock and no copy.

use super::flow::wrong_world;
use super::sandbox::Sandbox;
use crate::host::bindings::flow::strowger::platform::types;
use crate::host::bindings::router::Router;
use crate::host::bindings::router::strowger::platform::router_types;
use crate::host::{LogLine, Role, RouterHost};
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::{Program, World};
use std::fmt;
use strowger_acd::{Distribution, RouterTrigger};
use strowger_call::{Fault, Moment};

/// A router that serves one tenant.
pub struct RouterInstance {
    program: Program,
    sandbox: Sandbox,
    exports: Router,
}

/// What came of one decision; what was chosen stands in the distribution.
#[derive(Clone, Debug)]
pub struct RouterTurn {
    /// Whether the choices count.
    pub outcome: Result<(), Fault>,
    /// Fuel used.
    pub fuel: u64,
    /// Time spent in the guest.
    pub busy_us: u64,
    /// What the router logged.
    pub logs: Vec<LogLine>,
    /// Lines that were dropped or shortened.
    pub logs_cut: u32,
}

impl RouterTurn {
    /// A decision that no instance could make.
    pub(super) fn failed(fault: Fault) -> Self {
        Self { outcome: Err(fault), fuel: 0, busy_us: 0, logs: Vec::new(), logs_cut: 0 }
    }
}

impl fmt::Debug for RouterInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterInstance").field("program", &self.program).finish_non_exhaustive()
    }
}

impl RouterInstance {
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
        let pre = program.router().ok_or_else(|| wrong_world(program, World::Router))?;
        let mut sandbox = Sandbox::new(program.engine(), budget, account);
        let exports = sandbox.start(|store| pre.instantiate(store))?;
        Ok(Self { program: program.clone(), sandbox, exports })
    }

    /// Which program it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether it may decide again; if not it is to be dropped.
    pub fn is_sound(&self) -> bool {
        self.sandbox.is_sound()
    }

    /// Makes one decision about `host`, which comes back whatever happened.
    pub fn decide(
        &mut self,
        moment: Moment,
        trigger: &RouterTrigger,
        host: Box<dyn Distribution>,
    ) -> (RouterTurn, Box<dyn Distribution>) {
        let at = types::Moment { now_ms: moment.now.0, seed: moment.seed };
        let trigger = to_wit(trigger);
        let role = Role::Router(RouterHost { host, candidates: 0, actions: 0 });
        let exports = &self.exports;
        let run = self.sandbox.run(role, moment, |store| exports.call_decide(store, at, &trigger));
        let turn = RouterTurn {
            outcome: run.result,
            fuel: run.fuel,
            busy_us: run.busy_us,
            logs: run.log.lines,
            logs_cut: run.log.cut,
        };
        match host_of(run.role) {
            Some(host) => (turn, host),
            None => unreachable!("the sandbox gives back the role it was given"),
        }
    }

    /// Takes the distribution back after a panic of ours.
    pub(super) fn reclaim(&mut self) -> Option<Box<dyn Distribution>> {
        host_of(self.sandbox.reclaim())
    }
}

fn host_of(role: Role) -> Option<Box<dyn Distribution>> {
    match role {
        Role::Router(router) => Some(router.host),
        _ => None,
    }
}

fn to_wit(trigger: &RouterTrigger) -> router_types::Trigger {
    use router_types::Trigger;
    match trigger {
        RouterTrigger::ContactWaiting(contact) => Trigger::ContactWaiting(*contact),
        RouterTrigger::AgentReady(agent) => Trigger::AgentReady(*agent),
        RouterTrigger::Wake(contact) => Trigger::Wake(*contact),
        RouterTrigger::Signal { name, data } => {
            Trigger::Signal(types::Signal { name: name.clone(), data: data.clone() })
        }
    }
}
