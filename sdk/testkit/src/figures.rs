//! A campaign's figures, for the test of a pacer.

use std::collections::BTreeMap;
use strowger_sdk::guest::{Moment, pace};
use strowger_sdk::host::{CampaignHost, Hosts, with_hosts};
use strowger_sdk::{Pacer, PacerTrigger};

/// What a pacer is told of its campaign.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    metrics: BTreeMap<String, f64>,
    cap: u32,
}

impl Figures {
    /// None, and nothing may be started.
    pub fn new() -> Self {
        Self::default()
    }

    /// A figure, by its name in `wit/pacer.wit`.
    pub fn metric(mut self, name: &str, value: f64) -> Self {
        self.metrics.insert(name.to_owned(), value);
        self
    }

    /// Most attempts that may be started.
    pub fn cap(mut self, cap: u32) -> Self {
        self.cap = cap;
        self
    }

    /// Asks a pacer; the answer as the pacer gave it, before the host cuts it.
    ///
    /// # Errors
    /// What the pacer returned.
    pub fn ask(&self, pacer: &mut dyn Pacer, trigger: PacerTrigger) -> Result<u32, String> {
        let mut hosts = Hosts { campaign: Some(Box::new(self.clone())), ..Hosts::default() };
        with_hosts(&mut hosts, || pace(pacer, Moment { now_ms: 0, seed: 1 }, trigger))
    }
}

impl CampaignHost for Figures {
    fn metric(&mut self, name: &str) -> Option<f64> {
        self.metrics.get(name).copied()
    }

    fn cap(&mut self) -> u32 {
        self.cap
    }
}
