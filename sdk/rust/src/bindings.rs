//! What `wit/` looks like in Rust; private to the SDK.
//!
//! One module per world: a program exports only those it names in
//! [`crate::export!`].

pub mod flow {
    wit_bindgen::generate!({
        world: "call-flow",
        path: "../../wit",
        pub_export_macro: true,
        export_macro_name: "export_call_flow",
        default_bindings_module: "strowger_sdk::guest::bindings::flow",
    });
}

pub mod router {
    wit_bindgen::generate!({
        world: "router",
        path: "../../wit",
        pub_export_macro: true,
        export_macro_name: "export_router",
        default_bindings_module: "strowger_sdk::guest::bindings::router",
    });
}

pub mod pacer {
    wit_bindgen::generate!({
        world: "pacer",
        path: "../../wit",
        pub_export_macro: true,
        export_macro_name: "export_pacer",
        default_bindings_module: "strowger_sdk::guest::bindings::pacer",
    });
}
