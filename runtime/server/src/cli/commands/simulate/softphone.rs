//! A small server on loopback whose every number leads to one flow.

use super::super::super::CliError;
use super::super::super::client::Client;
use super::super::super::connection::Target;
use super::super::super::output::Output;
use super::super::project::Source;
use super::refused;
use crate::config::Config;
use crate::serve::RunningServer;
use reqwest::Method;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;

/// How often the file or the project is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Where whatever is dialled leads; a number nobody has (Ofcom's, for drama).
const NUMBER: &str = "+441632960100";
const TENANT: &str = "simulation";
/// Calls at the same time: enough for anybody's hands.
const MAX_CALLS: usize = 16;

/// Takes calls until interrupted.
pub(super) async fn run(
    source: &Source,
    address: SocketAddr,
    queues: &[String],
    out: &mut Output,
) -> Result<(), CliError> {
    if !address.ip().is_loopback() {
        return Err(CliError::Usage(format!(
            "{address} can be reached from outside, and whoever calls is let in; use an address \
             of this machine alone, 127.0.0.1:5070 for example"
        )));
    }
    let folder = tempfile::tempdir().map_err(refused)?;
    let mut config = Config {
        data_dir: folder.path().to_owned(),
        http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        max_calls: MAX_CALLS,
        ..Config::default()
    };
    config.sip.listen = address;
    config.media.address = address.ip();
    config.guests.max_instances = u32::try_from(MAX_CALLS * 2).unwrap_or(u32::MAX);
    let mut changed_at = source.changed_at();
    let component = source.component().await?;
    let server =
        RunningServer::start(config).await.map_err(|error| refused(format!("{error:#}")))?;
    let key = std::fs::read_to_string(folder.path().join("operator-key")).map_err(refused)?;
    let target = Target {
        url: format!("http://{}", server.http),
        key: key.trim().to_owned(),
        tenant: Some(TENANT.to_owned()),
    };
    let client = Client::new(target)?;
    furnish(&client, queues).await?;
    upload(&client, component.bytes).await?;
    client.post("/v1/numbers", &json!({"number": NUMBER, "flow": TENANT})).await?;

    out.line(&format!("call sip:flow@{} from a softphone on this machine", server.sip))?;
    out.say("no account is needed, and any number will do; Ctrl-C ends")?;
    let tenants = server.node.tenants.all();
    let Some(tenant) = tenants.first() else { return Err(refused("the tenant is gone")) };
    let mut events = server.node.events.subscribe(tenant.id);
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => break,
            event = events.recv() => match event {
                Ok(event) => out.say(&format!("{:<20} {}", event.name, event.data))?,
                Err(RecvError::Lagged(missed)) => out.say(&format!("({missed} events left out)"))?,
                Err(RecvError::Closed) => break,
            },
            _ = looks.tick() => {
                let now = source.changed_at();
                if now == changed_at {
                    continue;
                }
                // A file that is half written, or does not compile, is no reason to stop.
                let renewed = match source.component().await {
                    Ok(component) => upload(&client, component.bytes).await,
                    Err(error) => Err(error),
                };
                match renewed {
                    Ok(version) => out.line(&format!("changed: new calls get version {version}"))?,
                    Err(error) => out.line(&format!("changed, but not taken: {error}"))?,
                }
                // Building writes the component beside the source.
                changed_at = source.changed_at();
            }
        }
    }
    server.stop().await.map_err(|error| refused(format!("{error:#}")))
}

/// A tenant whose one trunk is this machine, and leads everything to one number.
async fn furnish(client: &Client, queues: &[String]) -> Result<(), CliError> {
    let tenant = json!({"name": TENANT, "sip_domain": "simulation.invalid"});
    client.post("/v1/tenants", &tenant).await?;
    for queue in queues {
        client.post("/v1/queues", &json!({"name": queue})).await?;
    }
    let trunk = json!({"name": "softphone", "addresses": ["127.0.0.0/8", "::1/128"]});
    client.post("/v1/trunks", &trunk).await?;
    let anything = json!([{"pattern": ".*", "rewrite": NUMBER}]);
    let rules = json!({"numbers": {"called_in": {"rules": anything}}});
    client.put("/v1/trunks/softphone/rules", &rules).await.map(drop)
}

async fn upload(client: &Client, bytes: Vec<u8>) -> Result<u64, CliError> {
    let path = format!("/v1/flows/{TENANT}/versions?promote=true");
    let made = client.upload(Method::POST, &path, "application/wasm", bytes).await?;
    Ok(made["number"].as_u64().unwrap_or_default())
}
