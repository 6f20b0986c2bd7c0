//! A pacer's instance: one per campaign. The campaign is moved in and out as a
//! tenant's distribution is for its router.

use super::flow::wrong_world;
use super::sandbox::Sandbox;
use crate::host::bindings::flow::strowger::platform::types;
use crate::host::bindings::pacer::Pacer;
use crate::host::bindings::pacer::strowger::platform::pacer_types;
use crate::host::{Lent, LogLine, PacerHost, Role};
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::{Program, World};
use std::any::Any;
use std::fmt;
use strowger_call::{Fault, Moment};
use strowger_dialer::{Campaign, PacerTrigger};

/// A pacer that serves one campaign.
pub struct PacerInstance {
    program: Program,
    sandbox: Sandbox,
    exports: Pacer,
}

/// What came of one decision.
#[derive(Clone, Debug)]
pub struct PacerTurn {
    /// How many attempts the pacer asks for; the campaign's cap holds anyway.
    pub outcome: Result<u32, Fault>,
    /// Fuel used.
    pub fuel: u64,
    /// Time spent in the guest.
    pub busy_us: u64,
    /// What the pacer logged.
    pub logs: Vec<LogLine>,
    /// Lines that were dropped or shortened.
    pub logs_cut: u32,
}

impl fmt::Debug for PacerInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacerInstance").field("program", &self.program).finish_non_exhaustive()
    }
}

impl PacerInstance {
    /// Starts an instance.
    pub fn new(program: &Program, budget: &Budget) -> Result<Self, Fault> {
        let pre = program.pacer().ok_or_else(|| wrong_world(program, World::Pacer))?;
        let mut sandbox = Sandbox::new(program.engine(), budget, &MemoryAccount::default());
        let exports = sandbox.start(|store| pre.instantiate(store))?;
        Ok(Self { program: program.clone(), sandbox, exports })
    }

    /// Which program it runs.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Whether it may be asked again; if not it is to be dropped.
    pub fn is_sound(&self) -> bool {
        self.sandbox.is_sound()
    }

    /// Makes one decision about `campaign`, which comes back whatever happened.
    pub fn pace<C: Campaign + 'static>(
        &mut self,
        moment: Moment,
        trigger: &PacerTrigger,
        campaign: Box<C>,
    ) -> (PacerTurn, Box<C>) {
        let at = types::Moment { now_ms: moment.now.0, seed: moment.seed };
        let trigger = to_wit(trigger);
        let role = Role::Pacer(PacerHost { host: campaign });
        let exports = &self.exports;
        let run = self.sandbox.run(role, moment, |store| exports.call_pace(store, at, &trigger));
        let turn = PacerTurn {
            outcome: run.result,
            fuel: run.fuel,
            busy_us: run.busy_us,
            logs: run.log.lines,
            logs_cut: run.log.cut,
        };
        match campaign_of(run.role) {
            Some(campaign) => (turn, campaign),
            None => unreachable!("the sandbox gives back the role it was given"),
        }
    }
}

fn campaign_of<C: Campaign + 'static>(role: Role) -> Option<Box<C>> {
    match role {
        Role::Pacer(pacer) => {
            let lent: Box<dyn Lent> = pacer.host;
            let any: Box<dyn Any> = lent;
            any.downcast().ok()
        }
        _ => None,
    }
}

fn to_wit(trigger: &PacerTrigger) -> pacer_types::Trigger {
    use pacer_types::Trigger;
    match trigger {
        PacerTrigger::AgentAvailable => Trigger::AgentAvailable,
        PacerTrigger::AttemptEnded(result) => Trigger::AttemptEnded(result.clone()),
        PacerTrigger::Tick => Trigger::Tick,
        PacerTrigger::Signal { name, data } => {
            Trigger::Signal(types::Signal { name: name.clone(), data: data.clone() })
        }
    }
}
