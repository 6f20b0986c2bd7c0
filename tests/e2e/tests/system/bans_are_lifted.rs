//! Who scans is not answered, until the operator says otherwise.

use crate::support::{SOON, Scene, items};
use anyhow::Result;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// Long enough for an answer over loopback, short enough to wait for none.
const SILENCE: Duration = Duration::from_millis(700);

#[tokio::test]
async fn a_scanner_is_banned_and_let_in_again() -> Result<()> {
    let scene = Scene::new().await?;
    let source = UdpSocket::bind("127.0.0.9:0").await?;
    let options = |agent: &str, number: u32| {
        let at = source.local_addr().map(|at| at.to_string()).unwrap_or_default();
        format!(
            "OPTIONS sip:{sip} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK-{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:x@{at}>;tag=x{number}\r\nTo: <sip:{sip}>\r\n\
             Call-ID: scan-{number}@{at}\r\nCSeq: 1 OPTIONS\r\nUser-Agent: {agent}\r\n\
             Content-Length: 0\r\n\r\n",
            sip = scene.house.sip
        )
    };
    let mut datagram = vec![0; 65_535];
    source.send_to(options("a phone", 1).as_bytes(), scene.house.sip).await?;
    timeout(SOON, source.recv_from(&mut datagram)).await??;
    source.send_to(options("friendly-scanner", 2).as_bytes(), scene.house.sip).await?;
    source.send_to(options("a phone", 3).as_bytes(), scene.house.sip).await?;
    assert!(timeout(SILENCE, source.recv_from(&mut datagram)).await.is_err(), "it was answered");

    let bans = scene.house.api("GET", "/v1/bans", None, None).await?;
    let ban = &items(&bans)[0];
    assert_eq!((&ban["address"], &ban["offence"]), (&"127.0.0.9".into(), &"scanner".into()));
    scene.house.api("DELETE", "/v1/bans/127.0.0.9", None, None).await?;
    source.send_to(options("a phone", 4).as_bytes(), scene.house.sip).await?;
    timeout(SOON, source.recv_from(&mut datagram)).await??;
    let again = scene.house.api("DELETE", "/v1/bans/127.0.0.9", None, None).await;
    assert!(again.unwrap_err().to_string().contains("not banned"));
    Ok(())
}
