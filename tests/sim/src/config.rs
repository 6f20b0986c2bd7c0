//! How large a simulation is and how much goes wrong in it.

/// One simulation.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Everything follows from it.
    pub seed: u64,
    /// Calls that come in.
    pub calls: u32,
    /// Agents of the tenant.
    pub agents: u32,
    /// Mean time between two calls.
    pub between_calls_ms: u64,
    /// What goes wrong.
    pub trouble: Trouble,
}

/// What goes wrong, in per mille of the occasions.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    /// Messages that arrive late, as after a retransmission.
    pub late: u32,
    /// Messages that arrive twice.
    pub doubled: u32,
    /// Messages that never arrive.
    pub lost: u32,
    /// Phones that vanish while they ring or talk.
    pub vanishing: u32,
    /// Turns of flows that fail.
    pub guest_faults: u32,
    /// Decisions of routers that fail.
    pub router_faults: u32,
    /// Answers of store, HTTP, disk and fallback that never come.
    pub silent_services: u32,
    /// Calls that an operator ends.
    pub operator: u32,
}

impl Trouble {
    /// Nothing goes wrong but people.
    pub const NONE: Trouble = Trouble {
        late: 0,
        doubled: 0,
        lost: 0,
        vanishing: 0,
        guest_faults: 0,
        router_faults: 0,
        silent_services: 0,
        operator: 0,
    };

    /// A bad day.
    pub const MUCH: Trouble = Trouble {
        late: 60,
        doubled: 60,
        lost: 8,
        vanishing: 30,
        guest_faults: 10,
        router_faults: 30,
        silent_services: 10,
        operator: 15,
    };
}

impl Config {
    /// A contact centre on a bad day; `STROWGER_SIM_SEED` and
    /// `STROWGER_SIM_CALLS` take the place of what is given here.
    pub fn bad_day(seed: u64, calls: u32) -> Self {
        Self {
            seed: from_env("STROWGER_SIM_SEED").unwrap_or(seed),
            calls: from_env("STROWGER_SIM_CALLS").map_or(calls, |n| n.min(10_000_000) as u32),
            agents: 20,
            between_calls_ms: 1_500,
            trouble: Trouble::MUCH,
        }
    }

    /// The same with other trouble.
    pub fn with(self, trouble: Trouble) -> Self {
        Self { trouble, ..self }
    }
}

fn from_env(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}
