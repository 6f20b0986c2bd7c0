//! Symmetric RTP: finds out where a phone behind an address translator really
//! sends from (RFC 4961), without letting a stranger take the stream over.
//!
//! Until a window after signalling has closed, a source that proves itself is
//! followed; later only when the known source has fallen silent. The address
//! that signalling named always wins over a learned one.

use std::net::SocketAddr;

/// How long after signalling named an address another source may be learned.
const WINDOW_MS: u64 = 5_000;
/// How long the known source must have been silent before another one is
/// followed later: a phone that moved to another network.
const SILENT_MS: u64 = 2_000;
/// Packets in sequence that a new source needs while the window is open
/// (RFC 3550 A.1 uses two as well).
const PROOF_IN_WINDOW: u8 = 2;
/// The same when it would replace a known source.
const PROOF_TO_REPLACE: u8 = 5;

/// What to do with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is the leg's.
    Accept,
    /// It is the leg's, and from now on packets go to where it came from.
    AcceptAndFollow,
    /// It is a stranger's, or not yet proven.
    Refuse,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    from: SocketAddr,
    ssrc: u32,
    next_sequence: u16,
    proven: u8,
}

/// Where one leg's packets come from and go to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latch {
    signalled: Option<SocketAddr>,
    learned: Option<SocketAddr>,
    candidate: Option<Candidate>,
    opened_ms: u64,
    heard_ms: u64,
}

impl Latch {
    /// Signalling named an address: the window opens. Naming the same address
    /// again (hold, session refresh) changes nothing.
    pub fn signal(&mut self, now_ms: u64, address: SocketAddr) {
        if self.signalled == Some(address) {
            return;
        }
        *self = Self {
            signalled: Some(address),
            opened_ms: now_ms,
            heard_ms: now_ms,
            ..Self::default()
        };
    }

    /// Where to send.
    pub fn target(&self) -> Option<SocketAddr> {
        self.learned.or(self.signalled)
    }

    /// Decides about a packet. The caller has checked that it is RTP of a
    /// payload type this leg negotiated.
    pub fn admit(&mut self, now_ms: u64, from: SocketAddr, ssrc: u32, sequence: u16) -> Admission {
        let Some(signalled) = self.signalled else { return Admission::Refuse };
        if self.learned == Some(from) {
            self.heard_ms = now_ms;
            self.candidate = None;
            return Admission::Accept;
        }
        let in_window = now_ms.saturating_sub(self.opened_ms) <= WINDOW_MS;
        let silent = now_ms.saturating_sub(self.heard_ms) >= SILENT_MS;
        let needed = match self.learned {
            None if from == signalled => 1,
            Some(_) if from == signalled && in_window => 1,
            None => PROOF_IN_WINDOW,
            Some(_) if silent => PROOF_TO_REPLACE,
            Some(_) => return Admission::Refuse,
        };
        let proven = match self.candidate {
            Some(known)
                if known.from == from && known.ssrc == ssrc && known.next_sequence == sequence =>
            {
                known.proven + 1
            }
            _ => 1,
        };
        if proven < needed {
            let next_sequence = sequence.wrapping_add(1);
            self.candidate = Some(Candidate { from, ssrc, next_sequence, proven });
            return Admission::Refuse;
        }
        self.candidate = None;
        self.learned = Some(from);
        self.heard_ms = now_ms;
        Admission::AcceptAndFollow
    }
}
