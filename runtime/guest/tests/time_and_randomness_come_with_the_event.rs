//! Two runs of the same events are the same to the bit, NaNs included.

mod common;

use strowger_call::Action;

#[test]
fn a_nan_looks_the_same_everywhere() {
    // 0/0 and a NaN with a payload pushed through an addition.
    let body =
        "(call $sleep (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))) (i32.const 64))
        (call $sleep (i32.and (i32.reinterpret_f32 (f32.add (f32.const nan:0x200001) (f32.const 1)))
            (i32.const 0x00ffffff)) (i32.const 64))
        (i32.store (i32.const 80) (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))))
        (if (i32.ne (i32.load (i32.const 80)) (i32.const 0x7fc00000)) (then unreachable))";
    let result = common::start(&mut common::flow("", body)).result;
    let actions = result.outcome.expect("the canonical NaN");
    // The first sleep was refused as too long; the second is the canonical
    // payload's low 24 bits.
    let slept: Vec<&Action> = actions.iter().map(|(_, action)| action).collect();
    assert_eq!(slept, [&Action::Sleep { ms: 0x00c0_0000 }]);
}

#[test]
fn the_moment_is_the_only_clock() {
    let body = "(call $sleep (i32.wrap_i64 (i64.rem_u (local.get $now) (i64.const 100000))) (i32.const 64))
        (call $sleep (i32.wrap_i64 (local.get $seed)) (i32.const 64))";
    let result = common::start(&mut common::flow("", body)).result;
    let actions = result.outcome.expect("two sleeps");
    let slept: Vec<&Action> = actions.iter().map(|(_, action)| action).collect();
    assert_eq!(slept, [&Action::Sleep { ms: 0 }, &Action::Sleep { ms: 42 }]);
}
