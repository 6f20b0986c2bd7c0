//! Compiled versions in memory: as long as a tenant or a live call holds one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use strowger_guest::Program;
use strowger_model::VersionId;

/// Versions kept though nobody may be using them: enough for every tenant of a
/// large node to have a few.
const MAX_KEPT: usize = 4_096;

/// Version to program.
#[derive(Debug, Default)]
pub struct Programs {
    kept: Mutex<HashMap<VersionId, Program>>,
}

impl Programs {
    /// The program of a version, if it was loaded before.
    pub fn get(&self, version: VersionId) -> Option<Program> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&version).cloned()
    }

    /// Remembers a program. When too many are kept, all are let go: those in use
    /// are held by their users, the others compile again from the cache on disk.
    pub fn put(&self, version: VersionId, program: &Program) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(version, program.clone());
    }
}
