//! `cargo run -p strowger-build --example guest -- DIR [PACKAGE…]`: builds guests
//! and prints what came out.

use std::path::PathBuf;
use strowger_build::{BuildOptions, build_guest};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(dir) = arguments.next() else {
        eprintln!("usage: guest DIR [PACKAGE…]");
        std::process::exit(2);
    };
    let options =
        BuildOptions { packages: arguments.collect(), any_world: true, ..BuildOptions::default() };
    match build_guest(&PathBuf::from(dir), &options, |line| eprintln!("{line}")) {
        Ok(guests) => {
            for guest in guests {
                let worlds: Vec<&str> = guest.worlds.iter().map(|world| world.name()).collect();
                println!(
                    "{:26} {:7} bytes  {}",
                    guest.name,
                    guest.component.len(),
                    worlds.join(", ")
                );
            }
        }
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
