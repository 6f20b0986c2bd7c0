//! Stored values and HTTP requests.

use strowger_sdk::prelude::*;
use strowger_testkit::Script;

const URL: &str = "https://crm.example/customers";

async fn customer(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let answer = call.http("GET", URL).header("accept", "text/plain").await?;
    let words =
        if answer.is_success() { answer.body.clone() } else { format!("status {}", answer.status) };
    call.say("en", &words).await?;
    Ok(())
}

#[test]
fn the_answer_of_a_service_reaches_the_flow() {
    Script::call(customer)
        .service("GET https://crm.example/customers", 200, "Good morning, Ada")
        .start()
        .hears("Good morning, Ada")
        .has_asked("GET https://crm.example/customers")
        .ended();
    Script::call(customer)
        .service("GET https://crm.example/customers", 404, "")
        .start()
        .hears("status 404")
        .ended();
}

#[test]
fn a_header_that_was_asked_for_is_kept() {
    Script::call(async |call: Call| {
        call.answer().await?;
        let request = call.http("POST", URL).body("42").want_header("X-Customer").start();
        call.sleep(secs(5)).await?;
        let answer = request.await?;
        assert_eq!(answer.header("x-customer"), Some("gold"));
        assert_eq!(answer.header("server"), None);
        Ok::<(), Error>(())
    })
    .service("POST https://crm.example/customers", 200, "")
    .answer_header("X-Customer", "gold")
    .answer_header("Server", "nginx")
    .start()
    .ended();
}

#[test]
fn a_service_that_is_not_allowed_is_an_error_the_flow_may_handle() {
    Script::call(customer).start().fails("http-request failed: refused");
}

#[test]
fn a_stored_value_outlives_its_call_until_it_expires() {
    async fn counter(call: Call) -> Result<(), Error> {
        call.answer().await?;
        let before = call.load("calls").await?.unwrap_or_else(|| "none".to_owned());
        call.store("calls", "some", Some(secs(10))).await?;
        call.sleep(secs(9)).await?;
        let soon = call.load("calls").await?;
        call.sleep(secs(1)).await?;
        let late = call.load("calls").await?;
        call.set_attribute("seen", &format!("{before} {soon:?} {late:?}"))?;
        Ok(())
    }
    let record = Script::call(counter).stored("calls", "3").start().ended();
    assert_eq!(record.attributes[0].1, "3 Some(\"some\") None");
}
