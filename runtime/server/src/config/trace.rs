//! What is kept of SIP messages, and who else gets them.
//!
//! Start lines cost 3 µs and 1.5 KiB per call of one leg, too little to be seen
//! beside the rest of a call, and are kept unless told otherwise. Whole messages
//! cost 19 µs and 4 KiB (`cargo run --release --example trace_cost -p strowger-sip`).

use crate::traces::Traces;
use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use strowger_engine::signalling::HepSettings;
use strowger_sip::{HepSource, TracePolicy};

/// Most calls that can be kept; who needs more sends them to a collector.
const MAX_CALLS: usize = 1_000_000;
/// Most memory that they can take, in mebibytes.
const MAX_MEMORY_MIB: usize = 65_536;

/// Traces of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceConfig {
    /// How much of each message is kept.
    pub messages: TracedPart,
    /// Of how many calls, the last ones.
    pub calls: usize,
    /// In how much memory; whichever of the two is reached first.
    pub memory_mib: usize,
    /// Who gets a copy of every message; absent: nobody.
    pub hep: Option<HepConfig>,
}

/// How much of a message is kept or sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TracedPart {
    /// Nothing.
    Off,
    /// Its start line: enough for a ladder.
    #[default]
    FirstLine,
    /// Everything but secrets: credentials, media keys, digits.
    Masked,
}

/// A collector of SIP messages that speaks HEP version 3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HepConfig {
    /// Where it listens, UDP.
    pub collector: SocketAddr,
    /// Our number there.
    #[serde(default)]
    pub agent: u32,
    /// What it wants to see of us, if anything.
    #[serde(default)]
    pub key: Option<String>,
    /// How much of each message it gets.
    #[serde(default = "masked")]
    pub messages: TracedPart,
}

impl Default for TraceConfig {
    fn default() -> Self {
        Self { messages: TracedPart::default(), calls: 1_000, memory_mib: 16, hep: None }
    }
}

impl TraceConfig {
    /// Where traces are kept.
    pub fn store(&self) -> Traces {
        let calls = if self.messages == TracedPart::Off { 0 } else { self.calls };
        Traces::new(calls, self.memory_mib << 20)
    }

    /// Refuses what cannot be.
    pub fn check(&self) -> Result<()> {
        ensure!(
            self.messages == TracedPart::Off || (1..=MAX_CALLS).contains(&self.calls),
            "trace.calls must be 1 to {MAX_CALLS}; to keep none, set trace.messages = \"off\""
        );
        ensure!(
            (1..=MAX_MEMORY_MIB).contains(&self.memory_mib),
            "trace.memory_mib must be 1 to {MAX_MEMORY_MIB}"
        );
        if let Some(hep) = &self.hep {
            ensure!(
                hep.messages != TracedPart::Off,
                "trace.hep.messages must be \"first_line\" or \"masked\"; to send nothing, take \
                 [trace.hep] away"
            );
            ensure!(
                hep.key.as_ref().is_none_or(|key| !key.is_empty() && key.len() <= 255),
                "trace.hep.key must have 1 to 255 bytes"
            );
        }
        Ok(())
    }
}

impl TracedPart {
    /// In signalling's words.
    pub fn policy(self) -> TracePolicy {
        match self {
            Self::Off => TracePolicy::Off,
            Self::FirstLine => TracePolicy::FirstLine,
            Self::Masked => TracePolicy::Masked,
        }
    }
}

impl HepConfig {
    /// In signalling's words.
    pub fn settings(&self) -> HepSettings {
        HepSettings {
            collector: self.collector,
            source: HepSource { agent: self.agent, key: self.key.clone() },
            policy: self.messages.policy(),
        }
    }
}

fn masked() -> TracedPart {
    TracedPart::Masked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TraceConfig {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn settings_are_checked_by_name() {
        let refused = |text: &str| read(text).check().unwrap_err().to_string();
        assert!(refused("calls = 0").contains("trace.calls"));
        assert!(refused("memory_mib = 0").contains("trace.memory_mib"));
        let hep = "[hep]\ncollector = \"127.0.0.1:9060\"\n";
        assert!(refused(&format!("{hep}messages = \"off\"")).contains("trace.hep.messages"));
        assert!(refused(&format!("{hep}key = \"\"")).contains("trace.hep.key"));
        read("messages = \"off\"\ncalls = 0").check().unwrap();
        let good = read(hep);
        good.check().unwrap();
        assert_eq!(good.hep.unwrap().settings().policy, TracePolicy::Masked);
    }
}
