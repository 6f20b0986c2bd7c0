//! What is true before the call begins.

use crate::guest::{Decides, Guest};
use crate::live::LiveCall;
use crate::world::{Around, World};
use std::collections::BTreeMap;
use std::future::Future;
use strowger_call::{CallLimits, CallSetup, Fallback};
use strowger_model::{Address, CallId, Direction, TenantId, Timestamp};
use strowger_sdk::guest::{AsyncFlow, Task, task};
use strowger_sdk::{Call, Flow, FlowOutput};
use uuid::Uuid;

/// A call about to begin. Without options it comes in from `+441632960000` to
/// `+441632960100`, in English, on Friday, 20 November 2026 at 10:00 UTC.
#[derive(Debug)]
#[must_use = "nothing happens until the call is started"]
pub struct Script {
    decides: DecidesBox,
    from: String,
    to: String,
    language: String,
    now: Timestamp,
    seed: u64,
    facts: BTreeMap<String, String>,
    pub(crate) stored: BTreeMap<String, String>,
    pub(crate) answers: Vec<HttpAnswer>,
    waiting_at: Vec<String>,
    pub(crate) call: CallId,
    flow: String,
    limits: CallLimits,
    pub(crate) prompts_fail: bool,
}

struct DecidesBox(Box<dyn Decides>);

impl std::fmt::Debug for DecidesBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flow")
    }
}

/// What a service answers.
#[derive(Clone, Debug)]
pub(crate) struct HttpAnswer {
    /// `GET https://…`, or [`ANY_REQUEST`].
    pub(crate) request: String,
    pub(crate) result: HttpResult,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum HttpResult {
    Response {
        status: u16,
        body: String,
        headers: Vec<(String, String)>,
    },
    /// No answer, and the time is up.
    Timeout,
    /// No connection.
    Failed,
}

/// Stands for every request that is not named.
pub(crate) const ANY_REQUEST: &str = "any";

/// 2026-11-20T10:00:00Z.
const FRIDAY: Timestamp = Timestamp(1_795_168_800_000);

impl Script {
    /// A call that an `async fn` handles.
    pub fn call<F, Fut>(flow: F) -> Self
    where
        F: FnOnce(Call) -> Fut + 'static,
        Fut: Future + 'static,
        Fut::Output: FlowOutput,
    {
        let begin = move |call: Call| -> Task { task(flow(call)) };
        Self::machine(AsyncFlow::new(begin))
    }

    /// A call that a [`Flow`] handles.
    pub fn machine(flow: impl Flow + 'static) -> Self {
        Self::decided_by(Guest::new(Box::new(flow)))
    }

    /// A call that something else decides, a compiled flow for example.
    pub fn decided_by(program: impl Decides + 'static) -> Self {
        Self {
            decides: DecidesBox(Box::new(program)),
            from: "+441632960000".to_owned(),
            to: "+441632960100".to_owned(),
            language: "en".to_owned(),
            now: FRIDAY,
            seed: 1,
            facts: BTreeMap::new(),
            stored: BTreeMap::new(),
            answers: Vec::new(),
            waiting_at: Vec::new(),
            call: CallId(Uuid::from_u128(0xca11)),
            flow: "flow-under-test".to_owned(),
            limits: CallLimits::default(),
            prompts_fail: false,
        }
    }

    /// What the flow is called.
    pub fn flow(mut self, name: &str) -> Self {
        self.flow = name.to_owned();
        self
    }

    /// Other limits of the call than the usual ones.
    pub fn limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many turns the flow may take in the call.
    pub(crate) fn most_turns(mut self, turns: u32) -> Self {
        self.limits.turns = turns;
        self
    }

    /// Who calls.
    pub fn from(mut self, address: &str) -> Self {
        self.from = address.to_owned();
        self
    }

    /// What is called.
    pub fn to(mut self, address: &str) -> Self {
        self.to = address.to_owned();
        self
    }

    /// The language of the number that is called.
    pub fn language(mut self, language: &str) -> Self {
        self.language = language.to_owned();
        self
    }

    /// When, in UTC: `2026-12-25T08:30:00`.
    ///
    /// # Panics
    /// If that is no date and time.
    #[track_caller]
    pub fn at(mut self, time: &str) -> Self {
        self.now = utc(time).unwrap_or_else(|error| panic!("{error}"));
        self
    }

    pub(crate) fn at_ms(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The tenant's time zone, for example `Europe/London`; without it, UTC.
    pub fn timezone(self, name: &str) -> Self {
        self.fact("timezone", name)
    }

    /// Something else the host knows.
    pub fn fact(mut self, name: &str, value: &str) -> Self {
        self.facts.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Another randomness.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A value that was stored before.
    pub fn stored(mut self, key: &str, value: &str) -> Self {
        self.stored.insert(key.to_owned(), value.to_owned());
        self
    }

    /// What a service answers to `GET https://…`, or to `any` request that is not
    /// named. Others are not on the allow-list.
    pub fn service(self, request: &str, status: u16, body: &str) -> Self {
        let body = body.to_owned();
        self.served(request, HttpResult::Response { status, body, headers: Vec::new() })
    }

    /// A service that does not answer in time.
    pub fn service_times_out(self, request: &str) -> Self {
        self.served(request, HttpResult::Timeout)
    }

    /// A service that cannot be reached.
    pub fn service_fails(self, request: &str) -> Self {
        self.served(request, HttpResult::Failed)
    }

    pub(crate) fn served(mut self, request: &str, result: HttpResult) -> Self {
        self.answers.push(HttpAnswer { request: request.to_owned(), result });
        self
    }

    /// Nothing can be played.
    pub fn prompts_fail(mut self) -> Self {
        self.prompts_fail = true;
        self
    }

    /// Somebody else can be picked up there: `slot:NAME` or `extension:NUMBER`.
    pub fn somebody_waits_at(mut self, place: &str) -> Self {
        self.waiting_at.push(place.to_owned());
        self
    }

    /// A header in the answer of the service named last.
    pub fn answer_header(mut self, name: &str, value: &str) -> Self {
        let last = self.answers.last_mut().map(|answer| &mut answer.result);
        if let Some(HttpResult::Response { headers, .. }) = last {
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        self
    }

    /// The call comes in.
    ///
    /// # Panics
    /// If an address is none.
    #[track_caller]
    pub fn start(self) -> LiveCall {
        let address = |text: &str| -> Address {
            text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}"))
        };
        let setup = CallSetup {
            call: self.call,
            tenant: TenantId(Uuid::from_u128(0x7e_4a47)),
            direction: Direction::Inbound,
            from: address(&self.from),
            to: address(&self.to),
            trunk: None,
            from_agent: None,
            flow: self.flow,
            version: None,
            language: self.language,
            seed: self.seed,
            now: self.now,
            limits: self.limits,
            fallback: Fallback::HangUp,
            facts: self.facts,
            journal: true,
        };
        let around = Around {
            stored: self.stored,
            answers: self.answers,
            waiting_at: self.waiting_at,
            prompts_fail: self.prompts_fail,
        };
        LiveCall::new(World::new(setup, self.decides.0, around))
    }
}

/// `2026-12-25T08:30:00` in UTC.
pub(crate) fn utc(time: &str) -> Result<Timestamp, String> {
    let parsed = time.parse::<chrono::NaiveDateTime>();
    let ms = parsed.ok().and_then(|time| u64::try_from(time.and_utc().timestamp_millis()).ok());
    ms.map(Timestamp).ok_or_else(|| format!("`{time}` is no time like 2026-12-25T08:30:00"))
}
