//! How the server speaks to the signalling task.

use super::command::Command;
use super::tls::{Certificates, TlsError};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use strowger_model::{Cause, TenantId};
use strowger_sip::{
    Ban, ContactRecord, Counters, DialogKey, DialogRecord, Direction, Directory, GuardRules,
    InviteOptions, InviteRequest, LocalMedia, MediaOptions, Notice, Policies, Refusal,
    Registration, Replaces, TakeUp, TakeUpError, Trace, TransferTarget, Transport, TrunkStatus,
    Trunking, Usage,
};
use tokio::sync::{mpsc, oneshot, watch};

/// The signalling task has ended; nothing can be signalled any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signalling has stopped; restart the server")]
pub struct Stopped;

/// Speaks to the signalling task. Cheap to clone. Every method waits only for
/// room in the command channel; what comes of a command is told by events.
/// A command for a leg that is over does nothing.
#[derive(Clone, Debug)]
pub struct SipHandle {
    commands: mpsc::Sender<Command>,
    placed: Arc<AtomicU64>,
    udp: SocketAddr,
    listeners: Arc<HashMap<Transport, SocketAddr>>,
    certificates: Option<Arc<Certificates>>,
    /// Until somebody takes it.
    notices: Arc<Mutex<Option<mpsc::Receiver<Notice>>>>,
    calls: watch::Receiver<usize>,
}

impl SipHandle {
    pub(super) fn new(
        commands: mpsc::Sender<Command>,
        udp: SocketAddr,
        listeners: HashMap<Transport, SocketAddr>,
        certificates: Option<Arc<Certificates>>,
        notices: mpsc::Receiver<Notice>,
        calls: watch::Receiver<usize>,
    ) -> Self {
        let notices = Arc::new(Mutex::new(Some(notices)));
        let (placed, listeners) = (Arc::new(AtomicU64::new(0)), Arc::new(listeners));
        Self { commands, placed, udp, listeners, certificates, notices, calls }
    }

    /// Where datagrams are taken.
    pub fn udp_address(&self) -> SocketAddr {
        self.udp
    }

    /// Where streams are taken.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.listener(Transport::Tcp)
    }

    /// Where a transport's streams are taken.
    pub fn listener(&self, transport: Transport) -> Option<SocketAddr> {
        self.listeners.get(&transport).copied()
    }

    /// Reads our certificates anew, for handshakes from now on; if a file is
    /// wrong, the ones in use stay. Streams that are up are not touched.
    pub async fn reload_certificates(&self) -> Result<(), TlsError> {
        let Some(certificates) = self.certificates.clone() else { return Ok(()) };
        let reading = tokio::task::spawn_blocking(move || certificates.reload());
        reading.await.unwrap_or(Ok(()))
    }

    async fn send(&self, command: Command) -> Result<(), Stopped> {
        self.commands.send(command).await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::ring`].
    pub async fn ring(&self, dialog: DialogKey) -> Result<(), Stopped> {
        self.send(Command::Ring(dialog)).await
    }

    /// See [`strowger_sip::Endpoint::early_media`].
    pub async fn early_media(&self, dialog: DialogKey, local: LocalMedia) -> Result<(), Stopped> {
        self.send(Command::EarlyMedia(dialog, local)).await
    }

    /// See [`strowger_sip::Endpoint::answer`].
    pub async fn answer(&self, dialog: DialogKey, local: LocalMedia) -> Result<(), Stopped> {
        self.send(Command::Answer(dialog, local)).await
    }

    /// See [`strowger_sip::Endpoint::reject`].
    pub async fn reject(
        &self,
        dialog: DialogKey,
        status: u16,
        reason: Option<String>,
    ) -> Result<(), Stopped> {
        self.send(Command::Reject(dialog, status, reason)).await
    }

    /// See [`strowger_sip::Endpoint::hang_up`].
    pub async fn hang_up(&self, dialog: DialogKey, cause: Cause) -> Result<(), Stopped> {
        self.send(Command::HangUp(dialog, cause)).await
    }

    /// See [`strowger_sip::Endpoint::cancel`].
    pub async fn cancel(&self, dialog: DialogKey) -> Result<(), Stopped> {
        self.hang_up(dialog, Cause::Cancelled).await
    }

    /// A key for a call that will be placed with [`SipHandle::invite_as`], to
    /// be remembered before its first event can come.
    pub fn next_key(&self) -> DialogKey {
        DialogKey::outbound(self.placed.fetch_add(1, Ordering::Relaxed))
    }

    /// Places a call under a key from [`SipHandle::next_key`].
    pub async fn invite_as(&self, key: DialogKey, request: InviteRequest) -> Result<(), Stopped> {
        self.invite_with(key, request, InviteOptions::default()).await
    }

    /// See [`strowger_sip::Endpoint::invite_with`].
    pub async fn invite_with(
        &self,
        key: DialogKey,
        request: InviteRequest,
        options: InviteOptions,
    ) -> Result<(), Stopped> {
        self.send(Command::Invite(key, Box::new(request), Box::new(options))).await
    }

    /// See [`strowger_sip::Endpoint::accept_refer`].
    pub async fn accept_refer(&self, dialog: DialogKey) -> Result<(), Stopped> {
        self.send(Command::AcceptRefer(dialog)).await
    }

    /// See [`strowger_sip::Endpoint::reject_refer`].
    pub async fn reject_refer(&self, dialog: DialogKey, status: u16) -> Result<(), Stopped> {
        self.send(Command::RejectRefer(dialog, status)).await
    }

    /// See [`strowger_sip::Endpoint::refer_progress`].
    pub async fn refer_progress(&self, dialog: DialogKey, status: u16) -> Result<(), Stopped> {
        self.send(Command::ReferProgress(dialog, status)).await
    }

    /// See [`strowger_sip::Endpoint::refer`].
    pub async fn refer(&self, dialog: DialogKey, target: TransferTarget) -> Result<(), Stopped> {
        self.send(Command::Refer(dialog, target)).await
    }

    /// See [`strowger_sip::Endpoint::replaces`].
    pub async fn replaces(&self, dialog: DialogKey) -> Result<Option<Replaces>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Replaces(dialog, reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::update`].
    pub async fn update(&self, dialog: DialogKey, direction: Direction) -> Result<(), Stopped> {
        self.send(Command::Update(dialog, direction)).await
    }

    /// See [`strowger_sip::Endpoint::set_media_options`].
    pub async fn set_media_options(
        &self,
        dialog: DialogKey,
        options: MediaOptions,
    ) -> Result<(), Stopped> {
        self.send(Command::SetMediaOptions(dialog, options)).await
    }

    /// See [`strowger_sip::Endpoint::set_policies`].
    pub async fn set_policies(&self, policies: Arc<Policies>) -> Result<(), Stopped> {
        self.send(Command::SetPolicies(policies)).await
    }

    /// Places a call; its events may come before this returns.
    pub async fn invite(&self, request: InviteRequest) -> Result<DialogKey, Stopped> {
        let key = self.next_key();
        self.invite_as(key, request).await?;
        Ok(key)
    }

    /// See [`strowger_sip::Endpoint::reinvite`].
    pub async fn reinvite(&self, dialog: DialogKey, direction: Direction) -> Result<(), Stopped> {
        self.send(Command::Reinvite(dialog, direction)).await
    }

    /// See [`strowger_sip::Endpoint::send_digit`].
    pub async fn send_info_digit(
        &self,
        dialog: DialogKey,
        digit: char,
        held_ms: u32,
    ) -> Result<(), Stopped> {
        self.send(Command::SendDigit(dialog, digit, held_ms)).await
    }

    /// Swaps the directory; names of proxies are looked up from now on.
    pub async fn set_directory(&self, directory: Arc<Directory>) -> Result<(), Stopped> {
        self.send(Command::SetDirectory(directory)).await
    }

    /// See [`strowger_sip::Endpoint::set_trunking`].
    pub async fn set_trunking(&self, trunking: Arc<Trunking>) -> Result<(), Stopped> {
        self.send(Command::SetTrunking(trunking)).await
    }

    /// See [`strowger_sip::Endpoint::set_budget`].
    pub async fn set_budget(
        &self,
        tenant: TenantId,
        left_micros: Option<u64>,
    ) -> Result<(), Stopped> {
        self.send(Command::SetBudget(tenant, left_micros)).await
    }

    /// How every trunk is doing.
    pub async fn trunk_statuses(&self) -> Result<Vec<TrunkStatus>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Trunks(reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::tenant_refusals`].
    pub async fn tenant_refusals(&self, tenant: TenantId) -> Result<Vec<(Refusal, u64)>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Refusals(tenant, reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// What was said so far on those of these legs that live.
    pub async fn traces(&self, dialogs: Vec<DialogKey>) -> Result<Vec<Trace>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Traces(dialogs, reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::set_guard`].
    pub async fn set_guard(&self, rules: GuardRules) -> Result<(), Stopped> {
        self.send(Command::SetGuard(rules)).await
    }

    /// See [`strowger_sip::Endpoint::ban`].
    pub async fn ban(&self, source: IpAddr, for_s: u32) -> Result<(), Stopped> {
        self.send(Command::Ban(source, for_s)).await
    }

    /// See [`strowger_sip::Endpoint::unban`].
    pub async fn unban(&self, source: IpAddr) -> Result<bool, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Unban(source, reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::bans`].
    pub async fn bans(&self) -> Result<Vec<Ban>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Bans(reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// What an operator should know; to be taken once. Notices that find no
    /// room, or nobody who takes them, are dropped and counted.
    pub fn take_notices(&self) -> Option<mpsc::Receiver<Notice>> {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Goes on with a leg of a process that is gone, or ends it; see
    /// [`strowger_sip::Endpoint::take_up`]. The key is one from
    /// [`SipHandle::next_key`], whoever once called, or the leg's old one if that
    /// was not given out again.
    pub async fn take_up(
        &self,
        key: DialogKey,
        record: DialogRecord,
        how: TakeUp,
    ) -> Result<Result<(), TakeUpError>, Stopped> {
        if let Some(number) = key.outbound_number() {
            self.placed.fetch_max(number.saturating_add(1), Ordering::Relaxed);
        }
        let (reply, answer) = oneshot::channel();
        self.send(Command::TakeUp(key, Box::new(record), Box::new(how), reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// See [`strowger_sip::Endpoint::restore_registrations`].
    pub async fn restore_registrations(&self, kept: Vec<ContactRecord>) -> Result<usize, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::RestoreRegistrations(kept, reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// Every leg that goes on was taken up: the sockets are read from now on. Only
    /// needed with [`super::SignallingConfig::recovering`].
    pub async fn recovered(&self) -> Result<(), Stopped> {
        self.send(Command::Recovered).await
    }

    /// The registered contacts of every extension.
    pub async fn registrations(&self) -> Result<Vec<Registration>, Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Registrations(reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// How full the tables are, and what happened how often.
    pub async fn figures(&self) -> Result<(Usage, Counters), Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::Figures(reply)).await?;
        answer.await.map_err(|_| Stopped)
    }

    /// How many calls signalling holds, and a way to wait for changes. A call is
    /// there still while a BYE of ours waits for its answer. Closed when the task
    /// has ended: then the datagrams' port is free again.
    pub fn calls(&self) -> watch::Receiver<usize> {
        self.calls.clone()
    }

    /// Takes our registrations away and ends the task. Calls are not hung up:
    /// do that first and wait for their last events.
    pub async fn shut_down(&self) -> Result<(), Stopped> {
        let (reply, answer) = oneshot::channel();
        self.send(Command::ShutDown(reply)).await?;
        answer.await.map_err(|_| Stopped)
    }
}
