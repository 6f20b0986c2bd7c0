//! Answers every call that comes in over UDP or TCP and says, once a second,
//! how many it has answered and what they cost: a far end for load tools.
//!
//! `cargo run --release -p strowger-engine --example answering_machine -- 127.0.0.1:5060`

use std::sync::Arc;
use std::time::Duration;
use strowger_engine::signalling::{self, SignallingConfig};
use strowger_model::{TenantId, TrunkId};
use strowger_sip::{
    Codec, Count, Directory, LocalMedia, SipEvent, SourceRule, TenantDomains, Trunk,
};
use uuid::Uuid;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5060".into());
    let address = address.parse().expect("give an address to listen on, such as 127.0.0.1:5060");
    let (handle, mut events) =
        signalling::start(SignallingConfig::new(address)).await.expect("cannot start");
    handle.set_directory(Arc::new(anybody())).await.expect("signalling runs");
    let media = LocalMedia {
        address: std::net::SocketAddr::new(address.ip(), 40_000),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event: true,
    };
    let figures = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let Ok((usage, counters)) = figures.figures().await else { return };
            let answered = counters.get(Count::Answered);
            let cpu_ms = cpu_ms();
            let each_us = cpu_ms * 1000 / answered.max(1);
            println!("answered {answered}, cpu {cpu_ms} ms, {each_us} us a call, {usage:?}");
        }
    });
    while let Some(event) = events.recv().await {
        if let SipEvent::Incoming(incoming) = event
            && handle.answer(incoming.dialog, media.clone()).await.is_err()
        {
            return;
        }
    }
}

/// One tenant with a trunk that takes calls from everywhere.
fn anybody() -> Directory {
    let tenant = TenantId(Uuid::from_u128(1));
    let everywhere: Vec<SourceRule> =
        ["0.0.0.0/0", "::/0"].iter().filter_map(|rule| rule.parse().ok()).collect();
    let trunk = Trunk {
        id: TrunkId(Uuid::from_u128(1)),
        tenant,
        sources: everywhere,
        inbound: None,
        proxy: None,
        domain: None,
        outbound: None,
        register: false,
    };
    let domains = TenantDomains { tenant, domains: vec!["localhost".into()] };
    Directory::new(vec![domains], vec![], vec![trunk], Some(tenant)).expect("one tenant, one trunk")
}

/// Processor time of this process so far.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the command's closing bracket: state is field 3, utime 14, stime 15.
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10
}
