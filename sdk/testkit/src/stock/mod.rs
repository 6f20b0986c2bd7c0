//! Stock calls: what callers do, for a flow that has not served any yet.
//!
//! Each is a text in `stock-calls/` that says how the world answers what the flow
//! asks for, so that it fits whatever flow is called. Nothing outside is asked:
//! services, agents and other parties are played.

mod scenario;

use crate::happening::Happening;
use crate::script::Script;
use crate::simulation::Simulation;
use scenario::{Rule, Scenario};
use std::collections::HashMap;
use std::time::Duration;
use strowger_model::{CallId, CallRecord, JournalEntry, Timestamp};
use uuid::Uuid;

/// Turns that a stock call may take: a flow that goes in circles is at fault after
/// these. The longest call of the set takes some hundred.
const MOST_TURNS: u32 = 2_000;
/// Answers of the world in one call, for the same reason.
const MOST_STEPS: usize = 1_000;
/// How long a flow may go on after the caller has gone.
const LONGEST_GOODBYE: Duration = Duration::from_secs(120);

macro_rules! text {
    ($name:literal) => {
        ($name, include_str!(concat!("../../stock-calls/", $name, ".txt")))
    };
}

const TEXTS: &[(&str, &str)] = &[
    text!("a-machine-calls"),
    text!("agent-answers"),
    text!("agent-is-busy"),
    text!("as-many-digits-as-asked"),
    text!("barges-in"),
    text!("dial-is-answered"),
    text!("dial-is-busy"),
    text!("dial-is-not-answered"),
    text!("dial-is-not-reachable"),
    text!("every-digit"),
    text!("gives-up-waiting"),
    text!("hangs-up-at-once"),
    text!("hangs-up-in-a-prompt"),
    text!("hangs-up-on-an-agent"),
    text!("hangs-up-when-asked-again"),
    text!("hangs-up-while-ringing"),
    text!("leaves-a-message"),
    text!("long-digit-strings"),
    text!("media-stops"),
    text!("out-of-hours"),
    text!("presses-while-recorded"),
    text!("prompts-fail"),
    text!("queue-is-full"),
    text!("says-nothing"),
    text!("service-answers"),
    text!("service-answers-nonsense"),
    text!("service-fails"),
    text!("service-times-out"),
    text!("timers"),
    text!("too-few-digits"),
    text!("waits-for-ever"),
    text!("withheld-number"),
    text!("wrong-digits"),
    text!("zero"),
];

/// One call of the stock set.
#[derive(Clone, Debug)]
pub struct StockCall {
    name: String,
    each: String,
    scenario: Scenario,
}

/// What happened in a stock call.
#[derive(Debug)]
pub struct StockRun {
    /// The journal that a server would have kept.
    pub journal: Vec<JournalEntry>,
    /// The call's record; none: the call did not come to an end.
    pub record: Option<CallRecord>,
    /// What happened, a line each.
    pub transcript: Vec<String>,
    /// The last turn before each answer of the world, and the answer.
    steps: Vec<(u32, String)>,
}

impl StockRun {
    /// What the world did last before a turn of the flow, as the text has it.
    pub fn step_before(&self, turn: u32) -> &str {
        let before = self.steps.iter().rev().find(|(last, _)| *last < turn);
        before.map_or("the call begins", |(_, line)| line)
    }
}

/// The stock set, in the order of names.
///
/// # Panics
/// Never: the tests read every text.
pub fn stock_calls() -> Vec<StockCall> {
    let mut calls = Vec::new();
    for (name, text) in TEXTS {
        let scenario = match Scenario::parse(text) {
            Ok(scenario) => scenario,
            Err(error) => panic!("stock call {name}: {error}"),
        };
        for each in &scenario.each {
            let name = match each.as_str() {
                "" => (*name).to_owned(),
                each => format!("{name}/{each}"),
            };
            calls.push(StockCall { name, each: each.clone(), scenario: scenario.clone() });
        }
    }
    calls
}

impl StockCall {
    /// The name of its text, and what stands for `{each}` in it: `zero`,
    /// `every-digit/7`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the caller does, in a sentence.
    pub fn about(&self) -> &str {
        &self.scenario.about
    }

    /// The call's id: always the same one.
    pub fn id(&self) -> CallId {
        // FNV-1a: ids only have to differ.
        let hash =
            self.name.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |h, b| {
                (h ^ u128::from(b)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
            });
        CallId(Uuid::from_u128(hash))
    }

    /// Makes the call.
    ///
    /// # Errors
    /// A line of the text cannot be read; the tests read every one.
    pub fn run(&self, mut script: Script) -> Result<StockRun, String> {
        script.call = self.id();
        let mut simulation = Simulation::new(script.most_turns(MOST_TURNS));
        for line in &self.scenario.settings {
            simulation.command(&line.replace("{each}", &self.each))?;
        }
        simulation.begin();
        let mut play = Play {
            stock: self,
            simulation,
            counts: HashMap::new(),
            pending: Vec::new(),
            steps: Vec::new(),
        };
        play.run_to_the_end();
        let (mut simulation, steps) = (play.simulation, play.steps);
        let world = simulation.world().ok_or("the call did not begin")?;
        Ok(StockRun {
            journal: std::mem::take(&mut world.journal),
            record: world.record.take(),
            transcript: std::mem::take(&mut world.told),
            steps,
        })
    }
}

/// A stock call under way.
struct Play<'a> {
    stock: &'a StockCall,
    simulation: Simulation,
    /// How often each thing has happened.
    counts: HashMap<&'static str, u32>,
    pending: Vec<Pending>,
    steps: Vec<(u32, String)>,
}

/// An answer that is due in a while.
struct Pending {
    at: Timestamp,
    after_prompt: bool,
    line: String,
    command: String,
}

impl Play<'_> {
    fn run_to_the_end(&mut self) {
        let Some(world) = self.simulation.world() else { return };
        let mut until = world.now + self.stock.scenario.patience;
        let mut patient = true;
        loop {
            self.hear();
            let Some(world) = self.simulation.world() else { return };
            if world.record.is_some() {
                return;
            }
            let (now, silent) = (world.now, world.player.is_silent());
            let due = |p: &Pending| p.at <= now && (silent || !p.after_prompt);
            if let Some(index) = self.pending.iter().position(due) {
                let pending = self.pending.remove(index);
                self.answer(&pending.line, &pending.command);
                continue;
            }
            let later = self.pending.iter().filter(|p| p.at > now).map(|p| p.at).min();
            let limit = later.unwrap_or(until).min(until);
            if world.step(limit) {
                continue;
            }
            world.now = world.now.max(limit);
            if limit < until {
                continue;
            }
            if !patient {
                return;
            }
            // The caller has had enough.
            patient = false;
            until = until + LONGEST_GOODBYE;
            self.pending.clear();
            self.answer("the caller has had enough", "hangup");
        }
    }

    /// Looks up how the world answers what has happened.
    fn hear(&mut self) {
        let Some(world) = self.simulation.world() else { return };
        let now = world.now;
        while let Some(happening) = world.happenings.read() {
            let count = self.counts.entry(happening.name).or_default();
            *count += 1;
            let rules = self.stock.scenario.rules.iter();
            for rule in rules.filter(|rule| rule.answers(&happening, *count)) {
                self.pending.push(pending(rule, &happening, &self.stock.each, now));
            }
        }
    }

    fn answer(&mut self, line: &str, command: &str) {
        if self.steps.len() >= MOST_STEPS {
            return;
        }
        let turn = self.simulation.world().map_or(0, |world| world.happenings.turn);
        self.steps.push((turn, line.to_owned()));
        // What cannot be done any more, for the flow has gone on, is not done.
        let _ = self.simulation.command(command);
    }
}

fn pending(rule: &Rule, happening: &Happening, each: &str, now: Timestamp) -> Pending {
    Pending {
        at: now + rule.delay,
        after_prompt: rule.after_prompt,
        line: rule.line.replace("{each}", each),
        command: rule.command(happening, each),
    }
}

#[cfg(test)]
mod tests;
