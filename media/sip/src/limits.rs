//! The bounds of everything a peer can make grow, each with its reason.

use sipx_sip::Limits as ParseLimits;

/// Largest datagram or stream message: an INVITE through a long chain of
/// proxies stays under 8 KiB; the rest is head room, not an invitation.
pub const MAX_MESSAGE_BYTES: usize = 32 * 1024;
/// Largest session description: 16 media lines with their attributes fit.
pub const MAX_SDP_BYTES: usize = 16 * 1024;
/// Media lines in one offer; browsers and video phones send two to four.
pub const MAX_MEDIA_LINES: usize = 16;
/// Answers kept per INVITE of ours; more forks than that is an attack.
pub const MAX_FORKS: usize = 16;
/// Routes in one dialog: a request that crossed more proxies than this is looping.
pub const MAX_ROUTES: usize = 16;
/// Contacts per extension: a desk phone, a softphone, a mobile, and one to spare.
pub const MAX_CONTACTS: usize = 4;
/// Shortest registration granted: shorter ones are load without use (RFC 3261 §10.2.8).
pub const MIN_EXPIRES_S: u32 = 60;
/// Longest registration granted; a phone that is gone is noticed within the hour.
pub const MAX_EXPIRES_S: u32 = 3600;
/// Registration granted to a phone that asks for no time of its own.
pub const DEFAULT_EXPIRES_S: u32 = 300;
/// How long a nonce is good for. A phone refreshing later pays one more round trip.
pub const NONCE_LIFETIME_MS: u64 = 300_000;
/// Nonces in use whose counts are remembered; past it the oldest become stale.
pub const MAX_NONCES: usize = 65_536;
/// Longest time an incoming call may wait for an answer or a refusal.
pub const MAX_UNANSWERED_MS: u64 = 600_000;
/// Proxies give up on a ringing call after three minutes unless it is repeated
/// every minute (RFC 3261 §13.3.1.1).
pub const PROVISIONAL_REPEAT_MS: u64 = 60_000;
/// Seconds a refused caller is asked to stay away when we are full.
pub const RETRY_AFTER_S: u32 = 5;
/// A stream that holds back the rest of a message longer than this is closed.
pub const STREAM_STALL_MS: u64 = 10_000;
/// Challenges answered per request: one from the proxy, one from the far end.
pub const MAX_CHALLENGES: u8 = 2;

/// Refusals held back at a time; past it guessers get none.
pub const MAX_LATE_ANSWERS: usize = 1_024;

/// How much an [`crate::Endpoint`] holds at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls, in set-up, up or coming down. Past it an INVITE is answered 503.
    pub calls: usize,
    /// Server transactions; a finished one lingers for 32 s (RFC 3261 timer J),
    /// so this bounds requests per second times 32.
    pub transactions: usize,
    /// New calls a second, as many again at once; past it an INVITE is answered
    /// 503. `None`: only the other limits hold.
    pub calls_per_s: Option<u32>,
    /// Registered contacts over all tenants.
    pub registrations: usize,
    /// Streams (TCP connections) that may have half a message pending.
    pub connections: usize,
}

impl Limits {
    /// Transactions that requests outside any dialog may use: the last tenth
    /// is for calls that are up, so that they can always be hung up.
    pub(crate) fn new_transactions(&self) -> usize {
        self.transactions - self.transactions / 10
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 20_000,
            transactions: 1_000_000,
            // Whoever drives an endpoint says when it is too much.
            calls_per_s: None,
            registrations: 100_000,
            connections: 8_192,
        }
    }
}

/// What the parser accepts, on every transport.
pub(crate) fn parse_limits() -> ParseLimits {
    ParseLimits {
        max_message_bytes: MAX_MESSAGE_BYTES,
        max_body_bytes: MAX_MESSAGE_BYTES,
        max_headers: 128,
        max_header_bytes: 4096,
        max_folding_lines: 16,
    }
}
