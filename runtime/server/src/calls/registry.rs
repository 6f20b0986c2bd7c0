//! Which task owns which call and which leg. Only addresses of tasks live here,
//! never a call's state.

use super::message::{CallMessage, Told};
use crate::traces::Traces;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;
use strowger_model::{CallId, LegId, TenantId, TrunkId};
use strowger_sip::DialogKey;
use tokio::sync::{Notify, mpsc};

/// Messages waiting for one call. A call is told a few things a second; one that
/// has fallen this far behind is broken and is ended.
pub const INBOX: usize = 256;

/// Stands for a leg of which the call that has it does not know yet.
pub const ON_ITS_WAY: LegId = LegId(u32::MAX);

/// The way to a call's task.
#[derive(Clone, Debug)]
pub struct CallHandle {
    /// Which call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// The trunk it came over.
    pub trunk: Option<TrunkId>,
    /// Boxed, because a channel has room for 32 of them from the start.
    inbox: mpsc::Sender<Box<Told>>,
    overrun: Arc<Overrun>,
}

/// Set when a call's inbox was full: something was lost, so the call is ended.
#[derive(Debug, Default)]
pub struct Overrun {
    lost: AtomicBool,
    changed: Notify,
}

impl Overrun {
    /// Completes once something was lost.
    pub async fn happened(&self) {
        loop {
            let changed = self.changed.notified();
            if self.lost.load(Ordering::Acquire) {
                return;
            }
            changed.await;
        }
    }
}

impl CallHandle {
    /// A handle and the ends that the task keeps.
    pub fn new(
        call: CallId,
        tenant: TenantId,
        trunk: Option<TrunkId>,
    ) -> (Self, mpsc::Receiver<Box<Told>>, Arc<Overrun>) {
        let (inbox, messages) = mpsc::channel(INBOX);
        let overrun = Arc::new(Overrun::default());
        (Self { call, tenant, trunk, inbox, overrun: overrun.clone() }, messages, overrun)
    }

    /// Hands a message over without waiting. False if the call is gone. If its
    /// inbox is full the call will end itself: nothing is lost silently.
    pub fn tell(&self, message: CallMessage) -> bool {
        match self.inbox.try_send(Box::new(Told { at: Instant::now(), message })) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.overrun.lost.store(true, Ordering::Release);
                self.overrun.changed.notify_waiters();
                true
            }
        }
    }
}

/// All live calls of this server.
#[derive(Debug)]
pub struct Registry {
    traces: Arc<Traces>,
    calls: RwLock<HashMap<CallId, CallHandle>>,
    legs: RwLock<HashMap<DialogKey, (CallHandle, LegId)>>,
    left: Notify,
}

impl Registry {
    /// No calls yet. Whose leg is whose, `traces` is told.
    pub fn new(traces: Arc<Traces>) -> Self {
        Self { traces, calls: RwLock::default(), legs: RwLock::default(), left: Notify::default() }
    }

    /// Enters a call with its first leg's dialog, if there is one yet.
    pub fn enter(&self, handle: &CallHandle) {
        write(&self.calls).insert(handle.call, handle.clone());
    }

    /// Enters a leg, before anything can be heard of it.
    pub fn enter_leg(&self, dialog: DialogKey, handle: &CallHandle, leg: LegId) {
        self.traces.belongs(dialog, handle.call, handle.tenant);
        write(&self.legs).insert(dialog, (handle.clone(), leg));
    }

    /// Forgets a leg of which nothing more will be heard.
    pub fn leave_leg(&self, dialog: DialogKey) {
        write(&self.legs).remove(&dialog);
    }

    /// Forgets a call.
    pub fn leave(&self, call: CallId) {
        write(&self.calls).remove(&call);
        self.left.notify_waiters();
    }

    /// Completes when no call lives.
    pub async fn emptied(&self) {
        loop {
            let left = self.left.notified();
            if self.is_empty() {
                return;
            }
            left.await;
        }
    }

    /// The task of a call.
    pub fn call(&self, call: CallId) -> Option<CallHandle> {
        read(&self.calls).get(&call).cloned()
    }

    /// The task that owns a leg.
    pub fn leg(&self, dialog: DialogKey) -> Option<(CallHandle, LegId)> {
        read(&self.legs).get(&dialog).cloned()
    }

    /// How many calls live.
    pub fn len(&self) -> usize {
        read(&self.calls).len()
    }

    /// Whether no call lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Live calls of a tenant.
    pub fn of_tenant(&self, tenant: TenantId) -> Vec<CallHandle> {
        read(&self.calls).values().filter(|call| call.tenant == tenant).cloned().collect()
    }

    /// Every call.
    pub fn all(&self) -> Vec<CallHandle> {
        read(&self.calls).values().cloned().collect()
    }
}

// The maps are plain: a panic elsewhere while one is locked leaves it whole.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
