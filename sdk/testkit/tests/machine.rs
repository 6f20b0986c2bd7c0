//! A flow as a state machine.

use strowger_sdk::{Command, prelude::*};
use strowger_testkit::Script;

#[derive(Default)]
struct Greeter {
    answering: Option<Command<()>>,
    saying: Option<Command<Played>>,
    digits: String,
}

impl Flow for Greeter {
    fn on_event(&mut self, call: Call, event: &Event) -> Result<(), Error> {
        match event {
            Event::Started => self.answering = Some(call.answer()),
            Event::Completed(_) => {
                if let Some(answered) = self.answering.as_mut().and_then(Command::result) {
                    answered?;
                    self.saying = Some(call.say("en", "Good bye").start());
                }
                if let Some(said) = self.saying.as_mut().and_then(Command::result) {
                    said?;
                    call.hang_up().detach();
                }
            }
            Event::Ended(cause) => self.digits.push_str(cause),
            Event::Digit(_) | Event::Signal(_) => {}
        }
        Ok(())
    }
}

#[test]
fn results_are_typed_and_come_once() {
    let record = Script::machine(Greeter::default()).start().hears("Good bye").ended();
    assert_eq!(record.guest.turns, 4);
}

#[test]
fn an_error_is_a_fault_and_undoes_what_the_event_asked_for() {
    struct Broken;
    impl Flow for Broken {
        fn on_event(&mut self, call: Call, _: &Event) -> Result<(), Error> {
            call.answer().detach();
            Err(Error::new("out of order"))
        }
    }
    let record = Script::machine(Broken).start().fails("out of order");
    assert_eq!(record.answered_at, None);
}

#[test]
fn too_many_actions_are_a_fault() {
    Script::call(async |call: Call| {
        for _ in 0..1_000 {
            // Begun and stopped at once, so that few are under way.
            drop(call.sleep(secs(1)));
        }
        call.ended().await;
    })
    .start()
    .fails("too many actions");
}
