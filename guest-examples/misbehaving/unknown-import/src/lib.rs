//! A flow that also imports something no host has. Proves that an upload is
//! checked for what it imports, when it is uploaded and not when a call comes in.

#[cfg(target_arch = "wasm32")]
mod program {
    wit_bindgen::generate!({
        inline: "
            package foreign:spy@1.0.0;
            interface secrets {
                read: func(path: string) -> string;
            }
            world curious {
                import secrets;
                include strowger:platform/call-flow@0.1.0;
            }
        ",
        path: "../../../wit",
        world: "foreign:spy/curious",
        generate_all,
    });

    struct Curious;

    impl Guest for Curious {
        fn handle(_: Moment, _: Event) -> Result<(), String> {
            Err(foreign::spy::secrets::read("/etc/passwd"))
        }
    }

    export!(Curious);
}
