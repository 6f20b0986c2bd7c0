//! A carrier that answers with a host name gets its ACK and BYE at the servers
//! behind it: the first that lives.

use crate::support::*;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_engine::signalling::*;
use strowger_model::Cause;
use strowger_sip::*;
use tokio::net::{TcpListener, UdpSocket};

/// The servers of `node.test`, in order; both transports have the same ports.
#[derive(Debug)]
struct Zone(Vec<SocketAddr>);

impl Lookup for Zone {
    fn look_up(&self, question: Question) -> Looked<'_> {
        let servers = self.0.iter().enumerate().map(|(place, at)| Srv {
            priority: place as u16,
            weight: 0,
            port: at.port(),
            target: "host.test.".into(),
        });
        let answer = match question {
            Question::Naptr(_) => Answer::Naptr(Vec::new()),
            Question::Srv(name) if name.ends_with("node.test") => Answer::Srv(servers.collect()),
            Question::Srv(_) => Answer::Srv(Vec::new()),
            Question::Addresses(name) => {
                assert_eq!(name, "host.test");
                Answer::Addresses(vec!["127.0.0.1".parse().unwrap()])
            }
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// A carrier at a UDP socket, and a call to it.
async fn call(zone: Zone) -> (SipHandle, DialogKey, UdpSocket, String, SocketAddr) {
    let carrier = UdpSocket::bind(free()).await.unwrap();
    let at = carrier.local_addr().unwrap();
    let mut config = SignallingConfig::new(free());
    config.lookup = Some(Arc::new(zone));
    let (handle, mut events) = start(config).await.unwrap();
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let proxy =
        Proxy { host: at.ip().to_string(), port: Some(at.port()), transport: Transport::Udp };
    handle.set_directory(Arc::new(directory(vec![trunk(Some(proxy))]))).await.unwrap();
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: TRUNK, number: "100".into() },
        caller: Caller { number: "200".into(), name: None },
        media: media(),
        ring_timeout_ms: 20_000,
        headers: vec![],
    };
    let dialog = handle.invite(request).await.unwrap();
    let (invite, from) = datagram(&carrier).await;
    assert!(invite.starts_with("INVITE "), "{invite}");
    (handle, dialog, carrier, invite, from)
}

async fn datagram(socket: &UdpSocket) -> (String, SocketAddr) {
    let mut buffer = vec![0; 65_535];
    let (length, from) = soon(socket.recv_from(&mut buffer)).await.unwrap();
    (String::from_utf8(buffer[..length].to_vec()).unwrap(), from)
}

fn line(text: &str, name: &str) -> String {
    let found = text.lines().find(|line| line.starts_with(name));
    found.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
}

fn ok(request: &str, contact: &str) -> String {
    let mut to = line(request, "To:");
    if !to.contains(";tag=") {
        to.push_str(";tag=c");
    }
    let body = if request.starts_with("INVITE") { OFFER } else { "" };
    format!(
        "SIP/2.0 200 OK\r\n{}\r\n{}\r\n{to}\r\n{}\r\n{}\r\nContact: <{contact}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        line(request, "Via:"),
        line(request, "From:"),
        line(request, "Call-ID:"),
        line(request, "CSeq:"),
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn over_udp_they_go_where_the_name_leads() {
    let node = UdpSocket::bind(free()).await.unwrap();
    let zone = Zone(vec![node.local_addr().unwrap()]);
    let (handle, dialog, carrier, invite, from) = call(zone).await;
    let answer = ok(&invite, "sip:c@node.test");
    carrier.send_to(answer.as_bytes(), from).await.unwrap();
    let (ack, _) = datagram(&node).await;
    assert!(ack.starts_with("ACK sip:c@node.test SIP/2.0"), "{ack}");
    handle.hang_up(dialog, Cause::Normal).await.unwrap();
    let (bye, from) = datagram(&node).await;
    assert!(bye.starts_with("BYE sip:c@node.test SIP/2.0"), "{bye}");
    node.send_to(ok(&bye, "sip:c@node.test").as_bytes(), from).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tcp_they_reach_the_server_that_lives() {
    let alive = TcpListener::bind(free()).await.unwrap();
    let dead = TcpListener::bind(free()).await.unwrap();
    let zone = Zone(vec![dead.local_addr().unwrap(), alive.local_addr().unwrap()]);
    drop(dead);
    let (handle, dialog, carrier, invite, from) = call(zone).await;
    let answer = ok(&invite, "sip:c@node.test;transport=tcp");
    let mut stream = soon(async {
        loop {
            // As a carrier does that waits for the ACK.
            carrier.send_to(answer.as_bytes(), from).await.unwrap();
            let wait = std::time::Duration::from_millis(200);
            if let Ok(accepted) = tokio::time::timeout(wait, alive.accept()).await {
                return accepted.unwrap().0;
            }
        }
    })
    .await;
    assert!(hear(&mut stream).await.starts_with("ACK sip:c@node.test;transport=tcp SIP/2.0"));
    handle.hang_up(dialog, Cause::Normal).await.unwrap();
    assert!(hear(&mut stream).await.starts_with("BYE sip:c@node.test;transport=tcp SIP/2.0"));
}
