//! The routers of one tenant: whichever instances serve it now.

use super::router::{RouterInstance, RouterTurn};
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::Program;
use std::panic::{AssertUnwindSafe, catch_unwind};
use strowger_acd::{Distribution, RouterTrigger};
use strowger_call::{Fault, FaultKind, Moment};

/// Instances kept of one tenant's routers: a stable version with a canary, and
/// the stock router where they fail, for two queues. Another one is made anew
/// when its turn comes, which takes microseconds.
const MAX_INSTANCES: usize = 6;

/// What decides for one tenant. Owned by the task of the tenant's distribution.
/// It owns nothing itself and may be replaced before any decision.
#[derive(Debug, Default)]
pub struct TenantRouter {
    /// The one that decided last stands last.
    instances: Vec<RouterInstance>,
    account: MemoryAccount,
}

impl TenantRouter {
    /// Nothing yet; what will run holds memory of this account.
    pub fn on(account: MemoryAccount) -> Self {
        Self { account, ..Self::default() }
    }

    /// Makes one decision about `host`, which comes back with the choices in it
    /// whatever happened; only if a bug of ours has lost it, nothing comes back.
    pub fn decide(
        &mut self,
        program: &Program,
        budget: &Budget,
        moment: Moment,
        trigger: &RouterTrigger,
        host: Box<dyn Distribution>,
    ) -> Option<(RouterTurn, Box<dyn Distribution>)> {
        let known =
            self.instances.iter().rposition(|known| known.program().digest() == program.digest());
        let mut instance = match known.map(|at| self.instances.remove(at)) {
            Some(known) => known,
            None => match RouterInstance::new_on(&self.account, program, budget) {
                Ok(fresh) => fresh,
                Err(fault) => return Some((RouterTurn::failed(fault), host)),
            },
        };
        let ran = catch_unwind(AssertUnwindSafe(|| instance.decide(moment, trigger, host)));
        let Ok(answer) = ran else {
            tracing::error!("the host of a router panicked; this is a bug");
            let fault = Fault::new(FaultKind::Host, "the host of the router panicked");
            return instance.reclaim().map(|host| (RouterTurn::failed(fault), host));
        };
        if instance.is_sound() {
            if self.instances.len() >= MAX_INSTANCES {
                self.instances.remove(0);
            }
            self.instances.push(instance);
        }
        Some(answer)
    }
}
