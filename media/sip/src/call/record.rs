//! What of a leg must outlive the process, so that another one can go on with it
//! or end it properly. Never a key or a password.
//!
//! Numbers that change with every request are not kept up to date: whoever takes
//! a leg up goes far ahead of them.

use super::clock::SessionClock;
use super::dialog::Dialog;
use super::state::{Call, Phase, Placed};
use crate::event::Source;
use crate::hop::{Hop, Transport};
use crate::limits::MAX_ROUTES;
use crate::message::user_of;
use crate::random::parse_hex64;
use crate::sdp::{KeptSession, LocalMedia, MediaOptions, Negotiated};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sipx_sip::{Address, HeaderName, Uri};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// What the shape of [`DialogRecord`] is called; another one is not read.
const VERSION: u32 = 1;
/// Longest record read: of a message whose every header is full nothing is lost.
const MAX_BYTES: usize = 256 * 1024;

/// What is needed to go on with a leg in another process, or to end it: what
/// [`crate::SipEvent::Keep`] brings and [`crate::Endpoint::take_up`] takes.
/// Below 1 KiB as JSON for an ordinary call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogRecord {
    #[serde(rename = "v")]
    version: u32,
    source: Source,
    pub(crate) leg: Kept,
}

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Not a record.
    #[error("the record of a leg cannot be read ({0}); the leg is lost, hang up its other side")]
    Unreadable(String),
    /// Written by a newer or much older server.
    #[error("the record of a leg has version {0}, this server reads {VERSION}; the leg is lost")]
    Version(u32),
}

/// By where the leg stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kept {
    /// Received, not answered.
    Incoming(KeptIncoming),
    /// Placed, not answered.
    Placed(KeptPlaced),
    Up(Box<KeptUp>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptIncoming {
    /// For a BYE, should it have been answered after all.
    pub(crate) dialog: KeptDialog,
    /// The way back.
    pub(crate) vias: Vec<Text>,
    /// Number of the INVITE.
    pub(crate) cseq: u32,
    /// Where it came from.
    pub(crate) from: KeptHop,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptPlaced {
    pub(crate) call_id: Text,
    pub(crate) local: Text,
    pub(crate) remote: Text,
    pub(crate) branches: Vec<KeptBranch>,
}

/// One INVITE that is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptBranch {
    pub(crate) uri: Text,
    pub(crate) via: Text,
    pub(crate) cseq: u32,
    pub(crate) hop: KeptHop,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptUp {
    pub(crate) dialog: KeptDialog,
    /// We called: the Call-ID is ours.
    pub(crate) placed: bool,
    /// They allow UPDATE.
    pub(crate) update: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timer: Option<KeptTimer>,
    pub(crate) held: bool,
    pub(crate) session: KeptSession,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptTimer {
    pub(crate) interval_s: u32,
    pub(crate) we_refresh: bool,
    pub(crate) agreed: bool,
    pub(crate) min_s: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptDialog {
    call_id: Text,
    local: Text,
    remote: Text,
    cseq: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remote_cseq: Option<u32>,
    target: Text,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Text>,
    hop: KeptHop,
    /// User part of our Contact.
    contact: String,
}

/// A hop without its stream, which does not outlive the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptHop {
    over: Transport,
    at: SocketAddr,
}

/// Bytes of a message. In JSON each is one character (ISO 8859-1), because not
/// every peer writes UTF-8 and what it wrote must come back as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Bytes);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(plain) if plain.is_ascii() => serializer.serialize_str(plain),
            _ => serializer.collect_str(&self.0.iter().map(|b| char::from(*b)).collect::<String>()),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes: Result<Vec<u8>, _> = text.chars().map(u8::try_from).collect();
        let bytes = bytes.map_err(|_| serde::de::Error::custom("a character of two bytes"))?;
        Ok(Self(Bytes::from(bytes)))
    }
}

impl From<&Uri> for Text {
    fn from(uri: &Uri) -> Self {
        Self(uri.to_bytes())
    }
}

impl Text {
    pub(crate) fn uri(&self) -> Option<Uri> {
        Uri::parse(self.0.clone()).ok()
    }
}

impl DialogRecord {
    /// As it is kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`DialogRecord::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        let unreadable = |error: serde_json::Error| RecordError::Unreadable(error.to_string());
        if text.len() > MAX_BYTES {
            return Err(RecordError::Unreadable(format!("longer than {MAX_BYTES} bytes")));
        }
        let Version { v } = serde_json::from_str(text).map_err(unreadable)?;
        if v != VERSION {
            return Err(RecordError::Version(v));
        }
        serde_json::from_str(text).map_err(unreadable)
    }

    /// Whether this server can read it.
    pub(crate) fn check(&self) -> Result<(), RecordError> {
        match self.version {
            VERSION => Ok(()),
            other => Err(RecordError::Version(other)),
        }
    }

    /// Whose leg it is.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Names the dialog: records of the same leg, taken at different times, have
    /// the same.
    pub fn dialog_id(&self) -> (&[u8], &[u8]) {
        match &self.leg {
            Kept::Incoming(KeptIncoming { dialog, .. }) => (&dialog.call_id.0, &dialog.local.0),
            Kept::Placed(KeptPlaced { call_id, local, .. }) => (&call_id.0, &local.0),
            Kept::Up(up) => (&up.dialog.call_id.0, &up.dialog.local.0),
        }
    }

    /// Whether it was answered: only then it can go on.
    pub fn is_up(&self) -> bool {
        matches!(self.leg, Kept::Up(_))
    }

    /// Whether its media was encrypted. The keys are gone: it needs new ones.
    pub fn is_secure(&self) -> bool {
        self.session().is_some_and(KeptSession::is_secure)
    }

    /// Whether the other side held us.
    pub fn is_held(&self) -> bool {
        matches!(&self.leg, Kept::Up(up) if up.held)
    }

    /// Our end of its media, if it was answered.
    pub fn local_media(&self) -> Option<LocalMedia> {
        self.session().map(KeptSession::local)
    }

    /// What our end differed in from plain G.711, without keys.
    pub fn media_options(&self) -> Option<MediaOptions> {
        self.session().map(KeptSession::options)
    }

    /// What was agreed, without keys: where media may go until
    /// [`crate::SipEvent::TakenUp`] says what holds.
    pub fn agreed(&self) -> Option<Negotiated> {
        self.session().map(KeptSession::agreed)
    }

    fn session(&self) -> Option<&KeptSession> {
        match &self.leg {
            Kept::Up(up) => Some(&up.session),
            Kept::Incoming(_) | Kept::Placed(_) => None,
        }
    }

    /// What is to be kept of a leg; `None` if it is over, or agreed to nothing.
    /// `came_from` is the hop of its INVITE, `invites` knows those that are out.
    pub(crate) fn of(
        call: &Call,
        came_from: Option<Hop>,
        invites: impl FnMut(u64) -> Option<(Text, u32)>,
    ) -> Option<Self> {
        let leg = match call.phase {
            Phase::Incoming => Kept::Incoming(incoming(call, came_from?)?),
            Phase::Calling => Kept::Placed(placed(call, call.placed.as_deref()?, invites)?),
            Phase::Up => Kept::Up(Box::new(KeptUp {
                dialog: KeptDialog::of(&call.dialog),
                placed: call.placed.is_some(),
                update: call.peer.update,
                timer: KeptTimer::of(&call.clock),
                held: call.held,
                session: call.session.keep()?,
            })),
            Phase::Closing => return None,
        };
        Some(Self { version: VERSION, source: call.source, leg })
    }
}

fn incoming(call: &Call, came_from: Hop) -> Option<KeptIncoming> {
    let invite = call.invite.as_deref()?;
    let vias = invite.headers.get_all(&HeaderName::Via);
    let vias = vias.map(|via| Text(Bytes::from(via.value().into_owned()))).collect();
    let dialog = KeptDialog::of(&call.dialog);
    let cseq = invite.headers.typed::<sipx_sip::CSeq>()?.ok()?.sequence;
    Some(KeptIncoming { dialog, vias, cseq, from: KeptHop::of(came_from) })
}

fn placed(
    call: &Call,
    placed: &Placed,
    mut invites: impl FnMut(u64) -> Option<(Text, u32)>,
) -> Option<KeptPlaced> {
    let out = placed.branches.iter().filter(|branch| !branch.done);
    let branches: Vec<_> = out
        .filter_map(|branch| {
            let (via, cseq) = invites(branch.transaction)?;
            let (uri, hop) = (Text::from(&branch.uri), KeptHop::of(branch.hop));
            Some(KeptBranch { uri, via, cseq, hop })
        })
        .collect();
    let Dialog { call_id, local, remote, .. } = &call.dialog;
    let copy = |bytes: &Bytes| Text(bytes.clone());
    let (call_id, local, remote) = (copy(call_id), copy(local), copy(remote));
    (!branches.is_empty()).then_some(KeptPlaced { call_id, local, remote, branches })
}

impl KeptTimer {
    fn of(clock: &SessionClock) -> Option<Self> {
        let running = clock.running?;
        Some(Self {
            interval_s: running.interval_s,
            we_refresh: running.we_refresh,
            agreed: running.agreed,
            min_s: clock.min_heard_s,
        })
    }
}

impl KeptHop {
    pub(crate) fn of(hop: Hop) -> Self {
        Self { over: hop.transport, at: hop.remote }
    }

    /// A stream inside TLS is opened in the trunk's name, whoever opened the last.
    pub(crate) fn hop(self, source: &Source) -> Hop {
        let trunk = match source {
            Source::Trunk { trunk, .. } if self.over == Transport::Tls => Some(*trunk),
            _ => None,
        };
        Hop { transport: self.over, remote: self.at, connection: None, trunk }
    }
}

impl KeptDialog {
    fn of(dialog: &Dialog) -> Self {
        let contact = Address::parse(dialog.contact.as_bytes(), "Contact").ok();
        Self {
            call_id: Text(dialog.call_id.clone()),
            local: Text(dialog.local.clone()),
            remote: Text(dialog.remote.clone()),
            cseq: dialog.local_cseq,
            remote_cseq: dialog.remote_cseq,
            target: Text::from(&dialog.target),
            routes: dialog.routes.iter().map(Text::from).collect(),
            hop: KeptHop::of(dialog.hop),
            contact: contact.and_then(|contact| user_of(&contact.uri)).unwrap_or_default(),
        }
    }

    /// The dialog again, with our tag; its next request goes `ahead` of the last
    /// one kept. `contact` makes our Contact of its user part.
    pub(crate) fn restore(
        &self,
        source: &Source,
        ahead: u32,
        contact: impl FnOnce(Transport, &str) -> String,
    ) -> Option<(Dialog, u64)> {
        let tag = tag_of(&self.local.0)?;
        let tag = parse_hex64(&tag)?;
        let routes: Vec<_> = self.routes.iter().map(Text::uri).collect::<Option<_>>()?;
        if routes.len() > MAX_ROUTES {
            return None;
        }
        let hop = self.hop.hop(source);
        let dialog = Dialog {
            call_id: self.call_id.0.clone(),
            local: self.local.0.clone(),
            remote: self.remote.0.clone(),
            remote_tag: tag_of(&self.remote.0),
            // Numbers of requests have 31 bits (RFC 3261 §8.1.1.5).
            local_cseq: self.cseq.checked_add(ahead).filter(|cseq| *cseq < 1 << 31)?,
            remote_cseq: self.remote_cseq,
            target: self.target.uri()?,
            routes,
            hop,
            spare: VecDeque::new(),
            awaits: None,
            contact: contact(hop.transport, &self.contact),
        };
        Some((dialog, tag))
    }
}

fn tag_of(address: &Bytes) -> Option<Bytes> {
    let address = Address::parse(address, "From").ok()?;
    address.tag().map(Bytes::copy_from_slice)
}
