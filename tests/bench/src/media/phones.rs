//! The phones: one thread talks for all of them, another listens.

use super::sound::{Sound, sound};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use strowger_engine::media::Codec;
use strowger_rtp::packet::{HEADER_LEN, Header};
use strowger_rtp::srtp::{MAX_TRAILER, MasterKey, Protect};

/// Legs whose phone is one socket, so that its buffer holds their bursts.
pub(super) const LEGS_PER_SOCKET: usize = 25;
const FRAME: Duration = Duration::from_millis(20);
/// The phones send in so many steps a frame.
const STEPS: usize = 20;

/// One leg's phone as it talks.
pub(super) struct Speaker {
    target: SocketAddr,
    socket: usize,
    ssrc: u32,
    codec: Codec,
    sound: Sound,
    /// Whether it writes into each packet when it was sent.
    stamps: bool,
    protect: Option<Protect>,
}

impl Speaker {
    pub(super) fn new(
        target: SocketAddr,
        number: usize,
        codec: Codec,
        silent: bool,
        stamps: bool,
        key: Option<MasterKey>,
    ) -> Self {
        Self {
            target,
            socket: number / LEGS_PER_SOCKET,
            ssrc: number as u32,
            codec,
            sound: sound(codec, silent),
            stamps,
            protect: key.as_ref().map(Protect::new),
        }
    }

    fn say(&mut self, frame: u32, socket: &UdpSocket) {
        let header = Header {
            marker: false,
            payload_type: self.codec.payload_type(),
            sequence: frame as u16,
            timestamp: frame.wrapping_mul(self.codec.frame_timestamps()),
            ssrc: self.ssrc,
        };
        let payload = &self.sound[frame as usize % self.sound.len()];
        let mut length = HEADER_LEN + payload.len();
        let mut datagram = [0; 1_500];
        datagram[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        datagram[HEADER_LEN..length].copy_from_slice(payload);
        if self.stamps {
            datagram[HEADER_LEN..HEADER_LEN + 8].copy_from_slice(&now_ns().to_be_bytes());
        }
        if let Some(protect) = &mut self.protect {
            let room = &mut datagram[..length + MAX_TRAILER];
            length = protect.protect_rtp(room, length).unwrap_or(length);
        }
        // What does not fit shows up as a packet that was not heard.
        let _ = socket.send_to(&datagram[..length], self.target);
    }
}

/// All phones.
pub(super) struct Phones<'a> {
    sockets: &'a [UdpSocket],
    start: Instant,
    stopped: AtomicBool,
    /// Packets.
    pub(super) heard: AtomicU64,
    latency_ms: Mutex<Vec<f64>>,
}

impl<'a> Phones<'a> {
    pub(super) fn new(sockets: &'a [UdpSocket]) -> Self {
        Self {
            sockets,
            start: Instant::now(),
            stopped: AtomicBool::new(false),
            heard: AtomicU64::new(0),
            latency_ms: Mutex::default(),
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Ages of what was heard since the last call, where packets are stamped.
    pub(super) fn take_latency(&self) -> Vec<f64> {
        std::mem::take(&mut *self.latency_ms.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Each leg's phone sends a packet every 20 ms, spread over the frame.
    pub(super) fn talk(&self, mut speakers: Vec<Speaker>) {
        for step in 0_u32.. {
            if self.stopped.load(Ordering::Relaxed) {
                return;
            }
            let due = self.start + FRAME / STEPS as u32 * step;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let first = step as usize % STEPS;
            for speaker in speakers.iter_mut().skip(first).step_by(STEPS) {
                speaker.say(step / STEPS as u32, &self.sockets[speaker.socket]);
            }
        }
    }

    /// Counts what the phones hear, and how old it is if it was stamped.
    pub(super) fn listen(&self) {
        let mut ready: Vec<libc::pollfd> = self.sockets.iter().map(wait_for).collect();
        let mut datagram = [0; 1_500];
        while !self.stopped.load(Ordering::Relaxed) {
            // SAFETY: the slice outlives the call.
            unsafe { libc::poll(ready.as_mut_ptr(), ready.len() as libc::nfds_t, 100) };
            for (socket, state) in self.sockets.iter().zip(&ready) {
                if state.revents == 0 {
                    continue;
                }
                while let Some((length, came_ns)) = receive(socket, &mut datagram) {
                    self.heard.fetch_add(1, Ordering::Relaxed);
                    self.note_age(&datagram[..length], came_ns);
                }
            }
        }
    }

    /// How long the engine kept a packet: what the listening thread adds, which
    /// shares the machine with everybody, is left out.
    fn note_age(&self, datagram: &[u8], came_ns: u64) {
        let Some(stamp) = datagram.get(HEADER_LEN..).and_then(<[u8]>::first_chunk) else { return };
        let age = came_ns.wrapping_sub(u64::from_be_bytes(*stamp));
        let mut ages = self.latency_ms.lock().unwrap_or_else(PoisonError::into_inner);
        ages.push(age as f64 / 1e6);
    }
}

/// The clock that the kernel stamps datagrams with.
fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}

/// Lets the kernel note when each datagram reaches the socket.
pub(super) fn stamp_arrivals(socket: &UdpSocket) -> std::io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: an integer and its size.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            std::ptr::from_ref(&on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    if done == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

fn wait_for(socket: &UdpSocket) -> libc::pollfd {
    libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN, revents: 0 }
}

/// What waits at a socket and when it came, without waiting for more.
fn receive(socket: &UdpSocket, into: &mut [u8]) -> Option<(usize, u64)> {
    let mut vector = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    // As aligned as its header must be, and longer than one time.
    let mut control = [0_u64; 8];
    // SAFETY: all zeroes is a valid value; the pointers set outlive both uses.
    let (length, message) = unsafe {
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &mut vector;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control) as _;
        (libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_DONTWAIT), message)
    };
    let length = usize::try_from(length).ok()?;
    // SAFETY: the kernel filled the control buffer; a message of this type holds
    // a timespec.
    let came = unsafe {
        let head = libc::CMSG_FIRSTHDR(&message);
        (!head.is_null() && (*head).cmsg_type == libc::SCM_TIMESTAMPNS)
            .then(|| libc::CMSG_DATA(head).cast::<libc::timespec>().read_unaligned())
    };
    let came_ns = came.map_or(0, |at| at.tv_sec as u64 * 1_000_000_000 + at.tv_nsec as u64);
    Some((length, came_ns))
}
