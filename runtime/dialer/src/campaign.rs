//! What a pacer may see of its campaign and how its answer is taken: the WIT
//! interface `campaign`, in Rust.

/// A campaign as its pacer sees it.
pub trait Campaign: Send {
    /// A number by name: `agents-ready`, `abandon-rate`, `talk-ms` and others.
    /// None if the campaign does not know it.
    fn metric(&self, name: &str) -> Option<f64>;

    /// Most attempts that the law and the trunk's limits would let start now.
    fn cap(&self) -> u32;
}

/// Why a pacer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacerTrigger {
    /// An agent can take a contact, or soon will.
    AgentAvailable,
    /// An attempt ended, with its result.
    AttemptEnded(String),
    /// Nothing happened for a while.
    Tick,
    /// Anything else.
    Signal {
        /// What it is about.
        name: String,
        /// Depends on the name.
        data: String,
    },
}

/// How many attempts to start when the pacer asked for `asked` and the host
/// would allow `cap`: a pacer's answer is advice and can only lower the cap.
pub fn bounded(asked: u32, cap: u32) -> u32 {
    asked.min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pacer_can_lower_the_cap_but_never_raise_it() {
        assert_eq!(bounded(3, 10), 3);
        assert_eq!(bounded(u32::MAX, 10), 10);
        assert_eq!(bounded(5, 0), 0);
    }

    #[test]
    fn a_campaign_can_be_lent_to_a_pacer_as_an_object() {
        struct Night;
        impl Campaign for Night {
            fn metric(&self, name: &str) -> Option<f64> {
                (name == "agents-ready").then_some(4.0)
            }
            fn cap(&self) -> u32 {
                0
            }
        }
        let campaign: Box<dyn Campaign> = Box::new(Night);
        let asked = campaign.metric("agents-ready").map_or(0, |ready| ready as u32);
        assert_eq!(bounded(asked, campaign.cap()), 0);
        assert_eq!(campaign.metric("moon-phase"), None);
    }
}
