//! The macro that makes a crate a program.

/// Exports what the program is: `flow:` an `async fn(Call)`, `machine:` a type
/// with [`Flow`](crate::Flow) and `Default`, `router:` a type with
/// [`Router`](crate::Router) and `Default`, `pacer:` a type with
/// [`Pacer`](crate::Pacer) and `Default`. Once per crate; several separated by
/// commas. Natively it only checks the types.
#[macro_export]
macro_rules! export {
    ($($kind:ident : $program:path),+ $(,)?) => {
        $($crate::__export_one! { $kind $program })+
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(target_arch = "wasm32"))]
macro_rules! __export_one {
    (flow $program:path) => {
        const _: fn($crate::Call) -> $crate::guest::Task =
            |call| $crate::guest::task($program(call));
    };
    (machine $program:path) => {
        const _: fn() -> ::std::boxed::Box<dyn $crate::Flow> =
            || ::std::boxed::Box::new(<$program as ::std::default::Default>::default());
    };
    (router $program:path) => {
        const _: fn() -> ::std::boxed::Box<dyn $crate::Router> =
            || ::std::boxed::Box::new(<$program as ::std::default::Default>::default());
    };
    (pacer $program:path) => {
        const _: fn() -> ::std::boxed::Box<dyn $crate::Pacer> =
            || ::std::boxed::Box::new(<$program as ::std::default::Default>::default());
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(target_arch = "wasm32")]
macro_rules! __export_one {
    (flow $program:path) => {
        const _: () = {
            $crate::__export_flow! {
                $crate::guest::AsyncFlow,
                $crate::guest::AsyncFlow::new(|call| $crate::guest::task($program(call)))
            }
        };
    };
    (machine $program:path) => {
        const _: () = {
            $crate::__export_flow! { $program, <$program as ::std::default::Default>::default() }
        };
    };
    (router $program:path) => {
        const _: () = {
            use $crate::guest::bindings::router as world;
            struct Program;
            ::std::thread_local! {
                static ROUTER: ::std::cell::RefCell<$program> = ::std::default::Default::default();
            }
            impl world::Guest for Program {
                fn decide(at: world::Moment, trigger: world::Trigger) -> Result<(), String> {
                    $crate::guest::log_panics();
                    let moment = $crate::guest::Moment { now_ms: at.now_ms, seed: at.seed };
                    let trigger = $crate::guest::exports::router_trigger(trigger);
                    ROUTER.with_borrow_mut(|router| $crate::guest::decide(router, moment, trigger))
                }
            }
    world::export_router!(Program with_types_in $crate::guest::bindings::router);
        };
    };
    (pacer $program:path) => {
        const _: () = {
            use $crate::guest::bindings::pacer as world;
            struct Program;
            ::std::thread_local! {
                static PACER: ::std::cell::RefCell<$program> = ::std::default::Default::default();
            }
            impl world::Guest for Program {
                fn pace(at: world::Moment, trigger: world::Trigger) -> Result<u32, String> {
                    $crate::guest::log_panics();
                    let moment = $crate::guest::Moment { now_ms: at.now_ms, seed: at.seed };
                    let trigger = $crate::guest::exports::pacer_trigger(trigger);
                    PACER.with_borrow_mut(|pacer| $crate::guest::pace(pacer, moment, trigger))
                }
            }
    world::export_pacer!(Program with_types_in $crate::guest::bindings::pacer);
        };
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(target_arch = "wasm32")]
macro_rules! __export_flow {
    ($flow:ty, $new:expr) => {
        use $crate::guest::bindings::flow as world;
        struct Program;
        ::std::thread_local! {
            static FLOW: ::std::cell::RefCell<$flow> = ::std::cell::RefCell::new($new);
        }
        impl world::Guest for Program {
            fn handle(at: world::Moment, event: world::Event) -> Result<(), String> {
                $crate::guest::log_panics();
                let moment = $crate::guest::Moment { now_ms: at.now_ms, seed: at.seed };
                let event = $crate::guest::exports::event(event);
                FLOW.with_borrow_mut(|flow| $crate::guest::handle(flow, moment, &event))
            }
        }
        world::export_call_flow!(Program with_types_in $crate::guest::bindings::flow);
    };
}
