//! The story of one call, told while it happens.
//!
//! `demo --server PATH [--once]`: with `--once` it ends by itself, with a
//! non-zero status if anything of the story did not happen; without, the server
//! stays up and says what to type into a softphone.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use strowger_e2e::house::{Events, House, Plan, read_recording};
use strowger_e2e::phone::{Phone, Talk, audio::tone_share};
use strowger_e2e::tenant::{self, DOMAIN, NUMBER, PASSWORD};

const TENANT: &str = "demo";
const AGENT: &str = "201";
/// For whoever tries it by hand.
const SOFTPHONE: &str = "301";
/// What the caller and the agent say, to tell them apart on a recording.
const CALLER_HZ: f32 = 1_000.0;
const AGENT_HZ: f32 = 600.0;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe story broke off: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let mut server = None;
    let mut once = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--server" => server = arguments.next().map(PathBuf::from),
            "--once" => once = true,
            other => anyhow::bail!("unknown argument {other:?}; there are --server and --once"),
        }
    }
    let folder = tempfile::Builder::new().prefix("strowger-demo-").tempdir()?;
    // Kept for looking at recording and database afterwards, unless nobody will.
    let data_dir = if once { folder.path().to_owned() } else { folder.keep() };
    let mut plan = Plan::new(server.map_or_else(strowger_e2e::house::binary, Ok)?, &data_dir);
    plan.log = Some(data_dir.join("server.log"));
    if !once {
        // A softphone wants to be told a port that stays.
        plan.sip = SocketAddr::from(([127, 0, 0, 1], 5070));
        plan.http = SocketAddr::from(([127, 0, 0, 1], 8080));
    }
    let house = House::start(&plan).await.with_context(|| {
        let log = std::fs::read_to_string(data_dir.join("server.log")).unwrap_or_default();
        format!("the server does not start\n{log}")
    })?;
    println!(
        "server is up: API http://{}, SIP {}, data in {}",
        house.http,
        house.sip,
        data_dir.display()
    );
    let outcome = story(&house).await;
    if outcome.is_err() {
        let log = std::fs::read_to_string(data_dir.join("server.log")).unwrap_or_default();
        eprintln!("--- the server's log\n{log}---");
    }
    outcome?;
    if once {
        return house.stop(Duration::from_secs(20)).await;
    }
    by_hand(&house).await
}

async fn story(house: &House) -> Result<()> {
    tenant::create(house, TENANT, DOMAIN).await?;
    let flow = strowger_stock::guest("demo").context("the demo flow is not built in")?;
    tenant::bind(house, TENANT, "demo", flow, NUMBER).await?;
    let caller = Phone::start(house.sip).await?;
    tenant::trunk(house, TENANT, &caller).await?;
    let agent = tenant::agent(house, TENANT, DOMAIN, AGENT).await?;
    println!("tenant {TENANT:?} has the flow `demo` on {NUMBER}, a queue, and agent {AGENT}");

    let events = house.events(TENANT).await?;
    let teller = tokio::spawn(tell(events));
    let told = Told { begun: Instant::now() };

    told.step("the caller dials the number");
    let talk = caller.call("+441632960999", &format!("sip:{NUMBER}@{}", house.sip), None).await?;
    talk.audio.say_tone(CALLER_HZ);
    talk.audio.hear_sound(Duration::from_secs(5)).await.context("the welcome")?;
    told.step("the caller hears the welcome and presses 1");
    talk.audio.press("1");
    let status = wait_for_queue(house).await?;
    told.step(&format!("the caller waits ({status})"));
    // The position takes two seconds; what sounds after it is the music.
    talk.audio.hear_sound(Duration::from_secs(10)).await.context("the position")?;
    talk.audio.listen(Duration::from_secs(5), Duration::from_secs(10)).await?;
    talk.audio.hear_sound(Duration::from_secs(5)).await.context("the music")?;
    told.step("the caller hears the position and music");

    tenant::order(house, TENANT, AGENT, &json!({"state": "ready"})).await?;
    told.step("the agent is ready");
    let ringing = agent.next_call(Duration::from_secs(5)).await.context("the agent's phone")?;
    told.step(&format!("the agent's phone rings: {}", ringing.from()));
    let agent_talk = ringing.answer().await?;
    agent_talk.audio.say_tone(AGENT_HZ);
    told.step("the agent answers");
    both_talk(&talk, &agent_talk).await?;
    talk.audio.listen(Duration::from_secs(2), Duration::from_secs(10)).await?;
    told.step("both hear each other");
    agent_talk.hang_up().await.context("the agent hangs up")?;
    told.step("the agent hangs up");
    talk.ended(Duration::from_secs(10)).await.context("the caller's side ends")?;
    told.step("the caller's side has ended");

    let call = tokio::time::timeout(Duration::from_secs(10), teller)
        .await
        .context("there was no call record on the event stream")???;
    check_record(house, &call).await
}

async fn wait_for_queue(house: &House) -> Result<String> {
    let deadline = Instant::now() + Duration::from_secs(10);
    // Slower than what one API key may ask.
    let mut clock = tokio::time::interval(Duration::from_millis(50));
    loop {
        clock.tick().await;
        let live = house.api("GET", "/v1/calls/live", Some(TENANT), None).await?;
        if let Some(queue) = first(&live).and_then(|call| call["queue"].as_str()) {
            return Ok(format!("in the queue {queue}"));
        }
        ensure!(Instant::now() < deadline, "the caller did not get into the queue: {live}");
    }
}

async fn both_talk(caller: &Talk, agent: &Talk) -> Result<()> {
    let within = Duration::from_secs(5);
    caller.audio.hear_tone(AGENT_HZ, within).await.context("the caller hears the agent")?;
    agent.audio.hear_tone(CALLER_HZ, within).await.context("the agent hears the caller")
}

/// Prints events as they come until a call's record; returns the call's id.
async fn tell(mut events: Events) -> Result<String> {
    let begun = Instant::now();
    while let Some(event) = events.next().await {
        let name = event["name"].as_str().unwrap_or_default();
        let data = &event["data"];
        if name == "call.record" {
            println!("{}", serde_json::to_string_pretty(data)?);
            return Ok(data["call"].as_str().context("a record without a call")?.to_owned());
        }
        println!("  {:>8.3} s  {name:<18} {data}", begun.elapsed().as_secs_f64());
    }
    anyhow::bail!("the event stream ended before the call's record")
}

async fn check_record(house: &House, call: &str) -> Result<()> {
    let record = tenant::closed_record(house, TENANT, call, Duration::from_secs(10)).await?;
    let visit = &record["queue_visits"][0];
    ensure!(record["cause"] == "normal", "the call's cause is {}", record["cause"]);
    ensure!(visit["outcome"] == "served", "the wait ended as {}", visit["outcome"]);
    ensure!(record["digits"] == "1", "the digits are {}", record["digits"]);
    let journal =
        house.api("GET", &format!("/v1/calls/{call}/journal"), Some(TENANT), None).await?;
    let entries = items(&journal).len();
    ensure!(entries > 5, "the journal has {entries} entries");

    let path = format!("/v1/calls/{call}/decisions");
    let decisions = house.api("GET", &path, Some(TENANT), None).await?;
    let chosen = &decisions["items"][0]["assignments"][0]["call"];
    ensure!(chosen == call, "the routing journal does not say why: {decisions}");

    let recording = record["recordings"][0].as_str().context("there is no recording")?;
    let path = format!("/v1/recordings/{recording}");
    let stored = house.api("GET", &path, Some(TENANT), None).await?;
    let bytes = house.download(&format!("{path}/audio"), TENANT).await?;
    let file = house.data_dir.join(format!("{recording}.wav"));
    std::fs::write(&file, bytes)?;
    let (left, right) = read_recording(&file)?;
    let loudest = |channel: &[i16], hz: f32| {
        channel.chunks_exact(1_600).map(|window| tone_share(window, hz)).fold(0.0, f32::max)
    };
    ensure!(loudest(&left, CALLER_HZ) > 0.5, "the caller is not on the left of the recording");
    ensure!(loudest(&right, AGENT_HZ) > 0.5, "the agent is not on the right of the recording");
    println!("recording {recording}: {} ms, {}", stored["duration_ms"], file.display());
    println!("journal of call {call}: {entries} entries, GET /v1/calls/{call}/journal");
    println!("why this agent: GET /v1/calls/{call}/decisions");
    println!("every part of the story happened");
    Ok(())
}

async fn by_hand(house: &House) -> Result<()> {
    let body = json!({"name": "You", "extension": SOFTPHONE, "password": PASSWORD,
                      "skills": [{"name": "support", "level": 5}]});
    house.api("POST", "/v1/agents", Some(TENANT), Some(&body)).await?;
    let port = house.sip.port();
    println!(
        "
The server stays up; Ctrl-C ends it. To call it by hand, give a softphone this account:
  domain    {DOMAIN}
  user      {SOFTPHONE}
  password  {PASSWORD}
  proxy     127.0.0.1:{port} (UDP)
and call {NUMBER}. To take calls as the agent {SOFTPHONE} yourself:
  curl -X PUT http://{}/v1/agents/{SOFTPHONE}/state -H 'Strowger-Tenant: {TENANT}' \\
       -H \"Authorization: Bearer $(cat {}/operator-key)\" \\
       -H 'Content-Type: application/json' -d '{{\"state\":\"ready\"}}'",
        house.http,
        house.data_dir.display(),
    );
    tokio::signal::ctrl_c().await?;
    Ok(())
}

struct Told {
    begun: Instant,
}

impl Told {
    fn step(&self, what: &str) {
        println!("{:>10.3} s  --- {what}", self.begun.elapsed().as_secs_f64());
    }
}

fn items(page: &Value) -> &[Value] {
    let list = page.get("items").or_else(|| page.get("entries")).unwrap_or(page);
    list.as_array().map_or(&[], Vec::as_slice)
}

fn first(page: &Value) -> Option<&Value> {
    items(page).first()
}
