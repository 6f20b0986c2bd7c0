//! The host in native tests: whatever was put in place for this thread.

use super::{Action, CampaignHost, DistributionHost, FlowHost};
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

pub fn act(action: Action) -> Result<u64, String> {
    flow(|host| host.act(action)).unwrap_or_else(|| Err(NO_HOST.to_owned()))
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
