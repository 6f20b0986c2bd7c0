//! Starting and stopping a server.

use crate::calls::message::CallMessage;
use crate::calls::notices;
use crate::calls::pressure::Pressure;
use crate::calls::registry::Registry;
use crate::calls::signalling;
use crate::calls::signalling_thread::SignallingThread;
use crate::clock;
use crate::config::{Config, HepConfig};
use crate::control::ServerControl;
use crate::drain::Drain;
use crate::events::Events;
use crate::ledger::Ledger;
use crate::metering::{self, Metering};
use crate::metrics::Metrics;
use crate::node::{Node, StockPrograms};
use crate::programs::Programs;
use crate::recovery;
use crate::rollout::watch::{self, Watch};
use crate::services::http::HttpService;
use crate::signing::Signing;
use crate::speech::sounds::Sounds;
use crate::tenants::crowd::Crowd;
use crate::tenants::{Tenants, load, spending};
use crate::upkeep;
use anyhow::{Context as _, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use strowger_api::ApiConfig;
use strowger_call::Input;
use strowger_engine::media::{MediaConfig, MediaEngine};
use strowger_engine::signalling::SignallingConfig;
use strowger_guest::{BackgroundThreads, EngineConfig, GuestEngine, GuestThreads};
use strowger_model::{Cause, Party};
use strowger_store::{Place, Store, WriterConfig};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long calls get to end themselves when the server stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often stored values whose time is over are taken away.
const TIDY_EVERY: Duration = Duration::from_secs(60);

/// A server that runs.
#[derive(Debug)]
pub struct RunningServer {
    /// Everything it is made of.
    pub node: Arc<Node>,
    /// Where the API listens.
    pub http: SocketAddr,
    /// Where SIP listens.
    pub sip: SocketAddr,
    stop_api: oneshot::Sender<()>,
    api: JoinHandle<std::io::Result<()>>,
    media: MediaEngine,
    signalling: SignallingThread,
}

impl RunningServer {
    /// Starts everything; returns when calls are taken.
    pub async fn start(config: Config) -> Result<Self> {
        config.check()?;
        std::fs::create_dir_all(&config.data_dir).with_context(|| {
            format!("the data folder {} cannot be made", config.data_dir.display())
        })?;
        let store = Store::open(&Place::Sqlite(config.data_dir.join("strowger.db"))).await?;
        first_key(&store, &config.data_dir).await?;
        let unfinished = store.unfinished().await?;
        let signing = Signing::open(&config.signing, &config.data_dir)?;
        signing.sign_those_of_before(&store, &config.data_dir).await?;
        let (watch, ended_calls) = Watch::new();
        let metrics = Arc::new(Metrics::default());
        let recordings = config.data_dir.join("recordings");
        let traces = Arc::new(config.trace.store());
        let media = start_media(&config)?;
        let signalling = SignallingThread::start()?;
        let overloaded = Arc::new(AtomicBool::new(false));
        let starting = start_sip(config.clone(), overloaded.clone());
        let (sip, events) = signalling.spawn(starting).await??;
        let sip_address = sip.udp_address();
        let engine = GuestEngine::new(EngineConfig {
            max_live: config.guests.max_instances,
            cache_dir: Some(config.data_dir.join("compiled")),
            ..EngineConfig::default()
        })?;
        let writer = store.start_writer(WriterConfig {
            max_open_calls: config.max_calls.saturating_add(1),
            ..WriterConfig::default()
        });
        let node = Arc::new(Node {
            ledger: Ledger::new(writer.clone(), store.clone(), recordings.clone(), metrics.clone()),
            writer,
            sip,
            media: media.handle(),
            stock: StockPrograms::load(&engine).await?,
            engine,
            guests: GuestThreads::start(Config::threads(config.guests.threads))?,
            background: BackgroundThreads::start(Config::threads(config.guests.threads) / 2)?,
            crowd: Crowd::default(),
            pressure: Arc::new(Pressure::new(overloaded)),
            metering: Metering::default(),
            services: Handle::current(),
            programs: Programs::default(),
            signing,
            watch,
            sounds: Sounds::new(store.clone()),
            http: HttpService::new(config.outbound_http.private_networks)?,
            calls: Registry::new(traces.clone()),
            traces,
            drain: Drain::default(),
            recovering: AtomicBool::new(true),
            tenants: Tenants::default(),
            events: Events::default(),
            metrics,
            phones: Default::default(),
            trunks: Default::default(),
            alarms: Default::default(),
            store: store.clone(),
            config,
        });
        load::everything(&node).await?;
        signalling.spawn(signalling::run(node.clone(), events));
        if let Some(notices) = node.sip.take_notices() {
            // Where they come from: each call has one, and it wakes no other thread.
            signalling.spawn(notices::run(node.clone(), notices));
        }
        recovery::run(&node, unfinished).await?;
        recovery::open(&node).await?;
        tokio::spawn(watch::run(node.clone(), ended_calls));
        tokio::spawn(spending::run(node.clone()));
        tokio::spawn(metering::run(node.clone()));
        tokio::spawn(tidy(store.clone()));
        tokio::spawn(upkeep::run(node.clone()));
        let listener = TcpListener::bind(node.config.http)
            .await
            .with_context(|| format!("the API cannot listen on {}", node.config.http))?;
        let http = listener.local_addr()?;
        let control = Arc::new(ServerControl(node.clone()));
        let router = strowger_api::router(store, control, ApiConfig::new(recordings));
        let (stop_api, stopped) = oneshot::channel::<()>();
        let api = tokio::spawn(strowger_api::serve(listener, router, async {
            // The sender gone means the same as a message from it.
            let _ = stopped.await;
        }));
        Ok(Self { node, http, sip: sip_address, stop_api, api, media, signalling })
    }

    /// Writes everything down and stops, as it is: the next start takes the calls
    /// up. Nobody outside is told anything.
    pub async fn leave(self) -> Result<()> {
        self.node.writer.shutdown().await?;
        let _ = self.stop_api.send(());
        drop(self.signalling);
        tokio::task::spawn_blocking(move || drop(self.media)).await?;
        self.node.store.close().await;
        Ok(())
    }

    /// Ends calls properly towards both sides, writes everything down, stops.
    pub async fn stop(self) -> Result<()> {
        let order = Input::HangUp { cause: Cause::ServerRestart, by: Party::Host };
        for call in self.node.calls.all() {
            call.tell(CallMessage::Core(order.clone()));
        }
        let farewell = tokio::time::timeout(FAREWELL, self.node.calls.emptied());
        if farewell.await.is_err() {
            tracing::warn!(calls = self.node.calls.len(), "calls left that did not end in time");
        }
        let _ = self.stop_api.send(());
        if tokio::time::timeout(FAREWELL, self.api).await.is_err() {
            tracing::warn!("API requests left that did not end in time");
        }
        self.node.sip.shut_down().await?;
        drop(self.signalling);
        self.node.metering.write(&self.node, clock::now());
        self.node.writer.shutdown().await?;
        // Completes recordings; waits for threads.
        tokio::task::spawn_blocking(move || drop(self.media)).await?;
        self.node.store.close().await;
        Ok(())
    }
}

fn start_media(config: &Config) -> Result<MediaEngine> {
    let media = &config.media;
    Ok(MediaEngine::start(MediaConfig {
        bind: media.address,
        port_min: media.port_min,
        port_max: media.port_max,
        threads: Config::threads(media.threads),
        rtp_timeout_ms: u32::try_from(media.rtp_timeout_ms).unwrap_or(u32::MAX),
        ..MediaConfig::default()
    })?)
}

async fn start_sip(
    config: Config,
    overloaded: Arc<AtomicBool>,
) -> Result<(
    strowger_engine::signalling::SipHandle,
    tokio::sync::mpsc::Receiver<strowger_sip::SipEvent>,
)> {
    let mut settings = SignallingConfig::new(config.sip.listen);
    settings.advertised = config.sip.advertised;
    let sip = &config.sip;
    (settings.tls, settings.ws, settings.wss) = (sip.tls, sip.ws, sip.wss);
    settings.certificates = sip.certificates();
    settings.trace = config.trace.messages.policy();
    settings.hep = config.trace.hep.as_ref().map(HepConfig::settings);
    settings.challenge = config.sip.challenge.into();
    settings.keep_dialogs = config.journal;
    settings.recovering = true;
    settings.overloaded = overloaded;
    settings.limits.calls = settings.limits.calls.max(config.max_calls * 3);
    let (sip, events) = strowger_engine::signalling::start(settings).await?;
    sip.set_guard(config.sip.guard()?).await?;
    Ok((sip, events))
}

/// A new installation gets one operator key, in a file that only its owner reads.
async fn first_key(store: &Store, data_dir: &Path) -> Result<()> {
    if !store.operator_keys().list().await?.is_empty() {
        return Ok(());
    }
    let (_, text) = store.operator_keys().create("first key").await?;
    let path = data_dir.join("operator-key");
    write_secret(&path, text.expose())
        .with_context(|| format!("the operator's key cannot be written to {}", path.display()))?;
    tracing::info!(path = %path.display(), "made the operator's first API key");
    Ok(())
}

pub(crate) fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

async fn tidy(store: Store) {
    let mut clock = tokio::time::interval(TIDY_EVERY);
    loop {
        clock.tick().await;
        if let Err(error) = store.remove_expired(clock::now()).await {
            tracing::warn!(%error, "stored values whose time is over were not taken away");
        }
    }
}
