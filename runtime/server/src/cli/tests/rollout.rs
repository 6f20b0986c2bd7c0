//! Rolling versions out from the command line.

use super::Served;

#[tokio::test]
async fn a_version_is_tried_promoted_and_taken_back() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    let file = served.folder.path().join("flow.wasm");
    for text in ["one", "two", "three"] {
        std::fs::write(&file, format!("\0asm call-flow {text}")).unwrap();
        let upload = ["flow", "upload", "ivr", file.to_str().unwrap(), "--tenant", "acme"];
        served.run(&upload).await.unwrap();
    }
    let canary = ["flow", "canary", "ivr", "2", "--share", "10"];
    let rules = ["--rule", "trap.max_percent=5", "--rule", "min_calls=50"];
    let state = served.json("acme", &[&canary[..], &rules].concat()).await;
    assert_eq!(state["canary"]["share_percent"], 10);
    assert_eq!(
        (&state["rules"]["min_calls"], &state["rules"]["trap"]["max_percent"]),
        (&50.into(), &5.0.into())
    );
    // Rules that are not named stay.
    let more = ["flow", "canary", "ivr", "2", "--share", "20", "--rule", "window_s=60"];
    let state = served.json("acme", &more).await;
    assert_eq!(
        (&state["rules"]["min_calls"], &state["rules"]["window_s"]),
        (&50.into(), &60.into())
    );
    let text = served.run(&["flow", "rollout", "ivr", "--tenant", "acme"]).await.unwrap();
    for word in ["share %", "canary", "REASON", "promote"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let off = served.json("acme", &["flow", "canary", "ivr", "--off"]).await;
    assert!(off["canary"].is_null(), "{off}");
    let late = ["flow", "promote", "ivr", "3", "--expected-revision", "1", "--tenant", "acme"];
    assert_eq!(served.run(&late).await.unwrap_err().exit_code(), 5);
    served.json("acme", &["flow", "promote", "ivr", "3"]).await;
    let back = served.json("acme", &["flow", "rollback", "ivr"]).await;
    assert_eq!(back["stable"], 1);
    let text = served.run(&["flow", "compare", "ivr", "--tenant", "acme"]).await.unwrap();
    assert!(text.contains("CONTAINED %"), "{text}");
    served.run(&["flow", "delete-version", "ivr", "3", "--tenant", "acme"]).await.unwrap();
    queues_have_routers(&served, &file).await;
    let bind = ["number", "bind", "+441632960000", "--flow", "ivr", "--version", "2"];
    assert_eq!(served.json("acme", &bind).await["version"], 2);
    let split = ["--canary", "2", "--share", "30"];
    let point = [&["number", "point", "+441632960000", "--flow", "ivr"], &split[..]].concat();
    assert_eq!(served.json("acme", &point).await["canary"]["share_percent"], 30);
}

async fn queues_have_routers(served: &Served, file: &std::path::Path) {
    for text in ["one", "two"] {
        std::fs::write(file, format!("\0asm router {text}")).unwrap();
        served.json("acme", &["router", "upload", "mine", file.to_str().unwrap()]).await;
    }
    let state = served.json("acme", &["router", "canary", "mine", "2", "--share", "10"]).await;
    assert_eq!(state["canary"]["share_percent"], 10);
    let off = served.json("acme", &["router", "canary", "mine", "--off"]).await;
    assert!(off["canary"].is_null(), "{off}");
    let text = served.run(&["router", "compare", "mine", "--tenant", "acme"]).await.unwrap();
    assert!(text.contains("ABANDONED %"), "{text}");
    let split = ["--router", "mine", "--router-version", "1", "--canary", "2", "--share", "30"];
    let made = served.json("acme", &[&["queue", "create", "sales"], &split[..]].concat()).await;
    assert_eq!(made["router"]["canary"]["share_percent"], 30);
    // What is not given stays.
    let kept = served.json("acme", &["queue", "set", "sales", "--ring-s", "9"]).await;
    assert_eq!(kept["router"], made["router"]);
    let late = ["router", "delete-version", "mine", "2", "--tenant", "acme"];
    assert_eq!(served.run(&late).await.unwrap_err().exit_code(), 5);
    let free = served.json("acme", &["queue", "set", "sales", "--no-router"]).await;
    assert!(free["router"].is_null(), "{free}");
    served.run(&late).await.unwrap();
    let alone = ["queue", "set", "sales", "--canary", "2", "--share", "1", "--tenant", "acme"];
    assert_eq!(served.run(&alone).await.unwrap_err().exit_code(), 2);
    let chosen = served.json("acme", &["router", "choose", "mine", "--own"]).await;
    assert_eq!((&chosen["name"], &chosen["version"]), (&"mine".into(), &serde_json::Value::Null));
}
