//! A call that is typed line by line.

use strowger_sdk::prelude::*;
use strowger_testkit::{Script, Simulation};

async fn reception(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let chosen = call.menu(Say::text("en", "For support press 1.")).choice('1', "support").await?;
    call.set_attribute("chosen", chosen.unwrap_or("nothing"))?;
    if let Some(queue) = chosen
        && let Wait::Answered(talk) = call.enqueue(queue).hears(Music::named("default")).await?
    {
        talk.ended().await?;
    }
    Ok(())
}

fn typed(script: &str) -> (Result<(), String>, String) {
    let mut lines = Vec::new();
    let mut simulation = Simulation::new(Script::call(reception));
    let result = simulation.run(script, |line| lines.push(line.to_owned()));
    (result.map_err(|at| at.to_string()), lines.join("\n"))
}

#[test]
fn a_whole_call_is_a_script() {
    let (result, shown) = typed(
        "from +441632960007
         at 2026-12-25T08:30:00
         # the menu
         expect hears \"support press 1\"
         1
         expect attribute chosen support
         expect queue support
         wait 90s
         answer as agent 204
         wait 2m
         agent hangs up
         expect ended",
    );
    assert_eq!(result, Ok(()), "{shown}");
    for line in [
        "the caller hears: “For support press 1.” (en)",
        "the caller presses 1",
        "attribute chosen = support",
        "the caller hears over and over: the music default",
        "agent 204 answers",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

#[test]
fn what_is_expected_and_not_so_is_told_with_its_line() {
    let (result, _) = typed("expect hears support\n2\nexpect queue support");
    let told = result.unwrap_err();
    assert!(told.starts_with("line 3 `expect queue support`: "), "{told}");
    let (result, _) = typed("from nobody at all\n");
    assert!(result.unwrap_err().starts_with("line 1"));
    let (result, _) = typed("call\nfrom +441632960007");
    assert!(result.unwrap_err().contains("has begun"));
}

#[test]
fn after_a_line_that_failed_the_call_goes_on() {
    let mut simulation = Simulation::new(Script::call(reception));
    assert!(simulation.command("expect hears Bonjour").is_err());
    simulation.command("1").unwrap();
    simulation.command("expect queue support").unwrap();
    assert!(simulation.record().is_none());
    simulation.command("hangup").unwrap();
    assert!(simulation.record().is_some());
    assert!(simulation.command("1").unwrap_err().contains("the call was over"));
}
