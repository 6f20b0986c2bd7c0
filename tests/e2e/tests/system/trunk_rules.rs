//! What a trunk's and a tenant's rules say reaches the carrier, or keeps a call
//! from it, as soon as it is said.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use strowger_e2e::phone::{Message, Phone};
use strowger_e2e::tenant::{self, DOMAIN};

const OUTSIDE: &str = "+441632960555";

async fn rule(scene: &Scene, rules: Value) -> Result<()> {
    let path = "/v1/trunks/out/rules";
    scene.house.api("PUT", path, Some(TENANT), Some(&rules)).await?;
    Ok(())
}

/// The INVITE that the carrier gets when the phone dials.
async fn invite(phone: &Phone, carrier: &Phone) -> Result<Message> {
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    let (talk, answered) =
        tokio::join!(async { phone.call("201", &to, Some(&account)).await }, async {
            let ringing = carrier.next_call(SOON).await?;
            let invite = ringing.invite().clone();
            anyhow::Ok((invite, ringing.answer().await?))
        });
    let (talk, (invite, answered)) = (talk?, answered?);
    talk.hang_up().await?;
    answered.ended(SOON).await?;
    Ok(invite)
}

#[tokio::test]
async fn numbers_and_callers_are_written_as_the_trunk_wants_them() -> Result<()> {
    let scene = Scene::new().await?;
    let (phone, carrier) = scene.dialling_out().await?;
    let plain = invite(&phone, &carrier).await?;
    assert!(plain.start.contains(OUTSIDE), "{}", plain.start);
    assert_eq!(plain.header("P-Asserted-Identity"), None);

    let numbers = json!({
        "plan": {"country_code": "44", "national_prefix": "0", "international_prefix": "00"},
        "called_out": {"form": "national"},
        "caller_out": {"rules": [{"prefix": "+44", "strip": 1}]},
    });
    let caller = json!({"show": "fixed", "number": "+441632960100", "name": "Acme"});
    let identity = json!({"assertion": "asserted"});
    rule(&scene, json!({"numbers": numbers, "caller": caller, "identity": identity})).await?;
    let ruled = invite(&phone, &carrier).await?;
    assert!(ruled.start.starts_with("INVITE sip:01632960555@"), "{}", ruled.start);
    let from = ruled.header("From").context("no From")?;
    assert!(from.contains("sip:441632960100@") && from.contains("Acme"), "{from}");
    let asserted = ruled.header("P-Asserted-Identity").context("no identity")?;
    assert!(asserted.contains("sip:441632960100@"), "{asserted}");
    assert_eq!(ruled.header("Privacy"), None);

    let timer = json!({"interval_s": 600, "min_s": 120});
    let hidden = json!({"show": "anonymous"});
    rule(&scene, json!({"caller": hidden, "identity": identity, "session_timer": timer})).await?;
    let hidden = invite(&phone, &carrier).await?;
    let from = hidden.header("From").context("no From")?;
    assert!(from.contains("anonymous@anonymous.invalid"), "{from}");
    assert_eq!(hidden.header("Privacy"), Some("id"));
    assert!(hidden.header("P-Asserted-Identity").is_some());
    let expires = hidden.header("Session-Expires").context("no session timer")?;
    assert!(expires.starts_with("600"), "{expires}");
    Ok(())
}

#[tokio::test]
async fn a_limit_refuses_with_its_cause_and_is_counted() -> Result<()> {
    let scene = Scene::new().await?;
    let (phone, carrier) = scene.dialling_out().await?;
    let path = format!("/v1/tenants/{TENANT}/rules");
    let denied = json!({"limits": {"denied": ["+4416"]}});
    scene.house.api("PUT", &path, None, Some(&denied)).await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{OUTSIDE}@{DOMAIN}");
    assert!(phone.call("201", &to, Some(&account)).await.is_err());
    let record = scene.only_record().await?;
    let leg = record["legs"].as_array().and_then(|legs| legs.last()).context("no leg")?;
    assert_eq!(leg["cause"], "forbidden", "{record}");
    let metrics = scene.house.download("/metrics", TENANT).await?;
    let metrics = String::from_utf8(metrics)?;
    let counted =
        format!("strowger_tenant_calls_refused_total{{tenant=\"{TENANT}\",reason=\"denied\"}} 1");
    assert!(metrics.contains(&counted), "{metrics}");

    // A budget that bears one minute, and what it bore is spent.
    let prices = json!([{"prefix": "+44", "per_minute_micros": 1_000}]);
    let tariff = json!({"tariff": {"prices": prices, "daily_budget_micros": 1_500}});
    scene.house.api("PUT", &path, None, Some(&tariff)).await?;
    invite(&phone, &carrier).await?;
    scene.closed_records(2).await?;
    assert!(phone.call("201", &to, Some(&account)).await.is_err());
    let metrics = String::from_utf8(scene.house.download("/metrics", TENANT).await?)?;
    let counted = counted.replace("denied", "over_budget");
    assert!(metrics.contains(&counted), "{metrics}");
    Ok(())
}
