//! The packets that have come and not been played.

/// Packets held: 640 ms of 20 ms frames, more than the greatest depth.
const SLOTS: usize = 32;
/// Longest payload held: RFC 6716's frame; 120 ms of G.711 are shorter.
const MAX_PAYLOAD: usize = crate::codec::MAX_FRAME_BYTES;

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Unwrapped timestamp; `None`: free.
    at: Option<i64>,
    sequence: u16,
    len: u16,
    payload: [u8; MAX_PAYLOAD],
}

/// Packets by timestamp, in no order.
#[derive(Clone, Debug)]
pub(super) struct Packets {
    slots: Box<[Slot; SLOTS]>,
}

impl Packets {
    pub(super) fn new() -> Self {
        let free = Slot { at: None, sequence: 0, len: 0, payload: [0; MAX_PAYLOAD] };
        Self { slots: Box::new([free; SLOTS]) }
    }

    pub(super) fn clear(&mut self) {
        for slot in self.slots.iter_mut() {
            slot.at = None;
        }
    }

    pub(super) fn holds(&self, at: i64) -> bool {
        self.slots.iter().any(|slot| slot.at == Some(at))
    }

    /// `false`: too long, or no room.
    pub(super) fn put(&mut self, at: i64, sequence: u16, payload: &[u8]) -> bool {
        let free = self.slots.iter_mut().find(|slot| slot.at.is_none());
        let (Some(slot), Ok(len)) = (free, u16::try_from(payload.len())) else { return false };
        let Some(room) = slot.payload.get_mut(..payload.len()) else { return false };
        room.copy_from_slice(payload);
        slot.at = Some(at);
        slot.sequence = sequence;
        slot.len = len;
        true
    }

    /// Frees what begins before `at`.
    pub(super) fn drop_before(&mut self, at: i64) {
        for slot in self.slots.iter_mut() {
            if slot.at.is_some_and(|begins| begins < at) {
                slot.at = None;
            }
        }
    }

    /// The earliest packet: its timestamp, number and payload.
    pub(super) fn earliest(&self) -> Option<(i64, u16, &[u8])> {
        let slot = self.slots.iter().filter(|slot| slot.at.is_some()).min_by_key(|slot| slot.at)?;
        Some((slot.at?, slot.sequence, slot.payload.get(..usize::from(slot.len))?))
    }

    /// Frees the packet of this timestamp.
    pub(super) fn free(&mut self, at: i64) {
        for slot in self.slots.iter_mut().filter(|slot| slot.at == Some(at)) {
            slot.at = None;
        }
    }
}
