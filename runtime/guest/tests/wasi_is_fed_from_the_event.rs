//! A program whose toolchain targets WASI: it starts, its clock and randomness
//! are the event's, what it prints is log, and the rest traps by name.

mod common;

use strowger_call::{Action, FaultKind, GuestEvent, Moment};
use strowger_guest::{Budget, FlowInstance, FlowTurn, Program};
use strowger_model::Timestamp;
use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, WorldId};

/// What the standard library of Rust imports on wasm32-wasip2, as far as its
/// types matter here (signatures of WASI 0.2).
const PACKAGES: [&str; 5] = [
    "package wasi:io@0.2.3;
     interface error { resource error { to-debug-string: func() -> string; } }
     interface poll { resource pollable { block: func(); } }
     interface streams {
       use error.{error};
       use poll.{pollable};
       variant stream-error { last-operation-failed(error), closed }
       resource input-stream {
         read: func(len: u64) -> result<list<u8>, stream-error>;
         blocking-read: func(len: u64) -> result<list<u8>, stream-error>;
         subscribe: func() -> pollable;
       }
       resource output-stream {
         check-write: func() -> result<u64, stream-error>;
         write: func(contents: list<u8>) -> result<_, stream-error>;
         blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
         flush: func() -> result<_, stream-error>;
         blocking-flush: func() -> result<_, stream-error>;
         subscribe: func() -> pollable;
       }
     }",
    "package wasi:clocks@0.2.3;
     interface monotonic-clock {
       use wasi:io/poll@0.2.3.{pollable};
       now: func() -> u64;
       resolution: func() -> u64;
       subscribe-duration: func(when: u64) -> pollable;
     }
     interface wall-clock {
       record datetime { seconds: u64, nanoseconds: u32 }
       now: func() -> datetime;
       resolution: func() -> datetime;
     }",
    "package wasi:random@0.2.3;
     interface random {
       get-random-bytes: func(len: u64) -> list<u8>;
       get-random-u64: func() -> u64;
     }
     interface insecure-seed { insecure-seed: func() -> tuple<u64, u64>; }
     interface insecure {
       get-insecure-random-bytes: func(len: u64) -> list<u8>;
       get-insecure-random-u64: func() -> u64;
     }",
    "package wasi:filesystem@0.2.3;
     interface types {
       enum error-code { access, no-entry }
       resource descriptor { sync: func() -> result<_, error-code>; }
     }
     interface preopens {
       use types.{descriptor};
       get-directories: func() -> list<tuple<descriptor, string>>;
     }",
    "package wasi:cli@0.2.3;
     interface environment {
       get-environment: func() -> list<tuple<string, string>>;
       get-arguments: func() -> list<string>;
       initial-cwd: func() -> option<string>;
     }
     interface exit { exit: func(status: result); }
     interface stdin { use wasi:io/streams@0.2.3.{input-stream}; get-stdin: func() -> input-stream; }
     interface stdout { use wasi:io/streams@0.2.3.{output-stream}; get-stdout: func() -> output-stream; }
     interface stderr { use wasi:io/streams@0.2.3.{output-stream}; get-stderr: func() -> output-stream; }
     interface terminal-input { resource terminal-input; }
     interface terminal-output { resource terminal-output; }
     interface terminal-stdin {
       use terminal-input.{terminal-input};
       get-terminal-stdin: func() -> option<terminal-input>;
     }
     interface terminal-stdout {
       use terminal-output.{terminal-output};
       get-terminal-stdout: func() -> option<terminal-output>;
     }",
];

const WORLD: &str = "package test:wasi;
  world program {
    include strowger:platform/call-flow@0.1.0;
    import wasi:io/error@0.2.3;
    import wasi:io/poll@0.2.3;
    import wasi:io/streams@0.2.3;
    import wasi:clocks/monotonic-clock@0.2.3;
    import wasi:clocks/wall-clock@0.2.3;
    import wasi:random/random@0.2.3;
    import wasi:random/insecure@0.2.3;
    import wasi:random/insecure-seed@0.2.3;
    import wasi:filesystem/types@0.2.3;
    import wasi:filesystem/preopens@0.2.3;
    import wasi:cli/environment@0.2.3;
    import wasi:cli/exit@0.2.3;
    import wasi:cli/stdin@0.2.3;
    import wasi:cli/stdout@0.2.3;
    import wasi:cli/stderr@0.2.3;
    import wasi:cli/terminal-input@0.2.3;
    import wasi:cli/terminal-output@0.2.3;
    import wasi:cli/terminal-stdin@0.2.3;
    import wasi:cli/terminal-stdout@0.2.3;
  }";

fn world() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    resolve.push_dir("../../wit").expect("the contract parses");
    for text in PACKAGES {
        resolve.push_str("wasi.wit", text).expect("the package parses");
    }
    let package = resolve.push_str("world.wit", WORLD).expect("the world parses");
    let world = resolve.select_world(&[package], Some("program")).expect("the world exists");
    (resolve, world)
}

fn compile(mut module: Vec<u8>) -> Program {
    let (resolve, world) = world();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
        .expect("metadata can be embedded");
    common::compile(&module).expect("it compiles")
}

/// A handler that runs `body`.
fn program(body: &str) -> Program {
    let text = format!(
        r#"(module
          (import "strowger:platform/timing@0.1.0" "sleep" (func $sleep (param i32 i32)))
          (import "wasi:clocks/wall-clock@0.2.3" "now" (func $wall (param i32)))
          (import "wasi:clocks/monotonic-clock@0.2.3" "now" (func $monotonic (result i64)))
          (import "wasi:clocks/monotonic-clock@0.2.3" "subscribe-duration"
            (func $subscribe (param i64) (result i32)))
          (import "wasi:random/random@0.2.3" "get-random-u64" (func $random (result i64)))
          (import "wasi:cli/stdout@0.2.3" "get-stdout" (func $stdout (result i32)))
          (import "wasi:cli/exit@0.2.3" "exit" (func $exit (param i32)))
          (import "wasi:io/streams@0.2.3" "[method]output-stream.blocking-write-and-flush"
            (func $write (param i32 i32 i32 i32)))
          (memory (export "memory") 1)
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
          (data (i32.const 128) "hello\nand good")
          (data (i32.const 160) "bye")
          (func (export "handle") (param i64 i64 i32 i64 i32 i32 i32 i32) (result i32)
            {body} (i32.const 16)))"#
    );
    compile(wat::parse_str(text).expect("well formed"))
}

fn run(program: &Program, moment: Moment) -> FlowTurn {
    let mut flow = FlowInstance::new(program, &Budget::default()).expect("it starts");
    flow.handle(moment, &GuestEvent::Started, common::view())
}

fn slept(turn: &FlowTurn) -> Vec<u32> {
    let actions = turn.result.outcome.as_ref().expect("nothing fails");
    let ms = |action: &Action| match action {
        Action::Sleep { ms } => *ms,
        other => panic!("only sleeps are asked for, not {other:?}"),
    };
    actions.iter().map(|(_, action)| ms(action)).collect()
}

#[test]
fn everything_a_standard_library_imports_is_linked() {
    let (resolve, world) = world();
    compile(dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync)));
}

#[test]
fn clocks_show_the_moment_of_the_event() {
    let program = program(
        "(call $wall (i32.const 64))
         (call $sleep (i32.wrap_i64 (i64.load (i32.const 64))) (i32.const 80))
         (call $sleep (i32.div_u (i32.load (i32.const 72)) (i32.const 1000000)) (i32.const 80))
         (call $sleep (i32.wrap_i64 (i64.div_u (call $monotonic) (i64.const 1000000))) (i32.const 80))",
    );
    let turn = run(&program, Moment { now: Timestamp(77_123), seed: 0 });
    assert_eq!(slept(&turn), [77, 123, 77_123]);
}

#[test]
fn randomness_follows_from_the_seed() {
    let program = program(
        "(call $sleep (i32.and (i32.wrap_i64 (call $random)) (i32.const 0xffff)) (i32.const 80))
         (call $sleep (i32.and (i32.wrap_i64 (call $random)) (i32.const 0xffff)) (i32.const 80))",
    );
    let with = |seed| slept(&run(&program, Moment { now: Timestamp(1), seed }));
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    assert_ne!(with(1)[0], with(1)[1]);
}

#[test]
fn what_is_printed_is_log() {
    let program = program(
        "(call $write (call $stdout) (i32.const 128) (i32.const 14) (i32.const 64))
         (call $write (call $stdout) (i32.const 160) (i32.const 3) (i32.const 64))",
    );
    let turn = run(&program, common::moment());
    assert_eq!(turn.result.outcome, Ok(Vec::new()));
    let lines: Vec<&str> = turn.logs.iter().map(|line| line.message.as_str()).collect();
    assert_eq!(lines, ["hello", "and goodbye"]);
}

#[test]
fn leaving_and_waiting_trap_by_name() {
    for (body, word) in [
        ("(call $exit (i32.const 0))", "`exit`"),
        ("(drop (call $subscribe (i64.const 5)))", "subscribe-duration"),
    ] {
        let fault = run(&program(body), common::moment()).result.outcome.expect_err("it traps");
        assert_eq!(fault.kind, FaultKind::Trap);
        assert!(fault.message.contains(word), "{}", fault.message);
    }
}
