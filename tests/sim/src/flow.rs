//! Guests of calls: what a simulation asks of one, and made-up ones.

use crate::random::Random;
use std::fmt;
use strowger_call::{
    Action, CommandId, DetectOptions, DialOptions, DialStrategy, EnqueueOptions, Fault, FaultKind,
    GatherOptions, GuestEvent, HttpRequest, Moment, ParkOptions, TurnResult, TurnView,
};
use strowger_model::{CallId, Relaxation, SkillNeed};

/// The guest of one call. A Wasm instance can stand behind it as well.
pub trait Flow {
    /// Handles one event.
    fn handle(&mut self, moment: Moment, event: &GuestEvent, view: TurnView) -> TurnResult;
}

/// Where guests come from.
pub trait Flows {
    /// The guest of a new call, or the one that takes over after a fault.
    fn fresh(&mut self, call: CallId, fallback: bool) -> Box<dyn Flow>;
}

/// Made-up flows: menus, queues, dials, transfers, voicemail; some fail.
#[derive(Debug)]
pub struct ScriptedFlows {
    faults: u32,
}

impl ScriptedFlows {
    /// Flows of which so many turns in a thousand fail.
    pub fn new(faults: u32) -> Self {
        Self { faults }
    }
}

impl Flows for ScriptedFlows {
    fn fresh(&mut self, _: CallId, _: bool) -> Box<dyn Flow> {
        Box::new(Scripted { faults: self.faults, doing: Vec::new(), requeued: 0 })
    }
}

/// What a command was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Open,
    Welcome,
    Menu,
    Ask,
    Wait,
    Announce,
    Record,
    Dial,
    Bridge,
    Nothing,
    Bye,
}

struct Scripted {
    faults: u32,
    doing: Vec<(CommandId, Doing)>,
    requeued: u32,
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a scripted flow doing {:?}", self.doing)
    }
}

impl Flow for Scripted {
    fn handle(&mut self, moment: Moment, event: &GuestEvent, mut view: TurnView) -> TurnResult {
        // Everything follows from the moment's seed, as in a real guest.
        let mut random = Random::new(moment.seed);
        let mut turn = Turn { flow: self, view: &mut view, random: &mut random };
        turn.event(event);
        let fault = random.per_mille(self.faults).then(|| {
            let kinds = [FaultKind::Trap, FaultKind::Fuel, FaultKind::Returned, FaultKind::Memory];
            Fault::new(kinds[random.range(0, 4) as usize], "made up")
        });
        view.finish(fault, 1_000, 2)
    }
}

struct Turn<'a> {
    flow: &'a mut Scripted,
    view: &'a mut TurnView,
    random: &'a mut Random,
}

impl Turn<'_> {
    fn event(&mut self, event: &GuestEvent) {
        match event {
            GuestEvent::Started => self.started(),
            GuestEvent::Completed { command, outcome, value } => {
                let at = self.flow.doing.iter().position(|(id, _)| id == command);
                if let Some((_, doing)) = at.map(|at| self.flow.doing.swap_remove(at)) {
                    self.done(doing, outcome, value);
                }
            }
            GuestEvent::Signal { name, .. } if name == "bridge.ended" => self.bye(),
            GuestEvent::Signal { name, .. } if name == "queue.position" => self.moved_up(),
            GuestEvent::Ended { .. } => {
                if self.random.percent(20) {
                    self.ask(
                        Action::KvSet { key: "last".into(), value: "1".into(), ttl_s: 0 },
                        Doing::Nothing,
                    );
                }
            }
            GuestEvent::Input { .. } | GuestEvent::Signal { .. } => {}
        }
    }

    fn started(&mut self) {
        match self.random.range(0, 100) {
            0..4 => self.ask(Action::Reject { status: 486, reason: "Busy".into() }, Doing::Nothing),
            4..8 => self.transfer(),
            8..16 => {
                self.ask(Action::EarlyMedia, Doing::Nothing);
                self.enqueue();
            }
            // Forgets its caller.
            16..17 => {}
            _ if self.view.phase() == strowger_call::Phase::Answered => self.welcome(),
            _ => {
                self.ask(Action::Ring, Doing::Nothing);
                self.ask(Action::Answer, Doing::Open);
            }
        }
    }

    fn done(&mut self, doing: Doing, outcome: &str, value: &str) {
        match (doing, outcome) {
            (Doing::Open, "ok") => self.welcome(),
            (Doing::Welcome, _) => self.ask(gather(), Doing::Menu),
            (Doing::Menu, _) => self.choose(),
            (Doing::Ask, _) => self.enqueue(),
            (Doing::Wait, "answered") => {}
            (Doing::Wait, _) if self.flow.requeued < 2 && self.random.percent(50) => {
                self.flow.requeued += 1;
                self.enqueue();
            }
            (Doing::Dial, "answered") => {
                let leg = strowger_model::LegId(value.parse().unwrap_or(0));
                self.ask(Action::Bridge { leg }, Doing::Bridge);
            }
            (Doing::Announce | Doing::Nothing, _) => {}
            (Doing::Bye, _) => self.ask(Action::HangUp, Doing::Nothing),
            _ => self.bye(),
        }
    }

    fn welcome(&mut self) {
        if self.random.percent(20) {
            self.ask(Action::RecordStart { max_ms: 0, silence_ms: 0 }, Doing::Nothing);
        }
        let _ = self.view.set_attribute("language", "en");
        self.ask(play("file:welcome"), Doing::Welcome);
    }

    fn choose(&mut self) {
        match self.random.range(0, 100) {
            0..60 => self.enqueue(),
            60..63 => {
                let park = park(self.random);
                self.ask(park, Doing::Open);
            }
            63..65 => self.ask(Action::PickUp { from: "slot:1".into() }, Doing::Ask),
            65..67 => {
                let join = Action::ConferenceJoin { conference: "all".into(), muted: false };
                self.ask(join, Doing::Nothing);
            }
            67..70 => {
                let options = DetectOptions { speech_pause_ms: 500, silence_ms: 0, tones: true };
                self.ask(Action::Detect(options), Doing::Nothing);
                self.ask(Action::Mute { on: true }, Doing::Nothing);
                self.enqueue();
            }
            70..76 => self.ask(Action::KvGet { key: "customer".into() }, Doing::Ask),
            76..80 => self.ask(http(), Doing::Ask),
            80..88 => {
                let options = dial(self.random);
                self.ask(Action::Dial(options), Doing::Dial);
            }
            88..92 => self.transfer(),
            92..96 => {
                self.ask(Action::RecordStart { max_ms: 8_000, silence_ms: 2_000 }, Doing::Record)
            }
            _ => self.bye(),
        }
    }

    fn moved_up(&mut self) {
        match self.random.range(0, 100) {
            0..20 => self.ask(play("queue:position:en"), Doing::Announce),
            20..23 => self.ask(Action::LeaveQueue, Doing::Nothing),
            _ => {}
        }
    }

    fn enqueue(&mut self) {
        let mut skills = Vec::new();
        if self.random.percent(30) {
            let name = format!("skill{}", self.random.range(0, 3));
            let relax = match self.random.percent(50) {
                true => vec![Relaxation { after_s: 20, min_level: 1 }],
                false => vec![Relaxation { after_s: 30, min_level: 0 }],
            };
            skills.push(SkillNeed { name, min_level: self.random.range(2, 7) as u8, relax });
        }
        let options = EnqueueOptions {
            queue: format!("queue{}", self.random.range(0, 4)),
            skills,
            priority: [0, 0, 0, 5, -5][self.random.range(0, 5) as usize],
            attributes: vec![("reason".into(), "sim".into())],
            treatment: vec!["music:default".into()],
            max_wait_ms: if self.random.percent(20) { 15_000 } else { 0 },
        };
        self.ask(Action::Enqueue(options), Doing::Wait);
    }

    fn transfer(&mut self) {
        let options = dial(self.random);
        self.ask(Action::Transfer(options), Doing::Dial);
    }

    fn bye(&mut self) {
        if self.random.percent(50) {
            self.ask(play("file:bye"), Doing::Bye);
        } else {
            self.ask(Action::HangUp, Doing::Nothing);
        }
    }

    /// Asks; where that is not possible now, ends the call like any sane flow.
    fn ask(&mut self, action: Action, doing: Doing) {
        match self.view.admit(action) {
            Ok(command) => self.flow.doing.push((command, doing)),
            Err(_) if doing == Doing::Nothing || doing == Doing::Announce => {}
            Err(_) => {
                let _ = self.view.admit(Action::HangUp);
            }
        }
    }
}

fn play(source: &str) -> Action {
    Action::Play { sources: vec![source.to_owned()], times: 1 }
}

fn gather() -> Action {
    Action::Gather {
        prompt: vec!["file:menu".into()],
        options: GatherOptions {
            max_digits: 1,
            terminators: "#".into(),
            first_digit_ms: 3_000,
            inter_digit_ms: 2_000,
            barge_in: true,
            secret: false,
        },
    }
}

fn dial(random: &mut Random) -> DialOptions {
    let strategy = if random.percent(50) { DialStrategy::All } else { DialStrategy::InTurn };
    let targets = ["number:+441632960801", "number:+441632960802", "number:+441632960803"];
    let many = random.range(1, 4) as usize;
    DialOptions {
        targets: targets[..many].iter().map(|t| (*t).to_owned()).collect(),
        strategy,
        timeout_ms: 10_000,
        caller_id: String::new(),
    }
}

fn park(random: &mut Random) -> Action {
    let max_wait_ms = if random.percent(50) { 10_000 } else { 0 };
    let slot = random.range(1, 9).to_string();
    Action::Park(ParkOptions { slot, treatment: Vec::new(), max_wait_ms })
}

fn http() -> Action {
    Action::HttpRequest(HttpRequest {
        method: "GET".into(),
        url: "https://example.com/customer".into(),
        headers: vec![],
        body: String::new(),
        timeout_ms: 2_000,
    })
}
