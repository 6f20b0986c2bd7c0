//! The flow of one call: whichever instance serves it now.

use super::flow::{FlowInstance, FlowTurn, failed, panicked};
use crate::fault;
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::program::Program;
use crate::replay::{self, ReplayError, Replayed};
use std::panic::{AssertUnwindSafe, catch_unwind};
use strowger_call::{EventBody, GuestEvent, Moment, TurnView};
use strowger_model::JournalEntry;

/// What runs for one call. Owned by the call's task; the instance goes with it.
#[derive(Debug, Default)]
pub struct CallGuest {
    instance: Option<FlowInstance>,
    account: MemoryAccount,
}

/// What is left to do for a rebuilt call.
#[derive(Clone, Debug)]
pub struct ReplayedCall {
    /// The call's attributes.
    pub attributes: Vec<(String, String)>,
    /// The last event if its turn was not recorded: it is to be handled again.
    pub pending: Option<EventBody>,
    /// Events fed.
    pub turns: u32,
}

impl CallGuest {
    /// Nothing yet; what will run holds memory of this account.
    pub fn on(account: MemoryAccount) -> Self {
        Self { instance: None, account }
    }

    /// Handles one event. `Started` makes the instance; for any other event it
    /// must be there, for a new one in the middle of a call would know nothing of
    /// what came before (see [`Self::rebuild`]). An instance that failed is gone.
    pub fn handle(
        &mut self,
        program: &Program,
        budget: &Budget,
        moment: Moment,
        event: &GuestEvent,
        view: TurnView,
    ) -> FlowTurn {
        let fits = self
            .instance
            .as_ref()
            .is_some_and(|known| known.is_sound() && known.program().digest() == program.digest());
        if !fits {
            self.instance = None;
            if *event != GuestEvent::Started {
                return failed(view, fault::instance_gone());
            }
            match FlowInstance::new_on(&self.account, program, budget) {
                Ok(fresh) => self.instance = Some(fresh),
                Err(fault) => return failed(view, fault),
            }
        }
        let Some(instance) = &mut self.instance else {
            return failed(view, fault::instance_gone());
        };
        // The clock allows more on the background threads; which of the two serve
        // the call changes from turn to turn.
        instance.set_budget(budget);
        let turn = view.turn();
        // A bug of ours costs the turn it was met in, not the thread.
        let ran = catch_unwind(AssertUnwindSafe(|| instance.handle(moment, event, view)));
        let answer = ran.unwrap_or_else(|_| {
            tracing::error!("the host of a flow panicked; this is a bug");
            self.instance = None;
            panicked(turn)
        });
        if !self.instance.as_ref().is_some_and(FlowInstance::is_sound) {
            self.instance = None;
        }
        answer
    }

    /// Rebuilds the instance from the call's journal.
    ///
    /// # Errors
    /// The journal does not begin a call, or the program decided otherwise this time.
    pub fn rebuild(
        &mut self,
        program: &Program,
        budget: &Budget,
        journal: &[JournalEntry],
    ) -> Result<ReplayedCall, ReplayError> {
        let Replayed { instance, attributes, pending, turns } =
            replay::rebuild_on(&self.account, program, budget, journal)?;
        self.instance = Some(instance);
        Ok(ReplayedCall { attributes, pending, turns })
    }

    /// Frees the instance; the next `Started` makes a new one.
    pub fn dismiss(&mut self) {
        self.instance = None;
    }
}
