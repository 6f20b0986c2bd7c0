//! How the media engine is set up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Runs on every engine thread as it starts: accounting, priorities.
#[derive(Clone)]
pub struct ThreadHook(pub Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for ThreadHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ThreadHook")
    }
}

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// Where legs' sockets are bound.
    pub bind: IpAddr,
    /// What legs say their address is, if another one reaches us from outside.
    pub advertise: Option<IpAddr>,
    /// First port of the range; an odd one counts as the next.
    pub port_min: u16,
    /// Last port of the range. Each leg takes an even one for RTP and the odd
    /// one above it for RTCP.
    pub port_max: u16,
    /// Threads that carry legs; at least 1.
    pub threads: usize,
    /// Whether each thread is pinned to a core of its own.
    pub pin: bool,
    /// Whether the threads ask for real-time priority. Beside other busy
    /// processes a bridge keeps one packet in a hundred for some 5 ms without
    /// it, and for 0.2 ms with it. Where it is forbidden (it takes
    /// `CAP_SYS_NICE` or an `rtprio` limit) they run as everybody else.
    pub realtime: bool,
    /// No packet for so long where some are expected is reported; 0: never.
    pub rtp_timeout_ms: u32,
    /// Canonical name in RTCP (RFC 3550 §6.5.1); no user's name.
    pub cname: String,
    /// Runs on every thread of the engine as it starts.
    pub on_thread_start: Option<ThreadHook>,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            advertise: None,
            port_min: 20_000,
            port_max: 29_999,
            threads: 1,
            pin: true,
            realtime: true,
            rtp_timeout_ms: 30_000,
            cname: "strowger".to_owned(),
            on_thread_start: None,
        }
    }
}
