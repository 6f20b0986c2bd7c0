//! A collector on loopback gets a HEP packet per message; one that is gone
//! costs nothing but a count.

use crate::support::*;
use strowger_engine::signalling::*;
use strowger_sip::*;
use tokio::net::UdpSocket;

async fn driver(collector: std::net::SocketAddr) -> SipHandle {
    let mut config = SignallingConfig::new(free());
    let source = HepSource { agent: 7, key: None };
    config.hep = Some(HepSettings { collector, source, policy: TracePolicy::Masked });
    let (handle, events) = start(config).await.unwrap();
    // Kept, or the driver would end.
    tokio::spawn(async move {
        let mut events = events;
        while events.recv().await.is_some() {}
    });
    handle
}

async fn ask(handle: &SipHandle, phone: &UdpSocket, call_id: &str) {
    let options = request("OPTIONS", "UDP", call_id, "").replace(";branch", ";rport;branch");
    phone.send_to(options.as_bytes(), handle.udp_address()).await.unwrap();
    let mut answer = [0; 2_000];
    soon(phone.recv_from(&mut answer)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_answer_are_copied() {
    let collector = UdpSocket::bind(free()).await.unwrap();
    let handle = driver(collector.local_addr().unwrap()).await;
    let phone = UdpSocket::bind(free()).await.unwrap();
    ask(&handle, &phone, "hep-1").await;
    for start in ["OPTIONS sip:100", "SIP/2.0 200"] {
        let mut packet = [0; 4_000];
        let (length, _) = soon(collector.recv_from(&mut packet)).await.unwrap();
        let packet = &packet[..length];
        assert!(packet.starts_with(b"HEP3"));
        let text = String::from_utf8_lossy(packet);
        assert!(text.contains(start) && text.contains("hep-1"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_gone_holds_nothing_up() {
    let collector = UdpSocket::bind(free()).await.unwrap();
    let at = collector.local_addr().unwrap();
    drop(collector);
    let handle = driver(at).await;
    let phone = UdpSocket::bind(free()).await.unwrap();
    for number in 0..20 {
        ask(&handle, &phone, &format!("hep-{number}")).await;
    }
    assert!(handle.figures().await.unwrap().1.get(Count::HepDropped) > 0);
}
