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

/// What there is to do in a round, in this order: what goes need not be packed, and
/// both make room that can be given back.
#[derive(Clone, Copy, Debug)]
enum Work {
    Remove,
    Pack,
    GiveBack,
}

/// What a round has done, in calls and bytes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    removed: u32,
    before: u64,
    after: u64,
    given_back: u64,
}

async fn round(node: &Node) -> Result<()> {
    let now = clock::now();
    let mut done = Done::default();
    for work in [Work::Remove, Work::Pack, Work::GiveBack] {
        for _ in 0..STEPS {
            if failing(node) {
                return Ok(());
            }
            if !step(node, now, work, &mut done).await? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    if done != Done::default() {
        tracing::debug!(?done, "journals packed and removed");
    }
    Ok(())
}

/// One short transaction; whether there is more to do.
async fn step(node: &Node, now: Timestamp, work: Work, done: &mut Done) -> Result<bool> {
    let upkeep = node.store.upkeep();
    match work {
        Work::Remove => {
            let removed = upkeep.remove(now, node.config.journal_days).await?;
            node.metrics.journals.removed(&removed);
            done.removed += removed.calls;
            Ok(removed.more)
        }
        Work::Pack => {
            let ended_before = Timestamp(now.0.saturating_sub(SETTLED_MS));
            let packed = upkeep.pack(ended_before).await?;
            node.metrics.journals.packed(&packed);
            done.before += packed.bytes_before;
            done.after += packed.bytes_after;
            Ok(packed.more)
        }
        Work::GiveBack => {
            let bytes = upkeep.give_back().await?;
            node.metrics.journals.given_back(bytes);
            done.given_back += bytes;
            Ok(bytes > 0)
        }
    }
}

/// What the writer has not heard the end of must not be rewritten under it; and a
/// full disk is no time for it.
fn failing(node: &Node) -> bool {
    node.writer.health().borrow().failing.is_some()
}
