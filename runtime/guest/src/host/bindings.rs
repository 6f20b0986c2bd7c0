//! Rust types and traits generated from `wit/`: if the contract changes, the
//! host does not compile until it follows.

/// World `call-flow`.
pub(crate) mod flow {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "call-flow",
        imports: { default: trappable },
    });
}

/// World `router`.
pub(crate) mod router {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "router",
        imports: { default: trappable },
        with: {
            "strowger:platform/types": super::flow::strowger::platform::types,
            "strowger:platform/logging": super::flow::strowger::platform::logging,
        },
    });
}

/// World `pacer`.
pub(crate) mod pacer {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "pacer",
        imports: { default: trappable },
        with: {
            "strowger:platform/types": super::flow::strowger::platform::types,
            "strowger:platform/logging": super::flow::strowger::platform::logging,
        },
    });
}
