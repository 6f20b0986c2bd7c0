//! What calls cost on media threads, and how long a bridge keeps a packet.
//!
//! One process plays both sides: the engine with one pinned media thread, and
//! phones that send and expect 50 packets of G.711 a second and leg. Only the
//! processor time of the engine's own threads (media and disk) counts; the
//! phones' threads are left out. A window in which fewer packets came out of the
//! engine than should have is reported as such and not hidden.

use crate::report::{Bar, Report, percentile};
use anyhow::{Context, ensure};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use strowger_engine::media::{
    Clip, Codec, LegHandle, LegSpec, MediaConfig, MediaEngine, RecordSpec, RemoteParams, ThreadHook,
};
use strowger_engine::prompt::music_on_hold;
use strowger_model::RecordingId;
use strowger_rtp::packet::{HEADER_LEN, Header};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Calls at once.
const CALLS: usize = 500;
/// Bridged calls when latency is measured: few enough that the phones, which
/// share the machine, are not what is measured.
const LATENCY_CALLS: usize = 50;
const WARM_UP: Duration = Duration::from_secs(2);
const WINDOW: Duration = Duration::from_secs(4);
const WINDOWS: usize = 5;
/// Legs whose phone is one socket, so that its buffer holds their bursts.
const LEGS_PER_SOCKET: usize = 25;
/// Packets a leg sends and hears in a second.
const RATE: f64 = 50.0;
const FRAME: Duration = Duration::from_millis(20);
/// The phones send in so many steps a frame.
const STEPS: usize = 20;

/// Fills the report.
///
/// # Errors
/// The engine does not start or the machine has too few ports or files.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("strowger-bench-{}", std::process::id()));
    for (kind, metric, bar) in [
        (Kind::Prompt, "media.prompt_percent_per_100", 10.0),
        (Kind::Bridge, "media.bridge_percent_per_100", 10.0),
        (Kind::Record, "media.record_percent_per_100", 18.0),
    ] {
        let load = Load::start(kind, CALLS, &folder)?;
        let windows = load.measure();
        let share: Vec<f64> =
            windows.iter().map(|window| window.busy * 100.0 / (CALLS as f64 / 100.0)).collect();
        report.add(metric, "%", &share, Bar::AtMost(bar));
        let rate: Vec<f64> = windows.iter().map(|window| window.heard_share * 100.0).collect();
        let rate_metric = metric.replace("percent_per_100", "packets_heard_percent");
        report.add(&rate_metric, "%", &rate, Bar::AtLeast(99.0));
    }
    let load = Load::start(Kind::Bridge, LATENCY_CALLS, &folder)?;
    let windows = load.measure();
    let each = |percent: f64| -> Vec<f64> {
        windows.iter().map(|window| percentile(&mut window.latency_ms.clone(), percent)).collect()
    };
    report.add("media.relay_latency_p50_ms", "ms", &each(50.0), Bar::AtMost(0.2));
    report.add("media.relay_latency_p99_ms", "ms", &each(99.0), Bar::None);
    // Left behind only if it cannot be removed.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// One leg that hears music while it talks.
    Prompt,
    /// Two legs that talk.
    Bridge,
    /// The same, and one of them recorded.
    Record,
}

struct Window {
    /// Processor time of the engine per time that passed.
    busy: f64,
    /// Packets that came out of the engine, of those that should have.
    heard_share: f64,
    latency_ms: Vec<f64>,
}

struct Load {
    // Dropped before the engine, so that recordings end as calls do.
    legs: Vec<LegHandle>,
    _engine: MediaEngine,
    sockets: Vec<UdpSocket>,
    engine_threads: Arc<Mutex<Vec<libc::pid_t>>>,
}

impl Load {
    fn start(kind: Kind, calls: usize, folder: &std::path::Path) -> anyhow::Result<Self> {
        let engine_threads: Arc<Mutex<Vec<libc::pid_t>>> = Arc::default();
        let known = Arc::clone(&engine_threads);
        let hook = ThreadHook(Arc::new(move || {
            // SAFETY: takes nothing and cannot fail.
            let id = unsafe { libc::gettid() };
            known.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        }));
        let config = MediaConfig { on_thread_start: Some(hook), ..MediaConfig::default() };
        let engine = MediaEngine::start(config)?;
        let count = if kind == Kind::Prompt { calls } else { 2 * calls };
        let sockets: Vec<UdpSocket> = (0..count.div_ceil(LEGS_PER_SOCKET))
            .map(|_| UdpSocket::bind("127.0.0.1:0"))
            .collect::<Result<_, _>>()?;
        let mut legs = Vec::with_capacity(count);
        for number in 0..count {
            let (events, _) = mpsc::channel(64);
            let leg = engine.handle().open(LegSpec { events, tag: number as u64, group: 0 })?;
            let address = sockets[number / LEGS_PER_SOCKET].local_addr()?;
            let remote = RemoteParams::new(address, Codec::Pcmu);
            leg.set_remote(RemoteParams { dtmf_payload: Some(101), ..remote })?;
            legs.push(leg);
        }
        for (number, leg) in legs.iter().enumerate() {
            if kind == Kind::Prompt {
                leg.play(1, vec![Clip::Looped { prompt: music_on_hold(), ms: None }], 0)?;
            } else if number % 2 == 0 {
                leg.bridge(&legs[number + 1])?;
                if kind == Kind::Record {
                    let path = folder.join(format!("{number}.wav"));
                    let recording = RecordingId(Uuid::from_u128(number as u128));
                    leg.record_start(RecordSpec { recording, path, silence_ms: 0 })?;
                }
            }
        }
        Ok(Self { legs, _engine: engine, sockets, engine_threads })
    }

    /// Lets the phones talk and measures window by window.
    fn measure(&self) -> Vec<Window> {
        let stop = AtomicBool::new(false);
        let heard = AtomicU64::new(0);
        let latency = Mutex::new(Vec::new());
        let start = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| self.talk(&stop, start));
            scope.spawn(|| self.listen(&stop, start, &heard, &latency));
            thread::sleep(WARM_UP);
            let windows = (0..WINDOWS)
                .map(|_| {
                    let (began, busy, count) =
                        (Instant::now(), self.engine_time(), heard.load(Ordering::Relaxed));
                    latency.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    thread::sleep(WINDOW);
                    let passed = began.elapsed().as_secs_f64();
                    let count = heard.load(Ordering::Relaxed) - count;
                    Window {
                        busy: (self.engine_time() - busy).as_secs_f64() / passed,
                        heard_share: count as f64 / (self.legs.len() as f64 * RATE * passed),
                        latency_ms: latency.lock().unwrap_or_else(PoisonError::into_inner).clone(),
                    }
                })
                .collect();
            stop.store(true, Ordering::Relaxed);
            windows
        })
    }

    /// Processor time of the engine's threads.
    fn engine_time(&self) -> Duration {
        let threads = self.engine_threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.iter().map(|id| thread_time(*id).unwrap_or_default()).sum()
    }

    /// Each leg's phone sends a packet every 20 ms, spread over the frame.
    fn talk(&self, stop: &AtomicBool, start: Instant) {
        let targets: Vec<SocketAddr> = self.legs.iter().map(LegHandle::local_address).collect();
        let mut datagram = [0x2a; HEADER_LEN + 160];
        for step in 0_u32.. {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            let due = start + FRAME / STEPS as u32 * step;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let frame = step / STEPS as u32;
            let first = step as usize % STEPS;
            for number in (first..targets.len()).step_by(STEPS) {
                let header = Header {
                    marker: false,
                    payload_type: 0,
                    sequence: frame as u16,
                    timestamp: frame.wrapping_mul(160),
                    ssrc: number as u32,
                };
                datagram[..HEADER_LEN].copy_from_slice(&header.to_bytes());
                let sent = start.elapsed().as_nanos() as u64;
                datagram[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&sent.to_be_bytes());
                // What does not fit shows up as a packet that was not heard.
                let _ = self.sockets[number / LEGS_PER_SOCKET].send_to(&datagram, targets[number]);
            }
        }
    }

    /// Counts what the phones hear, and how old it is if it was relayed.
    fn listen(
        &self,
        stop: &AtomicBool,
        start: Instant,
        heard: &AtomicU64,
        latency: &Mutex<Vec<f64>>,
    ) {
        let mut ready: Vec<libc::pollfd> = self.sockets.iter().map(wait_for).collect();
        let mut datagram = [0; 1_500];
        while !stop.load(Ordering::Relaxed) {
            // SAFETY: the slice outlives the call.
            unsafe { libc::poll(ready.as_mut_ptr(), ready.len() as libc::nfds_t, 100) };
            for (socket, state) in self.sockets.iter().zip(&ready) {
                if state.revents == 0 {
                    continue;
                }
                while let Some(length) = receive(socket, &mut datagram) {
                    heard.fetch_add(1, Ordering::Relaxed);
                    if let Some(stamp) =
                        datagram[..length].get(HEADER_LEN..).and_then(<[u8]>::first_chunk)
                    {
                        let age = (start.elapsed().as_nanos() as u64)
                            .wrapping_sub(u64::from_be_bytes(*stamp));
                        let mut ages = latency.lock().unwrap_or_else(PoisonError::into_inner);
                        ages.push(age as f64 / 1e6);
                    }
                }
            }
        }
    }
}

fn wait_for(socket: &UdpSocket) -> libc::pollfd {
    use std::os::fd::AsRawFd;
    libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// What waits at a socket, without waiting for more.
fn receive(socket: &UdpSocket, into: &mut [u8]) -> Option<usize> {
    use std::os::fd::AsRawFd;
    // SAFETY: the buffer is as long as is said.
    let length = unsafe {
        libc::recv(socket.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), libc::MSG_DONTWAIT)
    };
    usize::try_from(length).ok()
}

/// Time a thread of this process has been on a processor.
fn thread_time(id: libc::pid_t) -> anyhow::Result<Duration> {
    let path = format!("/proc/self/task/{id}/schedstat");
    let text = std::fs::read_to_string(&path).context(path)?;
    let first = text.split_whitespace().next().unwrap_or_default();
    ensure!(!first.is_empty(), "the kernel keeps no scheduler statistics");
    Ok(Duration::from_nanos(first.parse()?))
}
