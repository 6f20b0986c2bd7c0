//! The task that owns the endpoint.

use super::MAX_WAITING_EVENTS;
use super::clock::Clock;
use super::command::Command;
use super::connection::{End, StreamEvent};
use super::hep::HepSender;
use super::names;
use super::streams::{Arrival, Streams};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use strowger_sip::{Count, Endpoint, Hop, Notice, Output, Packet, SipEvent, Transmit, Transport};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Duration, Instant};

/// Datagrams read before anything else gets its turn.
const DATAGRAMS_PER_TURN: usize = 64;
/// Commands carried out before anything else gets its turn.
const COMMANDS_PER_TURN: usize = 64;
/// The largest datagram there is.
const DATAGRAM_BYTES: usize = 65_535;
/// With nothing to wait for the task still looks around now and then.
const NOTHING_DUE: Duration = Duration::from_secs(3_600);

pub(super) struct Task {
    endpoint: Endpoint,
    udp: UdpSocket,
    streams: Streams,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<SipEvent>,
    /// Events that found the channel full, in order.
    waiting: VecDeque<SipEvent>,
    directories: watch::Sender<names::Known>,
    names: names::Names,
    notices: mpsc::Sender<Notice>,
    hep: Option<HepSender>,
    clock: Clock,
    buffer: Box<[u8]>,
    stopping: Option<oneshot::Sender<()>>,
    /// Nobody reads events any more.
    deaf: bool,
    /// The sockets rest until every leg that goes on was taken up.
    recovering: bool,
    /// The server has more calls than it can begin with.
    overloaded: Arc<AtomicBool>,
    /// How many calls there are. The last field: who sees it closed finds the sockets free.
    calls: watch::Sender<usize>,
}

/// What woke the task.
enum Wake {
    Datagrams,
    Stream(Arrival),
    Commands(Vec<Command>),
    Timer,
    /// The server read an event.
    Room,
    Stop,
}

impl Task {
    #[allow(clippy::too_many_arguments, reason = "made in one place, of what was opened there")]
    pub(super) fn new(
        endpoint: Endpoint,
        udp: UdpSocket,
        streams: Streams,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<SipEvent>,
        directories: watch::Sender<names::Known>,
        names: names::Names,
        notices: mpsc::Sender<Notice>,
        hep: Option<HepSender>,
        clock: Clock,
        calls: watch::Sender<usize>,
        overloaded: Arc<AtomicBool>,
    ) -> Self {
        Self {
            endpoint,
            udp,
            streams,
            commands,
            events,
            waiting: VecDeque::new(),
            directories,
            names,
            notices,
            hep,
            clock,
            buffer: vec![0; DATAGRAM_BYTES].into_boxed_slice(),
            stopping: None,
            deaf: false,
            recovering: false,
            calls,
            overloaded,
        }
    }

    pub(super) fn set_recovering(&mut self, recovering: bool) {
        self.recovering = recovering;
    }

    pub(super) async fn run(mut self) {
        let sleep = tokio::time::sleep(NOTHING_DUE);
        tokio::pin!(sleep);
        loop {
            let due = match self.endpoint.next_timeout() {
                Some(at) => self.clock.instant(at),
                None => Instant::now() + NOTHING_DUE,
            };
            if sleep.deadline() != due {
                sleep.as_mut().reset(due);
            }
            let wake = self.wake(sleep.as_mut()).await;
            // As it is now: it may have been quiet for long.
            let overloaded = self.overloaded.load(Ordering::Relaxed);
            self.endpoint.set_congested(overloaded || !self.waiting.is_empty());
            match wake {
                Wake::Datagrams => self.read_datagrams(),
                Wake::Stream(arrival) => self.take_stream(arrival),
                Wake::Commands(commands) => {
                    for command in commands {
                        self.carry_out(command);
                    }
                }
                Wake::Timer => self.endpoint.handle_timeout(self.clock.now()),
                Wake::Room => {}
                Wake::Stop => return,
            }
            self.flush().await;
            if let Some(stopped) = self.stopping.take() {
                let _ = stopped.send(());
                return;
            }
            if self.deaf {
                tracing::error!("nobody reads SIP events any more; signalling ends");
                return;
            }
        }
    }

    async fn wake(&mut self, sleep: std::pin::Pin<&mut tokio::time::Sleep>) -> Wake {
        let may_read = self.waiting.len() < MAX_WAITING_EVENTS && !self.recovering;
        let has_waiting = !self.waiting.is_empty();
        let mut batch = Vec::new();
        tokio::select! {
            () = sleep => Wake::Timer,
            ready = self.udp.readable(), if may_read => match ready {
                Ok(()) => Wake::Datagrams,
                Err(error) => {
                    tracing::error!(%error, "the SIP socket failed");
                    Wake::Stop
                }
            },
            arrival = self.streams.next(), if may_read => Wake::Stream(arrival),
            count = self.commands.recv_many(&mut batch, COMMANDS_PER_TURN) => match count {
                // Every handle is gone.
                0 => Wake::Stop,
                _ => Wake::Commands(batch),
            },
            permit = self.events.reserve(), if has_waiting => match permit {
                Ok(permit) => {
                    if let Some(event) = self.waiting.pop_front() {
                        permit.send(event);
                    }
                    Wake::Room
                }
                Err(_) => Wake::Stop,
            },
        }
    }

    fn read_datagrams(&mut self) {
        let now = self.clock.now();
        for _ in 0..DATAGRAMS_PER_TURN {
            match self.udp.try_recv_from(&mut self.buffer) {
                Ok((length, remote)) => {
                    // A transaction keeps its message for 32 s: exactly its bytes, no buffer.
                    let bytes = Bytes::copy_from_slice(&self.buffer[..length]);
                    self.endpoint.receive(now, Packet { source: Hop::udp(remote), bytes });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A peer that refuses our datagrams; its transactions time out by themselves.
                Err(_) => {}
            }
        }
    }

    fn take_stream(&mut self, arrival: Arrival) {
        let now = self.clock.now();
        match arrival {
            Arrival::Stream(transport, stream, remote) => {
                if !self.streams.accept(transport, stream, remote) {
                    self.endpoint.count(Count::StreamRefused);
                }
            }
            Arrival::News(StreamEvent::Data(source, bytes)) => {
                self.endpoint.receive(now, Packet { source, bytes });
            }
            Arrival::News(StreamEvent::Closed(hop, end)) => {
                if let Some(id) = hop.connection {
                    self.streams.close(id);
                    self.endpoint.connection_closed(id);
                }
                match end {
                    End::NoHandshake => self.endpoint.count(Count::NoHandshake),
                    // A browser cannot be reached again: what it was asked is lost.
                    End::Over if !hop.transport.is_web() => self.endpoint.stream_lost(now, &hop),
                    End::Over | End::NotOpened => self.endpoint.transport_failed(now, &hop),
                }
            }
            Arrival::Nothing => {}
        }
    }

    fn carry_out(&mut self, command: Command) {
        let now = self.clock.now();
        let endpoint = &mut self.endpoint;
        match command {
            Command::Ring(dialog) => endpoint.ring(now, dialog),
            Command::EarlyMedia(dialog, local) => endpoint.early_media(now, dialog, &local),
            Command::Answer(dialog, local) => endpoint.answer(now, dialog, &local),
            Command::Reject(dialog, status, reason) => {
                endpoint.reject(now, dialog, status, reason.as_deref());
            }
            Command::HangUp(dialog, cause) => endpoint.hang_up(now, dialog, cause),
            Command::Invite(key, request, options) => {
                endpoint.invite_with(now, key, *request, *options);
            }
            Command::AcceptRefer(dialog) => endpoint.accept_refer(now, dialog),
            Command::RejectRefer(dialog, status) => endpoint.reject_refer(now, dialog, status),
            Command::ReferProgress(dialog, status) => endpoint.refer_progress(now, dialog, status),
            Command::Refer(dialog, target) => endpoint.refer(now, dialog, &target),
            Command::Replaces(dialog, reply) => drop(reply.send(endpoint.replaces(dialog))),
            Command::Update(dialog, direction) => endpoint.update(now, dialog, direction),
            Command::SetMediaOptions(dialog, options) => {
                endpoint.set_media_options(dialog, options);
            }
            Command::SetPolicies(policies) => endpoint.set_policies(policies),
            Command::Reinvite(dialog, direction) => endpoint.reinvite(now, dialog, direction),
            Command::SendDigit(dialog, digit, held_ms) => {
                endpoint.send_digit(now, dialog, digit, held_ms);
            }
            Command::SetDirectory(directory) => {
                endpoint.set_directory(now, directory.clone());
                self.directories.send_modify(|known| known.directory = directory);
            }
            Command::SetTrunking(trunking) => {
                endpoint.set_trunking(now, trunking.clone());
                self.directories.send_modify(|known| known.trunking = trunking);
            }
            Command::SetBudget(tenant, left) => endpoint.set_budget(tenant, left),
            Command::SetGuard(rules) => endpoint.set_guard(rules),
            Command::Ban(source, for_s) => endpoint.ban(now, source, for_s),
            Command::Unban(source, reply) => drop(reply.send(endpoint.unban(source))),
            Command::Bans(reply) => drop(reply.send(endpoint.bans(now))),
            Command::Trunks(reply) => drop(reply.send(endpoint.trunk_statuses(now))),
            Command::Refusals(tenant, reply) => {
                drop(reply.send(endpoint.tenant_refusals(tenant)));
            }
            Command::Traces(dialogs, reply) => {
                let traces = dialogs.iter().filter_map(|dialog| endpoint.trace(*dialog).cloned());
                drop(reply.send(traces.collect()));
            }
            Command::Located(trunk, found) => endpoint.set_trunk_targets(now, trunk, found),
            Command::TakeUp(key, record, how, reply) => {
                drop(reply.send(endpoint.take_up(now, key, &record, *how)));
            }
            Command::RestoreRegistrations(kept, reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(endpoint.restore_registrations(now, kept));
            }
            Command::Recovered => self.recovering = false,
            Command::NameLocated(lookup, found) => endpoint.name_located(now, lookup, found),
            Command::Registrations(reply) => drop(reply.send(endpoint.registrations())),
            Command::Figures(reply) => {
                drop(reply.send((endpoint.usage(), endpoint.counters().clone())));
            }
            Command::ShutDown(reply) => {
                endpoint.unregister_trunks(now);
                self.stopping = Some(reply);
            }
        }
    }

    /// Carries out what the endpoint wants.
    async fn flush(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Transmit(transmit) => self.send(transmit).await,
                Output::Event(event) => self.tell(event),
                Output::Close(connection) => self.streams.close(connection),
                Output::Notice(notice) => self.notify(notice),
                Output::LookUp(lookup) => self.names.look_up(lookup),
            }
        }
        let calls = self.endpoint.usage().calls;
        self.calls.send_if_modified(|told| std::mem::replace(told, calls) != calls);
    }

    async fn send(&mut self, Transmit { hop, bytes }: Transmit) {
        match hop.transport {
            Transport::Udp => {
                let sent = match self.udp.try_send_to(&bytes, hop.remote) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.udp.send_to(&bytes, hop.remote).await
                    }
                    sent => sent,
                };
                if let Err(error) = sent {
                    tracing::debug!(%error, "a SIP datagram could not be sent");
                    self.endpoint.transport_failed(self.clock.now(), &hop);
                }
            }
            _ => {
                let directory = hop.trunk.map(|_| self.directories.borrow().directory.clone());
                let name = hop.trunk.and_then(|trunk| {
                    let proxy = directory.as_ref()?.trunk(trunk)?.proxy.as_ref()?;
                    Some(proxy.host.as_str())
                });
                if !self.streams.send(&hop, bytes, name) {
                    self.endpoint.transport_failed(self.clock.now(), &hop);
                }
            }
        }
    }

    /// Nobody waits for notices, and they wait for nobody.
    fn notify(&mut self, notice: Notice) {
        if let Notice::Message(entry) = &notice {
            if !self.hep.as_ref().is_some_and(|hep| hep.send(entry)) {
                self.endpoint.count(Count::HepDropped);
            }
            return;
        }
        if self.notices.try_send(notice).is_err() {
            self.endpoint.count(Count::NoticeDropped);
        }
    }

    fn tell(&mut self, event: SipEvent) {
        if self.waiting.is_empty() {
            match self.events.try_send(event) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(event)) => self.waiting.push_back(event),
                Err(mpsc::error::TrySendError::Closed(_)) => self.deaf = true,
            }
            return;
        }
        self.waiting.push_back(event);
    }
}
