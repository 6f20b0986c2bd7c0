//! A transfer under way in a dialog, either way (RFC 3515).

use sipx_sip::{HeaderName, Request};
use strowger_model::Timestamp;

/// A REFER of theirs: not decided, or accepted and told of by NOTIFY.
#[derive(Debug)]
pub(crate) struct ReferIn {
    /// The transaction and request that wait for a decision.
    pub(crate) undecided: Option<(u64, Box<Request>)>,
    pub(crate) decide_by: Timestamp,
    /// CSeq of the REFER, which names the subscription (RFC 3515 §2.4.6).
    pub(crate) id: u32,
    /// They want no NOTIFYs (RFC 4488).
    pub(crate) silent: bool,
    /// A NOTIFY is out; the next one waits, so that they arrive in order.
    pub(crate) notifying: bool,
    /// What to say next; only the newest is worth it.
    pub(crate) queued: Option<u16>,
    /// The last thing was said.
    pub(crate) done: bool,
}

/// A REFER of ours.
#[derive(Debug)]
pub(crate) struct ReferOut {
    pub(crate) transaction: u64,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) challenges: u8,
    /// Told how it ended; late NOTIFYs are still answered.
    pub(crate) done: bool,
    /// After this nobody will say any more how it ended.
    pub(crate) until: Timestamp,
}
