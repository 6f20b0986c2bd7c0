//! Waiting for an agent, and the conversation that follows.

use crate::call::Party;
use crate::command::{Command, Kind, starts};
use crate::error::Error;
use crate::host::{self, EnqueueOptions, Relaxation, SkillNeed};
use crate::signal::SignalWait;
use crate::source::Sources;
use crate::time::to_ms;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

static ENQUEUE: Kind =
    Kind::new("enqueue").stopped_by_drop().with_details(&["agent", "leg", "wait-ms"]);

/// A skill that the agent must have.
#[derive(Clone, Debug)]
pub struct Skill(SkillNeed);

impl Skill {
    /// Any level of a skill.
    pub fn named(name: &str) -> Self {
        Self(SkillNeed { name: name.to_owned(), min_level: 1, relax: Vec::new() })
    }

    /// 1 to 10.
    pub fn at_least(mut self, level: u8) -> Self {
        self.0.min_level = level;
        self
    }

    /// After so long a wait, this level will do; 0 drops the need.
    pub fn relax(mut self, after: Duration, level: u8) -> Self {
        let after_s = u32::try_from(after.as_secs()).unwrap_or(u32::MAX);
        self.0.relax.push(Relaxation { after_s, min_level: level });
        self
    }
}

/// A wait to begin; made by [`crate::Call::enqueue`]. Dropping its command takes
/// the caller out of the queue.
#[derive(Clone, Debug)]
#[must_use = "the caller does not wait until it is awaited or started"]
pub struct Enqueue(EnqueueOptions);

/// How a wait ended.
#[derive(Debug)]
pub enum Wait {
    /// Caller and agent are talking.
    Answered(Conversation),
    /// It took too long.
    TimedOut,
    /// The flow took the caller out.
    Left,
    /// The queue is full.
    Overflowed,
}

impl Enqueue {
    pub(crate) fn new(queue: &str) -> Self {
        Self(EnqueueOptions {
            queue: queue.to_owned(),
            skills: Vec::new(),
            priority: 0,
            attributes: Vec::new(),
            treatment: Vec::new(),
            max_wait_ms: 0,
        })
    }

    /// A skill that the agent must have, besides those of the queue.
    pub fn skill(mut self, skill: Skill) -> Self {
        self.0.skills.push(skill.0);
        self
    }

    /// Higher is served first; -100 to 100.
    pub fn priority(mut self, priority: i32) -> Self {
        self.0.priority = priority;
        self
    }

    /// What router and agent may see.
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.0.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What is heard in a loop while waiting; without it, music.
    pub fn hears(mut self, sources: impl Sources) -> Self {
        self.0.treatment = sources.into_list();
        self
    }

    /// Longest wait; without it, as long as the queue allows.
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        self.0.max_wait_ms = to_ms(wait);
        self
    }

    /// Begins without waiting for the end.
    pub fn start(self) -> Command<Wait> {
        Command::begin(&ENQUEUE, host::enqueue(&self.0), |ended| {
            Ok(match ended.outcome.as_str() {
                "answered" => Wait::Answered(Conversation {
                    agent: ended.detail("agent").unwrap_or_default(),
                    leg: ended.detail("leg").and_then(|leg| leg.parse().ok()).unwrap_or(0),
                    waited: Duration::from_millis(
                        ended.detail("wait-ms").and_then(|ms| ms.parse().ok()).unwrap_or(0),
                    ),
                    ended: SignalWait::new("bridge.ended"),
                }),
                "timed_out" => Wait::TimedOut,
                "left" | "stopped" => Wait::Left,
                "overflowed" => Wait::Overflowed,
                _ => return Err(ENQUEUE.failed(ended)),
            })
        })
    }
}

starts!(Enqueue => Wait);

/// Caller and agent talking.
#[derive(Debug)]
pub struct Conversation {
    agent: String,
    leg: u32,
    waited: Duration,
    ended: SignalWait,
}

impl Conversation {
    /// The agent's id.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The agent's leg of the call.
    pub fn leg(&self) -> u32 {
        self.leg
    }

    /// How long the caller waited.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Waits until they no longer talk; says who ended it. After
    /// [`Party::Caller`] the call is over.
    pub fn ended(self) -> TalkEnd {
        TalkEnd(self.ended)
    }
}

/// See [`Conversation::ended`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct TalkEnd(SignalWait);

impl Future for TalkEnd {
    type Output = Result<Party, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(|signal| Party::from_name(&signal.data))
    }
}
