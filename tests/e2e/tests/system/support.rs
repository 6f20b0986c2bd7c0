//! What every test begins with: a server, a tenant, a caller, agents.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::phone::{Phone, Talk};
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

pub const TENANT: &str = "acme";
/// Longer than anything takes on a busy machine; waiting ends as soon as it happened.
pub const SOON: Duration = Duration::from_secs(20);
pub const CALLER_HZ: f32 = 1_000.0;
pub const AGENT_HZ: f32 = 600.0;

pub struct Scene {
    pub house: House,
    pub caller: Phone,
    pub folder: TempDir,
}

impl Scene {
    /// A server with a tenant, and a caller that comes in over a trunk.
    pub async fn new() -> Result<Self> {
        Self::configured("").await
    }

    /// The same with these lines in the server's configuration.
    pub async fn configured(config: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut plan = Plan::new(binary()?, folder.path());
        plan.config = config.to_owned();
        let house = House::start(&plan).await?;
        tenant::create(&house, TENANT, DOMAIN).await?;
        let caller = Phone::start(house.sip).await?;
        tenant::trunk(&house, TENANT, &caller).await?;
        Ok(Self { house, caller, folder })
    }

    /// The same with the stock flow of that name on the number.
    pub async fn with_flow(flow: &str) -> Result<Self> {
        let scene = Self::new().await?;
        scene.bind(flow).await?;
        Ok(scene)
    }

    /// The server of before is gone; another one goes on with its data, at the same
    /// SIP address.
    async fn again(sip: SocketAddr, caller: Phone, folder: TempDir) -> Result<Self> {
        let plan = Plan { sip, ..Plan::new(binary()?, folder.path()) };
        Ok(Self { house: House::start(&plan).await?, caller, folder })
    }

    /// Kills the server and starts another one; `between` sees the data folder when
    /// there is none.
    pub async fn kill(self, between: impl AsyncFnOnce(&Path) -> Result<()>) -> Result<Self> {
        let Self { house, caller, folder } = self;
        let sip = house.sip;
        house.kill().await?;
        between(folder.path()).await?;
        Self::again(sip, caller, folder).await
    }

    /// Stops the server properly and starts another one, likewise.
    pub async fn restart(self, between: impl AsyncFnOnce(&Path) -> Result<()>) -> Result<Self> {
        let Self { house, caller, folder } = self;
        let sip = house.sip;
        house.stop(SOON).await?;
        between(folder.path()).await?;
        Self::again(sip, caller, folder).await
    }

    /// Puts a stock flow on the number.
    pub async fn bind(&self, flow: &str) -> Result<()> {
        let wasm = strowger_stock::guest(flow).with_context(|| format!("no guest {flow}"))?;
        tenant::bind(&self.house, TENANT, flow, wasm, NUMBER).await.map(drop)
    }

    pub async fn call(&self) -> Result<Talk> {
        let to = format!("sip:{NUMBER}@{}", self.house.sip);
        self.caller.call("+441632960999", &to, None).await
    }

    /// Calls the demo flow and presses 1 as soon as there is something to hear.
    pub async fn call_into_queue(&self) -> Result<Talk> {
        let talk = self.call().await?;
        talk.audio.hear_sound(SOON).await?;
        talk.audio.press("1");
        self.until_live("the caller waits", |call| call["queue"] == "support").await?;
        Ok(talk)
    }

    /// An agent with a phone, and a carrier over which it may dial out.
    pub async fn dialling_out(&self) -> Result<(Phone, Phone)> {
        let path = format!("/v1/tenants/{TENANT}");
        let limits = json!({"phones_dial_out": true});
        let body = json!({"name": TENANT, "sip_domain": DOMAIN, "limits": limits});
        self.house.api("PUT", &path, None, Some(&body)).await?;
        let carrier = Phone::start(self.house.sip).await?;
        let trunk = json!({"name": "out", "proxy": carrier.local().to_string()});
        self.house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
        let phone = tenant::agent(&self.house, TENANT, DOMAIN, "201").await?;
        Ok((phone, carrier))
    }

    /// An agent with a phone, ready.
    pub async fn agent(&self, extension: &str) -> Result<Phone> {
        let phone = tenant::agent(&self.house, TENANT, DOMAIN, extension).await?;
        tenant::order(&self.house, TENANT, extension, &json!({"state": "ready"})).await?;
        Ok(phone)
    }

    pub async fn get(&self, path: &str) -> Result<Value> {
        self.house.api("GET", path, Some(TENANT), None).await
    }

    /// Waits until some live call is as wanted.
    pub async fn until_live(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        self.until(what, "/v1/calls/live", |page| items(page).iter().find(|c| wanted(c)).cloned())
            .await
    }

    /// Waits until an agent is in one of these states.
    pub async fn until_agent(&self, extension: &str, states: &[&str]) -> Result<Value> {
        self.until("an agent's state", &format!("/v1/agents/{extension}/state"), |status| {
            let state = status["state"].as_str().unwrap_or_default();
            states.contains(&state).then(|| status.clone())
        })
        .await
    }

    /// Waits until a caller hears an agent.
    pub async fn until_heard(&self, caller: &Talk, agent: &Talk) -> Result<()> {
        agent.audio.say_tone(AGENT_HZ);
        caller.audio.hear_tone(AGENT_HZ, SOON).await?;
        Ok(())
    }

    /// The only call's record once it is closed.
    pub async fn only_record(&self) -> Result<Value> {
        self.until("a closed call record", "/v1/calls", |page| {
            let calls = items(page);
            let closed = calls.iter().find(|call| !record_of(call)["ended_at"].is_null());
            closed.map(|call| record_of(call).clone())
        })
        .await
    }

    /// The records of so many calls once all are closed.
    pub async fn closed_records(&self, calls: usize) -> Result<Vec<Value>> {
        self.until("closed call records", "/v1/calls?limit=500", |page| {
            let records: Vec<Value> =
                items(page).iter().map(|call| record_of(call).clone()).collect();
            let closed = records.iter().filter(|record| !record["ended_at"].is_null()).count();
            (closed == calls).then_some(records)
        })
        .await
    }

    pub async fn until<T>(
        &self,
        what: &str,
        path: &str,
        wanted: impl Fn(&Value) -> Option<T>,
    ) -> Result<T> {
        let deadline = tokio::time::Instant::now() + SOON;
        let mut clock = tokio::time::interval(Duration::from_millis(50));
        loop {
            let answer = self.get(path).await?;
            if let Some(found) = wanted(&answer) {
                return Ok(found);
            }
            if tokio::time::Instant::now() > deadline {
                bail!("{what}: not within {SOON:?}; {path} says {answer}");
            }
            clock.tick().await;
        }
    }
}

/// The database of a server that does not run.
pub async fn database(folder: &Path) -> Result<SqliteConnection> {
    let url = format!("sqlite://{}", folder.join("strowger.db").display());
    Ok(SqliteConnection::connect(&url).await?)
}

pub fn items(page: &Value) -> &[Value] {
    let list = page.get("items").or_else(|| page.get("entries")).unwrap_or(page);
    list.as_array().map_or(&[], Vec::as_slice)
}

pub fn record_of(call: &Value) -> &Value {
    call.get("record").unwrap_or(call)
}

/// Runs `strowger flow replay` with these arguments, and this typed into it.
pub async fn replay(house: &House, line: &[&str], input: &str) -> Result<Output> {
    let mut child = Command::new(binary()?)
        .args(["flow", "replay"])
        .args(line)
        .args(["--url", &format!("http://{}", house.http), "--tenant", TENANT])
        .env("STROWGER_API_KEY", house.key().trim())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut stdin = child.stdin.take().context("its input")?;
    stdin.write_all(input.as_bytes()).await?;
    drop(stdin);
    Ok(tokio::time::timeout(SOON, child.wait_with_output()).await??)
}

/// What `strowger flow replay` prints; it must end with this exit code.
pub async fn replayed(house: &House, line: &[&str], code: i32) -> Result<String> {
    let output = replay(house, line, "").await?;
    let said = String::from_utf8(output.stdout)?;
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.code() == Some(code),
        "{line:?}: {:?} {said} {complained}",
        output.status
    );
    Ok(said)
}
