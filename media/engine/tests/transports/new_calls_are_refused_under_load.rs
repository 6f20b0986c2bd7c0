//! A server with more calls than it can begin with says so: new ones are refused at
//! once, whichever way they come, and taken again as soon as it says otherwise.

use crate::support::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use strowger_engine::signalling::{SignallingConfig, start};
use strowger_sip::SipEvent;
use tokio::net::{TcpStream, UdpSocket};

fn invite(transport: &str, call_id: &str) -> String {
    request("INVITE", transport, call_id, OFFER).replace("x.invalid;", "x.invalid;rport;")
}

#[tokio::test]
async fn new_calls_are_refused_while_the_server_says_so() {
    let config = SignallingConfig::new(free());
    let overloaded = config.overloaded.clone();
    let (handle, mut events) = start(config).await.unwrap();
    handle.set_directory(Arc::new(directory(vec![trunk(None)]))).await.unwrap();
    let server = handle.udp_address();
    let phone = UdpSocket::bind(free()).await.unwrap();
    let mut answer = vec![0; 4_096];

    overloaded.store(true, Ordering::Relaxed);
    phone.send_to(invite("UDP", "first").as_bytes(), server).await.unwrap();
    let (length, _) = soon(phone.recv_from(&mut answer)).await.unwrap();
    let refusal = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(refusal.starts_with("SIP/2.0 503 "), "{refusal}");
    assert!(refusal.contains("Retry-After: "), "{refusal}");

    let mut stream = TcpStream::connect(handle.tcp_address().unwrap()).await.unwrap();
    say(&mut stream, &invite("TCP", "second")).await;
    let refusal = hear(&mut stream).await;
    assert!(refusal.starts_with("SIP/2.0 503 "), "{refusal}");

    // Nothing else comes meanwhile that would tell it to look again.
    overloaded.store(false, Ordering::Relaxed);
    phone.send_to(invite("UDP", "third").as_bytes(), server).await.unwrap();
    match soon(events.recv()).await.unwrap() {
        SipEvent::Incoming(incoming) => assert_eq!(incoming.call_id, "third"),
        other => panic!("{other:?}"),
    }
}
