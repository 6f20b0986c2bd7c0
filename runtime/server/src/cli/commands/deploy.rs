//! `strowger flow deploy`: from a folder to calls, with each step shown.

use super::super::CliError;
use super::super::client::{Client, escape};
use super::super::output::Output;
use super::project::Source;
use super::{keep, set};
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// How often the server is asked at first, and at most later: the first steps
/// take milliseconds, a dry run may take minutes.
const ASK_FIRST: Duration = Duration::from_millis(50);
const ASK_LATER: Duration = Duration::from_secs(1);

/// A flow to deploy.
#[derive(Args, Debug)]
pub struct Deploy {
    #[command(flatten)]
    source: Source,
    /// Name of the flow, which is made if new; without, the project's.
    #[arg(long)]
    name: Option<String>,
    /// Number whose calls the flow takes, +441632960000; may be repeated.
    #[arg(long = "number")]
    numbers: Vec<String>,
    /// Give it to every new call at once.
    #[arg(long, conflicts_with = "canary")]
    promote: bool,
    /// Give it to so many percent of new calls, for a trial.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=99))]
    canary: Option<u8>,
    /// What to say about the version.
    #[arg(long, default_value = "")]
    note: String,
}

pub(crate) async fn run(client: &Client, deploy: Deploy, out: &mut Output) -> Result<(), CliError> {
    let component = deploy.source.component().await?;
    let name = deploy.name.unwrap_or(component.name);
    let flow = format!("/v1/flows/{}", escape(&name));
    let mut path =
        format!("{flow}/deployments?promote={}&note={}", deploy.promote, escape(&deploy.note));
    if let Some(percent) = deploy.canary {
        path.push_str(&format!("&canary={percent}"));
    }
    let begun = client.upload(Method::POST, &path, "application/wasm", component.bytes).await?;
    let done = follow(client, &flow, begun, out).await?;
    for number in &deploy.numbers {
        point(client, number, &name).await?;
        out.say(&format!("{number} leads to {name}"))?;
    }
    if out.is_json() { out.json(&done) } else { Ok(()) }
}

/// Shows each step as it ends; gives the deployment when it has ended well.
async fn follow(
    client: &Client,
    flow: &str,
    begun: Value,
    out: &mut Output,
) -> Result<Value, CliError> {
    let id = begun["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("{flow}/deployments/{id}");
    let (mut deployment, mut shown, mut wait) = (begun, 0, ASK_FIRST);
    loop {
        let steps = deployment["steps"].as_array().cloned().unwrap_or_default();
        while let Some(step) = steps.get(shown).filter(|step| is_over(step)) {
            out.say(&line(step))?;
            shown += 1;
        }
        match deployment["state"].as_str() {
            Some("running") => {}
            Some("done") => break,
            _ => return Err(failure(&steps)),
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(ASK_LATER);
        deployment = client.get(&path).await?;
    }
    show_dry_run(&deployment["dry_run"], out)?;
    let version = &deployment["version"]["number"];
    out.say(&format!("version {version} of {} is deployed", text(&deployment, "flow")))?;
    Ok(deployment)
}

/// What recorded calls do otherwise, then the same of stock calls and where these fail.
fn show_dry_run(dry_run: &Value, out: &mut Output) -> Result<(), CliError> {
    let stock = &dry_run["stock"];
    let all = |of: &Value, name: &str| of[name].as_array().cloned().unwrap_or_default();
    for difference in all(dry_run, "differing").iter().chain(&all(stock, "differing")) {
        let turn = &difference["turn"];
        let call = match difference["stock_call"].as_str() {
            Some(name) => format!("stock call {name}"),
            None => format!("call {}", text(difference, "call")),
        };
        out.say(&format!("  {call}, turn {turn}:"))?;
        out.say(&format!("    then {}", text(difference, "recorded")))?;
        out.say(&format!("    now  {}", text(difference, "replayed")))?;
    }
    for (list, word) in [("faults", "fails"), ("remarks", "remark")] {
        for finding in &all(stock, list) {
            let (call, about) = (text(finding, "stock_call"), text(finding, "about"));
            let (step, event) = (text(finding, "step"), text(finding, "event"));
            out.say(&format!("  {word}: stock call {call}, turn {}: {about}", finding["turn"]))?;
            out.say(&format!("    after `{step}`, told {event:?}"))?;
            out.say(&format!("    {}", text(finding, "message")))?;
        }
    }
    if let Some(most) = stock["fuel_max"].as_u64() {
        out.say(&format!("  fuel of an event: half below {}, most {most}", stock["fuel_p50"]))?;
    }
    Ok(())
}

fn is_over(step: &Value) -> bool {
    matches!(step["state"].as_str(), Some("done" | "skipped" | "failed"))
}

fn line(step: &Value) -> String {
    let mark = match step["state"].as_str() {
        Some("done") => "ok",
        Some("skipped") => "--",
        _ => "NO",
    };
    let name = text(step, "step").replace('_', " ");
    let took = format!("{} ms", step["duration_ms"]);
    format!("{mark} {name:<9} {took:>8}  {}", text(step, "message")).trim_end().to_owned()
}

fn failure(steps: &[Value]) -> CliError {
    let failed = steps.iter().find(|step| step["state"] == "failed");
    CliError::Failed(match failed {
        Some(step) => format!(
            "not deployed: step `{}` says: {}",
            text(step, "step").replace('_', " "),
            text(step, "message")
        ),
        None => "not deployed, and the server does not say why; see its log".to_owned(),
    })
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Binds a number to the flow, or points it there if it is the tenant's already.
async fn point(client: &Client, number: &str, flow: &str) -> Result<(), CliError> {
    let path = format!("/v1/numbers/{}", escape(number));
    match client.get(&path).await {
        Ok(known) => {
            let mut body = keep(&known, &["note"]);
            set(&mut body, "flow", Some(flow));
            client.put(&path, &body).await.map(drop)
        }
        Err(CliError::Api { status: 404, .. }) => {
            let body = json!({"number": number, "flow": flow});
            client.post("/v1/numbers", &body).await.map(drop)
        }
        Err(other) => Err(other),
    }
}
