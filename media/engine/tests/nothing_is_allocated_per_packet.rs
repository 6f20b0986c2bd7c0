//! Counts what the media threads allocate while a prompt plays, two parties
//! talk and are recorded, and digits are pressed. In a process of its own,
//! because the allocator is the process's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use strowger_engine::media::{
    Clip, Law, LegHandle, LegSpec, MediaConfig, MediaEngine, RecordSpec, RemoteParams, ThreadHook,
};
use strowger_engine::prompt::Prompt;
use strowger_model::RecordingId;
use strowger_rtp::packet::Header;
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
    sent: u16,
}

impl Phone {
    fn new(engine: &MediaEngine, law: Law) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let (events, _) = mpsc::channel(64);
        let leg = engine.handle().open(LegSpec { events, tag: 0, group: 1 }).unwrap();
        let address = socket.local_addr().unwrap();
        let remote = RemoteParams::new(address, law.into());
        leg.set_remote(RemoteParams { dtmf_payload: Some(101), ..remote }).unwrap();
        Self { socket, leg, sent: 0 }
    }

    fn say(&mut self, law: Law) {
        self.sent += 1;
        let header = Header {
            marker: false,
            payload_type: law.payload_type(),
            sequence: self.sent,
            timestamp: u32::from(self.sent) * 160,
            ssrc: 1,
        };
        let mut datagram = [0x55; 172];
        datagram[..12].copy_from_slice(&header.to_bytes());
        self.socket.send_to(&datagram, self.leg.local_address()).unwrap();
    }

    fn hear(&self) {
        self.socket.recv(&mut [0; 1_500]).expect("no packet came");
    }
}

#[test]
fn a_second_of_everything_allocates_nothing_on_media_threads() {
    let folder = tempfile::tempdir().unwrap();
    // The disk thread is counted as well: it reuses its blocks.
    let hook = ThreadHook(Arc::new(|| COUNTED.set(true)));
    let config = MediaConfig {
        port_min: 19_100,
        port_max: 19_199,
        pin: false,
        on_thread_start: Some(hook),
        ..MediaConfig::default()
    };
    let engine = MediaEngine::start(config).unwrap();
    let (mut a, mut b) = (Phone::new(&engine, Law::Pcmu), Phone::new(&engine, Law::Pcma));
    let listener = Phone::new(&engine, Law::Pcmu);
    let recording = RecordingId(uuid::Uuid::from_u128(1));
    let path = folder.path().join("steady.wav");
    a.leg.record_start(RecordSpec { recording, path, silence_ms: 500 }).unwrap();
    a.leg.bridge(&b.leg).unwrap();
    let prompt = Prompt::shared(&[1_000; 8_000]);
    listener.leg.play(1, vec![Clip::Looped { prompt, ms: None }], 0).unwrap();
    let mut second = |seconds: usize| {
        for _ in 0..seconds * 50 {
            // The prompt's packets are the clock.
            listener.hear();
            a.say(Law::Pcmu);
            b.hear();
            b.say(Law::Pcma);
            a.hear();
        }
    };
    second(3);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    assert!(before > 0, "the counter does not count");
    second(4);
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    assert_eq!(after - before, 0, "allocations for 400 packets relayed and recorded, 200 played");
}
