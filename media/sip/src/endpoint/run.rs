//! Carrying out what the transaction machines ask for.

use super::Endpoint;
use crate::counters::Count;
use crate::hop::Hop;
use crate::message;
use crate::timer::TimerKey;
use crate::transaction::{ClientOwner, ServerMachine};
use sipx_sip::{
    ClientTransaction, Message, Output as Todo, Request, Response, Timer, Timers, TuEvent,
};
use strowger_model::Timestamp;

impl Endpoint {
    /// Starts a client transaction; the request's topmost Via carries `branch`.
    pub(super) fn ask(
        &mut self,
        now: Timestamp,
        request: Request,
        branch: u64,
        hop: Hop,
        owner: ClientOwner,
    ) -> u64 {
        let reliability = hop.transport.reliability();
        let (machine, todo) = ClientTransaction::new(request, reliability, Timers::default());
        let id = self.transactions.add_client(machine, branch, hop, owner);
        self.run_client(now, id, todo);
        id
    }

    /// Answers a request through its transaction; nothing happens if that is gone.
    pub(super) fn respond(&mut self, now: Timestamp, id: u64, response: Option<Response>) {
        let Some(response) = response else { return };
        if let Some(server) = self.transactions.server(id)
            && let ServerMachine::Live(machine) = &mut server.machine
        {
            let todo = machine.on_tu_response(response);
            self.run_server(now, id, todo);
        }
    }

    /// A request that we have seen: its transaction answers (RFC 3261 §17.2).
    pub(super) fn repeat(&mut self, now: Timestamp, id: u64, request: &Request) {
        let Some(server) = self.transactions.server(id) else { return };
        match &mut server.machine {
            ServerMachine::Live(machine) => {
                let todo = machine.on_request(request);
                self.run_server(now, id, todo);
            }
            ServerMachine::Answered(Some(again)) => {
                let (hop, again) = (server.hop, again.clone());
                self.at(now);
                self.transmit(hop, again);
            }
            ServerMachine::Answered(None) => {}
        }
    }

    pub(super) fn server_timer(&mut self, now: Timestamp, id: u64, timer: Timer) {
        let Some(server) = self.transactions.server(id) else { return };
        match &mut server.machine {
            ServerMachine::Live(machine) => {
                let todo = machine.on_timer(timer);
                self.run_server(now, id, todo);
            }
            ServerMachine::Answered(_) if matches!(timer, Timer::J | Timer::L) => {
                self.transactions.remove_server(id);
            }
            ServerMachine::Answered(_) => {}
        }
    }

    pub(super) fn client_timer(&mut self, now: Timestamp, id: u64, timer: Timer) {
        if let Some(client) = self.transactions.client(id) {
            let todo = client.machine.on_timer(timer);
            self.run_client(now, id, todo);
        }
    }

    /// Carries out a server transaction's wishes. What it has for its user is
    /// known already: requests are handled where they arrive.
    pub(super) fn run_server(&mut self, now: Timestamp, id: u64, todo: Vec<Todo>) {
        self.at(now);
        let Some(hop) = self.transactions.server(id).map(|server| server.hop) else { return };
        let mut sent = None;
        for item in todo {
            match item {
                Todo::Send(message) => {
                    let bytes = message::write(&message);
                    sent = Some(bytes.clone());
                    self.transmit(hop, bytes);
                }
                Todo::SetTimer { timer, after } => {
                    self.timers.set(now + after, TimerKey::Server(id, timer));
                }
                Todo::Terminated(_) => self.transactions.remove_server(id),
                // ClearTimer: the machines ignore timers that no longer apply.
                _ => {}
            }
        }
        if let (Some(sent), Some(server)) = (sent, self.transactions.server(id)) {
            server.settle(&sent);
        }
    }

    pub(super) fn run_client(&mut self, now: Timestamp, id: u64, todo: Vec<Todo>) {
        self.at(now);
        let Some(client) = self.transactions.client(id) else { return };
        let (hop, owner) = (client.hop, client.owner);
        let (mut told, mut over) = (Vec::new(), false);
        for item in todo {
            match item {
                Todo::Send(message) => {
                    debug_assert!(matches!(*message, Message::Request(_)));
                    self.transmit(hop, message::write(&message));
                }
                Todo::SetTimer { timer, after } => {
                    self.timers.set(now + after, TimerKey::Client(id, timer));
                }
                Todo::ToTu(event) => told.push(event),
                Todo::Terminated(_) => over = true,
                _ => {}
            }
        }
        for event in told {
            let response = match *event {
                TuEvent::Response(response) => Some(response),
                TuEvent::Timeout | TuEvent::TransportError => None,
                _ => continue,
            };
            if self.ask_elsewhere(now, id, owner, response.as_deref()) {
                return;
            }
            self.on_client(now, id, owner, response.as_deref());
        }
        if over {
            self.transactions.remove_client(id);
        }
    }

    /// `None` is a time-out or a transport failure.
    fn on_client(
        &mut self,
        now: Timestamp,
        id: u64,
        owner: ClientOwner,
        response: Option<&Response>,
    ) {
        if let (ClientOwner::Invite(call), Some(response)) = (owner, response) {
            self.trunk_heard(now, call, response);
        }
        match owner {
            ClientOwner::Invite(call) => self.on_invite_outcome(now, id, call, response),
            ClientOwner::Reinvite(call) => self.on_reinvite_outcome(now, id, call, response),
            ClientOwner::Bye(call) => self.on_bye_outcome(now, id, call, response),
            ClientOwner::Refer(call) => self.on_refer_outcome(now, id, call, response),
            ClientOwner::Notify(call) => self.on_notify_outcome(now, call, response),
            ClientOwner::Info(call) => self.on_info_outcome(now, call, response),
            ClientOwner::Register(trunk) => self.on_register_outcome(now, id, trunk, response),
            ClientOwner::Probe(trunk, number) => {
                self.on_probe_outcome(now, trunk, number, response);
            }
            ClientOwner::Abandoned => self.on_abandoned_outcome(now, id, response),
            ClientOwner::Prack(call) => self.on_prack_outcome(id, call, response),
            ClientOwner::Cancel | ClientOwner::StrayBye => {}
        }
    }

    /// A response arrived.
    pub(super) fn on_response(&mut self, now: Timestamp, response: Response) {
        let Some(id) = self.transactions.client_of(&response) else {
            self.counters.add(Count::StrayResponse);
            return;
        };
        if let Some(response) = self.hold_response(now, id, response) {
            self.take_response(now, id, response);
        }
    }

    pub(super) fn take_response(&mut self, now: Timestamp, id: u64, response: Response) {
        if let Some(client) = self.transactions.client(id) {
            let todo = client.machine.on_response(response);
            self.run_client(now, id, todo);
        }
    }
}
