//! Streams that say nothing sensible, or that are too many.

use crate::support::*;
use strowger_engine::signalling::*;
use strowger_sip::*;
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_handshake_is_closed_and_counted() {
    let authority = Authority::new();
    let files = authority.certify("a", "sip.acme.test");
    let (handle, _events) = everything(&authority, vec![files]).await;
    for transport in [Transport::Tls, Transport::Wss, Transport::Ws] {
        let mut stream = TcpStream::connect(handle.listener(transport).unwrap()).await.unwrap();
        say(&mut stream, "EHLO there\r\n\r\n").await;
        closed(&mut stream).await;
    }
    let mut counted = 0;
    for _ in 0..1_000 {
        counted = handle.figures().await.unwrap().1.get(Count::NoHandshake);
        if counted == 3 {
            return;
        }
    }
    panic!("{counted} of 3 counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_too_many_is_closed_unheard() {
    let mut config = SignallingConfig::new(free());
    config.limits.connections = 2;
    let (handle, _events) = start(config).await.unwrap();
    let at = handle.tcp_address().unwrap();
    let mut open = Vec::new();
    for number in 0..2 {
        let mut stream = TcpStream::connect(at).await.unwrap();
        say(&mut stream, &request("OPTIONS", "TCP", &format!("o{number}"), "")).await;
        assert!(hear(&mut stream).await.starts_with("SIP/2.0"));
        open.push(stream);
    }
    let mut third = TcpStream::connect(at).await.unwrap();
    closed(&mut third).await;
    assert_eq!(handle.figures().await.unwrap().1.get(Count::StreamRefused), 1);
}
