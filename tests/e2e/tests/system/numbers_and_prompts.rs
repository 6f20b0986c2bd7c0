//! A number can be bound once; a prompt must be audio.

use crate::support::{Scene, TENANT};
use anyhow::Result;
use serde_json::json;
use strowger_e2e::tenant::{self, NUMBER};

#[tokio::test]
async fn a_number_bound_twice_is_refused_across_tenants() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    tenant::create(&scene.house, "other", "other.strowger.example").await?;
    for who in [TENANT, "other"] {
        let body = json!({"number": NUMBER});
        let again = scene.house.api("POST", "/v1/numbers", Some(who), Some(&body)).await;
        let text = again.unwrap_err().to_string();
        assert!(text.contains("409") && text.contains("bound already"), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_prompt_that_is_no_audio_is_refused() -> Result<()> {
    let scene = Scene::new().await?;
    let body = b"this is a letter, not a sound".repeat(100);
    let request = scene.house.put("/v1/prompts/welcome", TENANT, body).await;
    let text = request.unwrap_err().to_string();
    assert!(text.contains("WAV"), "{text}");
    Ok(())
}
