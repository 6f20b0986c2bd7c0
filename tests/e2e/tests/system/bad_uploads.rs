//! Uploads that are refused say what is wrong and what to do.

use crate::support::{Scene, TENANT};
use anyhow::Result;

async fn refusal(scene: &Scene, bytes: Vec<u8>) -> String {
    let path = "/v1/flows/broken/versions";
    match scene.house.upload(path, TENANT, bytes).await {
        Ok(answer) => panic!("it was taken: {answer}"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn each_with_its_reason() -> Result<()> {
    let scene = Scene::new().await?;
    let text = refusal(&scene, b"#!/bin/sh\necho hello\n".to_vec()).await;
    assert!(text.contains("422") || text.contains("400"), "{text}");
    assert!(text.to_lowercase().contains("wasm"), "{text}");

    let wrong = strowger_stock::guest("wrong-world").expect("built with test-guests");
    let text = refusal(&scene, wrong.to_vec()).await;
    assert!(text.contains("call-flow"), "{text}");

    let router = strowger_stock::guest("longest-idle").expect("a stock router");
    let text = refusal(&scene, router.to_vec()).await;
    assert!(text.contains("call-flow"), "{text}");

    let unknown = wat::parse_str(
        r#"(component (import "strowger:platform/time-travel@0.1.0" (instance
             (export "go" (func)))))"#,
    )?;
    let text = refusal(&scene, unknown).await;
    assert!(text.contains("time-travel") || text.contains("call-flow"), "{text}");

    // The server answers before it has read everything; a client that is still
    // sending then may meet a closed connection instead of the answer.
    let text = refusal(&scene, vec![0; 64 << 20]).await;
    assert!(text.contains("413") || text.contains("error sending"), "{text}");

    let flows = scene.get("/v1/flows").await?;
    assert!(!flows.to_string().contains("broken"), "{flows}");
    Ok(())
}
