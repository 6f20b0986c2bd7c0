//! Uploaded programs: modules and components, broken or hostile.

use std::sync::LazyLock;
use std::time::Duration;
use strowger_guest::{EngineConfig, GuestEngine, UploadError, UploadLimits};

/// Bytes of a refusal: it names imports and exports of the upload, which its
/// author chose.
const MAX_REFUSAL: usize = 132 * 1024;

static ENGINE: LazyLock<GuestEngine> = LazyLock::new(|| {
    let config = EngineConfig { max_live: 4, compile_threads: 1, ..EngineConfig::default() };
    GuestEngine::new(config).expect("the engine starts")
});

/// The bytes as an upload, under limits that inputs of this size can meet.
pub fn upload(data: &[u8]) {
    let limits = UploadLimits {
        bytes: 64 * 1024,
        functions: 200,
        function_bytes: 16 * 1024,
        compile_time: Duration::from_secs(20),
        ..UploadLimits::default()
    };
    let refused = match ENGINE.compile(data, &limits) {
        Ok(program) => {
            let again = ENGINE.compile(data, &limits).expect("what was taken is taken again");
            assert_eq!(program.digest(), again.digest());
            return;
        }
        Err(refused) => refused,
    };
    // An answer that never came is a compiler that panicked or took too long.
    assert!(!matches!(refused, UploadError::TooSlow { .. }), "no answer: {refused}");
    assert!(!matches!(refused, UploadError::Busy), "the one upload finds no room");
    let said = refused.to_string();
    assert!(said.len() <= MAX_REFUSAL, "a refusal of {} bytes", said.len());
    assert_eq!(ENGINE.compile(data, &limits).err(), Some(refused), "refused differently next time");
}
