//! TLS: names are proven both ways, by the name asked for, without restart.

use crate::support::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_engine::signalling::*;
use strowger_sip::*;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_over_the_stream_they_came_by() {
    let authority = Authority::new();
    let (handle, _events) =
        everything(&authority, vec![authority.certify("a", "sip.acme.test")]).await;
    let at = handle.listener(Transport::Tls).unwrap();
    let mut stream = authority.connect(at, "sip.acme.test").await.unwrap();
    say(&mut stream, &request("OPTIONS", "TLS", "o1", "")).await;
    assert!(hear(&mut stream).await.starts_with("SIP/2.0 200"));
    say(&mut stream, "\r\n\r\n").await;
    let mut pong = [0; 2];
    soon(tokio::io::AsyncReadExt::read_exact(&mut stream, &mut pong)).await.unwrap();
    assert_eq!(&pong, b"\r\n");
    assert!(authority.connect(at, "sip.other.test").await.is_err(), "that is not our name");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_name_gets_its_certificate_and_files_may_change() {
    let authority = Authority::new();
    let first = authority.certify("a", "sip.acme.test");
    let mut second = authority.certify("b", "sip.globex.test");
    second.server_name = Some("sip.globex.test".into());
    let (handle, _events) = everything(&authority, vec![first.clone(), second]).await;
    let at = handle.listener(Transport::Tls).unwrap();
    let mut old = authority.connect(at, "sip.acme.test").await.unwrap();
    authority.connect(at, "sip.globex.test").await.unwrap();
    authority.certify("a", "sip.initech.test");
    assert!(authority.connect(at, "sip.initech.test").await.is_err(), "not yet read");
    handle.reload_certificates().await.unwrap();
    authority.connect(at, "sip.initech.test").await.unwrap();
    say(&mut old, &request("OPTIONS", "TLS", "o2", "")).await;
    assert!(hear(&mut old).await.starts_with("SIP/2.0 200"), "streams that are up stay");
    std::fs::write(&first.key, "nonsense").unwrap();
    assert!(handle.reload_certificates().await.is_err());
    authority.connect(at, "sip.initech.test").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_without_certificate_is_refused_at_the_start() {
    let mut config = SignallingConfig::new(free());
    config.wss = Some(free());
    let error = start(config).await.unwrap_err();
    assert!(matches!(error, StartError::Tls(TlsError::NoCertificate)), "{error}");
}

/// How long the system may take to look a name up, and how often we try meanwhile.
const KNOWN_WITHIN: Duration = Duration::from_secs(20);
const TRIES_EVERY: Duration = Duration::from_millis(10);

/// A carrier that takes one call over TLS under a certificate for `name`.
async fn carrier(authority: &Authority, name: &str) -> (SocketAddr, TlsAcceptor, TcpListener) {
    let files = authority.certify("carrier", name);
    let chain = vec![CertificateDer::from_pem_file(&files.chain).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind(free()).await.unwrap();
    (listener.local_addr().unwrap(), TlsAcceptor::from(Arc::new(config)), listener)
}

async fn call(authority: &Authority, port: u16) -> (SipHandle, SipEvents) {
    let files = authority.certify("own", "own.test");
    let (handle, events) = everything(authority, vec![files]).await;
    let proxy = Proxy { host: "localhost".into(), port: Some(port), transport: Transport::Tls };
    handle.set_directory(Arc::new(directory(vec![trunk(Some(proxy))]))).await.unwrap();
    // The name is looked up beside the task; until then there is no way.
    let mut events = SipEvents(events);
    let known = async {
        loop {
            let request = InviteRequest {
                target: InviteTarget::Trunk { trunk: TRUNK, number: "100".into() },
                caller: Caller { number: "200".into(), name: None },
                media: media(),
                ring_timeout_ms: 20_000,
                headers: vec![],
            };
            let key = handle.invite(request).await.unwrap();
            // The second answer comes after the events of the call were told.
            handle.figures().await.unwrap();
            handle.figures().await.unwrap();
            match events.0.try_recv() {
                Ok(SipEvent::Failed { dialog, status: None, .. }) if dialog == key => {}
                _ => return,
            }
            // The resolver is the system's and tells nobody when it is done.
            tokio::time::sleep(TRIES_EVERY).await;
        }
    };
    let known = tokio::time::timeout(KNOWN_WITHIN, known).await;
    assert!(known.is_ok(), "the proxy's name was never known");
    (handle, events)
}

struct SipEvents(tokio::sync::mpsc::Receiver<SipEvent>);

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_that_proves_its_name_gets_the_call() {
    let authority = Authority::new();
    let (at, acceptor, listener) = carrier(&authority, "localhost").await;
    let (_handle, mut events) = call(&authority, at.port()).await;
    let (stream, _) = soon(listener.accept()).await.unwrap();
    let mut stream = soon(acceptor.accept(stream)).await.unwrap();
    let invite = hear(&mut stream).await;
    assert!(invite.starts_with("INVITE sip:100@localhost SIP/2.0"), "{invite}");
    let head: String = invite
        .lines()
        .filter(|line| {
            ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    say(
        &mut stream,
        &format!(
            "SIP/2.0 486 Busy\r\n{head}To: <sip:100@localhost>;tag=b\r\nContent-Length: 0\r\n\r\n"
        ),
    )
    .await;
    let event = soon(events.0.recv()).await.unwrap();
    assert!(matches!(event, SipEvent::Failed { status: Some(486), .. }), "{event:?}");
    // The offer may still be on the way when its headers are read.
    assert!(hear(&mut stream).await.contains("ACK sip:100@localhost"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_carrier_under_another_name_gets_nothing() {
    let authority = Authority::new();
    let (at, acceptor, listener) = carrier(&authority, "impostor.test").await;
    let (_handle, mut events) = call(&authority, at.port()).await;
    let (stream, _) = soon(listener.accept()).await.unwrap();
    // TLS 1.3: whether our side notices depends on who speaks first.
    if let Ok(mut stream) = soon(acceptor.accept(stream)).await {
        closed(&mut stream).await;
    }
    let event = soon(events.0.recv()).await.unwrap();
    assert!(matches!(event, SipEvent::Failed { status: None, .. }), "{event:?}");
}
