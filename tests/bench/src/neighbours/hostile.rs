//! The tenant that does everything wrong at once.

use super::{HOSTILE, furnish as furnish_tenant};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use strowger_e2e::house::{House, Uploader};
use strowger_e2e::phone::Message;
use tokio::task::JoinHandle;

/// Calls a second, far beyond its limit.
const RATE: u32 = 1_000;
/// Uploads under way, beyond its limit.
const UPLOADERS: usize = 4;
/// How soon an uploader that was refused tries again.
const AGAIN: Duration = Duration::from_millis(20);
/// Its address.
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 2, 1);
/// Its flows and numbers.
const FLOWS: [(&str, &str); 3] =
    [("endless-loop", "+441632930001"), ("memory-hog", "+441632930002"), ("trap", "+441632930003")];

/// The tenant, ready.
pub(super) struct Hostile {
    key: String,
}

/// What it has done in one phase.
pub(super) struct Done {
    pub calls: u64,
    pub answered: u64,
    pub refused: u64,
    pub uploads: u64,
    pub uploads_refused: u64,
}

/// It is at it.
pub(super) struct Storm {
    stop: Arc<AtomicBool>,
    calling: JoinHandle<Result<(u64, u64, u64)>>,
    uploading: Vec<JoinHandle<()>>,
    uploads: Arc<(AtomicU64, AtomicU64)>,
}

/// Makes the tenant, with a key of its own: the operator's has a rate limit too.
pub(super) async fn furnish(house: &House) -> Result<Hostile> {
    let flows = FLOWS.map(|(flow, number)| (flow, number.to_owned()));
    furnish_tenant(house, HOSTILE, &ADDRESS.to_string(), &flows).await?;
    let body = json!({"name": "storm"});
    let key = house.api("POST", "/v1/keys", Some(HOSTILE), Some(&body)).await?;
    Ok(Hostile { key: key["secret"].as_str().context("no key")?.to_owned() })
}

impl Hostile {
    pub(super) fn begin(&self, house: &House) -> Result<Storm> {
        let stop = Arc::new(AtomicBool::new(false));
        let uploads = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let (server, stopped) = (house.sip, stop.clone());
        let calling = tokio::task::spawn_blocking(move || flood(server, &stopped));
        let mut uploading = Vec::new();
        for _ in 0..UPLOADERS {
            let uploader = house.uploader(&self.key);
            uploading.push(tokio::spawn(upload(uploader, stop.clone(), uploads.clone())));
        }
        Ok(Storm { stop, calling, uploading, uploads })
    }
}

/// Also when the measuring fails in between.
impl Drop for Storm {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Storm {
    pub(super) async fn end(mut self) -> Result<Done> {
        self.stop.store(true, Ordering::Relaxed);
        let (calls, answered, refused) = (&mut self.calling).await??;
        for uploading in &self.uploading {
            // One may be waiting for a compiler; nobody waits for it.
            uploading.abort();
        }
        let (taken, refusals) = &*self.uploads;
        let uploads_refused = refusals.load(Ordering::Relaxed);
        let uploads = taken.load(Ordering::Relaxed) + uploads_refused;
        Ok(Done { calls, answered, refused, uploads, uploads_refused })
    }
}

/// Uploads a flow again and again, never the same bytes twice.
async fn upload(uploader: Uploader, stop: Arc<AtomicBool>, counts: Arc<(AtomicU64, AtomicU64)>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let Some(flow) = strowger_stock::guest("ivr-menu") else { return };
    while !stop.load(Ordering::Relaxed) {
        let mut bytes = flow.to_vec();
        // A custom section (id 0) that says nothing: its size, its name's size, a name.
        bytes.extend([0, 9, 8]);
        bytes.extend(NUMBER.fetch_add(1, Ordering::Relaxed).to_le_bytes().map(|b| b'a' + b % 16));
        match uploader.upload("/v1/flows/storm/versions", bytes).await {
            Ok(_) => drop(counts.0.fetch_add(1, Ordering::Relaxed)),
            Err(_) => {
                counts.1.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

/// Places calls until told to stop; how many, and how many were answered or refused.
fn flood(server: SocketAddr, stop: &AtomicBool) -> Result<(u64, u64, u64)> {
    let socket = UdpSocket::bind((ADDRESS, 0))?;
    socket.connect(server)?;
    socket.set_nonblocking(true)?;
    let local = socket.local_addr()?;
    let began = Instant::now();
    let (mut calls, mut answered, mut refused) = (0_u64, 0, 0);
    let mut waiting: HashMap<String, usize> = HashMap::new();
    let mut datagram = vec![0; 65_535];
    while !stop.load(Ordering::Relaxed) {
        let due = (began.elapsed().as_secs_f64() * f64::from(RATE)) as u64;
        while calls < due {
            let flow = (calls % FLOWS.len() as u64) as usize;
            let id = format!("storm{calls}-{}-{}", local.port(), std::process::id());
            // A full buffer is one call fewer.
            let _ = socket.send(&invite(server, local, FLOWS[flow].1, &id));
            waiting.insert(id, flow);
            calls += 1;
        }
        while let Ok(length) = socket.recv(&mut datagram) {
            let Some(reply) = Message::parse(&datagram[..length]) else { continue };
            if reply.status().is_none() {
                // A BYE: its flow has failed and there is no fallback.
                let _ = socket.send(&reply.response(200, "OK", "").encode());
                continue;
            }
            let (Some(status), Some((1, "INVITE"))) = (reply.status(), reply.cseq()) else {
                continue;
            };
            if status < 200 {
                continue;
            }
            let Some(flow) = waiting.get(reply.call_id()) else { continue };
            match status {
                200 => answered += 1,
                _ => refused += 1,
            }
            let _ = socket.send(&ack(server, local, FLOWS[*flow].1, &reply));
            waiting.remove(reply.call_id());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok((calls, answered, refused))
}

fn request(method: &str, uri: &str, local: SocketAddr, to: &str, id: &str) -> Message {
    Message::new(format!("{method} {uri} SIP/2.0"))
        .with("Via", format!("SIP/2.0/UDP {local};branch=z9hG4bK{id}"))
        .with("Max-Forwards", "70")
        .with("From", format!("<sip:+441632960998@{local}>;tag=storm"))
        .with("To", to.to_owned())
        .with("Call-ID", id.to_owned())
        .with("CSeq", format!("1 {method}"))
}

fn invite(server: SocketAddr, local: SocketAddr, number: &str, id: &str) -> Vec<u8> {
    let uri = format!("sip:{number}@{server}");
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    request("INVITE", &uri, local, &format!("<{uri}>"), id)
        .with("Contact", format!("<sip:storm@{local}>"))
        .with_sdp(sdp)
        .encode()
}

/// Without it the server would send its answer again and again, which is its work
/// and not what is to be seen here.
fn ack(server: SocketAddr, local: SocketAddr, number: &str, reply: &Message) -> Vec<u8> {
    let uri = format!("sip:{number}@{server}");
    let to = reply.header("To").unwrap_or_default();
    request("ACK", &uri, local, to, reply.call_id()).encode()
}
