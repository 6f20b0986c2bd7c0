//! A sound component, but of a world that Strowger does not know. Proves that an
//! upload is checked for what it exports.

#[cfg(target_arch = "wasm32")]
mod program {
    wit_bindgen::generate!({
        inline: "
            package foreign:coffee@1.0.0;
            world machine {
                export brew: func(cups: u32) -> string;
            }
        ",
    });

    struct Machine;

    impl Guest for Machine {
        fn brew(cups: u32) -> String {
            format!("{cups} cups")
        }
    }

    export!(Machine);
}
