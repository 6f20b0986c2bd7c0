//! A call that somebody types: each line is what the caller, an agent or the
//! time does, or what is to be true.
//!
//! Runs on the same [`LiveCall`] as tests do. Reads no clock: who has a real one
//! tells it with [`Simulation::pass`].

mod command;
mod words;

pub(crate) use command::duration;
pub(crate) use words::in_words;

use crate::live::{LiveCall, failed_with, well_ended};
use crate::script::{HttpResult, Script};
use crate::world::World;
use command::{Command, Expectation, HELP, Setting, parse};
use std::fmt;
use std::time::Duration;
use strowger_model::{Address, CallRecord, Cause};

/// How long `wait` waits for something to happen: longer than any prompt.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// A call that somebody types.
#[derive(Debug)]
pub struct Simulation {
    state: State,
    shown: usize,
}

enum State {
    /// Boxed: it is moved when the call begins, which happens once.
    Before(Option<Box<Script>>),
    During(Option<Box<LiveCall>>),
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before(_) => "Before",
            Self::During(_) => "During",
        })
    }
}

/// What is wrong in a script, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldAt {
    /// Counts from 1.
    pub line: usize,
    /// The line itself.
    pub command: String,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for ToldAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} `{}`: {}", self.line, self.command, self.reason)
    }
}

impl Simulation {
    /// A call about to begin; the first command that is no setting begins it.
    pub fn new(script: Script) -> Self {
        Self { state: State::Before(Some(Box::new(script))), shown: 0 }
    }

    /// What can be typed.
    pub fn help() -> &'static str {
        HELP
    }

    /// Does what a line says.
    ///
    /// # Errors
    /// The line is not known, cannot be done now, or expects what is not so.
    pub fn command(&mut self, line: &str) -> Result<(), String> {
        match parse(line)? {
            None => Ok(()),
            Some(Command::Help) => Err(HELP.to_owned()),
            Some(Command::Call) => {
                self.begin();
                Ok(())
            }
            Some(Command::Set(setting)) => self.set(setting),
            Some(Command::Service { request, result }) => {
                self.service(&request, result);
                Ok(())
            }
            Some(other) => {
                self.begin();
                self.during(other)
            }
        }
    }

    /// Runs a whole script, `show`ing what happens; stops at the first line that
    /// does not come true.
    ///
    /// # Errors
    /// That line.
    pub fn run(&mut self, script: &str, mut show: impl FnMut(&str)) -> Result<(), ToldAt> {
        for (index, line) in script.lines().enumerate() {
            let result = self.command(line);
            self.news().iter().for_each(|line| show(line));
            result.map_err(|reason| ToldAt {
                line: index + 1,
                command: line.trim().to_owned(),
                reason,
            })?;
        }
        Ok(())
    }

    /// Begins the call, if it has not begun.
    pub fn begin(&mut self) {
        if let State::Before(script) = &mut self.state
            && let Some(script) = script.take()
        {
            self.state = State::During(Some(Box::new(script.start().told())));
        }
    }

    /// Lets time pass, on a clock of the caller's.
    pub fn pass(&mut self, time: Duration) {
        if let State::During(Some(call)) = &mut self.state {
            let until = call.world.now + time;
            call.world.pass(until);
        }
    }

    /// How long until something happens by itself; none: nothing will.
    pub fn next_in(&self) -> Option<Duration> {
        let State::During(Some(call)) = &self.state else { return None };
        let next = call.world.next_change()?;
        Some(Duration::from_millis(next.ms_since(call.world.now)))
    }

    /// What happened since this was last asked, a line each, for people.
    pub fn news(&mut self) -> Vec<String> {
        let State::During(Some(call)) = &self.state else { return Vec::new() };
        let news = call.world.told[self.shown..].to_vec();
        self.shown = call.world.told.len();
        news
    }

    /// The record of the call once it is over.
    pub fn record(&self) -> Option<&CallRecord> {
        match &self.state {
            State::During(Some(call)) => call.world.record.as_ref(),
            _ => None,
        }
    }

    /// Whether a line can be read.
    #[cfg(test)]
    pub(crate) fn knows(line: &str) -> Result<(), String> {
        parse(line).map(drop)
    }

    /// The world of the call, once it has begun.
    pub(crate) fn world(&mut self) -> Option<&mut World> {
        match &mut self.state {
            State::During(Some(call)) => Some(&mut call.world),
            _ => None,
        }
    }

    fn set(&mut self, setting: Setting) -> Result<(), String> {
        let State::Before(script) = &mut self.state else {
            return Err("the call has begun; say this before it".to_owned());
        };
        let Some(before) = script.take() else { return Ok(()) };
        let is_address = |text: &str| text.parse::<Address>().map_err(|e| format!("`{text}`: {e}"));
        let checked = match &setting {
            Setting::From(address) | Setting::To(address) => is_address(address).map(drop),
            _ => Ok(()),
        };
        *script = Some(Box::new(match setting {
            _ if checked.is_err() => *before,
            Setting::From(address) => before.from(&address),
            Setting::To(address) => before.to(&address),
            Setting::At(now) => before.at_ms(now),
            Setting::Language(language) => before.language(&language),
            Setting::Fact(name, value) => before.fact(&name, &value),
            Setting::Seed(seed) => before.seed(seed),
            Setting::Stored(key, value) => before.stored(&key, &value),
            Setting::PromptsFail => before.prompts_fail(),
        }));
        checked
    }

    fn service(&mut self, request: &str, result: HttpResult) {
        match &mut self.state {
            State::Before(script) => {
                *script = script.take().map(|script| Box::new(script.served(request, result)));
            }
            State::During(Some(call)) => call.world.add_service(request, result),
            State::During(None) => {}
        }
    }

    fn during(&mut self, command: Command) -> Result<(), String> {
        let State::During(slot) = &mut self.state else { return Ok(()) };
        let Some(call) = slot.take() else { return Ok(()) };
        let mut call = step(*call, command);
        let failure = call.take_failure();
        *slot = Some(Box::new(call));
        failure.map_or(Ok(()), Err)
    }
}

fn step(call: LiveCall, command: Command) -> LiveCall {
    match command {
        Command::Press(digits) => call.presses(&digits),
        Command::Wait(Some(time)) => call.waits(time),
        Command::Wait(None) => call.step("wait".to_owned(), |world| {
            let (limit, told) = (world.now + LONGEST_WAIT, world.told.len());
            while world.told.len() == told {
                if !world.step(limit) {
                    return Err("nothing happens by itself any more".to_owned());
                }
            }
            Ok(())
        }),
        Command::Say(time) => call.speaks(time),
        Command::Silence(time) => call.is_silent_for(time),
        Command::HangUp => call.hangs_up(),
        Command::AgentAnswers(agent) => call.agent_answers(&agent),
        Command::AgentDoesNot(agent) => call.agent_does_not_answer(&agent),
        Command::AgentIsBusy(agent) => call.agent_fails(&agent, Cause::Busy),
        Command::MediaStops => call.media_stops(),
        Command::OtherHangsUp => call.party_hangs_up(),
        Command::OtherHolds => call.agent_holds(),
        Command::OtherResumes => call.agent_resumes(),
        Command::PartyAnswers(target) => call.party_answers(&target),
        Command::PartyDoesNot(target) => call.party_does_not_answer(&target),
        Command::PartyFails(target, cause) => call.party_fails(&target, cause),
        Command::Position(place, wait) => call.moves_to(place, wait),
        Command::Overflows => call.queue_overflows(),
        Command::Sound(tone) => call.sounds_like(&tone),
        Command::PickedUpBy(who) if who.parse::<Address>().is_ok() => call.is_picked_up_by(&who),
        Command::PickedUpBy(who) => {
            call.step("pick up".to_owned(), |_| Err(format!("`{who}` is no address")))
        }
        Command::Expect(expected) => expect(call, expected),
        // Handled before the call is asked.
        Command::Help | Command::Call | Command::Set(_) | Command::Service { .. } => call,
    }
}

fn expect(call: LiveCall, expected: Expectation) -> LiveCall {
    use Expectation as E;
    match expected {
        E::Hears(what) => call.hears(&what),
        E::Begins(what) => call.begins_to_hear(&what),
        E::Silence => call.hears_nothing(),
        E::Answered => call.is_answered(),
        E::Recorded => call.is_recorded(),
        E::Ended => call.step("ended".to_owned(), |world| well_ended(world).map(drop)),
        E::Queue(name) => call.waits_in(&name),
        E::Dials(target) => call.dials(&target),
        E::Asked(request) => call.has_asked(&request),
        E::Logged(what) => call.has_logged(&what),
        E::Fails(what) => {
            call.step("fails".to_owned(), |world| failed_with(world, &what).map(drop))
        }
        E::Conference(name) => call.is_in_conference(&name),
        E::Parked(slot) => call.is_parked_at(&slot),
        E::Rejected(status) => call.is_rejected(status),
        E::Needs(skill, level) => call.needs(&skill, level),
        E::Priority(priority) => call.has_priority(priority),
        E::Attribute(name, value) => call.has_attribute(&name, &value),
        E::Stored(key, value) => call.has_stored(&key, &value),
    }
}
