//! A call to the world goes to the next carrier if the first one does not take it.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use serde_json::json;
use strowger_e2e::phone::{Message, Phone};
use strowger_e2e::tenant::{self, DOMAIN};
use tokio::net::UdpSocket;
use tokio::time::timeout;

const OUTSIDE: &str = "+441632960555";

#[tokio::test]
async fn a_carrier_that_is_out_of_order_is_passed_by() -> Result<()> {
    let scene = Scene::new().await?;
    let path = format!("/v1/tenants/{TENANT}");
    let body = json!({"name": TENANT, "sip_domain": DOMAIN, "limits": {"phones_dial_out": true}});
    scene.house.api("PUT", &path, None, Some(&body)).await?;
    let first = UdpSocket::bind("127.0.0.1:0").await?;
    let second = Phone::start(scene.house.sip).await?;
    for (preference, carrier) in [first.local_addr()?, second.local()].into_iter().enumerate() {
        let trunk = json!({"name": format!("out-{preference}"), "preference": preference,
                           "proxy": carrier.to_string()});
        scene.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    }
    let phone = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    let (talk, answered) =
        tokio::join!(async { phone.call("201", &to, Some(&account)).await }, async {
            refuse(&first).await?;
            let ringing = second.next_call(SOON).await?;
            let dialled = ringing.invite().start.clone();
            anyhow::Ok((dialled, ringing.answer().await?))
        },);
    let (talk, (dialled, answered)) = (talk?, answered?);
    assert!(dialled.contains(OUTSIDE), "{dialled}");
    talk.hang_up().await?;
    answered.ended(SOON).await?;
    let record = scene.only_record().await?;
    let trunks = scene.get("/v1/trunks").await?;
    let trunks = trunks["items"].as_array().or(trunks.as_array()).context("no trunks")?;
    let took = trunks.iter().find(|trunk| trunk["name"] == "out-1").context("no trunk")?;
    assert_eq!(record["legs"][1]["trunk"], took["id"], "{record:#}");
    Ok(())
}

/// A carrier that answers the first INVITE with 503 and rings nobody.
async fn refuse(carrier: &UdpSocket) -> Result<()> {
    let mut datagram = vec![0; 65_535];
    loop {
        let (length, from) = timeout(SOON, carrier.recv_from(&mut datagram)).await??;
        let Some(message) = Message::parse(&datagram[..length]) else { continue };
        let (status, reason) = match message.method() {
            Some("INVITE") => (503, "Service Unavailable"),
            _ => (200, "OK"),
        };
        let response = message.response(status, reason, "carrier");
        carrier.send_to(&response.encode(), from).await?;
        if status == 503 {
            return Ok(());
        }
    }
}
