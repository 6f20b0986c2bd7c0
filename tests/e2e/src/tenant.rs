//! A tenant as the demo and the tests furnish it: one queue, agents, a number.

use crate::house::House;
use crate::phone::{Account, Phone};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Domain of the tenant's phones.
pub const DOMAIN: &str = "demo.strowger.example";
/// Password of its phones.
pub const PASSWORD: &str = "demo-password";
/// The public number.
pub const NUMBER: &str = "+441632960100";

/// Creates a tenant with a queue `support`.
pub async fn create(house: &House, name: &str, domain: &str) -> Result<Value> {
    let tenant = json!({"name": name, "sip_domain": domain, "language": "en"});
    let tenant = house.api("POST", "/v1/tenants", None, Some(&tenant)).await?;
    let queue = json!({"name": "support", "wrap_up_ms": 1000, "ring_ms": 15000});
    house.api("POST", "/v1/queues", Some(name), Some(&queue)).await?;
    Ok(tenant)
}

/// Uploads a flow and binds a number to it.
pub async fn bind(
    house: &House,
    tenant: &str,
    flow: &str,
    wasm: &[u8],
    number: &str,
) -> Result<()> {
    let path = format!("/v1/flows/{flow}/versions?promote=true");
    house.upload(&path, tenant, wasm.to_vec()).await?;
    let body = json!({"number": number, "flow": flow});
    house.api("POST", "/v1/numbers", Some(tenant), Some(&body)).await?;
    Ok(())
}

/// Lets calls from a phone's address in, as from a carrier.
pub async fn trunk(house: &House, tenant: &str, phone: &Phone) -> Result<()> {
    let body = json!({"name": format!("carrier-{}", phone.local().port()),
                      "addresses": [phone.local().to_string()]});
    house.api("POST", "/v1/trunks", Some(tenant), Some(&body)).await?;
    Ok(())
}

/// Adds an agent with the skill `support`.
pub async fn add_agent(house: &House, tenant: &str, extension: &str) -> Result<Value> {
    let body = json!({"name": format!("Agent {extension}"), "extension": extension,
                      "password": PASSWORD, "skills": [{"name": "support", "level": 5}]});
    house.api("POST", "/v1/agents", Some(tenant), Some(&body)).await
}

/// Adds an agent with the skill `support` and registers a phone for it.
pub async fn agent(house: &House, tenant: &str, domain: &str, extension: &str) -> Result<Phone> {
    add_agent(house, tenant, extension).await?;
    let phone = Phone::start(house.sip).await?;
    let account = account(domain, extension);
    phone.register(&account, 3600).await.context("the agent's phone")?;
    Ok(phone)
}

/// The account of an extension.
pub fn account(domain: &str, extension: &str) -> Account {
    Account { user: extension.to_owned(), domain: domain.to_owned(), password: PASSWORD.to_owned() }
}

/// Lets an agent be ready, or whatever else is ordered.
pub async fn order(house: &House, tenant: &str, extension: &str, state: &Value) -> Result<Value> {
    house.api("PUT", &format!("/v1/agents/{extension}/state"), Some(tenant), Some(state)).await
}

/// The record of a call that is over, as soon as it is written.
pub async fn closed_record(
    house: &House,
    tenant: &str,
    call: &str,
    within: Duration,
) -> Result<Value> {
    let deadline = Instant::now() + within;
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    loop {
        clock.tick().await;
        let answer = house.api("GET", &format!("/v1/calls/{call}"), Some(tenant), None).await?;
        let record = answer.get("record").unwrap_or(&answer);
        if !record["ended_at"].is_null() {
            return Ok(record.clone());
        }
        ensure!(Instant::now() < deadline, "the record is not closed: {answer}");
    }
}
