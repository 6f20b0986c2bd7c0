//! The driver with an application that does what the dialled name says.

use crate::process::free_port;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use strowger_engine::signalling::{self, SignallingConfig, SipHandle};
use strowger_model::{AgentId, Cause, TenantId, TrunkId};
use strowger_sip::*;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use uuid::Uuid;

const TENANT: TenantId = TenantId(Uuid::from_u128(1));
pub const TRUNK: TrunkId = TrunkId(Uuid::from_u128(1));

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

pub fn local_media() -> LocalMedia {
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

    pub fn address(&self) -> SocketAddr {
        self.handle.udp_address()
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
        assert_none_left(&self.handle).await;
    }
}

/// Waits until nothing is left of any call.
pub async fn assert_none_left(handle: &SipHandle) {
    let mut calls = handle.calls();
    let none = timeout(Duration::from_secs(40), calls.wait_for(|calls| *calls == 0)).await;
    let none = none.is_ok_and(|none| none.is_ok());
    assert!(none, "calls are left: {:?}", handle.figures().await.map(|(usage, _)| usage));
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
