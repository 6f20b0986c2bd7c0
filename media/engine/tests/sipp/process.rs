//! SIPp as a child process.

use crate::harness::Server;
use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;
use strowger_sip::Transport;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Ports given out: whoever got one may not have opened it yet.
static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A port that is free for datagrams and streams now.
pub fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() && GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
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
