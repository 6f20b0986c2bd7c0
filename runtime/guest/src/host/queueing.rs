//! `queueing`: waiting for an agent.

use super::bindings::flow::strowger::platform::queueing;
use super::{GuestState, bytes_of, bytes_of_pairs};
use strowger_call::{Action, EnqueueOptions};
use strowger_model::{Relaxation, SkillNeed};

impl queueing::Host for GuestState {
    fn enqueue(
        &mut self,
        options: queueing::EnqueueOptions,
    ) -> wasmtime::Result<Result<u64, String>> {
        let bytes = options.queue.len()
            + options
                .skills
                .iter()
                .map(|need| need.name.len() + need.relax.len() * 8)
                .sum::<usize>()
            + bytes_of_pairs(&options.attributes)
            + bytes_of(&options.treatment);
        let options = EnqueueOptions {
            queue: options.queue,
            skills: options.skills.into_iter().map(skill_need).collect(),
            priority: options.priority,
            attributes: options.attributes,
            treatment: options.treatment,
            max_wait_ms: options.max_wait_ms,
        };
        self.act(bytes, Action::Enqueue(options))
    }

    fn leave_queue(&mut self) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::LeaveQueue)
    }
}

fn skill_need(need: queueing::SkillNeed) -> SkillNeed {
    SkillNeed {
        name: need.name,
        min_level: need.min_level,
        relax: need
            .relax
            .into_iter()
            .map(|step| Relaxation { after_s: step.after_s, min_level: step.min_level })
            .collect(),
    }
}
