//! The call, as its flow holds it.

use crate::command::{Command, Kind, refused, told};
use crate::conference::Conference;
use crate::dial::{Dial, Transfer};
use crate::enqueue::Enqueue;
use crate::error::Error;
use crate::gather::Gather;
use crate::host;
use crate::http::HttpRequest;
use crate::listen::Listen;
use crate::menu::Menu;
use crate::park::{PICK_UP, Park};
use crate::play::Play;
use crate::record::Record;
use crate::signal::{NextDigit, SignalWait};
use crate::source::{Say, Sources};
use crate::state::{self, Ended};
use crate::storage;
use crate::time::LocalTime;
use crate::{combine, time};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The call. A name for it rather than a thing: it can be copied at will.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    _private: (),
}

/// Which way the call was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Someone called us.
    Inbound,
    /// We called someone.
    Outbound,
}

/// Who did something in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The caller.
    Caller,
    /// The agent or the party that was dialled.
    Callee,
    /// This flow.
    Flow,
    /// The host: a limit, a fault, an operator.
    Host,
}

impl Party {
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "caller" => Self::Caller,
            "callee" => Self::Callee,
            "flow" => Self::Flow,
            _ => Self::Host,
        }
    }
}

static RING: Kind = Kind::new("ring");
static EARLY_MEDIA: Kind = Kind::new("early-media");
static ANSWER: Kind = Kind::new("answer");
static REJECT: Kind = Kind::new("reject");
static HANG_UP: Kind = Kind::new("hang-up");
static SLEEP: Kind = Kind::new("sleep").stopped_by_drop();

impl Call {
    pub(crate) fn current() -> Self {
        Self { _private: () }
    }

    /// Lets the caller hear that it rings (180).
    pub fn ring(&self) -> Command<()> {
        Command::begin(&RING, host::ring(), |ended| ok(&RING, ended))
    }

    /// Opens the media path before an answer (183): the caller hears prompts
    /// without paying for them.
    pub fn early_media(&self) -> Command<()> {
        Command::begin(&EARLY_MEDIA, host::early_media(), |ended| ok(&EARLY_MEDIA, ended))
    }

    /// Answers.
    pub fn answer(&self) -> Command<()> {
        Command::begin(&ANSWER, host::answer(), |ended| ok(&ANSWER, ended))
    }

    /// Refuses a call that is not answered yet, with a SIP status of 400 to 699.
    pub fn reject(&self, status: u16, reason: &str) -> Command<()> {
        Command::begin(&REJECT, host::reject(status, reason), |ended| ok(&REJECT, ended))
    }

    /// Ends the call. Returning from the flow does the same, unless the call was
    /// transferred.
    pub fn hang_up(&self) -> Command<()> {
        Command::begin(&HANG_UP, host::hang_up(), |ended| ok(&HANG_UP, ended))
    }

    /// Plays to the caller. Replaces what is playing.
    pub fn play(&self, sources: impl Sources) -> Play {
        Play::new(sources.into_list())
    }

    /// Says something once.
    pub fn say(&self, language: &str, words: &str) -> Play {
        self.play(Say::text(language, words))
    }

    /// Collects digits.
    pub fn gather(&self) -> Gather {
        Gather::new()
    }

    /// Asks the caller to choose by one digit.
    pub fn menu<T: Clone>(&self, prompt: impl Sources) -> Menu<T> {
        Menu::new(*self, prompt.into_list())
    }

    /// Records the call: the caller left, everybody else right.
    pub fn record(&self) -> Record {
        Record::new()
    }

    /// Leaves a gap in the recording until [`Call::resume_recording`], for card
    /// numbers and the like.
    pub fn pause_recording(&self) -> Result<(), Error> {
        told("record-pause", host::record_pause())
    }

    /// Goes on recording.
    pub fn resume_recording(&self) -> Result<(), Error> {
        told("record-resume", host::record_resume())
    }

    /// Ends the recording under way; what [`Record`] gave then has its result.
    pub fn stop_recording(&self) -> Result<(), Error> {
        told("record-stop", host::record_stop())
    }

    /// Queues the caller for an agent.
    pub fn enqueue(&self, queue: &str) -> Enqueue {
        Enqueue::new(queue)
    }

    /// Takes the caller out of the queue; the wait ends with [`crate::Wait::Left`].
    /// Dropping the [`Enqueue`] command does the same.
    pub fn leave_queue(&self) -> Result<(), Error> {
        told("leave-queue", host::leave_queue())
    }

    /// Calls somebody: `number:+441632960000`, `extension:201` or `agent:201`.
    pub fn dial(&self, target: &str) -> Dial {
        Dial::new(target)
    }

    /// Connects the caller to somebody for good; targets as in [`Call::dial`].
    pub fn transfer(&self, target: &str) -> Transfer {
        Transfer::new(target)
    }

    /// Lets the caller take part in a conference of the tenant.
    pub fn conference(&self, conference: &str) -> Conference {
        Conference::new(conference)
    }

    /// Whether nobody hears the caller, in a conference or a conversation.
    pub fn mute(&self, on: bool) -> Result<(), Error> {
        told("mute", host::mute(on))
    }

    /// Lets the caller wait at a slot until somebody picks up.
    pub fn park(&self, slot: &str) -> Park {
        Park::new(slot)
    }

    /// Connects the caller with who waits at `slot:NAME`, or takes the call that
    /// rings at `extension:NUMBER`. That ends this call; so this returns only if
    /// nobody is there.
    pub fn pick_up(&self, from: &str) -> Command<()> {
        Command::begin(&PICK_UP, host::pick_up(from), |ended| match ended.outcome.as_str() {
            "nobody" => Ok(()),
            _ => Err(PICK_UP.failed(ended)),
        })
    }

    /// Says what to listen for in the caller's audio; it comes as signals.
    pub fn listen(&self) -> Listen {
        Listen::new()
    }

    /// Waits.
    pub fn sleep(&self, time: Duration) -> Command<()> {
        Command::begin(&SLEEP, host::sleep(time::to_ms(time)), |ended| {
            match ended.outcome.as_str() {
                "finished" => Ok(()),
                _ => Err(SLEEP.failed(ended)),
            }
        })
    }

    /// Waits for something, but no longer than `limit`: then it is dropped, and
    /// with it stopped, and `None` comes back.
    pub fn within<F: IntoFuture>(
        &self,
        limit: Duration,
        what: F,
    ) -> combine::Within<F::IntoFuture> {
        combine::Within::new(self.sleep(limit), what.into_future())
    }

    /// The next digit that is pressed while no [`Gather`] collects digits.
    /// Digits are kept from the first use on.
    pub fn digit(&self) -> NextDigit {
        NextDigit::new()
    }

    /// The next signal of this name from now on.
    pub fn signal(&self, name: &str) -> SignalWait {
        SignalWait::new(name)
    }

    /// Waits for the end of the call; gives its cause, for example `normal`.
    pub fn ended(&self) -> CallEnd {
        CallEnd { _private: () }
    }

    /// Reads a value that outlives the call, shared by the tenant's flows.
    pub fn load(&self, key: &str) -> Command<Option<String>> {
        storage::load(key)
    }

    /// Stores a value, for `keep` or for ever.
    pub fn store(&self, key: &str, value: &str, keep: Option<Duration>) -> Command<()> {
        storage::store(key, value, keep)
    }

    /// Asks a service of the tenant; its host must be on the tenant's allow-list.
    pub fn http(&self, method: &str, url: &str) -> HttpRequest {
        HttpRequest::new(method, url)
    }

    /// Who calls.
    pub fn from(&self) -> String {
        self.fact("from").unwrap_or_default()
    }

    /// What was called.
    pub fn to(&self) -> String {
        self.fact("to").unwrap_or_default()
    }

    /// Which way.
    pub fn direction(&self) -> Direction {
        match self.fact("direction").as_deref() {
            Some("outbound") => Direction::Outbound,
            _ => Direction::Inbound,
        }
    }

    /// The language that the number is set to, for example `en`.
    pub fn language(&self) -> String {
        self.fact("language").unwrap_or_else(|| "en".to_owned())
    }

    /// Day and time where the tenant is.
    pub fn local_time(&self) -> LocalTime {
        LocalTime::from_facts(self.fact("local-time"), self.fact("weekday"))
    }

    /// The caller's place in the queue, from 1.
    pub fn queue_position(&self) -> Option<u32> {
        self.fact("queue-position")?.parse().ok()
    }

    /// How long the caller will have to wait, as far as one can tell.
    pub fn expected_wait(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.fact("queue-wait-ms")?.parse().ok()?))
    }

    /// Anything known of the call; names are listed in `wit/flow.wit`.
    pub fn fact(&self, name: &str) -> Option<String> {
        host::fact(name)
    }

    /// An attribute of the call.
    pub fn attribute(&self, name: &str) -> Option<String> {
        host::attribute(name)
    }

    /// Stores an attribute: agents see it, and it goes into the call record.
    pub fn set_attribute(&self, name: &str, value: &str) -> Result<(), Error> {
        host::set_attribute(name, value).map_err(|reason| refused("set-attribute", reason))
    }

    /// More about the event being handled, for a [`crate::Flow`].
    pub fn detail(&self, name: &str) -> Option<String> {
        host::detail(name)
    }
}

fn ok(kind: &'static Kind, ended: Ended) -> Result<(), Error> {
    if ended.outcome == "ok" { Ok(()) } else { Err(kind.failed(ended)) }
}

/// See [`Call::ended`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct CallEnd {
    _private: (),
}

impl Future for CallEnd {
    type Output = String;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<String> {
        match state::with(|state| state.ended.clone()) {
            Some(cause) => Poll::Ready(cause),
            None => Poll::Pending,
        }
    }
}
