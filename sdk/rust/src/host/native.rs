//! The host in native tests: whatever was put in place for this thread.

use super::{
    Action, CampaignHost, ConferenceOptions, DetectOptions, DialOptions, DistributionHost,
    EnqueueOptions, FlowHost, GatherOptions, HttpRequestOptions, ParkOptions,
};
use crate::log::Level;
use crate::router::{Agent, Contact};
use std::cell::RefCell;
use std::fmt;

/// What a program running natively can reach.
#[derive(Default)]
pub struct Hosts {
    pub flow: Option<Box<dyn FlowHost>>,
    pub distribution: Option<Box<dyn DistributionHost>>,
    pub campaign: Option<Box<dyn CampaignHost>>,
    pub log: Vec<(Level, String)>,
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").field("log", &self.log).finish_non_exhaustive()
    }
}

thread_local! {
    static HOSTS: RefCell<Hosts> = RefCell::default();
}

/// Runs `work` with these hosts in place of the thread's present ones.
pub fn with_hosts<R>(hosts: &mut Hosts, work: impl FnOnce() -> R) -> R {
    let swap = |hosts: &mut Hosts| HOSTS.with_borrow_mut(|current| std::mem::swap(current, hosts));
    swap(hosts);
    let result = work();
    swap(hosts);
    result
}

const NO_HOST: &str = "there is no host here: run the program with strowger-testkit";

fn flow<R>(work: impl FnOnce(&mut (dyn FlowHost + 'static)) -> R) -> Option<R> {
    HOSTS.with_borrow_mut(|hosts| hosts.flow.as_deref_mut().map(work))
}

fn distribution<R>(work: impl FnOnce(&mut (dyn DistributionHost + 'static)) -> R) -> Option<R> {
    HOSTS.with_borrow_mut(|hosts| hosts.distribution.as_deref_mut().map(work))
}

type Begun = Result<u64, String>;
type Told = Result<(), String>;

fn act(action: Action) -> Begun {
    flow(|host| host.act(action)).unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

fn tell(action: Action) -> Told {
    act(action).map(drop)
}

pub fn ring() -> Begun {
    act(Action::Ring)
}

pub fn early_media() -> Begun {
    act(Action::EarlyMedia)
}

pub fn answer() -> Begun {
    act(Action::Answer)
}

pub fn reject(status: u16, reason: &str) -> Begun {
    act(Action::Reject { status, reason: reason.to_owned() })
}

pub fn hang_up() -> Begun {
    act(Action::HangUp)
}

pub fn play(sources: &[String], times: u32) -> Begun {
    act(Action::Play { sources: sources.to_vec(), times })
}

pub fn stop(command: u64) -> Told {
    tell(Action::Stop { command })
}

pub fn gather(prompt: &[String], options: &GatherOptions) -> Begun {
    act(Action::Gather { prompt: prompt.to_vec(), options: options.clone() })
}

pub fn watch_digits(on: bool) -> Told {
    tell(Action::WatchDigits { on })
}

pub fn record_start(max_ms: u32, silence_ms: u32) -> Begun {
    act(Action::RecordStart { max_ms, silence_ms })
}

pub fn record_stop() -> Told {
    tell(Action::RecordStop)
}

pub fn record_pause() -> Told {
    tell(Action::RecordPause)
}

pub fn record_resume() -> Told {
    tell(Action::RecordResume)
}

pub fn enqueue(options: &EnqueueOptions) -> Begun {
    act(Action::Enqueue(options.clone()))
}

pub fn leave_queue() -> Told {
    tell(Action::LeaveQueue)
}

pub fn dial(options: &DialOptions) -> Begun {
    act(Action::Dial(options.clone()))
}

pub fn bridge(leg: u32) -> Begun {
    act(Action::Bridge { leg })
}

pub fn transfer(options: &DialOptions) -> Begun {
    act(Action::Transfer(options.clone()))
}

pub fn detect(options: DetectOptions) -> Told {
    tell(Action::Detect(options))
}

pub fn conference_join(options: &ConferenceOptions) -> Begun {
    act(Action::ConferenceJoin(options.clone()))
}

pub fn mute(on: bool) -> Told {
    tell(Action::Mute { on })
}

pub fn park(options: &ParkOptions) -> Begun {
    act(Action::Park(options.clone()))
}

pub fn pick_up(from: &str) -> Begun {
    act(Action::PickUp { from: from.to_owned() })
}

pub fn kv_get(key: &str) -> Begun {
    act(Action::KvGet { key: key.to_owned() })
}

pub fn kv_set(key: &str, value: &str, ttl_s: u32) -> Begun {
    act(Action::KvSet { key: key.to_owned(), value: value.to_owned(), ttl_s })
}

pub fn http_request(options: &HttpRequestOptions) -> Begun {
    act(Action::HttpRequest(options.clone()))
}

pub fn sleep(ms: u32) -> Begun {
    act(Action::Sleep { ms })
}

pub fn fact(name: &str) -> Option<String> {
    flow(|host| host.fact(name)).flatten()
}

pub fn detail(name: &str) -> Option<String> {
    flow(|host| host.detail(name)).flatten()
}

pub fn attribute(name: &str) -> Option<String> {
    flow(|host| host.attribute(name)).flatten()
}

pub fn set_attribute(name: &str, value: &str) -> Result<(), String> {
    flow(|host| host.set_attribute(name, value)).unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

pub fn log(level: Level, message: &str) {
    HOSTS.with_borrow_mut(|hosts| hosts.log.push((level, message.to_owned())));
}

pub fn contacts_for_agent(
    agent: u64,
    order: &str,
    skip: u32,
    limit: u32,
) -> Result<Vec<Contact>, String> {
    distribution(|host| host.contacts_for_agent(agent, order, skip, limit))
        .unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

pub fn agents_for_contact(
    contact: u64,
    order: &str,
    skip: u32,
    limit: u32,
) -> Result<Vec<Agent>, String> {
    distribution(|host| host.agents_for_contact(contact, order, skip, limit))
        .unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

pub fn contact_fact(contact: u64, name: &str) -> Option<String> {
    distribution(|host| host.contact_fact(contact, name)).flatten()
}

pub fn agent_fact(agent: u64, name: &str) -> Option<String> {
    distribution(|host| host.agent_fact(agent, name)).flatten()
}

pub fn assign(contact: u64, agent: u64) -> Result<(), String> {
    distribution(|host| host.assign(contact, agent)).unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

pub fn wake_in(contact: u64, ms: u32) -> Result<(), String> {
    distribution(|host| host.wake_in(contact, ms)).unwrap_or_else(|| Err(NO_HOST.to_owned()))
}

pub fn metric(name: &str) -> Option<f64> {
    HOSTS.with_borrow_mut(|hosts| hosts.campaign.as_deref_mut()?.metric(name))
}

pub fn cap() -> u32 {
    HOSTS.with_borrow_mut(|hosts| hosts.campaign.as_deref_mut().map_or(0, |host| host.cap()))
}
