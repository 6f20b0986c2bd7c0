//! The road between the server and SIPp: it loses and reorders datagrams, or cuts
//! streams, as its seed says, and is what the server sees of SIPp.

use crate::stream::{self, Knife};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_sip::Transport;
use tokio::net::{TcpSocket, UdpSocket};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

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
/// How long a datagram waits to be overtaken.
const HELD_BACK: Duration = Duration::from_millis(20);

pub struct Relay {
    /// As the server sees SIPp.
    pub outside: SocketAddr,
    /// As SIPp sees the server.
    pub inside: SocketAddr,
    bent: Arc<AtomicUsize>,
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
        if road == Road::Pieces {
            let knife = Knife { seed, bent: bent.clone() };
            let [outside, inside] = [stream::end(), stream::end()];
            let at = |socket: &TcpSocket| socket.local_addr().unwrap();
            let (outside_at, inside_at) = (at(&outside), at(&inside));
            let tasks = stream::join(outside, inside, server, sipp, knife);
            return Self { outside: outside_at, inside: inside_at, bent, tasks };
        }
        let outside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let inside = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let lane = |from: &Arc<UdpSocket>, to: &Arc<UdpSocket>, target, seed| {
            let fate = Fate { road, seed, passed: 0, lost_at: 0, bent: bent.clone() };
            tokio::spawn(carry(from.clone(), to.clone(), target, fate))
        };
        let tasks =
            [lane(&outside, &inside, sipp, seed), lane(&inside, &outside, server, seed ^ 0x5555)];
        let at = |socket: &UdpSocket| socket.local_addr().unwrap();
        Self { outside: at(&outside), inside: at(&inside), bent, tasks }
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

async fn carry(from: Arc<UdpSocket>, to: Arc<UdpSocket>, target: SocketAddr, mut fate: Fate) {
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
                // A port that is closed by now is the peer's affair.
                Next::Waits | Next::Passes => drop(to.send_to(bytes, target).await),
            }
        }
        if let Some((bytes, _)) = held.take() {
            let _ = to.send_to(&bytes, target).await;
        }
    }
}
