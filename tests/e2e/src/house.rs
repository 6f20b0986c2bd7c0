//! A server process with a data folder of its own on free ports, and its API.

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::StreamExt as _;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// Longest start of a server, compiling its routers included.
const START: Duration = Duration::from_secs(60);

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The `strowger` binary.
    pub binary: PathBuf,
    /// Data folder, kept by the caller.
    pub data_dir: PathBuf,
    /// Lines of TOML besides addresses.
    pub config: String,
    /// Where SIP listens; port 0 for a free one.
    pub sip: SocketAddr,
    /// Where the API listens; port 0 for a free one.
    pub http: SocketAddr,
    /// Where the server's log goes; none: nowhere.
    pub log: Option<PathBuf>,
}

impl Plan {
    /// A server on free ports of loopback.
    pub fn new(binary: impl Into<PathBuf>, data_dir: impl Into<PathBuf>) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            binary: binary.into(),
            data_dir: data_dir.into(),
            config: String::new(),
            sip: free,
            http: free,
            log: None,
        }
    }
}

/// The `strowger` binary that was built beside the running test or program.
pub fn binary() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let found = own.ancestors().skip(1).take(2).map(|dir| dir.join("strowger"));
    found.into_iter().find(|path| path.is_file()).with_context(|| {
        format!("there is no strowger binary beside {}; run: cargo build --bins", own.display())
    })
}

/// A running server.
#[derive(Debug)]
pub struct House {
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where SIP listens.
    pub sip: SocketAddr,
    /// Its data folder.
    pub data_dir: PathBuf,
    key: String,
    client: reqwest::Client,
    child: Child,
}

impl House {
    /// Starts a server and waits until it takes calls.
    pub async fn start(plan: &Plan) -> Result<Self> {
        std::fs::create_dir_all(&plan.data_dir)?;
        let config = plan.data_dir.join("strowger.toml");
        std::fs::write(&config, &plan.config)?;
        let log = match &plan.log {
            Some(path) => Stdio::from(std::fs::File::create(path)?),
            None => Stdio::null(),
        };
        let mut child = Command::new(&plan.binary)
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .arg("--data-dir")
            .arg(&plan.data_dir)
            .args(["--http", &plan.http.to_string(), "--sip", &plan.sip.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", plan.binary.display()))?;
        let stdout = child.stdout.take().context("the server's output is not there")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if let Some(addresses) = line.strip_prefix("strowger is ready: api http://") {
                    let (http, sip) = addresses
                        .split_once(" sip ")
                        .context("no SIP address in the ready line")?;
                    return Ok::<_, anyhow::Error>((http.parse()?, sip.parse()?));
                }
            }
            bail!("the server ended before it was ready; see its log")
        };
        let (http, sip) = tokio::time::timeout(START, ready)
            .await
            .with_context(|| format!("the server was not ready within {START:?}"))??;
        let key = std::fs::read_to_string(plan.data_dir.join("operator-key"))
            .context("the server has written no operator key")?;
        Ok(Self {
            http,
            sip,
            data_dir: plan.data_dir.clone(),
            key,
            client: reqwest::Client::new(),
            child,
        })
    }

    /// The operator's API key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The server's process id.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Asks the API as the operator, for a tenant; any other answer than success
    /// is an error with the server's words.
    pub async fn api(
        &self,
        method: &str,
        path: &str,
        tenant: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value> {
        let mut request = self.request(method, path, tenant)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(method, path, request).await
    }

    /// Uploads bytes.
    pub async fn upload(&self, path: &str, tenant: &str, bytes: Vec<u8>) -> Result<Value> {
        let request = self.request("POST", path, Some(tenant))?.body(bytes);
        answer("POST", path, request).await
    }

    /// Uploads with another key than the operator's, from any task or runtime: over
    /// connections of its own, which end with it.
    pub fn uploader(&self, key: &str) -> Uploader {
        Uploader { http: self.http, key: key.to_owned(), client: reqwest::Client::new() }
    }

    /// Puts bytes.
    pub async fn put(&self, path: &str, tenant: &str, bytes: Vec<u8>) -> Result<Value> {
        let request = self.request("PUT", path, Some(tenant))?.body(bytes);
        answer("PUT", path, request).await
    }

    /// Downloads bytes.
    pub async fn download(&self, path: &str, tenant: &str) -> Result<Vec<u8>> {
        self.downloaded(path, Some(tenant)).await
    }

    pub(crate) async fn downloaded(&self, path: &str, tenant: Option<&str>) -> Result<Vec<u8>> {
        let response = self.request("GET", path, tenant)?.send().await?;
        ensure!(response.status().is_success(), "GET {path} answered {}", response.status());
        Ok(response.bytes().await?.to_vec())
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        tenant: Option<&str>,
    ) -> Result<reqwest::RequestBuilder> {
        let method = reqwest::Method::from_bytes(method.as_bytes())?;
        let mut request = self
            .client
            .request(method, format!("http://{}{path}", self.http))
            .bearer_auth(self.key.trim());
        if let Some(tenant) = tenant {
            request = request.header("strowger-tenant", tenant);
        }
        Ok(request)
    }

    /// Listens to a tenant's events from now on.
    pub async fn events(&self, tenant: &str) -> Result<Events> {
        let mut request = format!("ws://{}/v1/events", self.http).into_client_request()?;
        request
            .headers_mut()
            .insert("authorization", format!("Bearer {}", self.key.trim()).parse()?);
        request.headers_mut().insert("strowger-tenant", tenant.parse()?);
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .context("the event stream cannot be opened")?;
        let (sender, heard) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let (_, mut incoming) = socket.split();
            while let Some(Ok(message)) = incoming.next().await {
                let Ok(text) = message.to_text() else { continue };
                let Ok(event) = serde_json::from_str(text) else { continue };
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Ok(Events { heard, task })
    }

    /// Ends the server as a power cut would.
    pub async fn kill(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }

    /// Waits until the server has ended by itself, properly.
    pub async fn ended(mut self, within: Duration) -> Result<()> {
        let status = tokio::time::timeout(within, self.child.wait())
            .await
            .context("the server did not end in time")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    /// Ends the server properly and waits for it.
    pub async fn stop(mut self, within: Duration) -> Result<()> {
        let pid = self.child.id().context("the server has ended by itself")?;
        let told = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(told.success(), "the server could not be told to stop");
        let status = tokio::time::timeout(within, self.child.wait())
            .await
            .context("the server did not stop in time")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

/// Uploads with a key of its own.
#[derive(Debug)]
pub struct Uploader {
    http: SocketAddr,
    key: String,
    client: reqwest::Client,
}

impl Uploader {
    /// Uploads bytes.
    pub async fn upload(&self, path: &str, bytes: Vec<u8>) -> Result<Value> {
        let address = format!("http://{}{path}", self.http);
        let request = self.client.post(address).bearer_auth(&self.key).body(bytes);
        answer("POST", path, request).await
    }
}

/// A tenant's events as they come.
#[derive(Debug)]
pub struct Events {
    heard: mpsc::UnboundedReceiver<Value>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Events {
    /// The next event.
    pub async fn next(&mut self) -> Option<Value> {
        self.heard.recv().await
    }

    /// The next event of that name; others are skipped.
    pub async fn until(&mut self, name: &str, within: Duration) -> Result<Value> {
        let found = async {
            while let Some(event) = self.heard.recv().await {
                if event["name"] == name {
                    return Ok(event);
                }
            }
            bail!("the event stream ended before {name}")
        };
        tokio::time::timeout(within, found)
            .await
            .with_context(|| format!("there was no {name} within {within:?}"))?
    }
}

async fn answer(method: &str, path: &str, request: reqwest::RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let text = response.text().await?;
    ensure!(status.is_success(), "{method} {path} answered {status}: {text}");
    if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
}

/// The two channels of a recording (RIFF, G.711 µ-law or A-law as PCM).
pub fn read_recording(path: &Path) -> Result<(Vec<i16>, Vec<i16>)> {
    let bytes = std::fs::read(path)?;
    ensure!(bytes.len() > 44 && &bytes[..4] == b"RIFF" && &bytes[8..12] == b"WAVE", "no WAV file");
    let mut at = 12;
    let mut format = 0;
    while at + 8 <= bytes.len() {
        let size = u32::from_le_bytes(bytes[at + 4..at + 8].try_into()?) as usize;
        let body = &bytes[at + 8..(at + 8 + size).min(bytes.len())];
        match &bytes[at..at + 4] {
            b"fmt " => {
                format = u16::from_le_bytes(body[..2].try_into()?);
                let channels = u16::from_le_bytes(body[2..4].try_into()?);
                ensure!(channels == 2, "the recording has {channels} channels");
            }
            b"data" => {
                ensure!(format == 7, "the recording's format is {format}, not µ-law (7)");
                let sample = |&byte: &u8| crate::phone::audio::from_mu_law(byte);
                let left = body.iter().step_by(2).map(sample).collect();
                let right = body.iter().skip(1).step_by(2).map(sample).collect();
                return Ok((left, right));
            }
            _ => {}
        }
        at += 8 + size + size % 2;
    }
    bail!("the recording holds no audio")
}
