//! A call to the world goes to the next carrier if the first one does not take it.

use crate::support::{SOON, Scene, TENANT};
use anyhow::Result;
use serde_json::json;
use strowger_e2e::phone::Phone;
use strowger_e2e::tenant::{self, DOMAIN};

const OUTSIDE: &str = "+441632960555";

#[tokio::test]
async fn a_carrier_that_is_out_of_order_is_passed_by() -> Result<()> {
    let scene = Scene::new().await?;
    let path = format!("/v1/tenants/{TENANT}");
    let body = json!({"name": TENANT, "sip_domain": DOMAIN, "limits": {"phones_dial_out": true}});
    scene.house.api("PUT", &path, None, Some(&body)).await?;
    let first = Phone::start(scene.house.sip).await?;
    let second = Phone::start(scene.house.sip).await?;
    for (preference, carrier) in [&first, &second].into_iter().enumerate() {
        let trunk = json!({"name": format!("out-{preference}"), "preference": preference,
                           "proxy": carrier.local().to_string()});
        scene.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    }
    let phone = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    let (talk, answered) =
        tokio::join!(async { phone.call("201", &to, Some(&account)).await }, async {
            first.next_call(SOON).await?.refuse(503, "Service Unavailable").await?;
            let ringing = second.next_call(SOON).await?;
            let dialled = ringing.invite().start.clone();
            anyhow::Ok((dialled, ringing.answer().await?))
        },);
    let (talk, (dialled, answered)) = (talk?, answered?);
    assert!(dialled.contains(OUTSIDE), "{dialled}");
    talk.hang_up().await?;
    answered.ended(SOON).await
}
