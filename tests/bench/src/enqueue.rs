//! With agents idle: how long from the moment a caller can be queued to the
//! INVITE at an agent's phone.
//!
//! The flow queues the caller as soon as its answer is confirmed, so the time
//! runs from our ACK. One call at a time; caller and agent are one process with
//! one clock.

use crate::calls::start;
use crate::report::{Bar, Report, percentile};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use strowger_e2e::house::House;
use strowger_e2e::phone::{Message, Phone};
use strowger_e2e::tenant::{DOMAIN, NUMBER, PASSWORD, account};

const TENANT: &str = "bench";
const AGENTS: usize = 10;
const CALLS: usize = 300;
const PATIENCE: Duration = Duration::from_secs(5);
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
                   m=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

/// Adds its rows.
pub fn run(report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    let (house, agents) = runtime.block_on(furnish(folder.path()))?;
    let mut taken_ms = place_calls(house.sip, agents)?;
    let p50 = percentile(&mut taken_ms, 50.0);
    report.add("acd.enqueue_to_invite_p50_ms", "ms", &[p50], Bar::AtMost(1.0));
    let p99 = percentile(&mut taken_ms, 99.0);
    report.add("acd.enqueue_to_invite_p99_ms", "ms", &[p99], Bar::None);
    runtime.block_on(house.stop(Duration::from_secs(30)))
}

/// A server with idle agents, all on the phone at the address.
async fn furnish(folder: &std::path::Path) -> Result<(House, SocketAddr)> {
    let house = start(folder, "straight-to-queue").await?;
    let queue = json!({"name": "support", "wrap_up_ms": 0, "ring_ms": 20_000});
    house.api("PUT", "/v1/queues/support", Some(TENANT), Some(&queue)).await?;
    let phone = Phone::start(house.sip).await?;
    for number in 0..AGENTS {
        let extension = (2_000 + number).to_string();
        let body = json!({"name": extension, "extension": extension, "password": PASSWORD,
                          "skills": [{"name": "support", "level": 5}]});
        house.api("POST", "/v1/agents", Some(TENANT), Some(&body)).await?;
        phone.register(&account(DOMAIN, &extension), 3_600).await?;
        let path = format!("/v1/agents/{extension}/state");
        house.api("PUT", &path, Some(TENANT), Some(&json!({"state": "ready"}))).await?;
    }
    Ok((house, phone.local()))
}

/// One end: its socket and what it reads into.
struct End {
    socket: UdpSocket,
    datagram: Vec<u8>,
}

impl End {
    fn open(address: SocketAddr, server: SocketAddr) -> Result<Self> {
        // The registering phone lets its socket go a moment after it is dropped.
        let deadline = Instant::now() + PATIENCE;
        let socket = loop {
            match UdpSocket::bind(address) {
                Ok(socket) => break socket,
                Err(error) if Instant::now() > deadline => return Err(error.into()),
                Err(_) => std::thread::yield_now(),
            }
        };
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, datagram: vec![0; 65_535] })
    }

    fn send(&self, message: &Message) -> Result<()> {
        self.socket.send(&message.encode())?;
        Ok(())
    }

    /// The next message that is wanted; others are let go.
    fn hear(&mut self, what: &str, wanted: impl Fn(&Message) -> bool) -> Result<Message> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let length = self.socket.recv(&mut self.datagram).with_context(|| what.to_owned())?;
            ensure!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
            if let Some(message) = Message::parse(&self.datagram[..length])
                && wanted(&message)
            {
                return Ok(message);
            }
        }
    }
}

fn place_calls(server: SocketAddr, agents: SocketAddr) -> Result<Vec<f64>> {
    let mut caller = End::open("127.0.0.1:0".parse()?, server)?;
    let mut phone = End::open(agents, server)?;
    (0..CALLS).map(|call| place(&mut caller, &mut phone, server, call)).collect()
}

/// One call from INVITE to BYE; milliseconds from the caller's ACK to the INVITE
/// at the agent's phone.
fn place(caller: &mut End, phone: &mut End, server: SocketAddr, call: usize) -> Result<f64> {
    let local = caller.socket.local_addr()?;
    let id = format!("enqueue{call}");
    let request = |method: &str, uri: &str, to: &str, cseq: u32| {
        Message::new(format!("{method} {uri} SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP {local};branch=z9hG4bK{method}{id}"))
            .with("Max-Forwards", "70")
            .with("From", format!("<sip:+441632960999@{local}>;tag=caller"))
            .with("To", to.to_owned())
            .with("Call-ID", id.clone())
            .with("CSeq", format!("{cseq} {method}"))
    };
    let uri = format!("sip:{NUMBER}@{server}");
    let invite = request("INVITE", &uri, &format!("<{uri}>"), 1)
        .with("Contact", format!("<sip:caller@{local}>"))
        .with_sdp(SDP);
    caller.send(&invite)?;
    let ok =
        caller.hear("an answer", |heard| heard.call_id() == id && heard.status() == Some(200))?;
    let to = ok.header("To").context("200 without To")?.to_owned();
    let contact = ok.header("Contact").context("200 without Contact")?;
    let target = contact.trim_start_matches('<').split('>').next().unwrap_or_default().to_owned();
    let begun = Instant::now();
    caller.send(&request("ACK", &target, &to, 1))?;
    let offer = phone.hear("an INVITE at an agent", |heard| heard.method() == Some("INVITE"))?;
    let took = begun.elapsed();
    let agent = phone.socket.local_addr()?;
    let answer = offer
        .response(200, "OK", "agent")
        .with("Contact", format!("<sip:agent@{agent}>"))
        .with_sdp(SDP);
    phone.send(&answer)?;
    phone.hear("an ACK", |heard| heard.method() == Some("ACK"))?;
    caller.send(&request("BYE", &target, &to, 2))?;
    caller.hear("the end", |heard| heard.call_id() == id && heard.cseq() == Some((2, "BYE")))?;
    let bye = phone.hear("a BYE", |heard| heard.method() == Some("BYE"))?;
    phone.send(&bye.response(200, "OK", ""))?;
    Ok(took.as_secs_f64() * 1_000.0)
}
