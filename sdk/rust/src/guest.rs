//! Where events come in. Not for authors: [`crate::export!`] and the testkit
//! call this.

#[cfg(target_arch = "wasm32")]
pub use crate::bindings;
pub use crate::flow::{AsyncFlow, Task, task};

use crate::call::Call;
use crate::flow::{Event, Flow};
use crate::pacer::{Campaign, Pacer, PacerTrigger};
use crate::router::{Distribution, Router, RouterTrigger};
use crate::state::{self, Ended};

/// `moment` of the contract.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now_ms: u64,
    pub seed: u64,
}

fn enter(moment: Moment) {
    state::with(|state| {
        state.now_ms = moment.now_ms;
        state.random = moment.seed;
    });
}

/// Gives a flow one event.
pub fn handle(flow: &mut dyn Flow, moment: Moment, event: &Event) -> Result<(), String> {
    enter(moment);
    state::with(|state| match event {
        Event::Started => {}
        Event::Completed(completion) => state.complete(
            completion.command,
            Ended::new(completion.outcome.clone(), completion.value.clone()),
        ),
        Event::Digit(press) => state.digit(*press),
        Event::Ended(cause) => state.ended = Some(cause.clone()),
        Event::Signal(signal) => state.signal(signal.clone()),
    });
    let result = flow.on_event(Call::current(), event);
    state::keep_details();
    result.map_err(|error| error.to_string())
}

/// Asks a router.
pub fn decide(
    router: &mut dyn Router,
    moment: Moment,
    trigger: RouterTrigger,
) -> Result<(), String> {
    enter(moment);
    router.decide(Distribution::current(), trigger).map_err(|error| error.to_string())
}

/// Asks a pacer.
pub fn pace(pacer: &mut dyn Pacer, moment: Moment, trigger: PacerTrigger) -> Result<u32, String> {
    enter(moment);
    pacer.pace(Campaign::current(), trigger).map_err(|error| error.to_string())
}

/// What a flow remembers between events, for a thread that runs several.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug, Default)]
pub struct Memory(state::State);

#[cfg(not(target_arch = "wasm32"))]
impl Memory {
    /// Runs `work` with this memory in place of the thread's own.
    pub fn with<R>(&mut self, work: impl FnOnce() -> R) -> R {
        state::swap(&mut self.0);
        let result = work();
        state::swap(&mut self.0);
        result
    }
}

/// Says in the log where a program panicked: a trap alone does not.
#[cfg(target_arch = "wasm32")]
pub fn log_panics() {
    use std::sync::Once;
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            crate::host::log(crate::Level::Error, &panic.to_string());
        }));
    });
}

/// From the bindings' types to the SDK's.
#[cfg(target_arch = "wasm32")]
pub mod exports {
    use crate::bindings::{flow, pacer, router};
    use crate::flow::{Completion, Event};
    use crate::signal::{DigitPress, Signal};
    use crate::{PacerTrigger, RouterTrigger};

    pub fn event(event: flow::Event) -> Event {
        match event {
            flow::Event::Started => Event::Started,
            flow::Event::Completed(completion) => Event::Completed(Completion {
                command: completion.command,
                outcome: completion.outcome,
                value: completion.value,
            }),
            flow::Event::Input(press) => Event::Digit(DigitPress {
                digit: press.digit.chars().next().unwrap_or('?'),
                held_ms: press.held_ms,
            }),
            flow::Event::Ended(cause) => Event::Ended(cause),
            flow::Event::Signal(signal) => {
                Event::Signal(Signal { name: signal.name, data: signal.data })
            }
        }
    }

    pub fn router_trigger(trigger: router::Trigger) -> RouterTrigger {
        match trigger {
            router::Trigger::ContactWaiting(contact) => RouterTrigger::ContactWaiting(contact),
            router::Trigger::AgentReady(agent) => RouterTrigger::AgentReady(agent),
            router::Trigger::Wake(contact) => RouterTrigger::Wake(contact),
            router::Trigger::Signal(signal) => {
                RouterTrigger::Signal(Signal { name: signal.name, data: signal.data })
            }
        }
    }

    pub fn pacer_trigger(trigger: pacer::Trigger) -> PacerTrigger {
        match trigger {
            pacer::Trigger::AgentAvailable => PacerTrigger::AgentAvailable,
            pacer::Trigger::AttemptEnded(result) => PacerTrigger::AttemptEnded(result),
            pacer::Trigger::Tick => PacerTrigger::Tick,
            pacer::Trigger::Signal(signal) => {
                PacerTrigger::Signal(Signal { name: signal.name, data: signal.data })
            }
        }
    }
}
