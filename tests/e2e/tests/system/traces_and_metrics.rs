//! What was said about a call, how its media fared, and what is counted of it.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use strowger_e2e::tenant::{self, DOMAIN};
use tokio::net::UdpSocket;
use tokio::time::timeout;

const OUTSIDE: &str = "+441632960555";

#[tokio::test]
async fn a_call_leaves_a_ladder_that_only_its_tenant_sees() -> Result<()> {
    let collector = UdpSocket::bind("127.0.0.1:0").await?;
    let config = format!(
        "[trace]\nmessages = \"masked\"\n[trace.hep]\ncollector = \"{}\"\nagent = 7\n",
        collector.local_addr()?
    );
    let scene = Scene::configured(&config).await?;
    tenant::create(&scene.house, "other", "other.strowger.example").await?;
    let (phone, carrier) = scene.dialling_out().await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    let (talk, answered) =
        tokio::join!(async { phone.call("201", &to, Some(&account)).await }, async {
            carrier.next_call(SOON).await?.answer().await
        });
    let (talk, answered) = (talk?, answered?);
    talk.audio.say_tone(crate::support::CALLER_HZ);
    answered.audio.hear_tone(crate::support::CALLER_HZ, SOON).await?;

    let live = scene.until_live("the call", |_| true).await?;
    let call = live["call"].as_str().context("no call")?.to_owned();
    let path = format!("/v1/calls/{call}/trace");
    let trace = scene.get(&path).await?;
    let ladder = trace["ladder"].as_str().context("no ladder")?.to_owned();
    assert!(ladder.contains(&carrier.local().to_string()), "{ladder}");
    assert_eq!(ladder.matches(" INVITE ").count(), 2, "in and out: {ladder}");
    let foreign = scene.house.api("GET", &path, Some("other"), None).await;
    assert!(foreign.unwrap_err().to_string().contains("404"));

    talk.hang_up().await?;
    answered.ended(SOON).await?;
    let record = scene.only_record().await?;
    let media = &record["legs"][0]["media"];
    assert!(media["packets_received"].as_u64() > Some(0), "{record}");
    let both_last_words = |trace: &Value| {
        let ladder = trace["ladder"].as_str().unwrap_or_default();
        (ladder.matches(" BYE ").count() == 2).then(|| trace.clone())
    };
    let after = scene.until("both legs' last words", &path, both_last_words).await?;
    let text = after["messages"].to_string();
    assert!(text.contains("m=audio") && !text.contains("response="), "{text}");
    assert!(text.contains("Authorization: ***"), "{text}");

    let metrics = String::from_utf8(scene.house.download("/metrics", TENANT).await?)?;
    let labels = format!("tenant=\"{TENANT}\",trunk=\"out\",direction=\"outbound\"");
    for wanted in [
        format!("strowger_trunk_calls_total{{{labels}}} 1"),
        format!("strowger_trunk_calls_answered_total{{{labels}}} 1"),
        format!("strowger_trunk_up{{tenant=\"{TENANT}\",trunk=\"out\"}} 1"),
        format!("strowger_module_calls_total{{tenant=\"{TENANT}\",module=\"flow/direct-dial\"}} 1"),
    ] {
        assert!(metrics.lines().any(|line| line == wanted), "{wanted} is not in {metrics}");
    }
    collected(&collector).await
}

/// The collector has heard an INVITE, and no secret.
async fn collected(collector: &UdpSocket) -> Result<()> {
    let mut datagram = vec![0; 65_535];
    loop {
        let (length, _) = timeout(SOON, collector.recv_from(&mut datagram)).await??;
        let packet = &datagram[..length];
        ensure!(packet.starts_with(b"HEP3"), "no HEP packet");
        let text = String::from_utf8_lossy(packet);
        ensure!(!text.contains("response="), "{text}");
        if text.contains("INVITE sip:") {
            return Ok(());
        }
    }
}
