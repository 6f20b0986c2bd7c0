//! A server that is gone without a word in the middle of calls, and the one that
//! goes on after it on the same port.

use crate::behaviours::{THEY_CALL, THEY_HANG_UP, WE_CALL, WE_HANG_UP};
use crate::harness::{TRUNK, assert_none_left, carrier, local_media};
use crate::process::{Peer, free_port, sipp_script};
use crate::relay::{Relay, Road};
use crate::script::{Ports, calls_us, xml};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use strowger_engine::signalling::{self, SignallingConfig, SipHandle};
use strowger_model::Cause;
use strowger_sip::*;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

const CALLS: usize = 5;

type Kept = Arc<Mutex<HashMap<DialogKey, String>>>;

/// One life of the server.
struct Life {
    handle: SipHandle,
    application: JoinHandle<()>,
    stop: oneshot::Sender<()>,
    kept: Kept,
    events: mpsc::UnboundedReceiver<SipEvent>,
}

impl Life {
    async fn begin(at: SocketAddr, answers: bool, recovering: bool) -> Self {
        let mut config = SignallingConfig::new(at);
        (config.tcp, config.keep_dialogs, config.recovering) = (None, true, recovering);
        let (handle, mut inbox) = signalling::start(config).await.unwrap();
        let (stop, mut stopped) = oneshot::channel();
        let (tell, events) = mpsc::unbounded_channel();
        let kept = Kept::default();
        let (keeps, sip) = (kept.clone(), handle.clone());
        let application = tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    // What was told before the end has been heard.
                    biased;
                    Some(event) = inbox.recv() => event,
                    _ = &mut stopped => return,
                };
                match &event {
                    SipEvent::Incoming(incoming) => {
                        sip.ring(incoming.dialog).await.unwrap();
                        if answers {
                            sip.answer(incoming.dialog, local_media()).await.unwrap();
                        }
                    }
                    SipEvent::Keep { dialog, record } => {
                        keeps.lock().unwrap().insert(*dialog, record.to_json());
                    }
                    _ => {}
                }
                if let Some(dialog) = event.dialog().filter(|_| event.is_last()) {
                    keeps.lock().unwrap().remove(&dialog);
                }
                if tell.send(event).is_err() {
                    return;
                }
            }
        });
        Self { handle, application, stop, kept, events }
    }

    /// Waits for so many events of a kind.
    async fn expect(&mut self, what: &str, count: usize, is: impl Fn(&SipEvent) -> bool) {
        let mut seen = Vec::new();
        let wait = async {
            while seen.iter().filter(|event| is(event)).count() < count {
                seen.push(self.events.recv().await.unwrap());
            }
        };
        let come = timeout(Duration::from_secs(40), wait).await;
        assert!(come.is_ok(), "waited for {count} times {what}, saw {seen:#?}");
    }

    /// Nothing is said to anybody.
    async fn crash(self) -> HashMap<DialogKey, String> {
        // The second answer comes after what happened before the first was told.
        self.handle.figures().await.unwrap();
        self.handle.figures().await.unwrap();
        self.stop.send(()).unwrap();
        self.application.await.unwrap();
        let mut calls = self.handle.calls();
        drop(self.handle);
        let ended = timeout(Duration::from_secs(20), calls.wait_for(|_| false)).await;
        assert!(matches!(ended, Ok(Err(_))), "signalling goes on, and its port is not free");
        std::mem::take(&mut *self.kept.lock().unwrap())
    }
}

/// SIPp begins with `script`, the server dies when every call is where `until`
/// says, and the next one takes them up; `then` sees it off.
async fn outlives<F: Future<Output = Life>>(
    script: &str,
    road: Road,
    until: (&str, fn(&SipEvent) -> bool),
    then: impl FnOnce(Life, Vec<DialogKey>) -> F,
) {
    let at = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let mut first = Life::begin(at, until.0 != "ringing", false).await;
    let sipp = sipp_script();
    let relay = Relay::start(at, sipp.address(), road, 7).await;
    let ports = Ports { server: at.port(), us: relay.outside.port() };
    let text = xml(script, &ports, road != Road::Smooth);
    let sipp = sipp.script(format!("{script} ({road:?})"), text).calls(CALLS, 50).within_s(60);
    let directory = || Arc::new(carrier(Some(relay.outside.port()), Transport::Udp));
    first.handle.set_directory(directory()).await.unwrap();
    let peer: Peer = match calls_us(script) {
        true => sipp.call(relay.inside),
        false => sipp.listen().await,
    };
    if !calls_us(script) {
        for _ in 0..CALLS {
            let request = InviteRequest {
                target: InviteTarget::Trunk { trunk: TRUNK, number: "100".into() },
                caller: Caller { number: "200".into(), name: None },
                media: local_media(),
                ring_timeout_ms: 60_000,
                headers: vec![],
            };
            first.handle.invite(request).await.unwrap();
        }
    }
    match until.0 {
        "ringing" if calls_us(script) => {
            first.expect("offered", CALLS, |e| matches!(e, SipEvent::Incoming(_))).await;
        }
        what => first.expect(what, CALLS, until.1).await,
    }
    // Whatever the road does to them: nobody is owed a repetition by the one that dies.
    relay.passed(if until.0 == "ringing" { "180" } else { "ACK" }, CALLS).await;
    let kept = first.crash().await;
    assert_eq!(kept.len(), CALLS);
    let next = Life::begin(at, true, true).await;
    next.handle.set_directory(directory()).await.unwrap();
    let mut keys = Vec::new();
    for text in kept.values() {
        let mut media = local_media();
        media.address.set_port(40_002);
        let how = TakeUp::GoOn { media, options: MediaOptions::default() };
        let key = next.handle.next_key();
        let record = DialogRecord::from_json(text).unwrap();
        next.handle.take_up(key, record, how).await.unwrap().unwrap();
        keys.push(key);
    }
    next.handle.recovered().await.unwrap();
    // It must be heard until the end, or signalling stops.
    let next = then(next, keys).await;
    let handle = &next.handle;
    peer.finish().await;
    assert_none_left(handle).await;
}

const GOES_ON: &str = "
< INVITE
  ~ m=audio 40002
> 200
  sdp
< ACK
";

fn is_answered(event: &SipEvent) -> bool {
    matches!(event, SipEvent::Answered { .. })
}

fn is_ringing(event: &SipEvent) -> bool {
    matches!(event, SipEvent::Ringing { .. })
}

fn is_taken_up(event: &SipEvent) -> bool {
    matches!(event, SipEvent::TakenUp { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_outlive_a_crash_until_they_hang_up() {
    for road in [Road::Smooth, Road::Lossy] {
        for begin in [THEY_CALL, WE_CALL] {
            let script = format!("{begin}{GOES_ON}{THEY_HANG_UP}");
            outlives(&script, road, ("answered", is_answered), |mut life, _| async move {
                // Over a bad road they may hang up before we have seen their answer.
                let by_them =
                    |event: &SipEvent| matches!(event, SipEvent::HungUp { by: Side::Them, .. });
                life.expect("hung up", CALLS, by_them).await;
                life
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_outlive_a_crash_until_we_hang_up() {
    for road in [Road::Smooth, Road::Lossy] {
        for begin in [THEY_CALL, WE_CALL] {
            let script = format!("{begin}{GOES_ON}{WE_HANG_UP}");
            outlives(&script, road, ("answered", is_answered), |mut life, keys| async move {
                life.expect("taken up", CALLS, is_taken_up).await;
                for key in keys {
                    life.handle.hang_up(key, Cause::Normal).await.unwrap();
                }
                life
            })
            .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_nobody_answered_end_with_the_crash() {
    let theirs = "
        > INVITE
          sdp
        < 180
        < 503
          ~ Retry-After: *[0-9]+
        > ACK";
    let ours = "
        < INVITE
        > 180
        < CANCEL
        > 200
        > 487
          late
        < ACK";
    for script in [theirs, ours] {
        outlives(script, Road::Smooth, ("ringing", is_ringing), |mut life, _| async move {
            life.expect("over", CALLS, SipEvent::is_last).await;
            life
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_forgot_the_call_is_let_go() {
    let script = format!("{THEY_CALL}\n< INVITE\n> 481\n< ACK\n< BYE\n> 481");
    outlives(&script, Road::Smooth, ("answered", is_answered), |mut life, _| async move {
        life.expect("lost", CALLS, |event| {
            matches!(event, SipEvent::HungUp { cause: Cause::Unreachable, .. })
        })
        .await;
        life
    })
    .await;
}
