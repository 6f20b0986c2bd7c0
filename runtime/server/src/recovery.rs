//! After a crash: calls go on where they can, and end properly where they cannot.
//!
//! Nothing of SIP is read meanwhile and no router is asked: a request in a dialog
//! that is about to be taken up must not be refused, and whoever is first back
//! need not be first in line.

use crate::calls::kept;
use crate::calls::task::{self, Revived};
use crate::node::{DIRECT_DIAL, Node};
use crate::tenants::{Tenant, load};
use anyhow::Result;
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use strowger_call::{Call, RebuildError, Rebuilt};
use strowger_guest::Program;
use strowger_model::{
    CallId, CallRecord, Cause, JournalEntry, LegId, RecordingId, TenantId, Timestamp,
};
use strowger_sip::{ContactRecord, DialogRecord, TakeUp};
use strowger_store::{ProgramKind, Recording, Salvaged, Unfinished, UnfinishedCall};

/// How long a call may take to ask for what it needs; it takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// A leg that had ended so shortly before the crash may not have been told so.
const LATELY_MS: u64 = 5_000;

/// Which dialog, whoever has it.
type DialogId = (Vec<u8>, Vec<u8>);

/// A call that was cut off.
struct Found {
    unfinished: UnfinishedCall,
    journal: Vec<JournalEntry>,
    legs: BTreeMap<LegId, DialogRecord>,
    /// It again, with its tenant, or why it cannot go on.
    again: Result<(Rebuilt, Arc<Tenant>), String>,
}

/// Takes up what a crash has cut off. Signalling must be running and every tenant
/// loaded; `node.recovering` is set.
pub async fn run(node: &Arc<Node>, unfinished: Unfinished) -> Result<()> {
    let Unfinished { calls, recordings, contacts } = unfinished;
    restore_phones(node, &contacts).await?;
    let mut found = Vec::with_capacity(calls.len());
    for call in calls {
        found.push(find(node, call).await);
    }
    let mut recordings = by_call(recordings);
    let alive: HashSet<DialogId> = found.iter().flat_map(living).collect();
    let (mut gone_on, mut ended, mut settled) = (0_u32, 0_u32, Vec::new());
    for call in found {
        let its = recordings.remove(&call.unfinished.record.call).unwrap_or_default();
        hang_up_the_rest(node, &call, &alive).await;
        match go_on(node, call, its).await {
            Ok(asked) => {
                gone_on += 1;
                settled.push(asked);
            }
            Err(record) => {
                ended += 1;
                close(node, *record);
            }
        }
    }
    for recording in recordings.into_values().flatten() {
        salvage(node, &recording);
    }
    for asked in settled {
        if tokio::time::timeout(PATIENCE, asked).await.is_err() {
            tracing::error!("a call of before the restart does not settle");
        }
    }
    if gone_on + ended > 0 {
        tracing::warn!(gone_on, ended, "calls that were cut off");
    }
    node.metrics.recovered(gone_on, ended);
    Ok(())
}

/// From here on calls are taken and contacts given to agents.
pub async fn open(node: &Arc<Node>) -> Result<()> {
    node.recovering.store(false, Ordering::Release);
    for tenant in node.tenants.all() {
        tenant.distribution.recovered().await;
    }
    node.sip.recovered().await?;
    Ok(())
}

async fn restore_phones(node: &Node, kept: &[String]) -> Result<()> {
    let mut contacts: Vec<ContactRecord> = Vec::new();
    for text in kept {
        match serde_json::from_str::<Vec<ContactRecord>>(text) {
            Ok(some) => contacts.extend(some),
            Err(error) => tracing::warn!(%error, "where phones are is not readable"),
        }
    }
    node.sip.restore_registrations(contacts).await?;
    Ok(())
}

async fn find(node: &Node, unfinished: UnfinishedCall) -> Found {
    let (call, tenant) = (unfinished.record.call, unfinished.record.tenant);
    let Salvaged { entries: journal, damage } =
        node.store.tenant(tenant).journal().salvage(call).await;
    let legs = kept::read(&journal);
    let again = match (damage, Call::rebuild(&journal), node.tenants.get(tenant)) {
        // What the call would do next is not known; whom to say goodbye to may be.
        (Some(error), ..) => Err(error.to_string()),
        (None, Err(error), _) => Err(error.to_string()),
        (None, Ok(_), None) => Err("its tenant is gone".to_owned()),
        (None, Ok(rebuilt), Some(tenant)) => Ok((rebuilt, tenant)),
    };
    if let Err(reason) = &again {
        tracing::error!(%call, reason, legs = legs.len(), "a call that was cut off does not go on");
        node.metrics.count_event("journal.not_continued");
        node.raise_alarm(&json!({
            "name": format!("journal.not_continued/{call}"), "tenant": tenant, "reason": reason,
        }));
    }
    Found { unfinished, journal, legs, again }
}

/// The dialogs that go on with a call. A leg that was given to another call stands
/// in both journals.
fn living(found: &Found) -> Vec<DialogId> {
    let Ok((rebuilt, _)) = &found.again else { return Vec::new() };
    let legs = rebuilt.call.living_legs();
    let records = legs.iter().filter_map(|(leg, _)| found.legs.get(leg));
    records.map(dialog_id).collect()
}

fn dialog_id(record: &DialogRecord) -> DialogId {
    let (call_id, local) = record.dialog_id();
    (call_id.to_vec(), local.to_vec())
}

/// Ends towards their other sides the legs that no call goes on with.
async fn hang_up_the_rest(node: &Node, found: &Found, alive: &HashSet<DialogId>) {
    let last_seen = found.unfinished.last_seen;
    for (leg, record) in &found.legs {
        let ended = found.again.as_ref().ok().and_then(|(rebuilt, _)| {
            let record = rebuilt.call.record();
            record.legs.iter().find(|known| known.leg == *leg)?.ended_at
        });
        let long_ago = ended.is_some_and(|at| last_seen.ms_since(at) > LATELY_MS);
        if long_ago || alive.contains(&dialog_id(record)) {
            continue;
        }
        let how = TakeUp::End(Cause::ServerRestart);
        let taken = node.sip.take_up(node.sip.next_key(), record.clone(), how).await;
        if let Ok(Err(error)) = taken {
            let call = found.unfinished.record.call;
            tracing::warn!(%call, leg = leg.0, %error, "a leg could not be ended");
        }
    }
}

/// Starts the call's task; its closed record if it does not go on.
async fn go_on(
    node: &Arc<Node>,
    found: Found,
    recordings: Vec<(TenantId, Recording)>,
) -> Result<tokio::sync::oneshot::Receiver<()>, Box<CallRecord>> {
    let Found { unfinished, journal, legs, again } = found;
    let (rebuilt, tenant) = match again {
        Ok(again) => again,
        Err(reason) => {
            recordings.iter().for_each(|recording| salvage(node, recording));
            return Err(Box::new(lost(unfinished, &journal, &reason)));
        }
    };
    if let Some(record) = rebuilt.finished {
        recordings.iter().for_each(|recording| salvage(node, recording));
        return Err(record);
    }
    let begun: HashMap<RecordingId, Timestamp> =
        recordings.iter().map(|(_, recording)| (recording.id, recording.started_at)).collect();
    let program = program(node, &tenant, &rebuilt.call).await;
    let revived = Revived { rebuilt, journal, legs, recordings: begun, program };
    task::take_up(node, &tenant, revived).await.map_err(|refused| {
        tracing::error!(%refused, "a call of before the restart is not taken up");
        Box::new(unfinished.closed())
    })
}

/// The record of a call that does not go on: what is known of it up to where its
/// journal cannot be followed any more, and why it ends there.
fn lost(mut unfinished: UnfinishedCall, journal: &[JournalEntry], reason: &str) -> CallRecord {
    if let Some(record) = followed(journal) {
        unfinished.record = record;
    }
    let mut record = unfinished.closed();
    record.guest.faults.push(format!("the flow could not go on after a restart: {reason}"));
    record
}

/// The call's record as of the last entry that follows from those before it.
fn followed(journal: &[JournalEntry]) -> Option<CallRecord> {
    let whole = (0..).zip(journal).take_while(|(seq, entry)| entry.seq == *seq).count();
    let rebuilt = match Call::rebuild(&journal[..whole]) {
        Err(RebuildError::Unreadable { seq, .. } | RebuildError::Diverged { seq }) => {
            Call::rebuild(journal.get(..seq as usize)?)
        }
        rebuilt => rebuilt,
    };
    Some(rebuilt.ok()?.call.record().clone())
}

/// The version that the call is pinned to.
async fn program(node: &Arc<Node>, tenant: &Tenant, call: &Call) -> Option<Program> {
    match call.flow() {
        (_, Some(version)) => {
            let scope = node.store.tenant(tenant.id);
            load::load(node, &scope, ProgramKind::Flow, version).await
        }
        (DIRECT_DIAL, None) => Some(node.direct_dial().clone()),
        (_, None) => None,
    }
}

fn close(node: &Node, record: CallRecord) {
    let call = record.call;
    let closed = node.writer.reopen_call(call).map(|open| open.close(record));
    if !matches!(closed, Ok(Ok(()))) {
        tracing::error!(%call, "the record of a call that was cut off is not closed");
    }
}

fn salvage(node: &Node, (tenant, recording): &(TenantId, Recording)) {
    // Told of by the ledger.
    let Recording { id, call, started_at, .. } = recording;
    let _ = node.ledger.salvage(*tenant, *call, *id, *started_at);
}

fn by_call(recordings: Vec<(TenantId, Recording)>) -> HashMap<CallId, Vec<(TenantId, Recording)>> {
    let mut by_call: HashMap<_, Vec<_>> = HashMap::new();
    for (tenant, recording) in recordings {
        by_call.entry(recording.call).or_default().push((tenant, recording));
    }
    by_call
}
