//! A phone of one tenant reaches nothing of another.

use crate::support::Scene;
use anyhow::Result;
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};

#[tokio::test]
async fn a_phone_cannot_call_or_register_elsewhere() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let theirs = "other.strowger.example";
    tenant::create(&scene.house, "other", theirs).await?;
    let phone = tenant::agent(&scene.house, "other", theirs, "201").await?;
    let account = tenant::account(theirs, "201");

    let ours = format!("sip:{NUMBER}@{theirs}");
    let refused = phone.call("201", &ours, Some(&account)).await.unwrap_err().to_string();
    assert!(refused.contains("403"), "{refused}");

    let stolen = tenant::account(DOMAIN, "201");
    assert!(phone.register(&stolen, 60).await.is_err());
    let calls = scene.get("/v1/calls").await?;
    assert_eq!(crate::support::items(&calls).len(), 0, "{calls}");
    Ok(())
}
