//! Compiling happens on few threads with a short queue: who comes when it is
//! full, or waits too long, is told at once.

mod common;

use std::time::Duration;
use strowger_guest::{UploadError, UploadLimits};

#[test]
fn an_async_caller_gets_the_program_when_it_is_done() {
    let engine = common::engine();
    let answer = engine
        .compile_async(common::flow_module("", ""), UploadLimits::default())
        .expect("nobody else is waiting");
    let program = answer.blocking_recv().expect("it answers").expect("it compiles");
    let again = engine
        .compile(&common::flow_module("", ""), &UploadLimits::default())
        .expect("it compiles");
    assert_eq!(program.digest(), again.digest());
}

#[test]
fn a_flood_of_uploads_is_refused() {
    let engine = common::engine();
    let module = common::flow_module("", "");
    // Handing over is much faster than compiling, and the queue holds a few.
    let refused = (0..100_000)
        .find_map(|_| engine.compile_async(module.clone(), UploadLimits::default()).err());
    assert_eq!(refused, Some(UploadError::Busy));
}

#[test]
fn who_waits_too_long_is_told() {
    let limits = UploadLimits { compile_time: Duration::ZERO, ..UploadLimits::default() };
    let error =
        common::engine().compile(&common::flow_module("", ""), &limits).expect_err("no time");
    assert_eq!(error, UploadError::TooSlow { limit_ms: 0 });
}

#[test]
fn a_program_that_needs_more_than_its_budget_is_refused_at_upload() {
    let budget = strowger_guest::Budget { memory_bytes: 1024, ..Default::default() };
    let limits = UploadLimits { budget, ..UploadLimits::default() };
    let error =
        common::engine().compile(&common::flow_module("", ""), &limits).expect_err("no room");
    assert!(matches!(&error, UploadError::DoesNotStart(why) if why.contains("memory")), "{error}");
}
