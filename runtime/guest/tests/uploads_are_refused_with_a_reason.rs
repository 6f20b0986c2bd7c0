//! Every way an upload can be wrong is told apart, in words that say what to do.

mod common;

use strowger_guest::{UploadError, UploadLimits};

fn refused(bytes: &[u8]) -> UploadError {
    common::compile(bytes).expect_err("this upload is wrong")
}

fn refused_by(bytes: &[u8], limits: &UploadLimits) -> UploadError {
    common::engine().compile(bytes, limits).expect_err("this upload is wrong")
}

#[test]
fn what_is_no_wasm() {
    assert!(matches!(refused(b""), UploadError::NotWasm { .. }));
    assert!(refused(b"(module)").to_string().contains("text format"));
    assert!(refused(b"PK\x03\x04....").to_string().contains("archive"));
    assert!(matches!(refused(b"\0asm\x01\0\0\0\xff\xff"), UploadError::Invalid(_)));
}

#[test]
fn what_is_too_big() {
    let module = common::flow_module("", "");
    let limits = UploadLimits { bytes: 100, ..UploadLimits::default() };
    assert_eq!(
        refused_by(&module, &limits),
        UploadError::TooBig { bytes: module.len(), limit: 100 }
    );
    let limits = UploadLimits { functions: 1, ..UploadLimits::default() };
    assert!(matches!(refused_by(&module, &limits), UploadError::TooManyFunctions { .. }));
    let limits = UploadLimits { function_bytes: 4, ..UploadLimits::default() };
    assert!(matches!(refused_by(&module, &limits), UploadError::FunctionTooBig { .. }));
}

#[test]
fn a_module_without_a_world() {
    let module = wat::parse_str("(module (func (export \"handle\")))").expect("well formed");
    let error = refused(&module);
    assert_eq!(error, UploadError::NoMetadata);
    assert!(error.to_string().contains("strowger flow build"), "{error}");
}

#[test]
fn a_component_of_another_world() {
    let component = wat::parse_str(
        "(component (core module $m (func (export \"f\")))
            (core instance $i (instantiate $m))
            (func (export \"answer-everything\") (canon lift (core func $i \"f\"))))",
    )
    .expect("well formed");
    let error = refused(&component);
    assert!(matches!(error, UploadError::WrongWorld { .. }));
    let words = error.to_string();
    for word in ["`answer-everything`", "`call-flow` (export `handle`)", "`router`", "`pacer`"] {
        assert!(words.contains(word), "{word} in {words}");
    }
}

#[test]
fn an_export_of_another_type() {
    let component = wat::parse_str(
        "(component (core module $m (func (export \"f\")))
            (core instance $i (instantiate $m))
            (func (export \"handle\") (canon lift (core func $i \"f\"))))",
    )
    .expect("well formed");
    assert!(matches!(refused(&component), UploadError::WrongType { .. }));
}

#[test]
fn an_unknown_import() {
    let component = |name: &str, function: &str| {
        wat::parse_str(format!(
            "(component (import \"{name}\" (instance (export \"{function}\" (func)))))"
        ))
        .expect("well formed")
    };
    let error = refused(&component("shop:stock/oracle@1.0.0", "ask"));
    assert!(error.to_string().contains("shop:stock/oracle@1.0.0"), "{error}");
    assert!(error.to_string().contains("strowger:platform/signalling@0.1.0"), "{error}");
    let error = refused(&component("strowger:platform/signalling@0.1.0", "teleport"));
    assert!(error.to_string().contains("signalling@0.1.0#teleport"), "{error}");
    assert!(error.to_string().contains("early-media"), "{error}");
    let error = refused(&component("strowger:platform/signalling@9.0.0", "answer"));
    assert!(error.to_string().contains("another version"), "{error}");
    let error = refused(&component("wasi:sockets/tcp@0.2.0", "connect"));
    assert!(error.to_string().contains("no network"), "{error}");
}

#[test]
fn an_import_of_another_type() {
    let component = wat::parse_str(
        "(component
            (import \"strowger:platform/signalling@0.1.0\" (instance (export \"answer\" (func))))
            (core module $m (func (export \"f\")))
            (core instance $i (instantiate $m))
            (func (export \"handle\") (canon lift (core func $i \"f\"))))",
    )
    .expect("well formed");
    let error = refused(&component);
    assert!(matches!(error, UploadError::WrongImport(_)), "{error:?}");
    assert!(error.to_string().contains("answer"), "{error}");
}

#[test]
fn features_that_are_off() {
    for (what, text) in [
        ("threads", "(module (memory 1 1 shared))"),
        ("multi-memory", "(module (memory 1) (memory 1))"),
        ("memory64", "(module (memory i64 1))"),
        ("gc", "(module (type (struct (field i32))))"),
        ("exceptions", "(module (tag))"),
    ] {
        let error = refused(&common::embed(text, "call-flow"));
        assert!(matches!(error, UploadError::Feature(_)), "{what}: {error:?}");
    }
}

#[test]
fn precompiled_code() {
    let engine = wasmtime::Engine::default();
    let component = wat::parse_str("(component)").expect("well formed");
    let code = engine.precompile_component(&component).expect("it compiles");
    assert_eq!(refused(&code), UploadError::Precompiled);
}

#[test]
fn a_program_that_fails_when_started() {
    let body = "(func $bad unreachable) (start $bad)";
    let error = refused(&common::flow_module(body, ""));
    assert!(matches!(error, UploadError::DoesNotStart(_)), "{error:?}");
    let body = "(func $bad (loop $again (br $again))) (start $bad)";
    let error = refused(&common::flow_module(body, ""));
    assert!(error.to_string().contains("fuel"), "{error}");
}
