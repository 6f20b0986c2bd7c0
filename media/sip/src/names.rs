//! Where the host names that peers write into Contact and Record-Route lead
//! (RFC 3263 §4): what is known, what has been asked, and what waits for it.
//!
//! Only peers whose calls were taken, or that we called, make us ask: a
//! stranger's message never costs a look-up.

use crate::event::DialogKey;
use crate::hop::Transport;
use crate::trunk::{Located, Location};
use sipx_sip::Response;
use std::collections::HashMap;
use strowger_model::Timestamp;

/// Names known at once: every carrier's and every office's proxies.
const MAX_NAMES: usize = 4_096;
/// Names being looked up at once; past it requests go to the neighbour.
const MAX_ASKED: usize = 256;
/// Responses and calls that wait for one name.
const MAX_WAITING: usize = 1_024;
/// How long an answer is believed. Records that live longer cost nothing: the
/// resolver keeps them.
const BELIEVED_MS: u64 = 30_000;
/// A look-up that takes longer has failed. The answer to a call waits for its
/// ACK meanwhile, which a peer bears for 32 s.
pub(crate) const PATIENCE_MS: u64 = 5_000;

/// A look-up under way; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub(crate) u64);

/// A name to look up; answer with [`crate::Endpoint::name_located`].
#[derive(Clone, Debug)]
pub struct NameLookup {
    /// Which.
    pub id: LookupId,
    /// The way to the servers behind it.
    pub location: Location,
}

/// What a URI says about where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    /// What carries the messages, unless the name's records know better.
    pub(crate) transport: Transport,
    /// Whether the URI itself says so.
    pub(crate) is_told: bool,
}

impl Name {
    fn location(&self) -> Location {
        let choose = !self.is_told && self.port.is_none();
        Location::new(&self.host, self.port, self.transport, choose)
    }
}

/// What is known of a name.
pub(crate) enum Known {
    /// Its servers; none if it leads nowhere.
    Found(Vec<Located>),
    /// It is being looked up.
    Asked(LookupId),
    /// It cannot be looked up now.
    Full,
}

#[derive(Debug, Default)]
struct Entry {
    found: Option<(Timestamp, Vec<Located>)>,
    asked: Option<LookupId>,
}

#[derive(Debug)]
struct Asked {
    name: Name,
    waiting: Waiting,
}

/// What goes on when a name is known.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Responses, by client transaction, in order.
    pub(crate) responses: Vec<(u64, Response)>,
    /// Calls whose requests go to the neighbour meanwhile.
    pub(crate) calls: Vec<DialogKey>,
}

#[derive(Debug, Default)]
pub(crate) struct Names {
    last: u64,
    names: HashMap<Name, Entry>,
    asked: HashMap<LookupId, Asked>,
}

impl Names {
    /// What is known; a question comes along if one must be asked.
    pub(crate) fn find(&mut self, now: Timestamp, name: &Name) -> (Known, Option<NameLookup>) {
        let fresh = |at: Timestamp| at.plus_ms(BELIEVED_MS) > now;
        if let Some(entry) = self.names.get(name) {
            match (&entry.found, entry.asked) {
                (Some((at, found)), _) if fresh(*at) => return (Known::Found(found.clone()), None),
                (_, Some(id)) => return (Known::Asked(id), None),
                _ => {}
            }
        } else if self.names.len() >= MAX_NAMES {
            self.names.retain(|_, entry| {
                entry.asked.is_some() || entry.found.as_ref().is_some_and(|(at, _)| fresh(*at))
            });
        }
        let known = self.names.contains_key(name);
        if self.asked.len() >= MAX_ASKED || (!known && self.names.len() >= MAX_NAMES) {
            return (Known::Full, None);
        }
        self.last += 1;
        let id = LookupId(self.last);
        self.names.entry(name.clone()).or_default().asked = Some(id);
        self.asked.insert(id, Asked { name: name.clone(), waiting: Waiting::default() });
        (Known::Asked(id), Some(NameLookup { id, location: name.location() }))
    }

    /// Keeps a response until the name is known; gives it back if too many wait.
    pub(crate) fn hold(
        &mut self,
        id: LookupId,
        client: u64,
        response: Response,
    ) -> Option<Response> {
        match self.asked.get_mut(&id) {
            Some(asked) if asked.waiting.responses.len() < MAX_WAITING => {
                asked.waiting.responses.push((client, response));
                None
            }
            _ => Some(response),
        }
    }

    /// Tells a call when the name is known.
    pub(crate) fn wait(&mut self, id: LookupId, call: DialogKey) {
        if let Some(Asked { waiting, .. }) = self.asked.get_mut(&id)
            && waiting.calls.len() < MAX_WAITING
        {
            waiting.calls.push(call);
        }
    }

    /// Takes an answer. Without one what was known stays known, and a name of
    /// which nothing was known leads nowhere for a while.
    pub(crate) fn located(
        &mut self,
        now: Timestamp,
        id: LookupId,
        found: Option<Vec<Located>>,
    ) -> Waiting {
        let Some(Asked { name, waiting }) = self.asked.remove(&id) else {
            return Waiting::default();
        };
        if let Some(entry) = self.names.get_mut(&name) {
            entry.asked = None;
            let before = entry.found.take().map(|(_, before)| before);
            entry.found = Some((now, found.or(before).unwrap_or_default()));
        }
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> Name {
        let host = format!("host{number}.example");
        Name { host, port: Some(5060), transport: Transport::Udp, is_told: true }
    }

    fn found() -> Vec<Located> {
        let addresses = vec!["192.0.2.1:5060".parse().unwrap()];
        vec![Located { transport: Transport::Udp, rank: 0, weight: 0, addresses }]
    }

    #[test]
    fn a_name_is_asked_once_and_believed_for_a_while() {
        let mut names = Names::default();
        let start = Timestamp(0);
        let (Known::Asked(id), Some(lookup)) = names.find(start, &name(1)) else { panic!() };
        assert_eq!(lookup.id, id);
        assert!(matches!(names.find(start, &name(1)), (Known::Asked(same), None) if same == id));
        names.wait(id, DialogKey(2));
        assert_eq!(names.located(start, id, Some(found())).calls, [DialogKey(2)]);
        assert!(matches!(names.find(start, &name(1)), (Known::Found(f), None) if f == found()));
        let later = start.plus_ms(BELIEVED_MS);
        let (Known::Asked(again), Some(_)) = names.find(later, &name(1)) else { panic!() };
        // The name server is in trouble: what was known stays known.
        names.located(later, again, None);
        assert!(matches!(names.find(later, &name(1)), (Known::Found(f), None) if f == found()));
    }

    #[test]
    fn names_and_questions_are_bounded() {
        let mut names = Names::default();
        let start = Timestamp(0);
        for number in 0..MAX_ASKED {
            assert!(matches!(names.find(start, &name(number)), (Known::Asked(_), Some(_))));
        }
        assert!(matches!(names.find(start, &name(MAX_ASKED)), (Known::Full, None)));
        for number in 0..MAX_NAMES {
            if let (Known::Asked(id), _) = names.find(start, &name(number)) {
                names.located(start, id, None);
            }
        }
        assert!(matches!(names.find(start, &name(MAX_NAMES)), (Known::Full, None)));
        let later = start.plus_ms(BELIEVED_MS);
        assert!(matches!(names.find(later, &name(MAX_NAMES)), (Known::Asked(_), Some(_))));
        assert_eq!(names.names.len(), 1, "what is old makes room");
    }
}
