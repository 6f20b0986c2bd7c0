//! The tables of transactions around `sipx-sip`'s machines (RFC 3261 §17, RFC 6026).
//!
//! Transactions are numbered; numbers are never used twice, so a late timer
//! finds nothing instead of the wrong one.

use crate::event::DialogKey;
use crate::hop::Hop;
use bytes::Bytes;
use sipx_sip::transaction::{ClientState, ServerState};
use sipx_sip::{
    ClientTransaction, HeaderName, Method, Request, Response, ServerTransaction, TransactionKey,
    Via,
};
use std::collections::HashMap;
use strowger_model::TrunkId;

/// What a client transaction was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientOwner {
    /// One branch of a placed call.
    Invite(DialogKey),
    /// A CANCEL; nobody waits for its response.
    Cancel,
    /// A BYE; the call is dropped when it ends.
    Bye(DialogKey),
    /// The BYE of an answer that nobody wanted.
    StrayBye,
    /// A re-INVITE or UPDATE of ours.
    Reinvite(DialogKey),
    /// A PRACK; if it is lost the response that it acknowledges comes again.
    Prack(DialogKey),
    /// A REFER of ours.
    Refer(DialogKey),
    /// A NOTIFY about a REFER of theirs.
    Notify(DialogKey),
    /// An INFO with a digit.
    Info(DialogKey),
    /// A registration of ours.
    Register(TrunkId),
    /// An OPTIONS to a trunk's address with this number.
    Probe(TrunkId, u8),
    /// An INVITE that said nothing in time; the call went another way.
    Abandoned,
}

/// How our branches are told apart: CANCEL shares the branch of its INVITE,
/// the ACK of a failure too (RFC 3261 §9.1, §17.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ClientKey {
    branch: u64,
    cancel: bool,
}

/// An ACK that was sent.
#[derive(Debug)]
pub(crate) struct Ack {
    /// To tag of the answer.
    pub(crate) tag: Bytes,
    pub(crate) bytes: Bytes,
    pub(crate) hop: Hop,
    /// How often it was sent again.
    pub(crate) repeats: u8,
}

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) machine: Box<ClientTransaction>,
    pub(crate) hop: Hop,
    pub(crate) owner: ClientOwner,
    /// ACKs sent for 2xx answers, to be repeated when the answer is (RFC 3261
    /// §13.2.2.4).
    pub(crate) acks: Vec<Ack>,
    /// Whether a CANCEL was sent for it.
    pub(crate) cancelled: bool,
    key: ClientKey,
}

impl Client {
    pub(crate) fn state(&self) -> ClientState {
        self.machine.state()
    }
}

/// A server transaction. One that has answered for good lives on for 32 s (UDP)
/// only to recognise repeated requests: tens of thousands of them at a time, so
/// nothing is kept that this does not need.
#[derive(Debug)]
pub(crate) enum ServerMachine {
    Live(Box<ServerTransaction>),
    /// What a repeated request is answered with. `None`: nothing, because
    /// whoever answered repeats the answer (RFC 6026 `Accepted`).
    Answered(Option<Bytes>),
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) machine: ServerMachine,
    pub(crate) hop: Hop,
    /// The call that an INVITE made or belongs to.
    pub(crate) call: Option<DialogKey>,
    key: TransactionKey,
    merge: Option<MergeKey>,
}

impl Server {
    /// Keeps only what is still needed once the last word is said: `sent`.
    pub(crate) fn settle(&mut self, sent: &Bytes) {
        let ServerMachine::Live(machine) = &self.machine else { return };
        let again = match machine.state() {
            ServerState::Accepted => None,
            // A refused INVITE waits for its ACK and repeats by itself.
            ServerState::Completed if machine.request().method != Method::Invite => {
                Some(Bytes::copy_from_slice(sent))
            }
            _ => return,
        };
        self.machine = ServerMachine::Answered(again);
    }
}

/// What is the same in two copies of a request that came by different ways
/// (RFC 3261 §8.2.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MergeKey {
    pub(crate) call_id: Bytes,
    pub(crate) from_tag: Bytes,
    pub(crate) cseq: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Transactions {
    next: u64,
    clients: HashMap<u64, Client>,
    client_keys: HashMap<ClientKey, u64>,
    /// Boxed: the table grows with every call of the last 32 s, and moves what it holds.
    servers: HashMap<u64, Box<Server>>,
    server_keys: HashMap<TransactionKey, u64>,
    merges: HashMap<MergeKey, u64>,
}

impl Transactions {
    pub(crate) fn servers(&self) -> usize {
        self.servers.len()
    }

    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    pub(crate) fn client(&mut self, id: u64) -> Option<&mut Client> {
        self.clients.get_mut(&id)
    }

    pub(crate) fn server(&mut self, id: u64) -> Option<&mut Server> {
        self.servers.get_mut(&id).map(Box::as_mut)
    }

    pub(crate) fn server_by_key(&self, key: &TransactionKey) -> Option<u64> {
        self.server_keys.get(key).copied()
    }

    /// The client transaction that a response answers.
    pub(crate) fn client_of(&self, response: &Response) -> Option<u64> {
        let via = response.headers.typed::<Via>()?.ok()?;
        let cseq = response.headers.typed::<sipx_sip::CSeq>()?.ok()?;
        let branch = read_branch(via.branch()?)?;
        let key = ClientKey { branch, cancel: cseq.method == Method::Cancel };
        let id = self.client_keys.get(&key).copied()?;
        let method = &self.clients.get(&id)?.machine.request().method;
        (*method == cseq.method).then_some(id)
    }

    /// Whether a request of ours with this branch parameter may still be answered.
    pub(crate) fn has_asked(&self, branch: &[u8]) -> bool {
        let asked = |branch, cancel| self.client_keys.contains_key(&ClientKey { branch, cancel });
        read_branch(branch).is_some_and(|branch| asked(branch, false) || asked(branch, true))
    }

    /// Whether a request of ours with this branch is out.
    pub(crate) fn has_branch(&self, branch: u64) -> bool {
        self.client_keys.contains_key(&ClientKey { branch, cancel: false })
    }

    pub(crate) fn merged(&self, key: &MergeKey) -> bool {
        self.merges.contains_key(key)
    }

    pub(crate) fn add_client(
        &mut self,
        machine: ClientTransaction,
        branch: u64,
        hop: Hop,
        owner: ClientOwner,
    ) -> u64 {
        self.next += 1;
        let cancel = machine.request().method == Method::Cancel;
        let key = ClientKey { branch, cancel };
        self.client_keys.insert(key, self.next);
        self.clients.insert(
            self.next,
            Client {
                machine: Box::new(machine),
                hop,
                owner,
                acks: Vec::new(),
                cancelled: false,
                key,
            },
        );
        self.next
    }

    /// Begins a transaction anew under its number: elsewhere, with another branch.
    pub(crate) fn replace_client(
        &mut self,
        id: u64,
        machine: ClientTransaction,
        branch: u64,
        hop: Hop,
    ) -> bool {
        let Some(client) = self.clients.get_mut(&id) else { return false };
        self.client_keys.remove(&client.key);
        client.key.branch = branch;
        self.client_keys.insert(client.key, id);
        (client.machine, client.hop) = (Box::new(machine), hop);
        true
    }

    pub(crate) fn add_server(
        &mut self,
        machine: ServerTransaction,
        key: TransactionKey,
        merge: Option<MergeKey>,
        hop: Hop,
    ) -> u64 {
        self.next += 1;
        self.server_keys.insert(key.clone(), self.next);
        if let Some(merge) = &merge {
            self.merges.insert(merge.clone(), self.next);
        }
        let machine = ServerMachine::Live(Box::new(machine));
        let server = Server { machine, hop, call: None, key, merge };
        self.servers.insert(self.next, Box::new(server));
        self.next
    }

    pub(crate) fn remove_client(&mut self, id: u64) -> Option<Client> {
        let client = self.clients.remove(&id)?;
        self.client_keys.remove(&client.key);
        Some(client)
    }

    pub(crate) fn remove_server(&mut self, id: u64) {
        if let Some(server) = self.servers.remove(&id) {
            self.server_keys.remove(&server.key);
            if let Some(merge) = server.merge {
                self.merges.remove(&merge);
            }
        }
    }

    /// What goes over `hop` is lost: ACKs that went there go elsewhere when
    /// their answers come again.
    pub(crate) fn wear_acks(&mut self, hop: &Hop) {
        let acks = self.clients.values_mut().flat_map(|client| client.acks.iter_mut());
        for ack in acks {
            if (ack.hop.transport, ack.hop.remote) == (hop.transport, hop.remote) {
                ack.repeats = u8::MAX;
            }
        }
    }

    /// The client transactions whose messages go over `hop`.
    pub(crate) fn clients_over(&self, hop: &Hop) -> Vec<u64> {
        let same = |other: &Hop| other.transport == hop.transport && other.remote == hop.remote;
        self.clients.iter().filter(|(_, client)| same(&client.hop)).map(|(&id, _)| id).collect()
    }
}

/// The branch parameter of one of our requests.
pub(crate) fn branch_text(branch: u64) -> String {
    format!("z9hG4bK{}", crate::random::hex64(branch))
}

/// The inverse of [`branch_text`].
pub(crate) fn branch_of(text: &[u8]) -> Option<u64> {
    read_branch(text)
}

fn read_branch(text: &[u8]) -> Option<u64> {
    crate::random::parse_hex64(text.strip_prefix(b"z9hG4bK")?)
}

/// The merge key of a request outside any dialog.
pub(crate) fn merge_key(request: &Request) -> Option<MergeKey> {
    let from = request.headers.typed::<sipx_sip::headers::From>()?.ok()?;
    let cseq = request.headers.typed::<sipx_sip::CSeq>()?.ok()?;
    Some(MergeKey {
        call_id: Bytes::copy_from_slice(&request.headers.value(&HeaderName::CallId)?),
        from_tag: Bytes::copy_from_slice(from.tag()?),
        cseq: cseq.sequence,
    })
}
