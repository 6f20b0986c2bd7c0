//! Progressive dialling: one attempt for every agent who is ready, so that
//! nobody who answers is left without an agent.

use strowger_sdk::{Campaign, prelude::*};

/// See the crate.
#[derive(Debug, Default)]
pub struct Progressive;

impl Pacer for Progressive {
    fn pace(&mut self, campaign: Campaign, _: PacerTrigger) -> Result<u32, Error> {
        let free = campaign
            .count("agents-ready")
            .saturating_sub(campaign.count("attempts-ringing"))
            .min(campaign.count("records-left"));
        Ok(free.min(campaign.cap()))
    }
}

strowger_sdk::export! { pacer: Progressive }
