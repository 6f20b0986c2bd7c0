//! Telling callers where they stand.
//!
//! A place is looked up by rank in a counted set, not by counting. When a queue
//! moves, callers are told in passes: a while after the first move, in batches,
//! only those whose number has changed. A queue that does not move costs nothing.

use crate::acd::Acd;
use crate::effect::AcdEffect;
use crate::limits::{POSITIONS_BATCH, POSITIONS_MS, POSITIONS_PAUSE_MS};
use crate::timers::Timer;

impl Acd {
    /// Tells one caller now.
    pub(crate) fn tell_position(&mut self, number: u64) {
        let Some(contact) = self.contacts.get_mut(&number) else {
            return;
        };
        let Some(queue) = self.queues.get(contact.queue) else {
            return;
        };
        let place = contact.keys(queue.config.ageing_per_minute)[2];
        let position = queue.places.rank(&place) as u32 + 1;
        contact.told = position;
        let expected_wait_ms = queue.rate.expected_wait_ms(self.now, position, queue.staffed);
        let call = contact.call;
        self.emit(AcdEffect::Waiting { call, position, expected_wait_ms });
    }

    /// Somebody in the queue has moved up or back.
    pub(crate) fn positions_changed(&mut self, number: u32) {
        let Some(queue) = self.queues.get_mut(number) else {
            return;
        };
        queue.moved = true;
        if !self.timers.is_set(Timer::Positions(number)) {
            self.timers.set(Timer::Positions(number), self.now.plus_ms(POSITIONS_MS));
        }
    }

    /// Tells the next batch of a pass.
    pub(crate) fn tell_positions(&mut self, number: u32) {
        let Some(queue) = self.queues.get_mut(number) else {
            return;
        };
        let start = queue.told_up_to;
        if start == 0 {
            queue.moved = false;
        }
        let mut looked_at = 0;
        for key in queue.places.starting_at(start).take(POSITIONS_BATCH) {
            looked_at += 1;
            let position = (start + looked_at) as u32;
            let Some(contact) = self.contacts.get_mut(&key.2) else {
                continue;
            };
            if contact.told != position {
                contact.told = position;
                self.effects.push_back(AcdEffect::Waiting {
                    call: contact.call,
                    position,
                    expected_wait_ms: queue.rate.expected_wait_ms(
                        self.now,
                        position,
                        queue.staffed,
                    ),
                });
            }
        }
        if looked_at == POSITIONS_BATCH {
            queue.told_up_to = start + looked_at;
            self.timers.set(Timer::Positions(number), self.now.plus_ms(POSITIONS_PAUSE_MS));
        } else {
            queue.told_up_to = 0;
            if queue.moved {
                self.timers.set(Timer::Positions(number), self.now.plus_ms(POSITIONS_MS));
            }
        }
    }
}
