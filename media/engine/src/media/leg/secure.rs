//! Protection of a leg's packets, RTP and RTCP (RFC 3711, RFC 7714).

use crate::media::remote::SrtpKeys;
use strowger_rtp::srtp::{Protect, Unprotect};

/// Both directions' keys and what was sent and heard under them.
#[derive(Debug)]
pub(in crate::media) struct Secure {
    pub(super) keys: SrtpKeys,
    pub(super) protect: Protect,
    pub(super) unprotect: Unprotect,
}

impl Secure {
    /// Derives session keys: some microseconds, not for a media thread.
    pub(in crate::media) fn new(keys: SrtpKeys) -> Self {
        let (protect, unprotect) = (Protect::new(&keys.send), Unprotect::new(&keys.receive));
        Self { keys, protect, unprotect }
    }

    /// Keys that were told again go on with their counters: numbers must not
    /// repeat under one key. A direction whose key is new begins anew.
    pub(super) fn go_on_from(&mut self, before: Self) {
        if before.keys.send == self.keys.send {
            self.protect = before.protect;
        }
        if before.keys.receive == self.keys.receive {
            self.unprotect = before.unprotect;
        }
    }
}
