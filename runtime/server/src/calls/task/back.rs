//! A call of before a restart goes on: its core was made again from the journal,
//! its legs are taken up, its guest is fed what it was told.

use super::{CallTask, MEDIA_INBOX};
use crate::calls::legs::Legs;
use crate::calls::message::Told;
use crate::calls::registry::{CallHandle, Overrun};
use crate::calls::sound::Sound;
use crate::node::Node;
use crate::tenants::Tenant;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use strowger_call::{Fault, FaultKind, Input, LegFate, Rebuilt};
use strowger_engine::media::MediaEvent;
use strowger_guest::{CallGuest, Program, ReplayError};
use strowger_model::{Cause, JournalEntry, LegId, RecordingId, Timestamp};
use strowger_sip::DialogRecord;
use strowger_store::Refused;
use tokio::sync::{mpsc, oneshot};

/// A call made again.
#[derive(Debug)]
pub struct Revived {
    /// Its core.
    pub rebuilt: Rebuilt,
    /// What it was made of.
    pub journal: Vec<JournalEntry>,
    /// What signalling kept of its legs.
    pub legs: BTreeMap<LegId, DialogRecord>,
    /// Its recordings under way, and when they began.
    pub recordings: HashMap<RecordingId, Timestamp>,
    /// The flow that serves it.
    pub program: Option<Program>,
}

/// What has become of the world meanwhile, for the task.
struct Back {
    rebuilt_turn: Option<super::Turn>,
    unwritten: Vec<JournalEntry>,
    journal: Vec<JournalEntry>,
    fates: Vec<(LegId, LegFate)>,
    /// Told once the call has asked for everything it needs.
    settled: oneshot::Sender<()>,
}

/// Takes a call's legs up and starts its task; completes when the call has asked
/// for everything it needs.
pub async fn take_up(
    node: &Arc<Node>,
    tenant: &Arc<Tenant>,
    revived: Revived,
) -> Result<oneshot::Receiver<()>, Refused> {
    let Revived { rebuilt, journal, legs: mut kept, recordings, program } = revived;
    let Rebuilt { call: core, turn, unwritten, .. } = rebuilt;
    let record = core.record();
    let open = node.writer.reopen_call(record.call)?;
    let trunk = record.legs.first().and_then(|leg| leg.trunk);
    let (handle, messages, overrun) = CallHandle::new(record.call, record.tenant, trunk);
    let (media_events, media) = mpsc::channel(MEDIA_INBOX);
    let own_number = record.to.to_string();
    node.calls.enter(&handle);
    tenant.readmit_call();
    let mut legs =
        Legs::new(node.clone(), tenant.clone(), handle.clone(), own_number, media_events);
    let mut fates = Vec::new();
    for (leg, _) in core.living_legs() {
        let fate = match kept.remove(&leg) {
            Some(record) => legs.take_up(leg, record).await,
            None => LegFate::Gone { cause: Cause::ServerRestart },
        };
        fates.push((leg, fate));
    }
    let (settled, is_settled) = oneshot::channel();
    let task = Box::new(CallTask {
        sound: Sound::new(node.clone(), tenant.clone(), handle.clone()),
        node: node.clone(),
        tenant: tenant.clone(),
        handle,
        flow: core.flow().0.to_owned(),
        core,
        program,
        legs,
        guest: CallGuest::on(tenant.guests.memory.account()),
        watch: Default::default(),
        open: Some(open),
        recordings: HashMap::new(),
        cut_short: recordings,
        guest_lost: None,
        found: None,
    });
    let back = Back { rebuilt_turn: turn, unwritten, journal, fates, settled };
    node.guests.spawn(task.come_back(back, messages, media, overrun));
    Ok(is_settled)
}

impl CallTask {
    async fn come_back(
        mut self: Box<Self>,
        back: Back,
        messages: mpsc::Receiver<Box<Told>>,
        media: mpsc::Receiver<MediaEvent>,
        overrun: Arc<Overrun>,
    ) {
        let Back { rebuilt_turn, unwritten, mut journal, fates, settled } = back;
        for entry in &unwritten {
            self.journal(entry.clone());
        }
        journal.extend(unwritten);
        self.note_version();
        self.watch_recovered_journal(&journal);
        self.revive_guest(&journal);
        drop(journal);
        self.input(Input::Recovered { legs: fates });
        if let Some((event, moment, view)) = rebuilt_turn {
            self.run_guest(event, moment, view);
        }
        let over = self.carry_out().await;
        self.salvage_the_rest();
        // Whoever waited may have lost patience.
        let _ = settled.send(());
        self.go_on(over, messages, media, overrun).await;
    }

    /// Feeds the guest what it was told. One that cannot be made again fails when
    /// it is next told something, as any other guest does.
    fn revive_guest(&mut self, journal: &[JournalEntry]) {
        let Some(program) = self.program.clone() else { return };
        let budget = self.tenant.config().budget;
        if let Err(error) = self.guest.rebuild(&program, &budget, journal) {
            tracing::warn!(call = %self.handle.call, %error, "the flow could not be rebuilt");
            self.guest_lost = Some(match error {
                ReplayError::Diverged(divergence) => divergence.fault(),
                other => Fault::new(FaultKind::Host, other.to_string()),
            });
        }
    }
}
