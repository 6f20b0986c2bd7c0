//! Carries SIP: sockets, streams, names and the clock around `strowger-sip`.
//!
//! One task owns the [`Endpoint`] and the UDP socket; nothing is shared and
//! nothing is locked. Streams have a task each that only moves bytes. Nothing
//! is decided here.
//!
//! # When somebody does not keep up
//! - **The server** reads events too slowly: events wait in the task (none is
//!   ever dropped), every new call is answered 503, and once
//!   [`MAX_WAITING_EVENTS`] wait the sockets are not read any more, so that
//!   the peers' own repetitions do the waiting.
//! - **The task** is busy: commands wait in a bounded channel and whoever
//!   sends one waits with them; datagrams wait in the socket's buffer.
//! - **A stream's peer** does not read: its queue fills and it is closed.

mod clock;
mod command;
mod config;
mod connection;
mod handle;
mod hep;
mod names;
mod resolver;
mod streams;
mod task;
mod tls;
mod udp;
mod websocket;

pub use config::{SignallingConfig, StartError};
pub use handle::{SipHandle, Stopped};
pub use hep::HepSettings;
pub use resolver::{Looked, Lookup, LookupError};
pub use tls::{CertificateFiles, TlsError, TlsSettings, TrustedRoots};

use std::collections::HashMap;
use std::net::SocketAddr;
use strowger_sip::{Endpoint, EndpointConfig, SipEvent, Transport};
use tokio::sync::{mpsc, watch};

/// Events that may wait for the server before the sockets rest. Each call
/// under way has at most a handful; this is those of the busiest second.
pub const MAX_WAITING_EVENTS: usize = 16_384;
/// Commands on their way to the task.
const COMMANDS: usize = 4_096;

/// Notices on their way to whoever reads them: a minute of a bad day.
const NOTICES: usize = 1_024;

/// Opens the sockets and starts the task. It ends when the handle is told to
/// shut down or the receiver of events is dropped.
pub async fn start(
    config: SignallingConfig,
) -> Result<(SipHandle, mpsc::Receiver<SipEvent>), StartError> {
    let udp = udp::open(config.udp)?;
    let udp_bound = udp.local_addr().map_err(|error| StartError::Udp(config.udp, error))?;
    let udp_seen = config.seen_as(udp_bound)?;
    let listens_tls = config.tls.is_some() || config.wss.is_some();
    let tls = tls::Tls::new(config.certificates.clone(), listens_tls)?;
    let mut listeners = Vec::new();
    let mut bound = HashMap::new();
    let wanted = [
        (Transport::Tcp, config.tcp),
        (Transport::Tls, config.tls),
        (Transport::Ws, config.ws),
        (Transport::Wss, config.wss),
    ];
    for (transport, address) in wanted {
        let Some(address) = address else { continue };
        let opened = streams::listen(address).await;
        let (listener, at) = opened.map_err(|error| not_listening(transport, address, error))?;
        listeners.push((transport, listener));
        bound.insert(transport, at);
    }
    let seen_as = |transport| bound.get(&transport).map(|at| config.seen_as(*at)).transpose();
    let mut endpoint = Endpoint::new(
        EndpointConfig {
            udp: udp_seen,
            tcp: seen_as(Transport::Tcp)?,
            tls: seen_as(Transport::Tls)?,
            ws: seen_as(Transport::Ws)?,
            wss: seen_as(Transport::Wss)?,
            challenge: config.challenge,
            limits: config.limits,
            keep_dialogs: config.keep_dialogs,
        },
        rand::random(),
    );
    endpoint.set_tracing(config.trace, config.hep.as_ref().map(|hep| hep.policy));
    let hep = config.hep.as_ref().map(|settings| {
        hep::HepSender::open(settings).map_err(|error| StartError::Hep(settings.collector, error))
    });
    let hep = hep.transpose()?;
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, outbox) = mpsc::channel(config.events);
    let (notices, notice_box) = mpsc::channel(NOTICES);
    let lookup = config.lookup.clone().unwrap_or_else(resolver::system);
    let dialogs = names::Names::new(commands.downgrade(), lookup.clone());
    let (names, directories) = names::start(commands.downgrade(), lookup);
    let streams = streams::Streams::new(listeners, tls.clone(), config.limits.connections);
    let clock = clock::Clock::start(config.pace);
    let (count, calls) = watch::channel(0);
    let mut task = task::Task::new(
        endpoint,
        udp,
        streams,
        inbox,
        events,
        directories,
        dialogs,
        notices,
        hep,
        clock,
        count,
        config.overloaded,
    );
    task.set_recovering(config.recovering);
    tokio::spawn(task.run());
    tokio::spawn(names);
    Ok((SipHandle::new(commands, udp_bound, bound, tls.certificates, notice_box, calls), outbox))
}

fn not_listening(transport: Transport, address: SocketAddr, error: std::io::Error) -> StartError {
    match transport {
        Transport::Tcp => StartError::Tcp(address, error),
        other => StartError::Listener { kind: other.via_name(), address, error },
    }
}
