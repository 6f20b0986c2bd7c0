//! The whole signalling side as one machine: messages and commands in,
//! messages and events out, `now` and randomness handed in.
//!
//! It owns transactions, dialogs, registrations and nonces. It never touches a
//! socket, reads a clock or looks up a name. After any input the caller drains
//! [`Endpoint::poll`] and asks [`Endpoint::next_timeout`].

mod ack;
mod admission;
mod answer;
mod bye;
mod cancel;
mod early_change;
mod extensions;
mod fail_over;
mod hang_up;
mod identify;
mod identity;
mod in_dialog;
mod info;
mod invite_in;
mod invite_out;
mod invite_response;
mod keep;
mod named;
mod probe;
mod receive;
mod refer_in;
mod refer_out;
mod register_in;
mod register_out;
mod reinvite_in;
mod reinvite_out;
mod reliable_in;
mod reliable_out;
mod replaces;
mod reply;
mod run;
mod salvage;
mod session_timer;
mod take_up;
mod tracing;
mod trunking;

pub use invite_out::{Caller, InviteRequest, InviteTarget};
pub use refer_out::TransferTarget;
pub use take_up::{TakeUp, TakeUpError};

pub(crate) use identity::CallerTold;

use crate::admission::Guard;
use crate::call::Call;
use crate::counters::{Count, Counters};
use crate::digest::{ChallengeOrder, Nonces};
use crate::directory::Directory;
use crate::event::{DialogKey, SipEvent, Source};
use crate::hop::{ConnectionId, Hop, Transmit, Transport};
use crate::limits::Limits;
use crate::names::{NameLookup, Names};
use crate::notice::Notice;
use crate::policy::Policies;
use crate::random::Random;
use crate::registrar::Registrar;
use crate::streams::Streams;
use crate::timer::{TimerKey, Timers};
use crate::trace::{Heading, TraceBook};
use crate::transaction::Transactions;
use crate::trunk::TokenBucket;
use crate::trunk::table::TrunkBook;
use crate::trunks::TrunkTable;
use bytes::Bytes;
use sipx_sip::transaction::ClientState;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use strowger_model::Timestamp;

/// What an endpoint is told once.
#[derive(Clone, Debug)]
pub struct EndpointConfig {
    /// Our UDP address as others must see it, in Via and Contact.
    pub udp: SocketAddr,
    /// Our TCP listener's address as others must see it; `None`: no TCP, and
    /// trunks that want it cannot be called.
    pub tcp: Option<SocketAddr>,
    /// Our TLS listener's address as others must see it. Without one, trunks
    /// over TLS are still called, and call back over the stream we opened.
    pub tls: Option<SocketAddr>,
    /// Our WebSocket listener's address as browsers must see it.
    pub ws: Option<SocketAddr>,
    /// Our secure WebSocket listener's address as browsers must see it.
    pub wss: Option<SocketAddr>,
    /// How phones are challenged.
    pub challenge: ChallengeOrder,
    /// How much is held at once.
    pub limits: Limits,
    /// Whether [`SipEvent::Keep`] and [`SipEvent::KeepContacts`] are said, for
    /// somebody who goes on after a crash.
    pub keep_dialogs: bool,
}

impl EndpointConfig {
    /// UDP and TCP on one address, with the default limits.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            udp: address,
            tcp: Some(address),
            tls: None,
            ws: None,
            wss: None,
            challenge: ChallengeOrder::default(),
            limits: Limits::default(),
            keep_dialogs: false,
        }
    }
}

/// What the caller must do.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send a message.
    Transmit(Transmit),
    /// Tell the server.
    Event(SipEvent),
    /// Close a stream whose framing is lost.
    Close(ConnectionId),
    /// Tell the operator, if there is room.
    Notice(Notice),
    /// Look up a name and say where it leads.
    LookUp(NameLookup),
}

/// How many entries each table holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Calls.
    pub calls: usize,
    /// Client transactions.
    pub clients: usize,
    /// Server transactions.
    pub servers: usize,
    /// Registered contacts.
    pub registrations: usize,
    /// Streams.
    pub streams: usize,
}

/// What to do with a call after it was worked on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Keep,
    Drop,
}

/// The signalling machine.
#[derive(Debug)]
pub struct Endpoint {
    config: EndpointConfig,
    random: Random,
    /// Makes tags of answers that leave no state behind repeatable.
    tag_key: u64,
    directory: Arc<Directory>,
    policies: Arc<Policies>,
    nonces: Nonces,
    timers: Timers,
    transactions: Transactions,
    calls: HashMap<DialogKey, Box<Call>>,
    /// Our tags, by which requests inside a dialog find it.
    tags: HashMap<u64, DialogKey>,
    registrar: Registrar,
    trunks: TrunkTable,
    names: Names,
    book: TrunkBook,
    guard: Guard,
    trace: TraceBook,
    /// The latest time told.
    clock: Timestamp,
    /// New calls a second, over everybody.
    rate: Option<TokenBucket>,
    /// Refusals that are given late, in order.
    late: VecDeque<(Timestamp, IpAddr, Transmit)>,
    streams: Streams,
    outputs: VecDeque<Output>,
    counters: Counters,
    next_inbound: u64,
    congested: bool,
    /// Legs whose change is to be told once the work on them is done.
    unkept: Vec<DialogKey>,
    /// What is to be heard of legs of a process that is gone; as many as it had.
    take_ups: HashMap<DialogKey, take_up::TakingUp>,
}

impl Endpoint {
    /// An endpoint that knows nobody yet. The seed must be unpredictable in
    /// production: tags, branches and nonces come from it.
    pub fn new(config: EndpointConfig, seed: [u8; 32]) -> Self {
        let mut random = Random::new(seed);
        let nonces = Nonces::new(random.key());
        let tag_key = random.number();
        let per_s = config.limits.calls_per_s;
        let rate = per_s.map(|per_s| TokenBucket::new(Timestamp(0), per_s, per_s));
        Self {
            streams: Streams::new(config.limits.connections),
            registrar: Registrar::new(config.limits.registrations),
            config,
            random,
            tag_key,
            directory: Arc::new(Directory::default()),
            policies: Arc::new(Policies::default()),
            nonces,
            timers: Timers::default(),
            transactions: Transactions::default(),
            calls: HashMap::new(),
            tags: HashMap::new(),
            trunks: TrunkTable::default(),
            names: Names::default(),
            book: TrunkBook::default(),
            guard: Self::new_guard(),
            trace: TraceBook::default(),
            clock: Timestamp(0),
            rate,
            late: VecDeque::new(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            next_inbound: 0,
            congested: false,
            unkept: Vec::new(),
            take_ups: HashMap::new(),
        }
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Endpoint::handle_timeout`] wants to be called, at the latest.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        [self.timers.next(), self.registrar.next_expiry()].into_iter().flatten().min()
    }

    /// Does everything that is due.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.at(now);
        while let Some((at, key)) = self.timers.pop_due(now) {
            self.on_timer(now, at, key);
        }
        for (agent, tenant) in self.registrar.expire(now) {
            self.emit(SipEvent::Unregistered { agent, tenant });
        }
    }

    fn on_timer(&mut self, now: Timestamp, at: Timestamp, key: TimerKey) {
        match key {
            TimerKey::Server(id, timer) => self.server_timer(now, id, timer),
            TimerKey::Client(id, timer) => self.client_timer(now, id, timer),
            TimerKey::Answer(call) => self.answer_timer(now, at, call),
            TimerKey::Ring(call) => self.ring_timer(now, at, call),
            TimerKey::Cancelled(id) => self.cancelled_timer(now, id),
            TimerKey::Unanswered(call) => self.unanswered_timer(now, at, call),
            TimerKey::Reinvite(call) => self.reinvite_timer(now, at, call),
            TimerKey::Reliable(call) => self.reliable_timer(now, at, call),
            TimerKey::Refer(call) => self.refer_timer(now, at, call),
            TimerKey::Session(call) => self.session_timer(now, at, call),
            TimerKey::Trunk(trunk) => self.trunk_timer(now, at, trunk),
            TimerKey::KeepAlive(trunk) => self.keep_alive_timer(now, at, trunk),
            TimerKey::LateAnswer => self.late_answer_timer(now),
            TimerKey::Probe(trunk) => self.probe_timer(now, at, trunk),
            TimerKey::Hold(trunk) => self.hold_timer(now, trunk),
            TimerKey::TakeUp(call) => self.take_up_timer(now, at, call),
            TimerKey::FirstWord(call, id) => self.first_word_timer(now, call, id),
            TimerKey::Name(lookup) => self.name_located(now, lookup, None),
            TimerKey::Stream(connection) => {
                if self.streams.is_stalled(now, connection) {
                    self.break_stream(connection);
                } else if let Some(at) = self.streams.stalls_at(connection) {
                    self.timers.set(at, TimerKey::Stream(connection));
                }
            }
        }
    }

    /// Swaps the directory. Calls that are up are not touched; registrations of
    /// extensions that are gone are dropped, trunks are registered as it says.
    pub fn set_directory(&mut self, now: Timestamp, directory: Arc<Directory>) {
        self.directory = directory;
        for (agent, tenant) in self.registrar.retain(&self.directory) {
            self.emit(SipEvent::Unregistered { agent, tenant });
        }
        self.sync_trunks(now);
    }

    /// Swaps how SIP is spoken, by leg. What was agreed in calls that are up stays
    /// as it is. What goes over trunks is [`Endpoint::set_trunking`]'s.
    pub fn set_policies(&mut self, policies: Arc<Policies>) {
        self.policies = policies;
    }

    /// Whether the server keeps up. While it does not, new calls get 503.
    pub fn set_congested(&mut self, congested: bool) {
        self.congested = congested;
    }

    /// A stream was closed by the other side or by its owner. Browsers that
    /// were registered over it cannot be called any more (RFC 7118 §5).
    pub fn connection_closed(&mut self, connection: ConnectionId) {
        self.streams.remove(connection);
        for (agent, tenant) in self.registrar.forget_web(connection) {
            self.emit(SipEvent::Unregistered { agent, tenant });
        }
    }

    /// A stream that had been up is gone: requests over it that nobody has
    /// answered a word to were lost with it (RFC 3261 §17.1.4).
    pub fn stream_lost(&mut self, now: Timestamp, hop: &Hop) {
        let lost: Vec<u64> = self.transactions.clients_over(hop);
        for id in lost {
            let unheard = |state| matches!(state, ClientState::Calling | ClientState::Trying);
            if let Some(client) = self.transactions.client(id)
                && unheard(client.state())
            {
                let outputs = client.machine.on_transport_error();
                self.run_client(now, id, outputs);
            }
        }
    }

    /// Messages to `hop` cannot be delivered (RFC 3261 §18.4).
    pub fn transport_failed(&mut self, now: Timestamp, hop: &Hop) {
        self.counters.add(Count::TransportFailed);
        self.transactions.wear_acks(hop);
        for id in self.transactions.clients_over(hop) {
            if let Some(client) = self.transactions.client(id) {
                let outputs = client.machine.on_transport_error();
                self.run_client(now, id, outputs);
            }
        }
    }

    /// Counts what the owner of the sockets turned away by itself.
    pub fn count(&mut self, what: Count) {
        self.counters.add(what);
    }

    /// What happened how often.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How full the tables are.
    pub fn usage(&self) -> Usage {
        Usage {
            calls: self.calls.len(),
            clients: self.transactions.clients(),
            servers: self.transactions.servers(),
            registrations: self.registrar.len(),
            streams: self.streams.len(),
        }
    }

    /// The registered contacts of every extension.
    pub fn registrations(&self) -> Vec<crate::registrar::Registration> {
        self.registrar.list()
    }

    fn emit(&mut self, event: SipEvent) {
        self.keep_after(&event);
        self.book.hear(self.clock, &event);
        self.outputs.push_back(Output::Event(event));
    }

    fn give_notice(&mut self, notice: Notice) {
        self.outputs.push_back(Output::Notice(notice));
    }

    fn transmit(&mut self, hop: Hop, bytes: Bytes) {
        self.counters.add(Count::Sent);
        self.trace_message(Heading::Out, hop, &bytes);
        self.outputs.push_back(Output::Transmit(Transmit { hop, bytes }));
    }

    fn break_stream(&mut self, connection: ConnectionId) {
        self.counters.add(Count::StreamBroken);
        self.streams.remove(connection);
        self.outputs.push_back(Output::Close(connection));
    }

    /// Works on a call; nothing happens if it is gone.
    fn with_call(&mut self, key: DialogKey, work: impl FnOnce(&mut Self, &mut Call) -> Fate) {
        // Taken out so that the work may use the rest of the endpoint.
        let Some(mut call) = self.calls.remove(&key) else { return };
        match work(self, &mut call) {
            Fate::Keep => {
                self.tell_kept(&call);
                self.calls.insert(key, call);
            }
            Fate::Drop => {
                self.book.leave(call.key, false);
                self.forget_kept(call.key);
                self.take_ups.remove(&call.key);
                self.tags.remove(&call.tag);
                if let Some(trace) = self.trace.end(call.key) {
                    self.trace.forget(&call.dialog.call_id);
                    self.give_notice(Notice::Trace(Box::new(trace)));
                }
            }
        }
    }

    fn add_call(&mut self, now: Timestamp, call: Call) {
        if let Source::Trunk { trunk, tenant } = call.source {
            self.book.enter(now, call.key, (trunk, tenant), call.placed.is_some());
        }
        self.trace.begin(call.key, &call.dialog.call_id);
        self.tags.insert(call.tag, call.key);
        self.calls.insert(call.key, Box::new(call));
    }

    /// Our address on a transport; the UDP one if there is no such listener.
    fn own_address(&self, transport: Transport) -> SocketAddr {
        let listener = match transport {
            Transport::Udp => None,
            Transport::Tcp => self.config.tcp,
            Transport::Tls => self.config.tls,
            Transport::Ws => self.config.ws,
            Transport::Wss => self.config.wss,
        };
        listener.unwrap_or(self.config.udp)
    }

    /// Our Contact towards a hop.
    fn contact(&self, transport: Transport, user: &str) -> String {
        let address = self.own_address(transport);
        let user = crate::message::escape_user(user);
        format!("<sip:{user}@{address}{}>", transport.contact_param())
    }

    fn via(&self, transport: Transport, branch: u64) -> String {
        format!(
            "SIP/2.0/{} {};rport;branch={}",
            transport.via_name(),
            self.own_address(transport),
            crate::transaction::branch_text(branch)
        )
    }

    fn is_ours(&self, host: &str) -> bool {
        let config = &self.config;
        let listeners = [Some(config.udp), config.tcp, config.tls, config.ws, config.wss];
        host.parse::<std::net::IpAddr>()
            .is_ok_and(|ip| listeners.iter().flatten().any(|listener| listener.ip() == ip))
    }
}
