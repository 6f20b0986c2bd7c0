//! What operators of trunks and calls do on the command line.

use super::*;
use strowger_api::TracedMessage;
use strowger_model::{CallRecord, Direction};
use strowger_store::WriterConfig;

#[tokio::test]
async fn rules_are_shown_changed_field_by_field_and_replaced() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    served.run(&["trunk", "create", "carrier", "--tenant", "acme"]).await.unwrap();
    let changed = served
        .json(
            "acme",
            &[
                "trunk",
                "rules",
                "carrier",
                "--set",
                "srtp=require",
                "--set",
                "limits.calls_out=20",
                "--set",
                "codecs=[\"opus\",\"pcma\"]",
            ],
        )
        .await;
    assert_eq!(changed["srtp"], "require");
    assert_eq!(changed["limits"]["calls_out"], 20);
    assert_eq!(served.json("acme", &["trunk", "rules", "carrier"]).await, changed);
    let wrong = ["trunk", "rules", "carrier", "--tenant", "acme", "--set", "srtp=perhaps"];
    let wrong = served.run(&wrong).await.unwrap_err();
    assert!(wrong.to_string().contains("srtp"), "{wrong}");
    let file = served.file("rules.json", br#"{"weight": 9}"#);
    let replaced = served.json("acme", &["trunk", "rules", "carrier", "--file", &file]).await;
    assert_eq!((&replaced["weight"], &replaced["srtp"]), (&json!(9), &json!("off")));
    let tenant = served
        .run(&["tenant", "rules", "acme", "--set", "limits.denied=[\"+44909\"]"])
        .await
        .unwrap();
    assert!(tenant.contains("+44909"), "{tenant}");
}

#[tokio::test]
async fn bans_are_made_listed_and_lifted() {
    let served = Served::start().await;
    served.run(&["ban", "add", "192.0.2.66", "--for", "60"]).await.unwrap();
    let list = served.run(&["ban", "list"]).await.unwrap();
    assert!(list.contains("192.0.2.66") && list.contains("1970-01-01 00:01:00"), "{list}");
    served.run(&["ban", "lift", "192.0.2.66"]).await.unwrap();
    let again = served.run(&["ban", "lift", "192.0.2.66"]).await.unwrap_err();
    assert!(again.to_string().contains("not banned"), "{again}");
}

#[tokio::test]
async fn a_trace_is_a_ladder_with_the_media_below() {
    let served = Served::start().await;
    let created = ["tenant", "create", "acme", "--domain", "acme.example", "--json"];
    let created: Value = serde_json::from_str(&served.run(&created).await.unwrap()).unwrap();
    let tenant: TenantId = created["id"].as_str().unwrap().parse().unwrap();
    let call = CallId(uuid::Uuid::now_v7());
    let writer = served.store.start_writer(WriterConfig::default());
    let record = CallRecord::begun(
        call,
        tenant,
        Direction::Inbound,
        "+441632960999".parse().unwrap(),
        "+441632960100".parse().unwrap(),
        Timestamp(1_000),
    );
    let _open = writer.open_call(record).unwrap();
    writer.flush().await.unwrap();
    let message = TracedMessage {
        at: Timestamp(1_000),
        heading: "in".to_owned(),
        transport: "UDP".to_owned(),
        local: "10.0.0.1:5060".to_owned(),
        remote: "10.0.0.2:5060".to_owned(),
        sip_call_id: "x".to_owned(),
        text: "INVITE sip:100@10.0.0.1 SIP/2.0\r\nAuthorization: ***\r\n".to_owned(),
    };
    let trace = CallTrace {
        ladder: "us          10.0.0.2:5060\n0.000  |<- INVITE -|\n".to_owned(),
        messages: vec![message],
        dropped: 3,
    };
    served.keep_trace(tenant, call, trace);
    let id = call.to_string();
    let printed =
        served.run(&["call", "trace", &id, "--messages", "--tenant", "acme"]).await.unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines[..3],
        ["us          10.0.0.2:5060", "0.000  |<- INVITE -|", "(3 messages were too many to keep)"]
    );
    assert!(printed.contains("10.0.0.1:5060 <- 10.0.0.2:5060 UDP"), "{printed}");
    assert!(lines.contains(&"Authorization: ***"), "{printed}");
    assert_eq!(served.json("acme", &["call", "trace", &id]).await["dropped"], 3);
}
