//! The compiled flow that is simulated.

use super::super::super::CliError;
use super::{LIVE_INSTANCES, refused};
use crate::played::PlayedFlow;
use strowger_guest::{Budget, EngineConfig, GuestEngine, UploadLimits, World};

/// Takes a component through the checks of an upload.
pub(super) fn compile(bytes: &[u8]) -> Result<PlayedFlow, CliError> {
    let config = EngineConfig { max_live: LIVE_INSTANCES, ..EngineConfig::default() };
    let engine = GuestEngine::new(config).map_err(refused)?;
    let program = engine.compile(bytes, &UploadLimits::default()).map_err(refused)?;
    if !program.serves(World::CallFlow) {
        let worlds: Vec<&str> = program.worlds().iter().map(|world| world.name()).collect();
        return Err(CliError::Failed(format!(
            "this is a {}, and only flows take calls; test it with `strowger flow test`",
            worlds.join(" and ")
        )));
    }
    Ok(PlayedFlow::new(program, Budget::default()))
}
