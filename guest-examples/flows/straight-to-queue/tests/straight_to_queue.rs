//! From the ring to the agent without a question.

use straight_to_queue::straight_to_queue;
use strowger_testkit::{ContactOutcome, Script};

#[test]
fn the_caller_waits_at_once_and_reaches_an_agent() {
    let record = Script::call(straight_to_queue)
        .start()
        .is_answered()
        .waits_in("support")
        .needs("support", 1)
        .hears("music:default")
        .agent_answers("201")
        .agent_hangs_up()
        .ended();
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Served));
}
