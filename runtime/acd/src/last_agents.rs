//! Who last talked to whom, for as many callers as there is room.

use std::collections::{BTreeMap, HashMap};
use strowger_model::{Address, AgentId};

/// The last agent of each caller, least recently served caller forgotten first.
#[derive(Debug)]
pub(crate) struct LastAgents {
    room: usize,
    by_caller: HashMap<Address, (AgentId, u64)>,
    by_age: BTreeMap<u64, Address>,
    next: u64,
}

impl LastAgents {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, by_caller: HashMap::new(), by_age: BTreeMap::new(), next: 0 }
    }

    /// The agent has just talked to the caller.
    pub(crate) fn remember(&mut self, caller: &Address, agent: AgentId) {
        self.next += 1;
        if let Some((_, before)) = self.by_caller.insert(caller.clone(), (agent, self.next)) {
            self.by_age.remove(&before);
        }
        self.by_age.insert(self.next, caller.clone());
        if self.by_caller.len() > self.room
            && let Some((_, oldest)) = self.by_age.pop_first()
        {
            self.by_caller.remove(&oldest);
        }
    }

    pub(crate) fn of(&self, caller: &Address) -> Option<AgentId> {
        self.by_caller.get(caller).map(|(agent, _)| *agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_caller_longest_unheard_of_is_forgotten_first() {
        let caller = |n: u32| format!("+4416329600{n:02}").parse::<Address>().unwrap();
        let agent = |n: u128| AgentId(Uuid::from_u128(n));
        let mut last = LastAgents::new(2);
        last.remember(&caller(1), agent(1));
        last.remember(&caller(2), agent(1));
        last.remember(&caller(1), agent(2));
        last.remember(&caller(3), agent(3));
        assert_eq!(last.of(&caller(1)), Some(agent(2)));
        assert_eq!(last.of(&caller(2)), None);
        assert_eq!((last.by_caller.len(), last.by_age.len()), (2, 2));
    }
}
