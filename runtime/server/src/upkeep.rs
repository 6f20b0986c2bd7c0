//! Keeps journals of calls that are over small, beside everything else.

use crate::clock;
use crate::node::Node;
use std::sync::Arc;
use std::time::Duration;
use strowger_model::Timestamp;
use strowger_store::Result;

/// How often it looks whether there is something to do.
const EVERY: Duration = Duration::from_secs(60);
/// Time for the writer between two steps: it comes round as often itself.
const PAUSE: Duration = Duration::from_millis(100);
/// Steps of each kind in one round. Packing does 32 calls a step, so it keeps up
/// with a hundred calls a second.
const STEPS: usize = 200;
/// A journal is left alone for so long after its call: late entries have arrived
/// by then, and whoever looks into a call that went wrong finds its legs.
const SETTLED_MS: u64 = 10 * 60 * 1_000;

/// Runs as long as the server.
pub async fn run(node: Arc<Node>) {
    let mut clock = tokio::time::interval(EVERY);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        clock.tick().await;
        if let Err(error) = round(&node).await {
            tracing::warn!(%error, "journals are not packed and removed; trying again later");
        }
    }
}

async fn round(node: &Node) -> Result<()> {
    let upkeep = node.store.upkeep();
    let now = clock::now();
    let (mut before, mut after, mut removed, mut given_back) = (0, 0, 0, 0);
    for _ in 0..STEPS {
        if failing(node) {
            return Ok(());
        }
        let step = upkeep.remove(now, node.config.journal_days).await?;
        node.metrics.journals.removed(&step);
        removed += step.calls;
        if !step.more {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    for _ in 0..STEPS {
        if failing(node) {
            return Ok(());
        }
        let step = upkeep.pack(Timestamp(now.0.saturating_sub(SETTLED_MS))).await?;
        node.metrics.journals.packed(&step);
        before += step.bytes_before;
        after += step.bytes_after;
        if !step.more {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    for _ in 0..STEPS {
        let bytes = upkeep.give_back().await?;
        node.metrics.journals.given_back(bytes);
        given_back += bytes;
        if bytes == 0 {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    if before + given_back > 0 || removed > 0 {
        tracing::debug!(before, after, removed, given_back, "journals packed and removed, bytes");
    }
    Ok(())
}

/// What the writer has not heard the end of must not be rewritten under it; and a
/// full disk is no time for it.
fn failing(node: &Node) -> bool {
    node.writer.health().borrow().failing.is_some()
}
