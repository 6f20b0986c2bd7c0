//! The one place of the server that reads the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use strowger_model::Timestamp;

/// The present.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Completes at `at`, or never if there is none.
pub async fn until(at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at - now()).await,
        None => std::future::pending().await,
    }
}
