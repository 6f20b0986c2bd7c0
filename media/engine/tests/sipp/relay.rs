//! The road between the server and SIPp: it loses and reorders datagrams, or cuts
//! streams, as its seed says, and is what the server sees of SIPp.

use crate::stream::{self, Knife};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_sip::Transport;
use tokio::net::{TcpSocket, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

/// What happens to messages on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    Smooth,
    /// One of twenty is lost, each way.
    Lossy,
    /// Every third is overtaken by the next one.
    Reordering,
    /// A stream, which the server gets in odd pieces.
    Pieces,
}

impl Road {
    pub const ALL: &[Self] = &[Self::Smooth, Self::Lossy, Self::Reordering, Self::Pieces];
    pub const DATAGRAMS: &[Self] = &[Self::Smooth, Self::Lossy, Self::Reordering];

    pub fn transport(self) -> Transport {
        match self {
            Self::Pieces => Transport::Tcp,
            Self::Smooth | Self::Lossy | Self::Reordering => Transport::Udp,
        }
    }

    /// Whether what was said may not be heard, or not in this order.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Lossy | Self::Reordering)
    }
}

/// One of so many is lost.
const LOST_ONE_OF: usize = 20;
/// Two in a row of these are not lost: a repetition gets through.
const APART: usize = 5;
const HELD_BACK_EVERY: usize = 3;
/// How long somebody waits for what must come through in the end.
const PASSES_WITHIN: Duration = Duration::from_secs(40);
/// How long a datagram waits to be overtaken.
const HELD_BACK: Duration = Duration::from_millis(20);

/// Methods and statuses that have come through, each with the Call-IDs of whose they were.
type Passed = HashSet<(String, String)>;

pub struct Relay {
    /// As the server sees SIPp.
    pub outside: SocketAddr,
    /// As SIPp sees the server.
    pub inside: SocketAddr,
    bent: Arc<AtomicUsize>,
    passed: watch::Sender<Passed>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Relay {
    pub async fn start(server: SocketAddr, sipp: SocketAddr, road: Road, seed: u64) -> Self {
        let bent = Arc::new(AtomicUsize::new(0));
        let passed = watch::Sender::new(Passed::new());
        if road == Road::Pieces {
            let knife = Knife { seed, bent: bent.clone() };
            let [outside, inside] = [stream::end(), stream::end()];
            let at = |socket: &TcpSocket| socket.local_addr().unwrap();
            let (outside_at, inside_at) = (at(&outside), at(&inside));
            let tasks = stream::join(outside, inside, server, sipp, knife);
            return Self { outside: outside_at, inside: inside_at, bent, passed, tasks };
        }
        let outside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let inside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let lane = |from: &Arc<UdpSocket>, to: &Arc<UdpSocket>, target, seed| {
            let fate = Fate { road, seed, passed: 0, lost_at: 0, bent: bent.clone() };
            let ways = [from.clone(), to.clone()];
            tokio::spawn(carry(ways, target, fate, passed.clone()))
        };
        let tasks =
            [lane(&outside, &inside, sipp, seed), lane(&inside, &outside, server, seed ^ 0x5555)];
        let at = |socket: &UdpSocket| socket.local_addr().unwrap();
        Self { outside: at(&outside), inside: at(&inside), bent, passed, tasks }
    }

    /// Waits until a datagram with this method or status has come through in each
    /// of so many calls, in either direction.
    pub async fn passed(&self, what: &str, calls: usize) {
        let mut passed = self.passed.subscribe();
        let of = |passed: &Passed| passed.iter().filter(|(head, _)| head == what).count();
        let come = timeout(PASSES_WITHIN, passed.wait_for(|passed| of(passed) >= calls)).await;
        assert!(
            come.is_ok(),
            "{what} came through in {} of {calls} calls",
            of(&self.passed.borrow())
        );
    }

    /// Datagrams that were lost or overtaken, and cuts.
    pub fn bent(&self) -> usize {
        self.bent.load(Ordering::Relaxed)
    }
}

/// The next number of a xorshift.
pub fn draw(seed: &mut u64) -> usize {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed as usize
}

struct Fate {
    road: Road,
    seed: u64,
    passed: usize,
    lost_at: usize,
    bent: Arc<AtomicUsize>,
}

#[derive(PartialEq)]
enum Next {
    Passes,
    Lost,
    Waits,
}

impl Fate {
    fn next(&mut self) -> Next {
        if self.passed.is_multiple_of(LOST_ONE_OF) {
            // One place of each window, not at its end.
            self.lost_at = self.passed + draw(&mut self.seed) % (LOST_ONE_OF - APART);
        }
        let number = self.passed;
        self.passed += 1;
        let fate = match self.road {
            Road::Lossy if number == self.lost_at => Next::Lost,
            Road::Reordering if number % HELD_BACK_EVERY == HELD_BACK_EVERY - 1 => Next::Waits,
            _ => Next::Passes,
        };
        if fate != Next::Passes {
            self.bent.fetch_add(1, Ordering::Relaxed);
        }
        fate
    }
}

/// Method or status of a message, and its Call-ID.
fn head(bytes: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (start, headers) = text.split_once("\r\n")?;
    let start = start.strip_prefix("SIP/2.0 ").unwrap_or(start);
    let call = headers.lines().find_map(|line| line.strip_prefix("Call-ID:"))?;
    Some((start.split(' ').next()?.to_owned(), call.trim().to_owned()))
}

async fn send(to: &UdpSocket, target: SocketAddr, bytes: &[u8], passed: &watch::Sender<Passed>) {
    // A port that is closed by now is the peer's affair.
    if to.send_to(bytes, target).await.is_ok()
        && let Some(head) = head(bytes)
    {
        passed.send_if_modified(|passed| passed.insert(head));
    }
}

async fn carry(
    [from, to]: [Arc<UdpSocket>; 2],
    target: SocketAddr,
    mut fate: Fate,
    passed: watch::Sender<Passed>,
) {
    let mut buffer = vec![0; 65_535];
    let mut held: Option<(Vec<u8>, Instant)> = None;
    loop {
        let far = Instant::now() + Duration::from_secs(3_600);
        let until = held.as_ref().map_or(far, |(_, until)| *until);
        let read = timeout_at(until, from.recv_from(&mut buffer)).await;
        let next = if read.is_ok() { fate.next() } else { Next::Passes };
        if let Ok(Ok((length, _))) = read {
            let bytes = &buffer[..length];
            match next {
                Next::Lost => continue,
                Next::Waits if held.is_none() => {
                    held = Some((bytes.to_vec(), Instant::now() + HELD_BACK));
                    continue;
                }
                Next::Waits | Next::Passes => send(&to, target, bytes, &passed).await,
            }
        }
        if let Some((bytes, _)) = held.take() {
            send(&to, target, &bytes, &passed).await;
        }
    }
}
