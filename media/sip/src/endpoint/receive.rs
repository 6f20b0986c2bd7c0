//! Sorting what arrives (RFC 3261 §8.2, §17.2.3, §18).

use super::{Endpoint, salvage};
use crate::admission::Offence;
use crate::counters::Count;
use crate::hop::{Hop, Packet, Transport};
use crate::limits::{RETRY_AFTER_S, parse_limits};
use crate::message::ALLOW;
use crate::timer::TimerKey;
use crate::trace::Heading;
use crate::transaction::{MergeKey, ServerMachine};
use crate::via::{response_hop, stamp_source};
use bytes::Bytes;
use sipx_sip::headers::To;
use sipx_sip::uri::Scheme;
use sipx_sip::validate::Finding;
use sipx_sip::{
    HeaderName, Message, Method, Request, ServerTransaction, Timers, TransactionKey, Via,
};
use strowger_model::Timestamp;

impl Endpoint {
    /// Takes one datagram or the next piece of a stream.
    pub fn receive(&mut self, now: Timestamp, packet: Packet) {
        let Packet { source, bytes } = packet;
        self.at(now);
        if self.turn_away(now, source, &bytes) {
            return;
        }
        match source.transport {
            Transport::Udp => {
                // Phones keep holes in NATs open with line ends and zeros.
                if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0 | b' ')) {
                    self.counters.add(Count::KeepAlive);
                    return;
                }
                self.receive_whole(now, source, bytes);
            }
            Transport::Tcp | Transport::Tls => self.receive_stream(now, source, &bytes),
            Transport::Ws | Transport::Wss => {
                if bytes.iter().all(|b| matches!(b, b'\r' | b'\n')) {
                    self.counters.add(Count::KeepAlive);
                    // Two line ends are a ping, one is a pong (RFC 5626 §4.4.1).
                    if bytes.len() >= 4 {
                        self.transmit(source, Bytes::from_static(b"\r\n"));
                    }
                    return;
                }
                self.receive_whole(now, source, bytes);
            }
        }
    }

    /// One datagram or WebSocket frame: one message (RFC 7118 §5).
    fn receive_whole(&mut self, now: Timestamp, source: Hop, bytes: Bytes) {
        match sipx_sip::parse_datagram(bytes.clone(), &parse_limits()) {
            Ok(message) => {
                self.trace_message(Heading::In, source, &bytes);
                self.take(now, message, source);
            }
            Err(_) => {
                self.offended(now, source, Offence::Malformed);
                self.take_broken(&bytes, source);
            }
        }
    }

    fn receive_stream(&mut self, now: Timestamp, source: Hop, bytes: &[u8]) {
        let Some(connection) = source.connection else { return };
        let Some(read) = self.streams.push(now, connection, bytes) else {
            self.break_stream(connection);
            return;
        };
        // A keep-alive ping wants a pong (RFC 5626 §4.4.1).
        if read.pings > 0 {
            self.counters.add(Count::KeepAlive);
            self.transmit(source, Bytes::from_static(b"\r\n"));
        }
        if let Some(at) = read.stalls_at {
            self.timers.set(at, TimerKey::Stream(connection));
        }
        for message in read.messages {
            if self.is_shut_out(now, source) && !self.goes_on(&crate::message::write(&message)) {
                self.counters.add(Count::Banned);
                continue;
            }
            if !self.trace.is_idle() {
                self.trace_message(Heading::In, source, &crate::message::write(&message));
            }
            self.take(now, message, source);
        }
        if read.broken {
            self.counters.add(Count::Junk);
            self.offended(now, source, Offence::Malformed);
            self.break_stream(connection);
        }
    }

    /// A datagram that is no message: answered 400 if it can be (§18.3, §21.4.1).
    fn take_broken(&mut self, bytes: &[u8], source: Hop) {
        match salvage::request(bytes) {
            Some(request) => {
                self.counters.add(Count::BadRequest);
                self.refuse(&request, source, 400);
            }
            None => self.counters.add(Count::Junk),
        }
    }

    fn take(&mut self, now: Timestamp, message: Message, source: Hop) {
        self.counters.add(Count::Received);
        match message {
            Message::Response(response) => {
                if sipx_sip::validate_response(&response).is_empty() {
                    self.on_response(now, response);
                } else {
                    self.counters.add(Count::Junk);
                }
            }
            Message::Request(request) => self.take_request(now, request, source),
        }
    }

    fn take_request(&mut self, now: Timestamp, mut request: Request, source: Hop) {
        let Some(Ok(via)) = request.headers.typed::<Via>() else {
            self.counters.add(Count::Junk);
            return;
        };
        let Some(key) = TransactionKey::from_request(&request) else {
            self.counters.add(Count::Junk);
            return;
        };
        stamp_source(&mut request, &via, source.remote);
        let findings = sipx_sip::validate_request(&request);
        if let Some(finding) = findings.iter().find(|finding| !finding.is_repairable()) {
            self.counters.add(Count::BadRequest);
            let status = if findings.contains(&Finding::UnsupportedVersion) {
                505
            } else {
                finding.status()
            };
            self.refuse(&request, source, status);
            return;
        }
        match request.method {
            Method::Ack => self.take_ack(now, &request, &key),
            Method::Cancel => self.take_cancel(now, request, key, source),
            _ => match self.transactions.server_by_key(&key) {
                Some(id) => self.repeat(now, id, &request),
                None => self.take_new(now, request, key, source),
            },
        }
    }

    /// The ACK of a refusal belongs to the INVITE's transaction, the ACK of an
    /// answer to the dialog (§17.1.1.3, §13.2.2.4).
    fn take_ack(&mut self, now: Timestamp, request: &Request, key: &TransactionKey) {
        if let Some(id) = self.transactions.server_by_key(key)
            && let Some(server) = self.transactions.server(id)
            && matches!(server.machine, ServerMachine::Live(_))
        {
            self.repeat(now, id, request);
            return;
        }
        self.on_ack(now, request);
    }

    /// A request that we have not seen (§8.2).
    fn take_new(&mut self, now: Timestamp, request: Request, key: TransactionKey, source: Hop) {
        let tagged = matches!(request.headers.typed::<To>(), Some(Ok(to)) if to.tag().is_some());
        if !tagged && self.is_scan(now, &request, source) {
            return;
        }
        let limits = self.config.limits;
        let room = if tagged { limits.transactions } else { limits.new_transactions() };
        if self.transactions.servers() >= room {
            self.counters.add(Count::FullTransactions);
            self.refuse_busy(&request, source);
            return;
        }
        if let Some(status) = refused_method(&request.method) {
            self.counters.add(Count::Method);
            self.refuse_with(&request, source, status, |r| r.header(HeaderName::Allow, ALLOW));
            return;
        }
        if !matches!(request.uri.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            self.counters.add(Count::Scheme);
            self.refuse(&request, source, 416);
            return;
        }
        if !self.requires_only_known(&request, source) {
            return;
        }
        match (&request.method, tagged) {
            (_, true) => self.take_in_dialog(now, request, key, source),
            (Method::Invite, false) => self.take_invite(now, request, key, source),
            (Method::Register, false) => self.take_register(now, request, key, source),
            (Method::Options, false) => self.answer_options(&request, source),
            // Nobody is sent to a call out of nothing.
            (Method::Refer, false) => {
                self.counters.add(Count::NoSuchDialog);
                self.refuse(&request, source, 403);
            }
            // BYE, INFO, UPDATE mean nothing without a dialog.
            _ => {
                self.counters.add(Count::NoSuchDialog);
                self.refuse(&request, source, 481);
            }
        }
    }

    pub(super) fn refuse_busy(&mut self, request: &Request, source: Hop) {
        self.refuse_with(request, source, 503, |reply| {
            reply.header(HeaderName::RetryAfter, RETRY_AFTER_S.to_string())
        });
    }

    /// What an INVITE would be answered now (§11.2), and what we understand.
    fn answer_options(&mut self, request: &Request, source: Hop) {
        let full = self.congested || self.calls.len() >= self.config.limits.calls;
        if full {
            self.refuse_busy(request, source);
            return;
        }
        self.refuse_with(request, source, 200, |reply| {
            reply
                .header(HeaderName::Allow, ALLOW)
                .header(HeaderName::Accept, crate::message::SDP_TYPE)
                .header(HeaderName::AcceptEncoding, "identity")
                .header(HeaderName::Supported, crate::message::SUPPORTED)
        });
    }

    /// Starts the transaction of a request that deserves one.
    pub(super) fn open_server(
        &mut self,
        now: Timestamp,
        request: Request,
        key: TransactionKey,
        merge: Option<MergeKey>,
        source: Hop,
    ) -> u64 {
        let hop = match request.headers.typed::<Via>() {
            Some(Ok(via)) => response_hop(&via, source),
            _ => source,
        };
        let reliability = source.transport.reliability();
        let (machine, todo) = ServerTransaction::new(request, reliability, Timers::default());
        let id = self.transactions.add_server(machine, key, merge, hop);
        self.run_server(now, id, todo);
        id
    }
}

/// How a method that we do not act on is refused.
fn refused_method(method: &Method) -> Option<u16> {
    match method {
        Method::Invite
        | Method::Bye
        | Method::Register
        | Method::Options
        | Method::Info
        | Method::Prack
        | Method::Refer
        | Method::Notify
        | Method::Update
        | Method::Ack
        | Method::Cancel => None,
        Method::Other(_) => Some(501),
        _ => Some(405),
    }
}
