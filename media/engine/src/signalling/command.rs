//! What the handle asks of the task.

use std::net::SocketAddr;
use std::sync::Arc;
use strowger_model::{Cause, TrunkId};
use strowger_sip::{
    Counters, DialogKey, Direction, Directory, InviteOptions, InviteRequest, LocalMedia,
    MediaOptions, Policies, Registration, Replaces, TransferTarget, Usage,
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
    Resolved(TrunkId, Vec<SocketAddr>),
    Registrations(oneshot::Sender<Vec<Registration>>),
    Figures(oneshot::Sender<(Usage, Counters)>),
    ShutDown(oneshot::Sender<()>),
}
