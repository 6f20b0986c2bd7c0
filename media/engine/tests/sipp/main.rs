//! Signalling against SIPp (a real peer, written by others): many calls over
//! every transport here, one behaviour after the other in `behaviours`.
//!
//! `SIPP_CASE=part-of-a-name` runs only the behaviours named so.

mod behaviours;
mod case;
mod harness;
mod process;
mod relay;
mod restart;
mod script;
mod stream;

use harness::{Server, acme_digest, carrier};
use process::sipp;
use strowger_sip::{ChallengeOrder, Count, Transport};

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_answered_and_hung_up() {
    let server = Server::start(carrier(None, Transport::Udp)).await;
    sipp("uac_basic.xml").calls(200, 100).run(&server).await;
    server.assert_calls_over(200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_over_tcp() {
    let server = Server::start(carrier(None, Transport::Udp)).await;
    // One connection for all, then one for each.
    sipp("uac_basic.xml").with(&["-t", "t1"]).calls(100, 50).run(&server).await;
    sipp("uac_basic.xml")
        .with(&["-t", "tn", "-max_socket", "500"])
        .calls(30, 30)
        .run(&server)
        .await;
    server.assert_calls_over(130).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_give_up() {
    let server = Server::start(carrier(None, Transport::Udp)).await;
    sipp("uac_cancel.xml").calls(50, 50).run(&server).await;
    server.assert_calls_over(50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn phones_register_and_call() {
    // SIPp looks at the first challenge only and knows MD5 only, as old phones do.
    let server = Server::with(acme_digest(), ChallengeOrder::WeakFirst).await;
    sipp("uac_digest.xml").calls(5, 2).run(&server).await;
    server.assert_calls_over(5).await;
    assert_eq!(server.count(Count::Registered).await, 5);
    assert_eq!(server.count(Count::WrongCredentials).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_packet_in_twenty_is_lost() {
    let server = Server::start(carrier(None, Transport::Udp)).await;
    sipp("uac_basic.xml").with(&["-lost", "5"]).calls(300, 100).within_s(40).run(&server).await;
    server.assert_calls_over(300).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn we_call_hold_and_hang_up() {
    for transport in [Transport::Udp, Transport::Tcp] {
        let peer = sipp("uas_hold.xml").over(transport).calls(10, 10).listen().await;
        let server = Server::start(carrier(Some(peer.port()), transport)).await;
        server.call_and_hold(10).await;
        peer.finish().await;
        server.assert_calls_over(10).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn we_call_and_give_up() {
    let peer = sipp("uas_cancel.xml").calls(10, 10).listen().await;
    let server = Server::start(carrier(Some(peer.port()), Transport::Udp)).await;
    server.call_and_cancel(10).await;
    peer.finish().await;
    server.assert_calls_over(10).await;
}
