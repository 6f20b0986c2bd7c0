//! The driver with an application that does what the dialled name says, and
//! SIPp as a child process.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_engine::signalling::{self, SignallingConfig, SipHandle};
use strowger_model::{AgentId, Cause, TenantId, TrunkId};
use strowger_sip::*;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use uuid::Uuid;

const TENANT: TenantId = TenantId(Uuid::from_u128(1));
const TRUNK: TrunkId = TrunkId(Uuid::from_u128(1));

/// A carrier on loopback; called at `port`, if given.
pub fn carrier(port: Option<u16>, transport: Transport) -> Directory {
    let trunk = Trunk {
        id: TRUNK,
        tenant: TENANT,
        sources: vec!["127.0.0.1".parse().unwrap()],
        inbound: None,
        proxy: port.map(|port| Proxy { host: "127.0.0.1".into(), port: Some(port), transport }),
        domain: None,
        outbound: None,
        register: false,
    };
    directory(vec![], vec![trunk])
}

/// No carrier, but a phone 201.
pub fn acme_digest() -> Directory {
    let secret = Secret::from_password("201", &Realm::new("acme.test"), "s3cret");
    let extension = Extension {
        agent: AgentId(Uuid::from_u128(201)),
        tenant: TENANT,
        username: "201".into(),
        secret,
    };
    directory(vec![extension], vec![])
}

fn directory(extensions: Vec<Extension>, trunks: Vec<Trunk>) -> Directory {
    let domains = vec![TenantDomains { tenant: TENANT, domains: vec!["acme.test".into()] }];
    Directory::new(domains, extensions, trunks, Some(TENANT)).unwrap()
}

fn local_media() -> LocalMedia {
    LocalMedia {
        address: "127.0.0.1:40000".parse().unwrap(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event: true,
    }
}

/// What the application saw.
#[derive(Clone, Debug, Default)]
struct Seen {
    begun: usize,
    over: usize,
    held: usize,
    resumed: usize,
    failed: HashMap<String, usize>,
}

/// The driver and its application.
pub struct Server {
    handle: SipHandle,
    seen: watch::Receiver<Seen>,
    placing: Arc<AtomicUsize>,
}

/// What a placed call does once it rings or is answered.
const HOLD: usize = 1;
const CANCEL: usize = 2;

impl Server {
    pub async fn start(directory: Directory) -> Self {
        Self::with(directory, ChallengeOrder::default()).await
    }

    pub async fn with(directory: Directory, challenge: ChallengeOrder) -> Self {
        let mut config = SignallingConfig::new("127.0.0.1:0".parse().unwrap());
        // Both transports on the same free port, as phones expect.
        config.udp.set_port(free_port());
        config.tcp = Some(config.udp);
        config.challenge = challenge;
        let (handle, events) = signalling::start(config).await.unwrap();
        handle.set_directory(Arc::new(directory)).await.unwrap();
        let (report, seen) = watch::channel(Seen::default());
        let placing = Arc::new(AtomicUsize::new(0));
        tokio::spawn(application(handle.clone(), events, report, placing.clone()));
        Self { handle, seen, placing }
    }

    fn address(&self) -> SocketAddr {
        self.handle.udp_address()
    }

    pub fn holds(&self) -> (usize, usize) {
        let seen = self.seen.borrow();
        (seen.held, seen.resumed)
    }

    pub async fn count(&self, count: Count) -> u64 {
        self.handle.figures().await.unwrap().1.get(count)
    }

    pub async fn call_and_hold(&self, calls: usize) {
        self.place(calls, HOLD).await;
    }

    pub async fn call_and_cancel(&self, calls: usize) {
        self.place(calls, CANCEL).await;
    }

    async fn place(&self, calls: usize, purpose: usize) {
        self.placing.store(purpose, Ordering::SeqCst);
        for _ in 0..calls {
            let request = InviteRequest {
                target: InviteTarget::Trunk { trunk: TRUNK, number: "100".into() },
                caller: Caller { number: "200".into(), name: None },
                media: local_media(),
                ring_timeout_ms: 20_000,
                headers: vec![],
            };
            self.handle.invite(request).await.unwrap();
        }
    }

    /// Waits until so many calls have begun and ended, and nothing of them is left.
    pub async fn assert_calls_over(&self, calls: usize) {
        let mut seen = self.seen.clone();
        let done = seen.wait_for(|seen| seen.over >= calls);
        let ended = timeout(Duration::from_secs(40), done).await;
        let seen = self.seen.borrow().clone();
        assert!(ended.is_ok(), "waited for {calls} calls to end, saw {seen:?}");
        assert_eq!((seen.begun, seen.over), (calls, calls), "{seen:?}");
        assert!(seen.failed.is_empty(), "{seen:?}");
        // A BYE of ours may still wait for its answer.
        for _ in 0..400 {
            if self.handle.figures().await.unwrap().0.calls == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("calls are left: {:?}", self.handle.figures().await.unwrap().0);
    }
}

async fn application(
    handle: SipHandle,
    mut events: mpsc::Receiver<SipEvent>,
    report: watch::Sender<Seen>,
    placing: Arc<AtomicUsize>,
) {
    let mut legs = std::collections::HashSet::new();
    while let Some(event) = events.recv().await {
        if let Some(dialog) = event.dialog()
            && legs.insert(dialog)
        {
            report.send_modify(|seen| seen.begun += 1);
        }
        let done = match &event {
            SipEvent::Incoming(incoming) => {
                handle.ring(incoming.dialog).await.unwrap();
                match incoming.to.as_str() {
                    "ring" => Ok(()),
                    _ => handle.answer(incoming.dialog, local_media()).await,
                }
            }
            SipEvent::Ringing { dialog, .. } if placing.load(Ordering::SeqCst) == CANCEL => {
                handle.cancel(*dialog).await
            }
            SipEvent::Answered { dialog, .. } if placing.load(Ordering::SeqCst) == HOLD => {
                handle.reinvite(*dialog, Direction::SendOnly).await
            }
            SipEvent::Reinvited { dialog, .. } => handle.hang_up(*dialog, Cause::Normal).await,
            SipEvent::Held { .. } => {
                report.send_modify(|seen| seen.held += 1);
                Ok(())
            }
            SipEvent::Resumed { .. } => {
                report.send_modify(|seen| seen.resumed += 1);
                Ok(())
            }
            _ => Ok(()),
        };
        done.unwrap();
        if event.is_last() {
            report.send_modify(|seen| {
                seen.over += 1;
                if let SipEvent::Failed { cause, .. } = &event
                    && *cause != Cause::Cancelled
                {
                    *seen.failed.entry(format!("{event:?}")).or_default() += 1;
                }
            });
        }
    }
}

/// A port that is free for datagrams and streams now.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// One run of SIPp.
pub struct Sipp {
    scenario: &'static str,
    extra: Vec<String>,
    calls: usize,
    rate: usize,
    within_s: u64,
    port: u16,
}

pub fn sipp(scenario: &'static str) -> Sipp {
    Sipp { scenario, extra: vec![], calls: 1, rate: 1, within_s: 30, port: free_port() }
}

/// SIPp as the called party.
pub struct Peer {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    within: Duration,
    what: &'static str,
}

impl Sipp {
    pub fn calls(mut self, calls: usize, per_second: usize) -> Self {
        (self.calls, self.rate) = (calls, per_second);
        self
    }

    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.extra.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub fn over(self, transport: Transport) -> Self {
        match transport {
            Transport::Udp => self,
            Transport::Tcp => self.with(&["-t", "t1"]),
            other => panic!("SIPp here speaks no {other:?}"),
        }
    }

    pub fn within_s(mut self, seconds: u64) -> Self {
        self.within_s = seconds;
        self
    }

    fn start(self, to: Option<SocketAddr>) -> Peer {
        let folder = tempfile::tempdir().unwrap();
        let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(self.scenario);
        let mut command = Command::new("sipp");
        command
            .current_dir(folder.path())
            .args(["-sf", scenario.to_str().unwrap(), "-i", "127.0.0.1"])
            .args(["-p", &self.port.to_string(), "-nostdin"])
            .args(["-m", &self.calls.to_string(), "-r", &self.rate.to_string()])
            .args(["-timeout", &self.within_s.to_string(), "-timeout_error"])
            .args(["-trace_err", "-error_file", "errors.log"])
            .args(["-trace_msg", "-message_file", "messages.log"])
            .args(&self.extra)
            .args(to.map(|to| to.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "cannot run sipp ({error}); install it: \
                 apt-get install --no-install-recommends sip-tester"
            )
        });
        let within = Duration::from_secs(self.within_s + 15);
        Peer { child, folder, port: self.port, within, what: self.scenario }
    }

    /// Calls the server and waits for the end.
    pub async fn run(self, server: &Server) {
        self.start(Some(server.address())).finish().await;
    }

    /// Waits to be called; returns when calls can come.
    pub async fn listen(self) -> Peer {
        let over_tcp = self.extra.iter().any(|argument| argument == "t1");
        let peer = self.start(None);
        let free = || match over_tcp {
            true => TcpListener::bind(("127.0.0.1", peer.port)).is_ok(),
            false => UdpSocket::bind(("127.0.0.1", peer.port)).is_ok(),
        };
        for _ in 0..200 {
            if !free() {
                return peer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("sipp does not listen on port {}", peer.port);
    }
}

impl Peer {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every call of the scenario must have gone as written.
    pub async fn finish(mut self) {
        let status = timeout(self.within, self.child.wait()).await;
        let log = |name: &str| {
            let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            text.chars().take(6_000).collect::<String>()
        };
        match status {
            Ok(Ok(status)) if status.success() => {}
            other => panic!(
                "{}: sipp ended with {other:?}\n{}\n{}",
                self.what,
                log("errors.log"),
                log("messages.log")
            ),
        }
    }
}
