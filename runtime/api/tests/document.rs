//! The API document in the repository is the one that is served.

mod support;

use axum::http::StatusCode;
use serde_json::Value;
use support::TestApi;

/// Set to write the file instead of comparing it.
const UPDATE: &str = "STROWGER_UPDATE_OPENAPI";
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
fn the_committed_document_is_up_to_date() {
    let current = strowger_api::document().to_pretty_json().unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(FILE, &current).unwrap();
    }
    let committed = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == current,
        "the API has changed; run this test with {UPDATE}=1 and commit runtime/api/openapi.json"
    );
}

#[tokio::test]
async fn the_document_is_served_without_a_key() {
    let api = TestApi::start().await;
    let served = api.get("", "/v1/openapi.json").await.expect(StatusCode::OK);
    assert_eq!(served, serde_json::to_value(strowger_api::document()).unwrap());
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_has_its_own_name() {
    let document = serde_json::to_value(strowger_api::document()).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 100);
    for reference in references {
        let pointer = reference.trim_start_matches('#');
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let mut names = Vec::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            names.push(operation["operationId"].as_str().unwrap());
            assert!(operation["responses"]["default"].is_object());
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two endpoints share a name");
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "$ref" => references.push(text),
                    other => collect(other, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
