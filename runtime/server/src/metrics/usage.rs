//! What calls have used, added up as they end: guests by module, media by trunk.

use super::text::{Kind, Text};
use std::collections::BTreeMap;
use strowger_model::LegMedia;

/// Modules, or trunks, told apart; past it new ones are counted together under
/// no name. An operator with more reads them from the call records.
const MOST: usize = 4_096;

/// What the calls of one flow have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModuleUse {
    /// Calls.
    pub calls: u64,
    /// Events handled.
    pub turns: u64,
    /// Faults.
    pub faults: u64,
    /// Fuel.
    pub fuel: u64,
    /// Time inside the guest.
    pub busy_us: u64,
}

/// How the media of one trunk's legs has fared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MediaUse {
    legs: u64,
    transcoded: u64,
    secured: u64,
    received: u64,
    lost: u64,
    sent: u64,
    rated: u64,
    mos_percent: u64,
}

impl MediaUse {
    /// Adds a leg.
    pub fn add(&mut self, media: &LegMedia) {
        self.legs += 1;
        self.transcoded += u64::from(media.transcoded);
        self.secured += u64::from(media.srtp.is_some());
        self.received += u64::from(media.packets_received);
        self.lost += u64::from(media.packets_lost);
        self.sent += u64::from(media.packets_sent);
        if let Some(mos) = media.mos_percent {
            self.rated += 1;
            self.mos_percent += u64::from(mos);
        }
    }
}

/// By names of two kinds: a tenant's, and its module's or trunk's.
pub type ByName<T> = BTreeMap<(String, String), T>;

/// The entry of these names, or the one of all that found no room.
pub fn entry<'a, T: Default>(all: &'a mut ByName<T>, tenant: &str, name: &str) -> &'a mut T {
    let key = (tenant.to_owned(), name.to_owned());
    let full = all.len() >= MOST && !all.contains_key(&key);
    all.entry(if full { Default::default() } else { key }).or_default()
}

/// Writes what modules have used.
pub fn modules(text: &mut Text, all: &ByName<ModuleUse>) {
    type Of = fn(&ModuleUse) -> u64;
    let families: [(&'static str, &str, Of); 5] = [
        ("strowger_module_calls_total", "Calls that ended, by flow.", |used| used.calls),
        ("strowger_module_turns_total", "Events handled, by module.", |used| used.turns),
        ("strowger_module_faults_total", "Faults, by module.", |used| used.faults),
        ("strowger_module_fuel_total", "Fuel used, by module.", |used| used.fuel),
        ("strowger_module_busy_microseconds_total", "Time inside a module.", |used| used.busy_us),
    ];
    for (name, help, of) in families {
        let mut family = text.family(name, Kind::Counter, help);
        for ((tenant, module), used) in all {
            family.sample(&[("tenant", tenant), ("module", module)], of(used));
        }
    }
}

/// Writes how media has fared; legs that were no trunk's are under no name.
pub fn media(text: &mut Text, all: &ByName<MediaUse>) {
    type Of = fn(&MediaUse) -> u64;
    let families: [(&'static str, &str, Of); 8] = [
        ("strowger_media_legs_total", "Legs with media that ended.", |used| used.legs),
        ("strowger_media_legs_transcoded_total", "Of these, transcoded.", |used| used.transcoded),
        ("strowger_media_legs_secured_total", "Of these, encrypted.", |used| used.secured),
        ("strowger_media_packets_received_total", "RTP packets heard.", |used| used.received),
        ("strowger_media_packets_lost_total", "RTP packets not heard.", |used| used.lost),
        ("strowger_media_packets_sent_total", "RTP packets sent.", |used| used.sent),
        ("strowger_media_legs_rated_total", "Legs that were heard.", |used| used.rated),
        (
            "strowger_media_mos_percent_total",
            "Mean opinion scores of the legs that were heard, in hundredths, together.",
            |used| used.mos_percent,
        ),
    ];
    for (name, help, of) in families {
        let mut family = text.family(name, Kind::Counter, help);
        for ((tenant, trunk), used) in all {
            family.sample(&[("tenant", tenant), ("trunk", trunk)], of(used));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded() {
        let mut all = ByName::<ModuleUse>::new();
        for number in 0..MOST + 100 {
            entry(&mut all, "acme", &format!("flow-{number}")).calls += 1;
        }
        entry(&mut all, "acme", "flow-7").calls += 1;
        assert_eq!(all.len(), MOST + 1);
        assert_eq!(entry(&mut all, "acme", "flow-7").calls, 2);
        assert_eq!(entry(&mut all, "", "").calls, 100);
    }
}
