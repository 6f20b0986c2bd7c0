//! A road for streams. Whoever connects at one end is connected to the other
//! one's owner; what goes to the server is cut anywhere, amid messages and across
//! them, what goes to SIPp is left as it is.

use crate::relay::draw;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

/// A message is longer than this: it comes in two pieces at least.
const MAX_PIECE: usize = 200;
/// Between pieces: the pace of the road, which nothing waits for to happen. Sent at
/// once, the kernel would hand them over as one.
const APART: Duration = Duration::from_millis(1);

/// Where to cut.
#[derive(Clone)]
pub struct Knife {
    pub seed: u64,
    pub bent: Arc<AtomicUsize>,
}

/// Carries streams both ways until the tasks are aborted. The server sees all of
/// them come from `outside`, where it may connect too.
pub fn join(
    outside: TcpSocket,
    inside: TcpSocket,
    server: SocketAddr,
    sipp: SocketAddr,
    knife: Knife,
) -> [JoinHandle<()>; 2] {
    let outside_at = outside.local_addr().unwrap();
    let from_server = outside.listen(64).unwrap();
    let from_sipp = inside.listen(64).unwrap();
    let other = Knife { seed: knife.seed ^ 0x5555, bent: knife.bent.clone() };
    [
        tokio::spawn(take(from_server, move |near| {
            let knife = knife.clone();
            async move {
                if let Ok(far) = TcpStream::connect(sipp).await {
                    carry(near, far, knife).await;
                }
            }
        })),
        tokio::spawn(take(from_sipp, move |near| {
            let knife = other.clone();
            async move {
                if let Ok(far) = bound(outside_at).connect(server).await {
                    carry(far, near, knife).await;
                }
            }
        })),
    ]
}

/// One end of the road.
pub fn end() -> TcpSocket {
    bound(SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// A socket that others may share its port with: one listens there while another
/// connects from there.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn take<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    carry: impl Fn(TcpStream) -> F,
) {
    let mut carried = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        carried.spawn(carry(stream));
    }
}

async fn carry(server: TcpStream, sipp: TcpStream, knife: Knife) {
    server.set_nodelay(true).unwrap();
    sipp.set_nodelay(true).unwrap();
    let (mut from_server, to_server) = server.into_split();
    let (from_sipp, mut to_sipp) = sipp.into_split();
    let whole = async {
        let _ = copy(&mut from_server, &mut to_sipp).await;
        let _ = to_sipp.shutdown().await;
    };
    tokio::join!(whole, cut(from_sipp, to_server, knife));
}

async fn cut(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut knife: Knife) {
    let mut buffer = vec![0; 65_535];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let mut left = &buffer[..length];
        while !left.is_empty() {
            let (piece, rest) =
                left.split_at(left.len().min(1 + draw(&mut knife.seed) % MAX_PIECE));
            if to.write_all(piece).await.is_err() {
                return;
            }
            left = rest;
            if !left.is_empty() {
                knife.bent.fetch_add(1, Ordering::Relaxed);
                sleep(APART).await;
            }
        }
    }
    let _ = to.shutdown().await;
}
