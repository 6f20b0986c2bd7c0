//! A registered phone calls the tenant's number with its password, and is asked
//! for the right one.

use crate::support::{SOON, Scene, TENANT};
use anyhow::Result;
use strowger_e2e::phone::Account;
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};

#[tokio::test]
async fn with_the_right_password_only() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let phone = tenant::agent(&scene.house, TENANT, DOMAIN, "201").await?;
    let account = tenant::account(DOMAIN, "201");
    let to = format!("sip:{NUMBER}@{DOMAIN}");
    let talk = phone.call("201", &to, Some(&account)).await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    assert_eq!(scene.only_record().await?["from"], "201");

    let wrong = Account { password: "guessed-password".into(), ..account };
    let refused = phone.call("201", &to, Some(&wrong)).await.unwrap_err().to_string();
    assert!(
        refused.contains("401") || refused.contains("407") || refused.contains("403"),
        "{refused}"
    );
    Ok(())
}
