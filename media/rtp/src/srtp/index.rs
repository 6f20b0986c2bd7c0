//! The 48-bit packet index of each source: roll-over counter and replay window
//! (RFC 3711 §3.3.1, §3.3.2).

use super::SrtpError;

/// Sources remembered per key. A leg has one; it changes with the far side's
/// transfers and restarts.
const MAX_SOURCES: usize = 8;
/// Packets behind the newest one that are told apart; RFC 3711 §3.3.2 asks for
/// 64 at least, this is 2.5 s of audio.
const WINDOW: u64 = 128;
/// Largest RTP index (RFC 3711 §3.2.1).
const MAX_RTP_INDEX: u64 = (1 << 48) - 1;
/// Largest RTCP index (RFC 3711 §3.4).
const MAX_RTCP_INDEX: u64 = (1 << 31) - 1;

/// What has been seen of one source's indexes.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    newest: u64,
    /// Bit n: `newest - n` has been seen. 0: nothing has.
    seen: u128,
}

impl Window {
    fn check(&self, index: u64) -> Result<(), SrtpError> {
        let Some(behind) = self.newest.checked_sub(index) else { return Ok(()) };
        if self.seen != 0 && (behind >= WINDOW || self.seen & (1 << behind) != 0) {
            return Err(SrtpError::Replayed);
        }
        Ok(())
    }

    fn note(&mut self, index: u64) {
        if self.seen == 0 {
            *self = Self { newest: index, seen: 1 };
        } else if let Some(behind) = self.newest.checked_sub(index) {
            self.seen |= if behind < WINDOW { 1 << behind } else { 0 };
        } else {
            let ahead = index - self.newest;
            self.seen = if ahead < WINDOW { self.seen << ahead } else { 0 } | 1;
            self.newest = index;
        }
    }

    /// The index that a sequence number most likely means (RFC 3711 appendix A).
    fn guess(&self, sequence: u16) -> Result<u64, SrtpError> {
        if self.seen == 0 {
            return Ok(u64::from(sequence));
        }
        let moved = i64::from(sequence.wrapping_sub(self.newest as u16).cast_signed());
        match self.newest.checked_add_signed(moved) {
            Some(index) if index <= MAX_RTP_INDEX => Ok(index),
            Some(_) => Err(SrtpError::Exhausted),
            // Before the first packet of all.
            None => Err(SrtpError::Replayed),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Source {
    ssrc: u32,
    rtp: Window,
    rtcp: Window,
}

/// The sources that share a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    known: [Source; MAX_SOURCES],
    count: usize,
}

impl Sources {
    fn find(&self, ssrc: u32) -> Source {
        let found = self.known[..self.count].iter().find(|source| source.ssrc == ssrc);
        found.copied().unwrap_or(Source { ssrc, ..Source::default() })
    }

    fn find_mut(&mut self, ssrc: u32) -> Option<&mut Source> {
        let known = self.known[..self.count].iter().position(|source| source.ssrc == ssrc);
        let at = match known {
            Some(at) => at,
            None if self.count < MAX_SOURCES => {
                self.known[self.count] = Source { ssrc, ..Source::default() };
                self.count += 1;
                self.count - 1
            }
            None => return None,
        };
        self.known.get_mut(at)
    }

    /// The index of a packet, if it has not been seen.
    pub(super) fn rtp_index(&self, ssrc: u32, sequence: u16) -> Result<u64, SrtpError> {
        let window = self.find(ssrc).rtp;
        let index = window.guess(sequence)?;
        window.check(index)?;
        Ok(index)
    }

    /// Remembers a packet that was authentic or sent. A source too many is
    /// refused: forgetting an old one would let its packets be repeated, or its
    /// key stream be used twice.
    pub(super) fn note_rtp(&mut self, ssrc: u32, index: u64) -> Result<(), SrtpError> {
        self.find_mut(ssrc).ok_or(SrtpError::TooManySources)?.rtp.note(index);
        Ok(())
    }

    /// Checks an RTCP packet's index.
    pub(super) fn check_rtcp(&self, ssrc: u32, index: u32) -> Result<(), SrtpError> {
        self.find(ssrc).rtcp.check(u64::from(index))
    }

    /// Remembers an authentic RTCP packet.
    pub(super) fn note_rtcp(&mut self, ssrc: u32, index: u32) -> Result<(), SrtpError> {
        self.find_mut(ssrc).ok_or(SrtpError::TooManySources)?.rtcp.note(u64::from(index));
        Ok(())
    }

    /// The index of the next RTCP packet to send.
    pub(super) fn next_rtcp(&mut self, ssrc: u32) -> Result<u32, SrtpError> {
        let window = &mut self.find_mut(ssrc).ok_or(SrtpError::TooManySources)?.rtcp;
        let next = window.newest + 1;
        if next > MAX_RTCP_INDEX {
            return Err(SrtpError::Exhausted);
        }
        window.note(next);
        u32::try_from(next).map_err(|_| SrtpError::Exhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_is_accepted_once_and_agrees_with_a_set() {
        let mut window = Window::default();
        let mut model = std::collections::BTreeSet::new();
        let mut random = 12_345_u64;
        let mut newest = 1_000;
        for _ in 0..200_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = (newest + (random >> 33) % 300).saturating_sub(200);
            let expected = !model.contains(&index) && (model.is_empty() || index + WINDOW > newest);
            let guessed = window.guess(index as u16);
            assert!(model.is_empty() || guessed == Ok(index), "{guessed:?} for {index}");
            assert_eq!(window.check(index).is_ok(), expected, "{index} with {newest}");
            if expected {
                window.note(index);
                newest = if model.is_empty() { index } else { newest.max(index) };
                model.insert(index);
                model = model.split_off(&newest.saturating_sub(1_000));
            }
        }
        assert!(newest > 1 << 17, "the sequence wrapped");
    }

    #[test]
    fn a_worn_out_key_is_not_used_on() {
        let mut window = Window { newest: MAX_RTP_INDEX - 1, seen: 1 };
        let last = window.guess(0xffff).unwrap();
        assert_eq!(last, MAX_RTP_INDEX);
        window.note(last);
        assert_eq!(window.guess(0), Err(SrtpError::Exhausted));
        let mut sources = Sources::default();
        sources.note_rtcp(1, MAX_RTCP_INDEX as u32 - 1).unwrap();
        assert_eq!(sources.next_rtcp(1), Ok(MAX_RTCP_INDEX as u32));
        assert_eq!(sources.next_rtcp(1), Err(SrtpError::Exhausted));
    }
}
