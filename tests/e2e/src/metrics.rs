//! What a server counts, and waiting for it.

use crate::house::House;
use anyhow::{Context as _, Result, ensure};
use std::time::{Duration, Instant};

/// How often a server is asked; it tells nobody by itself.
const ASKED_EVERY: Duration = Duration::from_millis(20);

impl House {
    /// The value of a metric; labels belong to the name.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let text = self.downloaded("/metrics", None).await?;
        let text = String::from_utf8_lossy(&text);
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(found.with_context(|| format!("there is no metric {name}"))?.parse()?)
    }

    /// Waits until a metric is what it shall be.
    pub async fn until_metric(&self, name: &str, wanted: f64, within: Duration) -> Result<()> {
        let began = Instant::now();
        let mut clock = tokio::time::interval(ASKED_EVERY);
        loop {
            let found = self.metric(name).await?;
            if found == wanted {
                return Ok(());
            }
            ensure!(began.elapsed() < within, "{name} is {found}, not {wanted}, after {within:?}");
            clock.tick().await;
        }
    }

    /// Waits until everything that has happened by now is on disk: a server that is
    /// killed then loses nothing of it.
    pub async fn until_on_disk(&self, within: Duration) -> Result<()> {
        let happened = Instant::now();
        let mut clock = tokio::time::interval(ASKED_EVERY);
        loop {
            let since = happened.elapsed();
            let pending = self.metric("strowger_writer_pending_milliseconds").await?;
            // All that is pending came after it.
            if pending == 0.0 || pending < since.as_secs_f64() * 1_000.0 {
                return Ok(());
            }
            ensure!(since < within, "what happened {since:?} ago is not on disk yet");
            clock.tick().await;
        }
    }
}
