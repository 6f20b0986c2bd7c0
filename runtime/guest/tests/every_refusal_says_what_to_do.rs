//! The words of each refusal tell its author what to do, and the stage is the one
//! that found it.

mod common;

use strowger_guest::{UploadError, UploadLimits, UploadStage};

struct Bad {
    what: &'static str,
    bytes: Vec<u8>,
    limits: UploadLimits,
    stage: UploadStage,
    /// Part of what is to be done.
    to_do: &'static str,
}

fn bad(what: &'static str, bytes: Vec<u8>, stage: UploadStage, to_do: &'static str) -> Bad {
    Bad { what, bytes, limits: UploadLimits::default(), stage, to_do }
}

fn text(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("well formed")
}

fn importing(interface: &str, function: &str) -> Vec<u8> {
    text(&format!("(component (import \"{interface}\" (instance (export \"{function}\" (func)))))"))
}

fn exporting(function: &str) -> Vec<u8> {
    text(&format!(
        "(component (core module $m (func (export \"f\")))
            (core instance $i (instantiate $m))
            (func (export \"{function}\") (canon lift (core func $i \"f\"))))"
    ))
}

fn table() -> Vec<Bad> {
    use UploadStage::{Features, Parse, Size, Start, World};
    let flow = common::flow_module("", "");
    let mut half = flow.clone();
    half.truncate(flow.len() / 2);
    let defaults = UploadLimits::default();
    vec![
        Bad {
            limits: UploadLimits { bytes: 100, ..defaults.clone() },
            ..bad("too big", flow.clone(), Size, "strip debug information")
        },
        Bad {
            limits: UploadLimits { functions: 1, ..defaults.clone() },
            ..bad("too many functions", flow.clone(), Parse, "leave out unused libraries")
        },
        Bad {
            limits: UploadLimits { function_bytes: 4, ..defaults },
            ..bad("a long function", flow.clone(), Parse, "split it")
        },
        bad("nothing", Vec::new(), Parse, "the file is empty"),
        bad("a script", b"#!/bin/sh\n".to_vec(), Parse, "upload the .wasm that the build made"),
        bad("text", b"(module)".to_vec(), Parse, "wasm-tools parse"),
        bad("a native program", b"\x7fELF\x02".to_vec(), Parse, "wasm32-unknown-unknown"),
        bad("an archive", b"PK\x03\x04".to_vec(), Parse, "upload the .wasm inside"),
        bad("half a file", half, Parse, "upload the whole file"),
        bad("no world", text("(module (func (export \"f\")))"), Parse, "strowger flow build"),
        bad("threads", common::embed("(module (memory 1 1 shared))", "call-flow"), Features, "off"),
        bad(
            "64 bits",
            common::embed("(module (memory i64 1))", "call-flow"),
            Features,
            "build without",
        ),
        bad("another world", exporting("answer-everything"), World, "strowger_sdk::export!"),
        bad("another type", exporting("handle"), World, "rebuild with the SDK"),
        bad(
            "a foreign import",
            importing("shop:stock/oracle@1.0.0", "ask"),
            World,
            "what there is",
        ),
        bad(
            "a newer host",
            importing("strowger:platform/signalling@9.0.0", "answer"),
            World,
            "another version of Strowger",
        ),
        bad(
            "an unknown function",
            importing("strowger:platform/signalling@0.1.0", "teleport"),
            World,
            "early-media",
        ),
        bad("sockets", importing("wasi:sockets/tcp@0.2.0", "connect"), World, "no network"),
        bad(
            "a trap at the start",
            common::flow_module("(func $bad unreachable) (start $bad)", ""),
            Start,
            "before the first event",
        ),
    ]
}

#[test]
fn in_words_and_at_its_stage() {
    let engine = common::engine();
    for bad in table() {
        let refused = engine.compile(&bad.bytes, &bad.limits).expect_err(bad.what);
        let words = refused.to_string();
        assert!(words.contains(bad.to_do), "{}: {:?} is not in {words}", bad.what, bad.to_do);
        assert_eq!(refused.stage(), bad.stage, "{}: {words}", bad.what);
    }
}

#[test]
fn each_stage_is_told_as_it_begins() {
    let engine = common::engine();
    let (begun, heard) = std::sync::mpsc::channel();
    let watch = move |stage| {
        // Nobody listening any more fails below.
        let _ = begun.send(stage);
    };
    let flow = common::flow_module("", "");
    let answer = engine.compile_watched(flow, UploadLimits::default(), watch);
    let program: Result<_, UploadError> =
        answer.expect("a free thread").blocking_recv().expect("an answer");
    program.expect("it is a good one");
    use UploadStage::{Compile, Features, Parse, Size, Start, World};
    assert_eq!(heard.iter().collect::<Vec<_>>(), [Size, Parse, Features, World, Compile, Start]);
}
