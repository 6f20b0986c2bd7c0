//! Counts what the media threads allocate while a prompt plays, parties talk in
//! bridges and a conference, in several codecs, secured and recorded, and are
//! listened to. In a process of its own, because the allocator is the process's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strowger_engine::media::{
    Clip, Codec, ConferenceSpec, Detect, Join, LegHandle, LegSpec, MediaConfig, MediaEngine,
    RecordSpec, RemoteParams, SrtpKeys, ThreadHook,
};
use strowger_engine::prompt::Prompt;
use strowger_model::RecordingId;
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::packet::Header;
use strowger_rtp::srtp::{MasterKey, Profile, Protect};
use tokio::sync::mpsc;

struct Counting;

thread_local! {
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTED.try_with(Cell::get).unwrap_or(false) {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Phone {
    socket: UdpSocket,
    leg: LegHandle,
    codec: Codec,
    payload: Vec<u8>,
    protect: Option<Protect>,
    sent: u16,
}

impl Phone {
    fn new(engine: &MediaEngine, codec: Codec, secure: bool) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let (events, _) = mpsc::channel(64);
        let leg = engine.handle().open(LegSpec { events, tag: 0, group: 1 }).unwrap();
        let mut remote = RemoteParams::new(socket.local_addr().unwrap(), codec);
        let key = MasterKey::from_random(Profile::AeadAes128Gcm, [7; MasterKey::MAX_LEN]);
        remote.srtp = secure.then_some(SrtpKeys { send: key, receive: key });
        leg.set_remote(remote).unwrap();
        let mut payload = [0; MAX_FRAME_BYTES];
        let mut encoder = Encoder::new(codec, Rate::Narrow).unwrap();
        let loud =
            std::array::from_fn::<i16, 160, _>(|at| if at % 16 < 8 { 9_000 } else { -9_000 });
        let length = encoder.encode(&loud, &mut payload).unwrap();
        let payload = payload[..length].to_vec();
        let protect = secure.then(|| Protect::new(&key));
        Self { socket, leg, codec, payload, protect, sent: 0 }
    }

    fn say(&mut self) {
        self.sent += 1;
        let header = Header {
            marker: false,
            payload_type: self.codec.payload_type(),
            sequence: self.sent,
            timestamp: u32::from(self.sent) * self.codec.frame_timestamps(),
            ssrc: 1,
        };
        let mut datagram = [0x55; 400];
        datagram[..12].copy_from_slice(&header.to_bytes());
        let mut length = 12 + self.payload.len();
        datagram[12..length].copy_from_slice(&self.payload);
        if let Some(protect) = &mut self.protect {
            length = protect.protect_rtp(&mut datagram, length).unwrap();
        }
        self.socket.send_to(&datagram[..length], self.leg.local_address()).unwrap();
    }

    fn hear(&self) {
        self.socket.recv(&mut [0; 1_500]).expect("no packet came");
    }
}

fn engine() -> MediaEngine {
    // The disk thread is counted as well: it reuses its blocks. The encoding
    // thread is through with its prompt when counting begins.
    let hook = ThreadHook(Arc::new(|| COUNTED.set(true)));
    let config = MediaConfig {
        port_min: 19_100,
        port_max: 19_199,
        pin: false,
        on_thread_start: Some(hook),
        ..MediaConfig::default()
    };
    MediaEngine::start(config).unwrap()
}

#[test]
fn seconds_of_everything_allocate_nothing_on_media_threads() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    let phone = |codec, secure| Phone::new(&engine, codec, secure);
    let record = |number: u128| RecordSpec {
        recording: RecordingId(uuid::Uuid::from_u128(number)),
        path: folder.path().join(format!("{number}.wav")),
        silence_ms: 500,
    };
    let listener = phone(Codec::Opus, false);
    let relayed = [phone(Codec::Pcmu, true), phone(Codec::Pcma, true)];
    let transcoded = [phone(Codec::Pcmu, false), phone(Codec::Opus, true)];
    let met = [Codec::Pcmu, Codec::G722, Codec::Opus].map(|codec| phone(codec, false));
    relayed[0].leg.record_start(record(1)).unwrap();
    transcoded[1].leg.record_start(record(2)).unwrap();
    for pair in [&relayed, &transcoded] {
        pair[0].leg.bridge(&pair[1].leg).unwrap();
    }
    let (events, _) = mpsc::channel(64);
    let spec = ConferenceSpec { events, tag: 0, group: 1 };
    let conference = engine.handle().conference(spec).unwrap();
    for phone in &met {
        conference.join(&phone.leg, Join::default()).unwrap();
        let detect = Detect { speech_hangover_ms: 500, tones: true, ..Detect::default() };
        phone.leg.detect(detect).unwrap();
    }
    conference.record_start(record(3)).unwrap();
    let prompt = Prompt::shared(&[1_000; 8_000]);
    listener.leg.play(1, vec![Clip::Looped { prompt, ms: None }], 0).unwrap();
    let mut talkers: Vec<Phone> = relayed.into_iter().chain(transcoded).chain(met).collect();
    let mut second = |seconds: usize| {
        for _ in 0..seconds * 50 {
            // The prompt's packets are the clock.
            listener.hear();
            for phone in &mut talkers {
                phone.say();
            }
            for phone in &talkers {
                phone.hear();
            }
        }
    };
    second(3);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    assert!(before > 0, "the counter does not count");
    second(4);
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    assert_eq!(after - before, 0, "allocations for 1,600 packets heard and as many sent");
}
