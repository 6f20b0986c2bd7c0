//! The compiled flow in the place where tests have a native one.

use super::super::super::CliError;
use super::{LIVE_INSTANCES, refused};
use strowger_call::{GuestEvent, Moment, TurnResult, TurnView};
use strowger_guest::{Budget, CallGuest, EngineConfig, GuestEngine, Program, UploadLimits, World};
use strowger_testkit::{Decides, Level};

/// One call's instance of a compiled flow.
pub(super) struct CompiledFlow {
    program: Program,
    budget: Budget,
    guest: CallGuest,
}

/// Takes a component through the checks of an upload.
pub(super) fn compile(bytes: &[u8]) -> Result<CompiledFlow, CliError> {
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
    Ok(CompiledFlow { program, budget: Budget::default(), guest: CallGuest::default() })
}

impl Decides for CompiledFlow {
    fn turn(
        &mut self,
        event: GuestEvent,
        moment: Moment,
        view: TurnView,
    ) -> (TurnResult, Vec<(Level, String)>) {
        let turn = self.guest.handle(&self.program, &self.budget, moment, &event, view);
        let level = |name| match name {
            "debug" => Level::Debug,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Info,
        };
        let logs = turn.logs.into_iter().map(|line| (level(line.level), line.message));
        (turn.result, logs.collect())
    }
}
