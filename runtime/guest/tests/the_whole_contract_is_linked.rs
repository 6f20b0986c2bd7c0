//! A program that imports everything a world has links and starts: no function
//! of the contract was forgotten on the host's side.

mod common;

use strowger_guest::World;
use wit_component::{StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

#[test]
fn the_whole_contract_is_linked() {
    for world in World::ALL {
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir("../../wit").expect("the contract parses");
        let id = resolve.select_world(&[package], Some(world.name())).expect("the world exists");
        let mut module = dummy_module(&resolve, id, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
        embed_component_metadata(&mut module, &resolve, id, StringEncoding::UTF8, false)
            .expect("metadata can be embedded");
        let program =
            common::compile(&module).unwrap_or_else(|error| panic!("{}: {error}", world.name()));
        assert_eq!(program.worlds(), [world]);
    }
}
