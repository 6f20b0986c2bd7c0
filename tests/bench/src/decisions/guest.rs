//! The decision made by the stock guest: in place, by a call's task that is asked
//! from elsewhere, and in a crowd of live calls.

use super::menu::{GATHER, Views, key, moment, pressed};
use super::{Cost, usage};
use anyhow::{Context, bail};
use std::time::Instant;
use strowger_call::{Action, CommandId, GuestEvent, TurnView};
use strowger_guest::{
    Budget, CallGuest, EngineConfig, FlowInstance, FlowTurn, GuestEngine, GuestThreads, Program,
    UploadLimits,
};
use tokio::sync::{mpsc, oneshot};

pub(super) struct House {
    program: Program,
    views: Views,
    budget: Budget,
}

pub(super) struct Crowd {
    /// Resident memory per call, the host's side included.
    pub kib_per_call: f64,
    /// Events of calls picked at random.
    pub cold_us: Vec<f64>,
}

impl House {
    pub(super) fn open(live: usize) -> anyhow::Result<Self> {
        let config = EngineConfig { max_live: live as u32 + 100, ..EngineConfig::default() };
        let engine = GuestEngine::new(config)?;
        let bytes = strowger_stock::guest("ivr-menu").context("no stock guest ivr-menu")?;
        let program = engine.compile(bytes, &UploadLimits::default())?;
        Ok(Self { program, views: Views::new(), budget: Budget::default() })
    }

    /// One call, event after event.
    pub(super) fn warm(&self, events: usize) -> anyhow::Result<Cost> {
        let mut call = self.at_the_menu()?;
        for step in 0..events / 10 {
            self.press(&mut call, step)?;
        }
        let mut latency_us = Vec::with_capacity(events);
        let before = usage::cpu();
        for step in 0..events {
            latency_us.push(self.press(&mut call, step)?);
        }
        Ok(Cost { latency_us, cpu: usage::cpu() - before })
    }

    /// The same asked of a call's task on the guest threads by a task elsewhere,
    /// there and back: what a decision costs whom it is not at home with.
    pub(super) fn task(&self, events: usize) -> anyhow::Result<Cost> {
        let threads = GuestThreads::start(1)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
        let call = self.call(&threads);
        let cost = runtime.block_on(runtime.spawn(async move {
            call.reach_the_menu().await?;
            let mut latency_us = Vec::with_capacity(events);
            let before = usage::cpu();
            for step in 0..events {
                latency_us.push(call.press(step).await?);
            }
            anyhow::Ok(Cost { latency_us, cpu: usage::cpu() - before })
        }))?;
        runtime.shutdown_background();
        cost
    }

    /// The same with many calls at once, as on a server with work to do: threads
    /// are seldom woken because they seldom sleep. Microseconds of processor
    /// time per event.
    pub(super) fn task_busy(&self, events: usize, at_once: usize) -> anyhow::Result<f64> {
        let threads = GuestThreads::start(1)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
        let calls: Vec<CallTask> = (0..at_once).map(|_| self.call(&threads)).collect();
        let cpu = runtime.block_on(async {
            for call in &calls {
                call.reach_the_menu().await?;
            }
            let before = usage::cpu();
            let tasks: Vec<_> = calls
                .into_iter()
                .map(|call| {
                    tokio::spawn(async move {
                        for step in 0..events / at_once {
                            call.press(step).await?;
                        }
                        anyhow::Ok(())
                    })
                })
                .collect();
            for task in tasks {
                task.await??;
            }
            anyhow::Ok(usage::cpu() - before)
        })?;
        runtime.shutdown_background();
        Ok(cpu.as_secs_f64() * 1e6 / (events / at_once * at_once) as f64)
    }

    /// A call's task with its guest.
    fn call(&self, threads: &GuestThreads) -> CallTask {
        let (events, mut inbox) = mpsc::channel::<Asked>(8);
        let (program, budget) = (self.program.clone(), self.budget);
        threads.spawn(async move {
            let mut guest = CallGuest::default();
            while let Some(Asked { event, view, answer }) = inbox.recv().await {
                // Whoever asked may have gone.
                let _ = answer.send(guest.handle(&program, &budget, moment(), &event, view));
            }
        });
        CallTask {
            events,
            ringing: self.views.ringing.clone(),
            answered: self.views.answered.clone(),
        }
    }

    /// How long it takes to start an instance.
    pub(super) fn instances(&self, count: usize) -> anyhow::Result<Vec<f64>> {
        (0..count)
            .map(|_| {
                let began = Instant::now();
                let instance = FlowInstance::new(&self.program, &self.budget)?;
                let took = began.elapsed().as_secs_f64() * 1e6;
                drop(instance);
                Ok(took)
            })
            .collect()
    }

    /// Many calls at the menu at once.
    ///
    /// `empty` is what the process had resident before there was any crowd: a
    /// freed call's memory stays for the next one, so a later crowd finds it
    /// there and would seem to need none.
    pub(super) fn crowd(&self, live: usize, empty: u64) -> anyhow::Result<Crowd> {
        let mut calls = Vec::with_capacity(live);
        let mut steps = vec![0_usize; live];
        for _ in 0..live {
            calls.push(self.at_the_menu()?);
        }
        let after = usage::resident()?;
        let kib_per_call = after.saturating_sub(empty) as f64 / 1024.0 / live as f64;
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let cold_us = (0..live * 3)
            .map(|_| {
                // xorshift64: any order will do that no prefetcher knows.
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let index = (random % live as u64) as usize;
                steps[index] += 1;
                self.press(&mut calls[index], steps[index] - 1)
            })
            .collect::<anyhow::Result<Vec<f64>>>()?;
        Ok(Crowd { kib_per_call, cold_us })
    }

    /// A call that has been answered, has chosen English and hears the menu.
    fn at_the_menu(&self) -> anyhow::Result<FlowInstance> {
        let mut call = FlowInstance::new(&self.program, &self.budget)?;
        let started = call.handle(moment(), &GuestEvent::Started, self.views.ringing.clone());
        gathers(&started, 0)?;
        let event = completed(CommandId(1));
        gathers(&call.handle(moment(), &event, self.views.answered.clone()), 1)?;
        let event = pressed(GATHER, "1");
        gathers(&call.handle(moment(), &event, self.views.answered.clone()), 1)?;
        Ok(call)
    }

    /// One key press; how many microseconds the decision took.
    fn press(&self, call: &mut FlowInstance, step: usize) -> anyhow::Result<f64> {
        let event = pressed(GATHER, key(step));
        let view = self.views.answered.clone();
        let began = Instant::now();
        let turn = call.handle(moment(), &event, view);
        let took = began.elapsed().as_secs_f64() * 1e6;
        gathers(&turn, 1)?;
        Ok(took)
    }
}

/// An event on its way to a call's task.
struct Asked {
    event: GuestEvent,
    view: TurnView,
    answer: oneshot::Sender<FlowTurn>,
}

/// The way to a call's task.
struct CallTask {
    events: mpsc::Sender<Asked>,
    ringing: TurnView,
    answered: TurnView,
}

impl CallTask {
    async fn ask(&self, event: GuestEvent, view: &TurnView) -> anyhow::Result<FlowTurn> {
        let (answer, answered) = oneshot::channel();
        let sent = self.events.send(Asked { event, view: view.clone(), answer }).await;
        sent.ok().context("the call's task is gone")?;
        Ok(answered.await?)
    }

    async fn reach_the_menu(&self) -> anyhow::Result<()> {
        gathers(&self.ask(GuestEvent::Started, &self.ringing).await?, 0)?;
        gathers(&self.ask(completed(CommandId(1)), &self.answered).await?, 1)?;
        gathers(&self.ask(pressed(GATHER, "1"), &self.answered).await?, 1)
    }

    /// One key press; how many microseconds until its answer was there.
    async fn press(&self, step: usize) -> anyhow::Result<f64> {
        let event = pressed(GATHER, key(step));
        let began = Instant::now();
        let turn = self.ask(event, &self.answered).await?;
        let took = began.elapsed().as_secs_f64() * 1e6;
        gathers(&turn, 1)?;
        Ok(took)
    }
}

fn completed(command: CommandId) -> GuestEvent {
    GuestEvent::Completed { command, outcome: "ok".into(), value: String::new() }
}

/// Whether the flow asked for `count` times a digit, as it should.
fn gathers(turn: &FlowTurn, count: usize) -> anyhow::Result<()> {
    match &turn.result.outcome {
        Ok(actions) => {
            let asked = actions
                .iter()
                .filter(|(_, action)| matches!(action, Action::Gather { .. }))
                .count();
            if asked != count {
                bail!("{count} gathers were expected, not {actions:?}");
            }
            Ok(())
        }
        Err(fault) => bail!("the guest failed: {fault}"),
    }
}
