//! SIPp as a child process.

use crate::harness::Server;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_sip::Transport;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// How long SIPp may take to begin, and how often it is looked for meanwhile.
const LISTENS_WITHIN: Duration = Duration::from_secs(20);
const LOOKS_EVERY: Duration = Duration::from_millis(10);
/// How much of a log is shown.
const MAX_LOG: usize = 12_000;
/// Where ports are given out from: below those that the kernel gives to whoever
/// wants any, and clear of the ones that SIPp opens besides (6000 and 8888 on).
const PORTS: std::ops::Range<u16> = 12_000..32_000;
static GIVEN: AtomicUsize = AtomicUsize::new(0);

/// A port that is free for datagrams and streams now and given to nobody else, not
/// by the kernel either: its owner may open it later and finds nobody there.
pub fn free_port() -> u16 {
    // Another run of these tests begins elsewhere.
    let first = std::process::id() as usize * 7_919;
    loop {
        let number = first + GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = PORTS.start + (number % PORTS.len()) as u16;
        let address = ("127.0.0.1", port);
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return port;
        }
    }
}

/// Whether somebody takes datagrams or connections at a port. Only looks: to try
/// the port would keep it from its owner for that moment.
fn is_open(port: u16, transport: Transport) -> bool {
    // What /proc calls a socket that takes them, see tcp_states.h.
    let (table, state) = match transport {
        Transport::Tcp => ("/proc/net/tcp", "0A"),
        _ => ("/proc/net/udp", "07"),
    };
    let sockets = std::fs::read_to_string(table).unwrap();
    let local = format!(":{port:04X}");
    sockets.lines().any(|line| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|word| word.ends_with(&local)) && words.nth(1) == Some(state)
    })
}

/// One run of SIPp.
pub struct Sipp {
    /// A file of ours, or what it is about.
    scenario: String,
    /// The scenario itself, if it is in no file.
    text: Option<String>,
    extra: Vec<String>,
    calls: usize,
    rate: usize,
    within_s: u64,
    port: u16,
    transport: Transport,
}

pub fn sipp(scenario: &'static str) -> Sipp {
    Sipp { scenario: scenario.into(), ..sipp_script() }
}

/// One that is given its scenario once its port is known.
pub fn sipp_script() -> Sipp {
    Sipp {
        scenario: String::new(),
        text: None,
        extra: vec![],
        calls: 1,
        rate: 1,
        within_s: 30,
        port: free_port(),
        transport: Transport::Udp,
    }
}

/// SIPp as the called party.
pub struct Peer {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
    within: Duration,
    what: String,
}

impl Sipp {
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Another run from the same port.
    pub fn same_port(&self) -> Self {
        Self { port: self.port, ..sipp_script() }
    }

    /// A scenario that is in no file. SIPp forgets all but the last two messages:
    /// what comes again or early is passed over, as its sender will repeat it.
    pub fn script(mut self, what: String, text: String) -> Self {
        (self.scenario, self.text) = (what, Some(text));
        self.with(&[
            "-default_behaviors",
            "none",
            "-cid_str",
            "%u-%p-%s",
            "-au",
            "201",
            "-ap",
            "s3cret",
        ])
    }

    pub fn calls(mut self, calls: usize, per_second: usize) -> Self {
        (self.calls, self.rate) = (calls, per_second);
        self
    }

    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.extra.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    pub fn over(mut self, transport: Transport) -> Self {
        self.transport = transport;
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
        let scenario = match &self.text {
            Some(text) => {
                let path = folder.path().join("scenario.xml");
                std::fs::write(&path, text).unwrap();
                path
            }
            None => Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sipp").join(&self.scenario),
        };
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
        let within = Duration::from_secs(self.within_s + 5);
        Peer { child, folder, port: self.port, within, what: self.scenario }
    }

    /// Calls the server and waits for the end.
    pub async fn run(self, server: &Server) {
        self.start(Some(server.address())).finish().await;
    }

    /// Calls an address and waits for the end.
    pub async fn run_to(self, to: SocketAddr) {
        self.call(to).finish().await;
    }

    pub fn call(self, to: SocketAddr) -> Peer {
        self.start(Some(to))
    }

    /// Waits to be called; returns when calls can come.
    pub async fn listen(self) -> Peer {
        let transport = self.transport;
        let mut peer = self.start(None);
        let mut left = LISTENS_WITHIN;
        while !is_open(peer.port, transport) {
            if left.is_zero() || peer.child.try_wait().unwrap().is_some() {
                panic!("{}: sipp does not listen\n{}", peer.what, peer.log("errors.log"));
            }
            sleep(LOOKS_EVERY).await;
            left = left.saturating_sub(LOOKS_EVERY);
        }
        peer
    }
}

impl Peer {
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Every call of the scenario must have gone as written.
    pub async fn finish(mut self) {
        let status = timeout(self.within, self.child.wait()).await;
        match status {
            Ok(Ok(status)) if status.success() => {}
            other => panic!(
                "{}: sipp ended with {other:?}\n{}\n{}",
                self.what,
                self.log("errors.log"),
                self.log("messages.log")
            ),
        }
    }

    fn log(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        // The newest is what it failed upon.
        text.chars().skip(text.chars().count().saturating_sub(MAX_LOG)).collect()
    }
}
