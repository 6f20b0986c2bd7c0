//! What is kept an eye on while guests serve a call: what they use, whether the
//! version fails, how long decisions take, how much is logged and written down.

use super::CallTask;
use crate::clock;
use crate::metering::CallMeter;
use crate::tenants::guests;
use serde_json::json;
use std::time::Instant;
use strowger_call::TurnResult;
use strowger_guest::{CallGuest, FlowTurn, LogLine};
use strowger_model::{JournalEntry, JournalKind, VersionId};

/// What one call's guests have used, and where they are.
#[derive(Debug, Default)]
pub(super) struct GuestWatch {
    pub meter: CallMeter,
    /// When the message came that is being heard; none: nothing that can be late.
    heard_at: Option<Instant>,
    /// The turn that the background threads have the guest for.
    pub away: Option<u32>,
    /// When the message came that this turn is about.
    away_since: Option<Instant>,
    /// The version the call began with, until it has failed.
    began_with: Option<(String, VersionId)>,
    log_bytes: usize,
    journal_bytes: u64,
    journal_full: bool,
}

impl GuestWatch {
    /// Of a call that begins: its first decision is waited for from now on.
    pub fn begun_now() -> Self {
        Self { heard_at: Some(Instant::now()), ..Self::default() }
    }

    /// The background threads get the guest for a turn.
    pub fn goes_away(&mut self, turn: u32) {
        self.away = Some(turn);
        self.away_since = self.heard_at.take();
    }

    /// Something was heard that may need a decision.
    pub fn heard(&mut self, at: Option<Instant>) {
        self.heard_at = at;
    }
}

impl CallTask {
    /// The call runs this version from its beginning on.
    pub(super) fn note_version(&mut self) {
        if let Some(version) = self.core.record().flow_version {
            self.watch.began_with = Some((self.flow.clone(), version));
        }
        let flow = self.flow.clone();
        self.watch.meter.serves(&self.node, self.tenant.id, &flow, clock::now());
    }

    /// The journal of a call that goes on has its size from before.
    pub(super) fn watch_recovered_journal(&mut self, journal: &[JournalEntry]) {
        self.watch.journal_bytes = journal.iter().map(|entry| entry.body.len() as u64).sum();
    }

    /// The guest has handled an event: everything that is counted, before the call
    /// hears of it.
    pub(super) fn watch_turn(&mut self, result: &TurnResult) {
        let now = clock::now();
        let tenant = &self.tenant;
        if let Some(at) = self.watch.heard_at.take() {
            tenant.guests.latency.add(at.elapsed());
        }
        let version = self.core.record().flow_version;
        tenant.guests.share.book(now, version, result.busy_us, result.fuel);
        self.node.crowd.note(now, tenant.id);
        self.watch.meter.turn(&self.node, tenant.id, version, result, now);
        if let Err(fault) = &result.outcome {
            self.node.metrics.flow_failed(&tenant.config().name, fault.kind.name());
        }
        if let (Err(fault), Some(version)) = (&result.outcome, version) {
            let call = self.handle.call;
            let flow = self.watch.meter.flow().to_owned();
            guests::failed(&self.node, tenant, (&flow, version), call, fault);
            self.watch.began_with = None;
        }
    }

    /// The background threads have given the guest back, unless the call has gone
    /// on without it.
    pub(super) fn guest_is_back(&mut self, guest: CallGuest, turn: FlowTurn) {
        if self.watch.away != Some(turn.result.turn) {
            return;
        }
        self.watch.away = None;
        self.watch.heard_at = self.watch.away_since.take();
        self.guest = guest;
        self.turned(turn);
    }

    /// Frees the guest. One that may hold much is freed where it does not keep
    /// others waiting.
    pub(super) fn dismiss_guest(&mut self) {
        self.watch.away = None;
        let fresh = CallGuest::on(self.tenant.guests.memory.account());
        let guest = std::mem::replace(&mut self.guest, fresh);
        let (now, version) = (clock::now(), self.core.record().flow_version);
        if guests::is_over_share(&self.node, &self.tenant, now, version) {
            // Freed here if there is no room there.
            let _ = self.node.background.submit(self.tenant.id, guest, drop);
        }
    }

    /// The call is over: what its guests have used is handed over.
    pub(super) fn guest_is_done(&mut self) {
        self.watch.meter.hand_over(&self.node, self.tenant.id, clock::now());
        if let Some((flow, version)) = self.watch.began_with.take() {
            guests::over(&self.node, &self.tenant, (&flow, version), self.handle.call);
        }
    }

    /// Shows what the guest has logged, as much as one call may.
    pub(super) fn show_log(&mut self, lines: Vec<LogLine>, mut cut: u32) {
        let most = self.tenant.config().limits.guest.log_bytes_per_call as usize;
        for line in lines {
            if self.watch.log_bytes + line.message.len() > most {
                cut = cut.saturating_add(1);
                continue;
            }
            self.watch.log_bytes += line.message.len();
            self.node.events.call(
                &self.handle,
                "guest.log",
                || json!({"level": line.level, "message": line.message}),
            );
        }
        if cut > 0 {
            self.node.events.call(&self.handle, "guest.log_cut", || json!({"lines": cut}));
        }
    }

    /// The entry, while there is room in the call's journal. Past that the call
    /// goes on without one. The journal then ends with a note in the place of an
    /// entry that cannot be one: it is not taken for whole, neither by a replay
    /// nor by a server that looks for calls to go on with.
    pub(super) fn within_journal_limit(&mut self, mut entry: JournalEntry) -> Option<JournalEntry> {
        if self.watch.journal_full {
            return None;
        }
        self.watch.journal_bytes += entry.body.len() as u64;
        let most = self.tenant.config().limits.guest.journal_bytes_per_call;
        if self.watch.journal_bytes <= most || entry.kind == JournalKind::Note {
            return Some(entry);
        }
        self.watch.journal_full = true;
        self.node.metrics.count_event("journal.full");
        self.node.events.call(&self.handle, "journal.full", || json!({"limit_bytes": most}));
        entry.kind = JournalKind::Note;
        entry.body = json!({"note": "journal.full", "data": {"limit_bytes": most}}).to_string();
        Some(entry)
    }
}
