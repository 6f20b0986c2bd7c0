//! The router of one tenant: whichever instance serves it now.

use super::router::{RouterInstance, RouterTurn};
use crate::fault;
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::Program;
use std::panic::{AssertUnwindSafe, catch_unwind};
use strowger_acd::{Distribution, RouterTrigger};
use strowger_call::{Fault, FaultKind, Moment};

/// What decides for one tenant. Owned by the task of the tenant's distribution.
/// It owns nothing itself and may be replaced before any decision.
#[derive(Debug, Default)]
pub struct TenantRouter {
    instance: Option<RouterInstance>,
    account: MemoryAccount,
}

impl TenantRouter {
    /// Nothing yet; what will run holds memory of this account.
    pub fn on(account: MemoryAccount) -> Self {
        Self { instance: None, account }
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
        let fits = self
            .instance
            .as_ref()
            .is_some_and(|known| known.is_sound() && known.program().digest() == program.digest());
        if !fits {
            self.instance = None;
            match RouterInstance::new_on(&self.account, program, budget) {
                Ok(fresh) => self.instance = Some(fresh),
                Err(fault) => return Some((RouterTurn::failed(fault), host)),
            }
        }
        let Some(instance) = &mut self.instance else {
            return Some((RouterTurn::failed(fault::poisoned()), host));
        };
        let ran = catch_unwind(AssertUnwindSafe(|| instance.decide(moment, trigger, host)));
        let answer = match ran {
            Ok(answer) => Some(answer),
            Err(_) => {
                tracing::error!("the host of a router panicked; this is a bug");
                let fault = Fault::new(FaultKind::Host, "the host of the router panicked");
                let saved = instance.reclaim().map(|host| (RouterTurn::failed(fault), host));
                self.instance = None;
                saved
            }
        };
        if !self.instance.as_ref().is_some_and(RouterInstance::is_sound) {
            self.instance = None;
        }
        answer
    }
}
