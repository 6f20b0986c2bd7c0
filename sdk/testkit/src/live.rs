//! The steps of a script. Each does one thing or checks one thing, and fails
//! with what happened so far.

use crate::world::{CALLER, World};
use std::fmt;
use std::time::Duration;
use strowger_call::{Input, LegInput, MediaInput, Phase, QueueInput};
use strowger_model::{CallRecord, Cause, ContactOutcome, LegId};

/// How long a step that waits for something waits, in virtual time: longer than
/// any prompt, and than the usual patience of a caller.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long an agent's phone rings who does not answer.
const RING_MS: u64 = 20_000;

/// A call under way. Every method is a step; a step that does not come true
/// panics with what happened so far.
pub struct LiveCall {
    pub(crate) world: World,
    steps: u32,
    failing: Failing,
}

/// What a step does that does not come true.
#[derive(Debug)]
pub(crate) enum Failing {
    /// Fails the test.
    Panics,
    /// Is told to whoever typed it; holds the reason.
    IsTold(Option<String>),
}

impl fmt::Debug for LiveCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveCall").field("steps", &self.steps).finish_non_exhaustive()
    }
}

impl LiveCall {
    pub(crate) fn new(world: World) -> Self {
        Self { world, steps: 0, failing: Failing::Panics }
    }

    /// A call whose failures are told, not panicked with.
    pub(crate) fn told(self) -> Self {
        Self { failing: Failing::IsTold(None), ..self }
    }

    /// Why the last step did not come true.
    pub(crate) fn take_failure(&mut self) -> Option<String> {
        match &mut self.failing {
            Failing::Panics => None,
            Failing::IsTold(reason) => reason.take(),
        }
    }

    /// The next thing the caller hears is this, and the caller hears it to its
    /// end (music and other endless things once). `what` is a source as in
    /// `wit/flow.wit`, or part of one: `Welcome` matches `text:en:Welcome`. What
    /// was cut off, by a digit or an agent who answered, need not be mentioned.
    #[track_caller]
    pub fn hears(self, what: &str) -> Self {
        self.step(format!("hears({what:?})"), |world| hear(world, what, true))
    }

    /// The next thing the caller hears is this; the script goes on when it has
    /// just begun, so that a digit can interrupt it.
    #[track_caller]
    pub fn begins_to_hear(self, what: &str) -> Self {
        self.step(format!("begins_to_hear({what:?})"), |world| hear(world, what, false))
    }

    /// The caller hears nothing at the moment.
    #[track_caller]
    pub fn hears_nothing(self) -> Self {
        self.step("hears_nothing()".into(), |world| {
            if world.player.is_silent() { Ok(()) } else { Err("something is playing".into()) }
        })
    }

    /// The caller presses digits, one every 200 ms.
    #[track_caller]
    pub fn presses(self, digits: &str) -> Self {
        self.step(format!("presses({digits:?})"), |world| {
            for digit in digits.chars() {
                if world.record.is_some() {
                    return Err(format!("the call was over before {digit} was pressed"));
                }
                world.note(format!("the caller presses {digit}"));
                let pressed = LegInput::Digit { digit, held_ms: 100 };
                world.tell(Input::Leg(CALLER, pressed));
                world.pass(world.now.plus_ms(200));
            }
            Ok(())
        })
    }

    /// Time passes; what is heard meanwhile is of no interest.
    #[track_caller]
    pub fn waits(self, time: Duration) -> Self {
        self.step(format!("waits({time:?})"), |world| {
            world.pass(world.now + time);
            world.player.pass_over();
            Ok(())
        })
    }

    /// The caller says nothing for so long, while being recorded.
    #[track_caller]
    pub fn is_silent_for(self, time: Duration) -> Self {
        self.step(format!("is_silent_for({time:?})"), |world| {
            if world.recording.is_none() {
                return Err("nothing is being recorded".into());
            }
            world.pass(world.now + time);
            let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            world.tell(Input::Media(MediaInput::Silence { ms }));
            Ok(())
        })
    }

    /// The caller hangs up.
    #[track_caller]
    pub fn hangs_up(self) -> Self {
        self.step("hangs_up()".into(), |world| {
            if world.record.is_some() || world.view().phase() == Phase::Ended {
                return Err("the call is over already".into());
            }
            world.hangs_up(CALLER);
            Ok(())
        })
    }

    /// The call is answered.
    #[track_caller]
    pub fn is_answered(self) -> Self {
        self.step("is_answered()".into(), |world| {
            wait_for(world, "the call is not answered", |world| {
                world.view().phase() == Phase::Answered
            })
        })
    }

    /// The call is refused with this SIP status.
    #[track_caller]
    pub fn is_rejected(self, status: u16) -> Self {
        self.step(format!("is_rejected({status})"), |world| {
            wait_for(world, "the call is not refused", |world| world.rejected.is_some())?;
            match world.rejected {
                Some(actual) if actual != status => Err(format!("it was refused with {actual}")),
                _ => Ok(()),
            }
        })
    }

    /// The call is being recorded.
    #[track_caller]
    pub fn is_recorded(self) -> Self {
        self.step("is_recorded()".into(), |world| {
            wait_for(world, "nothing is being recorded", |world| world.recording.is_some())
        })
    }

    /// The caller waits in this queue.
    #[track_caller]
    pub fn waits_in(self, queue: &str) -> Self {
        self.step(format!("waits_in({queue:?})"), |world| {
            wait_for(world, "the caller waits in no queue", |world| world.waiting.is_some())?;
            match &world.waiting {
                Some(waiting) if waiting.queue != queue => {
                    Err(format!("the caller waits in queue {}", waiting.queue))
                }
                _ => Ok(()),
            }
        })
    }

    /// The caller, who waits, needs an agent of at least this level.
    #[track_caller]
    pub fn needs(self, skill: &str, level: u8) -> Self {
        self.step(format!("needs({skill:?}, {level})"), |world| {
            let waiting = world.waiting.as_ref().ok_or("the caller waits in no queue")?;
            match waiting.needs.iter().find(|need| need.name == skill) {
                Some(need) if need.min_level == level => Ok(()),
                Some(need) => Err(format!("level {} is asked for", need.min_level)),
                None => Err("that skill is not asked for".into()),
            }
        })
    }

    /// The caller, who waits, has this priority.
    #[track_caller]
    pub fn has_priority(self, priority: i32) -> Self {
        self.step(format!("has_priority({priority})"), |world| {
            let waiting = world.waiting.as_ref().ok_or("the caller waits in no queue")?;
            if waiting.priority == priority {
                return Ok(());
            }
            Err(format!("it is {}", waiting.priority))
        })
    }

    /// The queue tells the caller's place and expected wait. At first it is 1
    /// and 30 seconds.
    #[track_caller]
    pub fn moves_to(self, position: u32, expected_wait: Duration) -> Self {
        self.step(format!("moves_to({position}, {expected_wait:?})"), |world| {
            if world.waiting.is_none() {
                return Err("the caller waits in no queue".into());
            }
            world.note(format!("the caller is now number {position}"));
            let expected_wait_ms = u64::try_from(expected_wait.as_millis()).unwrap_or(u64::MAX);
            world.tell(Input::Queue(QueueInput::Waiting { position, expected_wait_ms }));
            Ok(())
        })
    }

    /// The queue does not take the caller, or not any longer.
    #[track_caller]
    pub fn queue_overflows(self) -> Self {
        self.step("queue_overflows()".into(), |world| {
            if world.waiting.is_none() {
                return Err("the caller waits in no queue".into());
            }
            world.end_wait(ContactOutcome::Overflowed, None);
            Ok(())
        })
    }

    /// The waiting caller is offered to the agent at this extension, who answers.
    #[track_caller]
    pub fn agent_answers(self, extension: &str) -> Self {
        self.step(format!("agent_answers({extension:?})"), |world| {
            let leg = world.offer(extension, RING_MS)?;
            world.note(format!("agent {extension} answers"));
            world.tell(Input::Leg(leg, LegInput::Answered { codec: "PCMU".into() }));
            if world.talking_to == Some(leg) {
                return Ok(());
            }
            Err("caller and agent do not talk".into())
        })
    }

    /// The waiting caller is offered to the agent at this extension, who lets it
    /// ring for 20 seconds.
    #[track_caller]
    pub fn agent_does_not_answer(self, extension: &str) -> Self {
        self.step(format!("agent_does_not_answer({extension:?})"), |world| {
            let leg = world.offer(extension, RING_MS)?;
            let gone = |world: &World| !world.phones.iter().any(|p| p.leg == leg && p.alive);
            wait_for(world, "the phone rings for ever", gone)
        })
    }

    /// The waiting caller is offered to the agent at this extension, who cannot be
    /// had, for example [`Cause::Busy`].
    #[track_caller]
    pub fn agent_fails(self, extension: &str, cause: Cause) -> Self {
        self.step(format!("agent_fails({extension:?}, {cause})"), |world| {
            let leg = world.offer(extension, RING_MS)?;
            world.note(format!("agent {extension} cannot be had: {cause}"));
            world.phone_gone(leg);
            let sip_status = Some(cause.sip_status());
            world.tell(Input::Leg(leg, LegInput::Failed { cause, sip_status }));
            Ok(())
        })
    }

    /// Nothing is heard from the caller's phone any more.
    #[track_caller]
    pub fn media_stops(self) -> Self {
        self.step("media_stops()".into(), |world| {
            if world.record.is_some() {
                return Err("the call is over".into());
            }
            world.note("no media arrives any more");
            world.tell(Input::Leg(CALLER, LegInput::MediaTimeout));
            Ok(())
        })
    }

    /// The agent whom the caller talks to hangs up.
    #[track_caller]
    pub fn agent_hangs_up(self) -> Self {
        self.step("agent_hangs_up()".into(), other_side_hangs_up)
    }

    /// The agent whom the caller talks to puts the caller on hold.
    #[track_caller]
    pub fn agent_holds(self) -> Self {
        self.step("agent_holds()".into(), |world| {
            let leg = world.talking_to.ok_or("the caller talks to nobody")?;
            world.tell(Input::Leg(leg, LegInput::Held));
            Ok(())
        })
    }

    /// The agent takes the caller off hold.
    #[track_caller]
    pub fn agent_resumes(self) -> Self {
        self.step("agent_resumes()".into(), |world| {
            let leg = world.talking_to.ok_or("the caller talks to nobody")?;
            world.tell(Input::Leg(leg, LegInput::Resumed));
            Ok(())
        })
    }

    /// The flow dials somebody, written as in `dial`: `number:+44…`, `extension:201`.
    #[track_caller]
    pub fn dials(self, target: &str) -> Self {
        self.step(format!("dials({target:?})"), |world| ringing(world, target).map(drop))
    }

    /// Somebody whom the flow dials answers.
    #[track_caller]
    pub fn party_answers(self, target: &str) -> Self {
        self.step(format!("party_answers({target:?})"), |world| {
            let leg = ringing(world, target)?;
            world.note(format!("{target} answers"));
            world.tell(Input::Leg(leg, LegInput::Answered { codec: "PCMU".into() }));
            Ok(())
        })
    }

    /// Somebody whom the flow dials cannot be had, for example [`Cause::Busy`].
    #[track_caller]
    pub fn party_fails(self, target: &str, cause: Cause) -> Self {
        self.step(format!("party_fails({target:?}, {cause})"), |world| {
            let leg = ringing(world, target)?;
            world.note(format!("{target} cannot be had: {cause}"));
            world.phone_gone(leg);
            let sip_status = Some(cause.sip_status());
            world.tell(Input::Leg(leg, LegInput::Failed { cause, sip_status }));
            Ok(())
        })
    }

    /// Somebody whom the flow dials lets it ring.
    #[track_caller]
    pub fn party_does_not_answer(self, target: &str) -> Self {
        self.step(format!("party_does_not_answer({target:?})"), |world| {
            let leg = ringing(world, target)?;
            let gone = |world: &World| !world.phones.iter().any(|p| p.leg == leg && p.alive);
            wait_for(world, "the phone rings for ever", gone)
        })
    }

    /// Whoever the caller talks to hangs up.
    #[track_caller]
    pub fn party_hangs_up(self) -> Self {
        self.step("party_hangs_up()".into(), other_side_hangs_up)
    }

    /// The call has this attribute.
    #[track_caller]
    pub fn has_attribute(self, name: &str, value: &str) -> Self {
        self.step(format!("has_attribute({name:?}, {value:?})"), |world| {
            match world.view().attribute(name) {
                Some(actual) if actual == value => Ok(()),
                Some(actual) => Err(format!("it is {actual:?}")),
                None => Err("the call has no such attribute".into()),
            }
        })
    }

    /// This value is stored.
    #[track_caller]
    pub fn has_stored(self, key: &str, value: &str) -> Self {
        self.step(format!("has_stored({key:?}, {value:?})"), |world| match world.store.get(key) {
            Some((actual, _)) if actual == value => Ok(()),
            Some((actual, _)) => Err(format!("it is {actual:?}")),
            None => Err("nothing is stored there".into()),
        })
    }

    /// A service was asked: `GET https://…`.
    #[track_caller]
    pub fn has_asked(self, request: &str) -> Self {
        self.step(format!("has_asked({request:?})"), |world| {
            if world.requests.iter().any(|asked| asked == request) {
                return Ok(());
            }
            Err(format!("asked were {:?}", world.requests))
        })
    }

    /// The log has a line with these words.
    #[track_caller]
    pub fn has_logged(self, words: &str) -> Self {
        self.step(format!("has_logged({words:?})"), |world| {
            if world.log.iter().any(|(_, line)| line.contains(words)) {
                return Ok(());
            }
            Err("no line of the log has these words".into())
        })
    }

    /// The call ends, without a fault of its flow. Gives the call record.
    #[track_caller]
    pub fn ended(self) -> CallRecord {
        let mut record = None;
        self.step("ended()".into(), |world| {
            record = Some(well_ended(world)?);
            Ok(())
        });
        match record {
            Some(record) => record,
            None => unreachable!("the step has failed"),
        }
    }

    /// The call ends because its flow fails, with these words in the fault.
    #[track_caller]
    pub fn fails(self, words: &str) -> CallRecord {
        let mut record = None;
        self.step(format!("fails({words:?})"), |world| {
            record = Some(failed_with(world, words)?);
            Ok(())
        });
        match record {
            Some(record) => record,
            None => unreachable!("the step has failed"),
        }
    }

    /// What happened so far, a line each.
    pub fn transcript(&self) -> &[String] {
        &self.world.transcript
    }

    #[track_caller]
    pub(crate) fn step(
        mut self,
        name: String,
        work: impl FnOnce(&mut World) -> Result<(), String>,
    ) -> Self {
        self.steps += 1;
        if let Err(reason) = work(&mut self.world) {
            if let Failing::IsTold(told) = &mut self.failing {
                *told = Some(reason);
                return self;
            }
            let transcript = self.world.transcript.join("\n    ");
            panic!(
                "step {} `{name}`: {reason}\nwhat happened so far:\n    {transcript}",
                self.steps
            );
        }
        self
    }
}

/// Lets time pass until something is true.
pub(crate) fn wait_for(
    world: &mut World,
    failure: &str,
    mut is_true: impl FnMut(&World) -> bool,
) -> Result<(), String> {
    let limit = world.now + PATIENCE;
    while !is_true(world) {
        if world.record.is_some() {
            return Err(format!("{failure}: the call is over"));
        }
        if !world.step(limit) {
            return Err(failure.to_owned());
        }
    }
    Ok(())
}

fn hear(world: &mut World, what: &str, to_its_end: bool) -> Result<(), String> {
    let mut heard = None;
    wait_for_sound(world, what, &mut heard)?;
    let Some(heard) = heard else { return Err("the caller hears nothing".into()) };
    if heard.source != what && !heard.source.contains(what) {
        return Err(format!("the caller hears `{}`", heard.source));
    }
    let limit = world.now + PATIENCE;
    while to_its_end && world.player.is_heard_now(&heard) {
        if !world.step(limit) {
            break;
        }
    }
    Ok(())
}

fn wait_for_sound(
    world: &mut World,
    what: &str,
    heard: &mut Option<crate::player::Heard>,
) -> Result<(), String> {
    let limit = world.now + PATIENCE;
    loop {
        *heard = world.player.read();
        if heard.is_some() {
            return Ok(());
        }
        if world.record.is_some() {
            return Err(format!("the call is over before the caller hears {what:?}"));
        }
        if !world.step(limit) {
            return Err("the caller hears nothing".into());
        }
    }
}

/// The leg on which a dialled party's phone rings.
fn ringing(world: &mut World, target: &str) -> Result<LegId, String> {
    let found = |world: &World| {
        let mut phones = world.phones.iter();
        phones.find(|phone| phone.alive && phone.target == target).map(|phone| phone.leg)
    };
    wait_for(world, "nobody is dialled there", |world| found(world).is_some())?;
    found(world).ok_or_else(|| "nobody is dialled there".into())
}

fn other_side_hangs_up(world: &mut World) -> Result<(), String> {
    let leg = world.talking_to.ok_or("the caller talks to nobody")?;
    if world.record.is_some() {
        return Err("the call is over".into());
    }
    world.hangs_up(leg);
    Ok(())
}

/// The record of a call that ends without a fault.
pub(crate) fn well_ended(world: &mut World) -> Result<CallRecord, String> {
    let ended = end(world)?;
    match ended.guest.faults.first() {
        Some(fault) => Err(format!("the flow failed: {fault}")),
        None => Ok(ended),
    }
}

/// The record of a call that ends with these words in a fault.
pub(crate) fn failed_with(world: &mut World, words: &str) -> Result<CallRecord, String> {
    let ended = end(world)?;
    if ended.guest.faults.iter().any(|fault| fault.contains(words)) {
        return Ok(ended);
    }
    Err(format!("its faults are {:?}", ended.guest.faults))
}

fn end(world: &mut World) -> Result<CallRecord, String> {
    let limit = world.now + PATIENCE;
    loop {
        if let Some(record) = &world.record {
            return Ok(record.clone());
        }
        if !world.step(limit) {
            return Err("the call goes on".into());
        }
    }
}
