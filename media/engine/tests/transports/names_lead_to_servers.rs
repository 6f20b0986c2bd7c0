//! Records given by hand lead a call to the second server of a domain when the
//! first one refuses the connection.

use crate::support::*;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_engine::signalling::*;
use strowger_sip::*;
use tokio::net::TcpListener;

/// A domain whose first server listens nowhere.
#[derive(Debug)]
struct Zone {
    dead: u16,
    alive: u16,
}

impl Lookup for Zone {
    fn look_up(&self, question: Question) -> Looked<'_> {
        let srv = |priority, port| Srv { priority, weight: 0, port, target: "host.test.".into() };
        let answer = match question {
            Question::Naptr(name) => {
                assert_eq!(name, "carrier.test");
                Answer::Naptr(vec![Naptr {
                    order: 1,
                    preference: 1,
                    flags: "s".into(),
                    service: "SIP+D2T".into(),
                    replacement: "_sip._tcp.carrier.test.".into(),
                }])
            }
            Question::Srv(name) => {
                assert_eq!(name, "_sip._tcp.carrier.test");
                Answer::Srv(vec![srv(20, self.alive), srv(10, self.dead)])
            }
            Question::Addresses(name) => {
                assert_eq!(name, "host.test");
                Answer::Addresses(vec!["127.0.0.1".parse().unwrap()])
            }
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(free()).await.unwrap();
    let at = listener.local_addr().unwrap();
    (listener, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_reaches_the_server_that_lives() {
    let (alive, alive_at) = listener().await;
    let (dead, dead_at) = listener().await;
    drop(dead);
    let mut config = SignallingConfig::new(free());
    config.lookup = Some(Arc::new(Zone { dead: dead_at.port(), alive: alive_at.port() }));
    let (handle, mut events) = start(config).await.unwrap();
    let mut trunking = Trunking::default();
    let policy = TrunkPolicy { choose_transport: true, ..TrunkPolicy::default() };
    trunking.trunks.insert(TRUNK, policy);
    handle.set_trunking(Arc::new(trunking)).await.unwrap();
    // The domain chooses TCP, whatever is configured.
    let proxy = Proxy { host: "carrier.test".into(), port: None, transport: Transport::Udp };
    handle.set_directory(Arc::new(directory(vec![trunk(Some(proxy))]))).await.unwrap();
    let mut stream = soon(async {
        loop {
            let request = InviteRequest {
                target: InviteTarget::Trunk { trunk: TRUNK, number: "100".into() },
                caller: Caller { number: "200".into(), name: None },
                media: media(),
                ring_timeout_ms: 20_000,
                headers: vec![],
            };
            handle.invite(request).await.unwrap();
            tokio::select! {
                // Not looked up yet.
                _ = events.recv() => tokio::task::yield_now().await,
                accepted = alive.accept() => return accepted.unwrap().0,
            }
        }
    })
    .await;
    assert!(hear(&mut stream).await.starts_with("INVITE sip:100@carrier.test SIP/2.0"));
    assert!(handle.figures().await.unwrap().1.get(Count::FailedOver) >= 1);
    assert_eq!(handle.trunk_statuses().await.unwrap()[0].state, TrunkState::Up);
}
