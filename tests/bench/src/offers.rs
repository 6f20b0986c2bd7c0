//! A hundred agents and a thousand waiting callers on real SIP: how long from an
//! agent being free to the next INVITE at that agent's phone.
//!
//! The agents' phones are one socket here: an INVITE is answered at once, the
//! conversation lasts two seconds, then BYE. Wrap-up is off, so an agent is free
//! when the server has confirmed the BYE.

use crate::calls::{scenario, start};
use crate::report::{Bar, Report};
use crate::sipp::{Run, cpu_of_s, percentile};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use strowger_e2e::house::House;
use strowger_e2e::phone::{Message, Phone};
use strowger_e2e::tenant::{DOMAIN, NUMBER, PASSWORD, account};
use tokio::net::UdpSocket;
use tokio::time::{interval, timeout};

const TENANT: &str = "bench";
const AGENTS: usize = 100;
const WAITING: usize = 1_000;
const TALK: Duration = Duration::from_secs(2);
const MEASURE: Duration = Duration::from_secs(15);
/// How long the queue is left alone before it is measured at rest.
const SETTLE: Duration = Duration::from_secs(5);
/// What this landing asks for.
const BAR_MS: f64 = 20.0;

/// Adds its rows.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = start(folder.path(), "straight-to-queue").await?;
    let queue =
        json!({"name": "support", "wrap_up_ms": 0, "ring_ms": 20_000, "max_waiting": 5_000});
    house.api("PUT", "/v1/queues/support", Some(TENANT), Some(&queue)).await?;
    let phones = Phones::start(&house).await?;
    let waiters = Run {
        scenario: scenario("queue_waiter.xml"),
        target: house.sip.to_string(),
        service: NUMBER.to_owned(),
        calls: 100_000,
        rate: 100,
        pause_ms: 0,
        limit: WAITING + AGENTS,
        timeout_s: 300,
    };
    let mut sipp = waiters.start(&folder.path().join("waiters"))?;
    let outcome = offers(&house, phones).await;
    sipp.kill()?;
    sipp.wait()?;
    let mut seen = outcome?;
    seen.gaps.sort_by(f64::total_cmp);
    let (p50, p99) = (percentile(&seen.gaps, 0.5), percentile(&seen.gaps, 0.99));
    report.add("acd.free_to_invite_p50_ms", "ms", &[p50], Bar::None);
    report.add("acd.free_to_invite_p99_ms", "ms", &[p99], Bar::AtMost(BAR_MS));
    report.add("acd.offers_per_s", "1/s", &[seen.offers_per_s], Bar::AtLeast(49.0));
    report.add("acd.offers_cores", "cores", &[seen.offers_cores], Bar::AtMost(0.2));
    report.add("acd.waiting_percent", "%", &[seen.waiting_percent], Bar::AtMost(1.0));
    Ok(())
}

/// What was measured with a thousand callers in the queue.
struct Seen {
    gaps: Vec<f64>,
    offers_per_s: f64,
    /// Processor time besides media while agents work.
    offers_cores: f64,
    /// The same while nobody is free, of one core.
    waiting_percent: f64,
}

/// Lets the queue fill, the agents begin, and measures.
async fn offers(house: &House, mut phones: Phones) -> Result<Seen> {
    let pid = house.pid().context("the server has ended")?;
    let filled = Instant::now();
    let mut clock = interval(Duration::from_millis(250));
    loop {
        clock.tick().await;
        let status = house.api("GET", "/v1/queues/support/status", Some(TENANT), None).await?;
        if status["waiting"].as_u64() >= Some(WAITING as u64) {
            break;
        }
        ensure!(filled.elapsed() < Duration::from_secs(90), "the queue does not fill: {status}");
    }
    // Places in the queue are told for a while after the last one came.
    phones.pass(SETTLE).await?;
    let before = cpu_besides_media_s(pid)?;
    phones.pass(MEASURE).await?;
    let waiting_percent = (cpu_besides_media_s(pid)? - before) / MEASURE.as_secs_f64() * 100.0;
    for number in 0..AGENTS {
        let path = format!("/v1/agents/{}/state", 2_000 + number);
        house.api("PUT", &path, Some(TENANT), Some(&json!({"state": "ready"}))).await?;
        phones.turn().await?;
    }
    phones.gaps.clear();
    phones.offered.clear();
    let before = cpu_besides_media_s(pid)?;
    phones.pass(MEASURE).await?;
    let offers_cores = (cpu_besides_media_s(pid)? - before) / MEASURE.as_secs_f64();
    let offers_per_s = phones.offers_per_s();
    Ok(Seen { gaps: phones.gaps, offers_per_s, offers_cores, waiting_percent })
}

/// Seconds of processor time of all threads but those that move media.
fn cpu_besides_media_s(pid: u32) -> Result<f64> {
    let mut sum = 0.0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let path = entry?.path();
        // A thread may end meanwhile; what it used is lost to us.
        let Ok(name) = std::fs::read_to_string(path.join("comm")) else { continue };
        if !name.starts_with("media-") {
            sum += cpu_of_s(&path.join("stat")).unwrap_or(0.0);
        }
    }
    Ok(sum)
}

/// All agents' phones on one socket.
struct Phones {
    socket: UdpSocket,
    server: SocketAddr,
    talks: HashMap<String, Talk>,
    free_since: HashMap<String, Instant>,
    gaps: Vec<f64>,
    /// When each extension was first and last called, and how often.
    offered: HashMap<String, (Instant, Instant, usize)>,
    datagram: Vec<u8>,
}

struct Talk {
    extension: String,
    invite: Message,
    until: Option<Instant>,
}

impl Phones {
    async fn start(house: &House) -> Result<Self> {
        // Registering needs a phone that answers challenges; the socket is handed on.
        let phone = Phone::start(house.sip).await?;
        for number in 0..AGENTS {
            let extension = (2_000 + number).to_string();
            let body = json!({"name": extension, "extension": extension, "password": PASSWORD,
                              "skills": [{"name": "support", "level": 5}]});
            house.api("POST", "/v1/agents", Some(TENANT), Some(&body)).await?;
            phone.register(&account(DOMAIN, &extension), 3_600).await?;
        }
        let address = phone.local();
        drop(phone);
        let socket = bind_again(address).await?;
        Ok(Self {
            socket,
            server: house.sip,
            talks: HashMap::new(),
            free_since: HashMap::new(),
            gaps: Vec::new(),
            offered: HashMap::new(),
            datagram: vec![0; 65_535],
        })
    }

    /// Goes on for so long.
    async fn pass(&mut self, time: Duration) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.turn().await?;
        }
        Ok(())
    }

    /// How often all agents together are called. From the time between calls of
    /// each: a window holds a whole number of an agent's calls, not the rate.
    fn offers_per_s(&self) -> f64 {
        let rates = self.offered.values().map(|(first, last, count)| {
            (count - 1) as f64 / last.duration_since(*first).as_secs_f64().max(0.001)
        });
        rates.sum()
    }

    /// Takes what has arrived and hangs up what has lasted long enough.
    async fn turn(&mut self) -> Result<()> {
        if let Ok(read) =
            timeout(Duration::from_millis(2), self.socket.recv_from(&mut self.datagram)).await
        {
            let (length, _) = read?;
            if let Some(message) = Message::parse(&self.datagram[..length]) {
                self.hear(message).await?;
            }
        }
        let now = Instant::now();
        let over: Vec<String> = self
            .talks
            .iter()
            .filter(|(_, talk)| talk.until.is_some_and(|until| until <= now))
            .map(|(call, _)| call.clone())
            .collect();
        for call in over {
            self.hang_up(&call).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Message) -> Result<()> {
        let call = message.call_id().to_owned();
        match (message.method(), message.status()) {
            (Some("INVITE"), _) => {
                let extension = extension_of(&message);
                if !self.talks.contains_key(&call)
                    && let Some(free) = self.free_since.remove(&extension)
                {
                    self.gaps.push(free.elapsed().as_secs_f64() * 1_000.0);
                    let now = Instant::now();
                    let seen = self.offered.entry(extension.clone()).or_insert((now, now, 0));
                    (seen.1, seen.2) = (now, seen.2 + 1);
                }
                let local = self.socket.local_addr()?;
                let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n\
                           t=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
                let ok = message
                    .response(200, "OK", "agent")
                    .with("Contact", format!("<sip:agent@{local}>"))
                    .with_sdp(sdp);
                self.send(&ok).await?;
                let talk = Talk { extension, invite: message, until: None };
                self.talks.entry(call).or_insert(talk);
            }
            (Some("ACK"), _) => {
                if let Some(talk) = self.talks.get_mut(&call) {
                    talk.until.get_or_insert(Instant::now() + TALK);
                }
            }
            (Some("BYE"), _) => {
                self.send(&message.response(200, "OK", "")).await?;
                self.talks.remove(&call);
            }
            (Some(_), _) => self.send(&message.response(200, "OK", "agent")).await?,
            (None, Some(200)) if message.cseq().is_some_and(|(_, method)| method == "BYE") => {
                if let Some(talk) = self.talks.remove(&call) {
                    self.free_since.insert(talk.extension, Instant::now());
                }
            }
            _ => {}
        }
        Ok(())
    }

    async fn hang_up(&mut self, call: &str) -> Result<()> {
        let local = self.socket.local_addr()?;
        let Some(talk) = self.talks.get_mut(call) else { return Ok(()) };
        // Said again until it is confirmed.
        talk.until = Some(Instant::now() + Duration::from_millis(500));
        let header = |name: &str| talk.invite.header(name).unwrap_or_default().to_owned();
        let contact = header("Contact");
        let target = contact.trim_start_matches('<').split('>').next().unwrap_or_default();
        let bye = Message::new(format!("BYE {target} SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP {local};rport;branch=z9hG4bKbye{call}"))
            .with("Max-Forwards", "70")
            .with("From", format!("{};tag=agent", header("To")))
            .with("To", header("From"))
            .with("Call-ID", call)
            .with("CSeq", "1 BYE");
        self.send(&bye).await
    }

    async fn send(&self, message: &Message) -> Result<()> {
        self.socket.send_to(&message.encode(), self.server).await?;
        Ok(())
    }
}

fn extension_of(invite: &Message) -> String {
    let uri = invite.start.split(' ').nth(1).unwrap_or_default();
    let user = uri.trim_start_matches("sip:").split('@').next().unwrap_or_default();
    user.to_owned()
}

/// The phone's task lets its socket go a moment after the phone is dropped.
async fn bind_again(address: SocketAddr) -> Result<UdpSocket> {
    let mut clock = interval(Duration::from_millis(10));
    for _ in 0..200 {
        clock.tick().await;
        if let Ok(socket) = UdpSocket::bind(address).await {
            return Ok(socket);
        }
    }
    UdpSocket::bind(address).await.context("the agents' socket")
}
