//! What the handle asks of the task.

use std::net::IpAddr;
use std::sync::Arc;
use strowger_model::{Cause, TenantId, TrunkId};
use strowger_sip::{
    Ban, Counters, DialogKey, Direction, Directory, GuardRules, InviteRequest, LocalMedia, Located,
    Registration, TrunkStatus, Trunking, Usage,
};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) enum Command {
    Ring(DialogKey),
    EarlyMedia(DialogKey, LocalMedia),
    Answer(DialogKey, LocalMedia),
    Reject(DialogKey, u16, Option<String>),
    HangUp(DialogKey, Cause),
    Invite(DialogKey, Box<InviteRequest>),
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
    Located(TrunkId, Vec<Located>),
    Registrations(oneshot::Sender<Vec<Registration>>),
    Figures(oneshot::Sender<(Usage, Counters)>),
    ShutDown(oneshot::Sender<()>),
}
