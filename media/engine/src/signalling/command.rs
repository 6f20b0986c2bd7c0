//! What the handle asks of the task.

use std::net::IpAddr;
use std::sync::Arc;
use strowger_model::{Cause, TenantId, TrunkId};
use strowger_sip::{
    Ban, ContactRecord, Counters, DialogKey, DialogRecord, Direction, Directory, GuardRules,
    InviteOptions, InviteRequest, LocalMedia, Located, LookupId, MediaOptions, Policies, Refusal,
    Registration, Replaces, TakeUp, TakeUpError, Trace, TransferTarget, TrunkStatus, Trunking,
    Usage,
};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) enum Command {
    Ring(DialogKey),
    EarlyMedia(DialogKey, LocalMedia),
    Answer(DialogKey, LocalMedia),
    Reject(DialogKey, u16, Option<String>),
    HangUp(DialogKey, Cause),
    Invite(DialogKey, Box<InviteRequest>, Box<InviteOptions>),
    AcceptRefer(DialogKey),
    RejectRefer(DialogKey, u16),
    ReferProgress(DialogKey, u16),
    Refer(DialogKey, TransferTarget),
    Replaces(DialogKey, oneshot::Sender<Option<Replaces>>),
    Update(DialogKey, Direction),
    SetMediaOptions(DialogKey, MediaOptions),
    SetPolicies(Arc<Policies>),
    Reinvite(DialogKey, Direction),
    SendDigit(DialogKey, char, u32),
    SetDirectory(Arc<Directory>),
    SetTrunking(Arc<Trunking>),
    SetBudget(TenantId, Option<u64>),
    SetGuard(GuardRules),
    Ban(IpAddr, u32),
    Unban(IpAddr, oneshot::Sender<bool>),
    Bans(oneshot::Sender<Vec<Ban>>),
    Trunks(oneshot::Sender<Vec<TrunkStatus>>),
    Refusals(TenantId, oneshot::Sender<Vec<(Refusal, u64)>>),
    Traces(Vec<DialogKey>, oneshot::Sender<Vec<Trace>>),
    Located(TrunkId, Vec<Located>),
    TakeUp(DialogKey, Box<DialogRecord>, Box<TakeUp>, oneshot::Sender<Result<(), TakeUpError>>),
    RestoreRegistrations(Vec<ContactRecord>, oneshot::Sender<usize>),
    Recovered,
    NameLocated(LookupId, Option<Vec<Located>>),
    Registrations(oneshot::Sender<Vec<Registration>>),
    Figures(oneshot::Sender<(Usage, Counters)>),
    ShutDown(oneshot::Sender<()>),
}
