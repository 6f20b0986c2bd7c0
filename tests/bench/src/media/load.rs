//! An engine full of calls of one kind.

use super::phones::{LEGS_PER_SOCKET, Phones, Speaker, stamp_arrivals};
use super::{WARM_UP, WINDOW, WINDOWS, Window};
use anyhow::{Context, ensure};
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use strowger_engine::media::{
    Clip, Codec, ConferenceHandle, ConferenceSpec, Join, LegHandle, LegSpec, MediaConfig,
    MediaEngine, RecordSpec, RemoteParams, SrtpKeys, ThreadHook,
};
use strowger_engine::prompt::music_on_hold;
use strowger_model::RecordingId;
use strowger_rtp::srtp::{MasterKey, Profile};
use tokio::sync::mpsc;
use uuid::Uuid;

/// What phones without anything better offer first.
const PROFILE: Profile = Profile::AesCm128HmacSha1_80;
/// Packets a leg sends and hears in a second.
const RATE: f64 = 50.0;
/// Parties of a conference who speak; the others send silence.
const TALKERS: usize = 2;

/// What a call is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// One leg that hears music while it talks.
    Prompt,
    /// Two legs that talk.
    Bridge { codecs: [Codec; 2], secure: bool },
    /// Two legs of one codec that talk, one of them recorded.
    Record,
    /// Many legs.
    Conference { parties: usize },
}

impl Kind {
    fn legs(self) -> usize {
        match self {
            Self::Prompt => 1,
            Self::Bridge { .. } | Self::Record => 2,
            Self::Conference { parties } => parties,
        }
    }

    fn codec(self, leg: usize) -> Codec {
        match self {
            Self::Bridge { codecs, .. } => codecs[leg % 2],
            _ => Codec::Pcmu,
        }
    }
}

pub(super) struct Load {
    // Dropped before the engine, so that recordings end as calls do.
    legs: Vec<LegHandle>,
    conferences: Vec<ConferenceHandle>,
    engine: MediaEngine,
    sockets: Vec<UdpSocket>,
    speakers: Vec<Speaker>,
    engine_threads: Arc<Mutex<Vec<libc::pid_t>>>,
}

impl Load {
    pub(super) fn start(
        kind: Kind,
        calls: usize,
        folder: &std::path::Path,
    ) -> anyhow::Result<Self> {
        let engine_threads: Arc<Mutex<Vec<libc::pid_t>>> = Arc::default();
        let known = Arc::clone(&engine_threads);
        let hook = ThreadHook(Arc::new(move || {
            // SAFETY: takes nothing and cannot fail.
            let id = unsafe { libc::gettid() };
            known.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        }));
        let config = MediaConfig { on_thread_start: Some(hook), ..MediaConfig::default() };
        let engine = MediaEngine::start(config)?;
        let count = kind.legs() * calls;
        let sockets: Vec<UdpSocket> = (0..count.div_ceil(LEGS_PER_SOCKET))
            .map(|_| UdpSocket::bind("127.0.0.1:0"))
            .collect::<Result<_, _>>()?;
        sockets.iter().try_for_each(stamp_arrivals)?;
        let (legs, conferences, speakers) = (Vec::new(), Vec::new(), Vec::new());
        let mut load = Self { legs, conferences, engine, sockets, speakers, engine_threads };
        for number in 0..count {
            load.add_leg(kind, number)?;
        }
        for call in 0..calls {
            load.connect(kind, call, folder)?;
        }
        Ok(load)
    }

    fn add_leg(&mut self, kind: Kind, number: usize) -> anyhow::Result<()> {
        let (events, _) = mpsc::channel(64);
        let spec = LegSpec { events, tag: number as u64, group: 0 };
        let leg = self.engine.handle().open(spec)?;
        let codec = kind.codec(number);
        let secure = matches!(kind, Kind::Bridge { secure: true, .. });
        let key = |side: u8| MasterKey::from_random(PROFILE, [side; MasterKey::MAX_LEN]);
        let keys = secure.then(|| SrtpKeys { send: key(1), receive: key(2) });
        let address = self.sockets[number / LEGS_PER_SOCKET].local_addr()?;
        let remote = RemoteParams::new(address, codec);
        leg.set_remote(RemoteParams { dtmf_payload: Some(101), srtp: keys, ..remote })?;
        let silent = matches!(kind, Kind::Conference { parties } if number % parties >= TALKERS);
        let target = leg.local_address();
        let stamps = kind == Kind::Bridge { codecs: [Codec::Pcmu; 2], secure: false };
        let key = keys.map(|keys| keys.receive);
        self.speakers.push(Speaker::new(target, number, codec, silent, stamps, key));
        self.legs.push(leg);
        Ok(())
    }

    fn connect(&mut self, kind: Kind, call: usize, folder: &std::path::Path) -> anyhow::Result<()> {
        let legs = &self.legs[call * kind.legs()..][..kind.legs()];
        match kind {
            Kind::Prompt => {
                legs[0].play(1, vec![Clip::Looped { prompt: music_on_hold(), ms: None }], 0)?;
            }
            Kind::Bridge { .. } => legs[0].bridge(&legs[1])?,
            Kind::Record => {
                legs[0].bridge(&legs[1])?;
                let path = folder.join(format!("{call}.wav"));
                let recording = RecordingId(Uuid::from_u128(call as u128));
                legs[0].record_start(RecordSpec { recording, path, silence_ms: 0 })?;
            }
            Kind::Conference { .. } => {
                let (events, _) = mpsc::channel(64);
                let spec = ConferenceSpec { events, tag: call as u64, group: 0 };
                let conference = self.engine.handle().conference(spec)?;
                for leg in legs {
                    conference.join(leg, Join::default())?;
                }
                self.conferences.push(conference);
            }
        }
        Ok(())
    }

    /// Lets the phones talk and measures window by window.
    pub(super) fn measure(mut self) -> Vec<Window> {
        let speakers = std::mem::take(&mut self.speakers);
        let phones = Phones::new(&self.sockets);
        thread::scope(|scope| {
            scope.spawn(|| phones.talk(speakers));
            scope.spawn(|| phones.listen());
            thread::sleep(WARM_UP);
            let windows = (0..WINDOWS).map(|_| self.window(&phones)).collect();
            phones.stop();
            windows
        })
    }

    fn window(&self, phones: &Phones<'_>) -> Window {
        let (began, busy) = (Instant::now(), self.engine_time());
        let count = phones.heard.load(Ordering::Relaxed);
        phones.take_latency();
        thread::sleep(WINDOW);
        let passed = began.elapsed().as_secs_f64();
        let count = phones.heard.load(Ordering::Relaxed) - count;
        Window {
            busy: (self.engine_time() - busy).as_secs_f64() / passed,
            heard_share: count as f64 / (self.legs.len() as f64 * RATE * passed),
            latency_ms: phones.take_latency(),
        }
    }

    /// Processor time of the engine's threads.
    fn engine_time(&self) -> Duration {
        let threads = self.engine_threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.iter().map(|id| thread_time(*id).unwrap_or_default()).sum()
    }
}

/// Time a thread of this process has been on a processor.
fn thread_time(id: libc::pid_t) -> anyhow::Result<Duration> {
    let path = format!("/proc/self/task/{id}/schedstat");
    let text = std::fs::read_to_string(&path).context(path)?;
    let first = text.split_whitespace().next().unwrap_or_default();
    ensure!(!first.is_empty(), "the kernel keeps no scheduler statistics");
    Ok(Duration::from_nanos(first.parse()?))
}
