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
mod names;
mod streams;
mod task;
mod udp;

pub use config::{SignallingConfig, StartError};
pub use handle::{SipHandle, Stopped};

use strowger_sip::{Endpoint, EndpointConfig, SipEvent};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Events that may wait for the server before the sockets rest. Each call
/// under way has at most a handful; this is those of the busiest second.
pub const MAX_WAITING_EVENTS: usize = 16_384;
/// Commands on their way to the task.
const COMMANDS: usize = 4_096;

/// Opens the sockets and starts the task. It ends when the handle is told to
/// shut down or the receiver of events is dropped.
pub async fn start(
    config: SignallingConfig,
) -> Result<(SipHandle, mpsc::Receiver<SipEvent>), StartError> {
    let udp = udp::open(config.udp)?;
    let udp_bound = udp.local_addr().map_err(|error| StartError::Udp(config.udp, error))?;
    let udp_seen = config.seen_as(udp_bound)?;
    let listener = match config.tcp {
        None => None,
        Some(address) => {
            let listener = TcpListener::bind(address).await;
            Some(listener.map_err(|error| StartError::Tcp(address, error))?)
        }
    };
    let tcp_bound = match &listener {
        None => None,
        Some(listener) => listener.local_addr().ok(),
    };
    let tcp_seen = tcp_bound.map(|bound| config.seen_as(bound)).transpose()?;
    let endpoint = Endpoint::new(
        EndpointConfig {
            udp: udp_seen,
            tcp: tcp_seen,
            challenge: config.challenge,
            limits: config.limits,
        },
        rand::random(),
    );
    let (commands, inbox) = mpsc::channel(COMMANDS);
    let (events, outbox) = mpsc::channel(config.events);
    let (names, directories) = names::start(commands.downgrade());
    let streams = streams::Streams::new(listener, config.limits.connections);
    let task = task::Task::new(endpoint, udp, streams, inbox, events, directories);
    tokio::spawn(task.run());
    tokio::spawn(names);
    Ok((SipHandle::new(commands, udp_bound, tcp_bound), outbox))
}
