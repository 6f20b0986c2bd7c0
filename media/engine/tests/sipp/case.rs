//! One behaviour: a script of SIPp's, and the events that the server must see,
//! in this order, with what it does upon each.

use crate::process::{Sipp, sipp_script};
use crate::relay::{Relay, Road};
use crate::script::{Ports, calls_us, xml};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use strowger_engine::signalling::{self, SignallingConfig, SipHandle};
use strowger_model::{AgentId, Cause, TenantId, TrunkId};
use strowger_sip::*;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;
use uuid::Uuid;

pub const TENANT: TenantId = TenantId(Uuid::from_u128(1));
pub const AGENT: AgentId = AgentId(Uuid::from_u128(201));
/// Calls of each script, at the same time.
const CALLS: usize = 5;
/// How much faster the server's time passes: repetitions come after 125 ms.
const PACE: u32 = 4;
/// Scripts under way at a time: each is a process.
const AT_A_TIME: usize = 14;

/// What the server does upon an event.
#[derive(Clone, Debug)]
pub enum Act {
    Ring,
    Early,
    Answer,
    Reject(u16),
    HangUp,
    /// Hangs up another leg of the same call.
    HangUpLeg(usize),
    AnswerLeg(usize),
    Reinvite(Direction),
    Update(Direction),
    Digit(char),
    AcceptRefer,
    RejectRefer(u16),
    Progress(u16),
    Refer(TransferTarget),
    /// Transfers this leg into another one of the same call.
    ReferInto(usize),
    /// Places another leg.
    Call(usize),
    /// Places another leg that shall replace this one.
    CallReplacing(usize),
}

type Steps = Vec<(&'static str, Vec<Act>)>;

pub struct Case {
    name: String,
    scripts: Vec<String>,
    legs: Vec<Steps>,
    pub pace: u32,
    pub policy: LegPolicy,
    pub options: InviteOptions,
    pub limits: Limits,
    pub register: bool,
    /// Calls go to a phone that registered by this script.
    pub phone: Option<&'static str>,
    pub calls: usize,
    pub roads: &'static [Road],
}

pub fn case(name: &str, script: &str) -> Case {
    Case {
        name: name.into(),
        scripts: vec![script.into()],
        legs: vec![vec![]],
        pace: PACE,
        policy: LegPolicy::default(),
        options: InviteOptions::default(),
        limits: Limits::default(),
        register: false,
        phone: None,
        calls: CALLS,
        roads: Road::ALL,
    }
}

impl Case {
    /// The next event of the leg; `?` before it if a bad road may lose it.
    pub fn on(mut self, event: &'static str, acts: &[Act]) -> Self {
        self.legs.last_mut().unwrap().push((event, acts.to_vec()));
        self
    }

    /// What follows is about another leg.
    pub fn leg(mut self) -> Self {
        self.legs.push(vec![]);
        self
    }

    /// What follows is about a leg to another SIPp.
    pub fn peer(mut self, script: &str) -> Self {
        self.scripts.push(script.into());
        self.leg()
    }

    pub fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Runs every case over every road, many at a time.
pub async fn run_all(cases: Vec<Case>) {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let only = std::env::var("SIPP_CASE").unwrap_or_default();
    let mut running = Vec::new();
    for case in cases.into_iter().filter(|case| case.name.contains(&only)) {
        let case = Arc::new(case);
        for &road in case.roads {
            let (case, room) = (case.clone(), room.clone());
            let name = format!("{} ({road:?})", case.name);
            let run = tokio::spawn(async move {
                let _permit = room.acquire().await.unwrap();
                case.run(road).await;
            });
            running.push((name, run));
        }
    }
    let mut failed = Vec::new();
    for (name, run) in running {
        if run.await.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "these failed, as told above: {failed:#?}");
}

fn trunk_id(peer: usize) -> TrunkId {
    TrunkId(Uuid::from_u128(peer as u128 + 1))
}

fn local_media() -> LocalMedia {
    LocalMedia {
        address: "127.0.0.1:40000".parse().unwrap(),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event: true,
    }
}

impl Case {
    async fn run(self: Arc<Self>, road: Road) {
        let mut config = SignallingConfig::new("127.0.0.1:0".parse().unwrap());
        config.pace = self.pace;
        config.limits = self.limits;
        // SIPp looks at the first challenge only and knows MD5 only.
        config.challenge = ChallengeOrder::WeakFirst;
        let (handle, events) = signalling::start(config).await.unwrap();
        let server = match road.transport() {
            Transport::Tcp => handle.tcp_address().unwrap(),
            _ => handle.udp_address(),
        };
        let mut peers: Vec<(Sipp, Relay)> = Vec::new();
        for (number, script) in self.scripts.iter().enumerate() {
            let seed = number as u64
                + self
                    .name
                    .bytes()
                    .fold(7, |sum: u64, b| sum.wrapping_mul(31).wrapping_add(u64::from(b)));
            let sipp = sipp_script().over(road.transport());
            let relay = Relay::start(server, sipp.address(), road, seed).await;
            let ports = Ports { server: server.port(), us: relay.outside.port() };
            let text = xml(script, &ports, road.is_bad());
            let what = format!("{} {number} ({road:?}, seed {seed})", self.name);
            let calls = if self.register { 1 } else { self.calls };
            peers.push((sipp.script(what, text).calls(calls, 50), relay));
        }
        let outsides: Vec<u16> = peers.iter().map(|(_, relay)| relay.outside.port()).collect();
        let policies = Policies {
            other_trunks: self.policy.clone(),
            phones: self.policy.clone(),
            ..Policies::default()
        };
        handle.set_policies(Arc::new(policies)).await.unwrap();
        let directory = Arc::new(self.directory(&outsides, road));
        if !self.register {
            handle.set_directory(directory.clone()).await.unwrap();
        }
        if let Some(script) = self.phone {
            let (sipp, relay) = &peers[0];
            let ports = Ports { server: server.port(), us: relay.outside.port() };
            let text = xml(script, &ports, road.is_bad());
            let what = format!("{} (registers)", self.name);
            sipp.same_port().script(what, text).run_to(relay.inside).await;
        }
        let (done, mut over) = mpsc::channel(64);
        let mut running = Vec::new();
        let mut callers = Vec::new();
        let mut roads = Vec::new();
        for (script, (sipp, relay)) in self.scripts.iter().zip(peers) {
            match calls_us(script) {
                true => callers.push((sipp, relay.inside)),
                false => running.push(sipp.listen().await),
            }
            roads.push(relay);
        }
        let mut application = Application::new(self.clone(), handle.clone(), done, road);
        if !calls_us(&self.scripts[0]) && !self.register {
            for _ in 0..self.calls {
                application.groups.push(HashMap::new());
                let group = application.groups.len() - 1;
                application.place(group, 0, None).await;
            }
        }
        let application = tokio::spawn(application.run(events));
        if self.register {
            handle.set_directory(directory).await.unwrap();
        }
        running.extend(callers.into_iter().map(|(sipp, to)| sipp.call(to)));
        for peer in running {
            peer.finish().await;
        }
        self.assert_over(&handle, &mut over).await;
        if road != Road::Smooth {
            let bent: usize = roads.iter().map(Relay::bent).sum();
            assert!(bent > 0 || self.register, "{}: the road did nothing", self.name);
        }
        application.abort();
        if let Err(error) = application.await {
            assert!(error.is_cancelled(), "{}: the application failed", self.name);
        }
    }

    fn directory(&self, outsides: &[u16], road: Road) -> Directory {
        let trunks = outsides.iter().enumerate().map(|(number, port)| Trunk {
            id: trunk_id(number),
            tenant: TENANT,
            sources: match self.phone {
                Some(_) => vec![],
                None => vec![format!("127.0.0.1:{port}").parse().unwrap()],
            },
            inbound: None,
            proxy: self.phone.is_none().then(|| Proxy {
                host: "127.0.0.1".into(),
                port: Some(*port),
                transport: road.transport(),
            }),
            domain: None,
            outbound: Some(Login { username: "line".into(), password: "s3cret".into() })
                .filter(|_| self.register),
            register: self.register,
        });
        let domains = vec![TenantDomains { tenant: TENANT, domains: vec!["acme.test".into()] }];
        let secret = Secret::from_password("201", &Realm::new("acme.test"), "s3cret");
        let phone = Extension { agent: AGENT, tenant: TENANT, username: "201".into(), secret };
        Directory::new(domains, vec![phone], trunks.collect(), Some(TENANT)).unwrap()
    }

    /// Waits until every leg saw its last event and nothing is left of it.
    async fn assert_over(&self, handle: &SipHandle, over: &mut mpsc::Receiver<()>) {
        let legs = self.legs.iter().filter(|steps| !steps.is_empty()).count() * self.calls;
        for leg in 0..legs {
            let ended = timeout(Duration::from_secs(20), over.recv()).await;
            assert!(matches!(ended, Ok(Some(()))), "{}: {leg} of {legs} legs ended", self.name);
        }
        let mut calls = handle.calls();
        let none = timeout(Duration::from_secs(15), calls.wait_for(|calls| *calls == 0)).await;
        assert!(matches!(none, Ok(Ok(_))), "{}: calls are left", self.name);
    }
}

/// The server: does what the case says, and checks what it hears.
struct Application {
    case: Arc<Case>,
    handle: SipHandle,
    done: mpsc::Sender<()>,
    road: Road,
    /// The legs of each call, by their number in the case.
    groups: Vec<HashMap<usize, DialogKey>>,
    /// Group, leg and next step of each dialog.
    dialogs: HashMap<DialogKey, (usize, usize, usize)>,
    headers: HashMap<DialogKey, Vec<(String, String)>>,
}

impl Application {
    fn new(case: Arc<Case>, handle: SipHandle, done: mpsc::Sender<()>, road: Road) -> Self {
        Self {
            case,
            handle,
            done,
            road,
            groups: vec![],
            dialogs: HashMap::new(),
            headers: HashMap::new(),
        }
    }

    async fn run(mut self, mut events: mpsc::Receiver<SipEvent>) {
        while let Some(event) = events.recv().await {
            let Some(dialog) = event.dialog() else {
                let dialog = DialogKey(u64::MAX);
                if matches!(event, SipEvent::TrunkRegistered { .. }) {
                    self.dialogs.entry(dialog).or_insert((0, 0, 0));
                    self.step(dialog, &event).await;
                }
                continue;
            };
            if let SipEvent::Incoming(incoming) = &event {
                self.begin(incoming);
            }
            self.step(dialog, &event).await;
        }
    }

    /// The leg of the case that an incoming call is.
    fn begin(&mut self, incoming: &Incoming) {
        let text = describe(&SipEvent::Incoming(Box::new(incoming.clone())));
        let found = self.case.legs.iter().position(|leg| leg.first().map(|l| l.0) == Some(&*text));
        let Some(leg) = found else { panic!("{}: unexpected {text}", self.case.name) };
        let group = match incoming.replaces.and_then(|other| self.dialogs.get(&other)) {
            Some((group, ..)) => *group,
            None => {
                self.groups.push(HashMap::new());
                self.groups.len() - 1
            }
        };
        self.headers.insert(incoming.dialog, incoming.headers.clone());
        self.groups[group].insert(leg, incoming.dialog);
        self.dialogs.insert(incoming.dialog, (group, leg, 0));
    }

    async fn step(&mut self, dialog: DialogKey, event: &SipEvent) {
        let text = describe(event);
        let name = self.case.name.clone();
        let Some((_, leg, next)) = self.dialogs.get_mut(&dialog) else {
            panic!("{name}: {text} of a leg that nobody knows")
        };
        let steps = &self.case.legs[*leg];
        let acts = loop {
            let Some((expected, acts)) = steps.get(*next) else {
                panic!("{name}: {text} after the last event of leg {leg}")
            };
            *next += 1;
            match expected.strip_prefix('?') {
                Some(optional) if optional == text => break acts,
                Some(_) if self.road.is_bad() => {}
                _ => {
                    assert_eq!(
                        expected.trim_start_matches('?'),
                        text,
                        "{name}: event {next} of leg {leg}"
                    );
                    break acts;
                }
            }
        };
        let is_last = *next == steps.len();
        for act in acts.clone() {
            self.act(dialog, act).await;
        }
        if is_last {
            self.done.send(()).await.unwrap();
        }
    }

    async fn place(&mut self, group: usize, leg: usize, replacing: Option<DialogKey>) {
        let mut options = self.case.options.clone();
        if let Some(dialog) = replacing {
            options.replaces = self.handle.replaces(dialog).await.unwrap();
            assert!(options.replaces.is_some(), "{}: nothing to replace", self.case.name);
        }
        let peer = if self.case.scripts.len() == 1 { 0 } else { leg };
        let target = match self.case.phone {
            Some(_) => InviteTarget::Extension(AGENT),
            None => InviteTarget::Trunk { trunk: trunk_id(peer), number: "100".into() },
        };
        let inherited = self.groups[group].values().find_map(|other| self.headers.get(other));
        let request = InviteRequest {
            target,
            caller: Caller { number: "200".into(), name: None },
            media: local_media(),
            ring_timeout_ms: 60_000,
            headers: inherited.cloned().unwrap_or_default(),
        };
        let key = self.handle.next_key();
        self.groups[group].insert(leg, key);
        self.dialogs.insert(key, (group, leg, 0));
        self.handle.invite_with(key, request, options).await.unwrap();
    }

    async fn act(&mut self, dialog: DialogKey, act: Act) {
        let handle = self.handle.clone();
        let (group, ..) = self.dialogs[&dialog];
        let leg = |number: usize| self.groups[group][&number];
        let done = match act {
            Act::Ring => handle.ring(dialog).await,
            Act::Early => handle.early_media(dialog, local_media()).await,
            Act::Answer => handle.answer(dialog, local_media()).await,
            Act::AnswerLeg(number) => handle.answer(leg(number), local_media()).await,
            Act::Reject(status) => handle.reject(dialog, status, None).await,
            Act::HangUp => handle.hang_up(dialog, Cause::Normal).await,
            Act::HangUpLeg(number) => handle.hang_up(leg(number), Cause::Normal).await,
            Act::Reinvite(direction) => handle.reinvite(dialog, direction).await,
            Act::Update(direction) => handle.update(dialog, direction).await,
            Act::Digit(digit) => handle.send_info_digit(dialog, digit, 160).await,
            Act::AcceptRefer => handle.accept_refer(dialog).await,
            Act::RejectRefer(status) => handle.reject_refer(dialog, status).await,
            Act::Progress(status) => handle.refer_progress(dialog, status).await,
            Act::Refer(target) => handle.refer(dialog, target).await,
            Act::ReferInto(number) => {
                handle.refer(dialog, TransferTarget::Dialog(leg(number))).await
            }
            Act::Call(number) => {
                self.place(group, number, None).await;
                Ok(())
            }
            Act::CallReplacing(number) => {
                self.place(group, number, Some(dialog)).await;
                Ok(())
            }
        };
        done.unwrap();
    }
}

/// An event in the words of the cases.
fn describe(event: &SipEvent) -> String {
    match event {
        SipEvent::Incoming(incoming) => {
            let mut text = format!("incoming from {} to {}", incoming.from, incoming.to);
            for (is, word) in [
                (incoming.withheld, ", withheld"),
                (incoming.offer.is_none(), ", no offer"),
                (incoming.replaces.is_some(), ", replaces"),
            ] {
                text += if is { word } else { "" };
            }
            text
        }
        SipEvent::Ringing { early: None, .. } => "ringing".into(),
        SipEvent::Ringing { early: Some(media), .. } => format!("early {:?}", media.direction),
        SipEvent::Answered { media, .. } => format!("answered {:?}", media.direction),
        SipEvent::Failed { cause, status, .. } => match status {
            Some(status) => format!("failed {status}"),
            None => format!("failed {cause:?}"),
        },
        SipEvent::HungUp { by, .. } => format!("hung up by {by:?}"),
        SipEvent::Cancelled { .. } => "cancelled".into(),
        SipEvent::Held { media, .. } => format!("held {:?}", media.direction),
        SipEvent::Resumed { media, .. } => format!("resumed {:?}", media.direction),
        SipEvent::MediaChanged { media, .. } => format!("moved {:?}", media.direction),
        SipEvent::Reinvited { media, .. } => format!("reinvited {:?}", media.direction),
        SipEvent::ReinviteFailed { status, .. } => format!("reinvite failed {status:?}"),
        SipEvent::Digit { digit, held_ms, .. } => format!("digit {digit} {held_ms}"),
        SipEvent::Referred { refer, .. } => {
            let joins = if refer.replaces_dialog.is_some() { ", joins" } else { "" };
            let replaces = if refer.replaces.is_some() { ", replaces" } else { "" };
            format!("referred to {}{replaces}{joins}", refer.target)
        }
        SipEvent::ReferProgress { status, is_last, .. } => {
            format!("transfer {status}{}", if *is_last { ", last" } else { "" })
        }
        SipEvent::TrunkRegistered { ok, .. } => format!("registered {ok}"),
        other => format!("{other:?}"),
    }
}
