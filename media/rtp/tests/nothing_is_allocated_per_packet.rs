//! Counts allocations while media runs; a test of its own, because the counter
//! is the process's allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use strowger_rtp::codec::{MAX_FRAME_BYTES, Rate, Transcoder};
use strowger_rtp::detect::{InbandDigits, ToneDetector, VoiceDetector, VoiceSettings};
use strowger_rtp::mix::Mixer;
use strowger_rtp::packet::Header;
use strowger_rtp::playout::{DepthLimits, Playout};
use strowger_rtp::srtp::{MAX_TRAILER, MasterKey, Profile, Protect, Unprotect};
use strowger_rtp::{Codec, Law};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(mut act: impl FnMut(u32)) -> u64 {
    // Tables that all share are made in the first rounds.
    (0..10).for_each(&mut act);
    let before = COUNT.with(Cell::get);
    (10..500).for_each(&mut act);
    COUNT.with(Cell::get) - before
}

fn header(n: u32) -> Header {
    Header { marker: false, payload_type: 0, sequence: n as u16, timestamp: n * 160, ssrc: 1 }
}

fn payload(n: u32) -> [u8; 160] {
    std::array::from_fn(|at| Law::Pcmu.encode(((at as u32 * 37 + n * 91) % 8_000) as i16))
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|n| drop(vec![n])), 490);
}

#[test]
fn transcoding_allocates_nothing() {
    for to in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut there = Transcoder::new(Codec::Pcmu, to).unwrap();
        let mut back = Transcoder::new(to, Codec::Pcmu).unwrap();
        let count = allocations(|n| {
            let mut out = [0; MAX_FRAME_BYTES];
            there.push(&payload(n)).unwrap();
            let len = there.pull(&mut out).unwrap();
            back.push(&out[..len]).unwrap();
            assert_eq!(back.pull(&mut out), Some(160));
        });
        assert_eq!(count, 0, "{to:?}");
    }
}

#[test]
fn securing_allocates_nothing() {
    for profile in Profile::ALL {
        let key = MasterKey::from_random(profile, [3; MasterKey::MAX_LEN]);
        let (mut protect, mut unprotect) = (Protect::new(&key), Unprotect::new(&key));
        let count = allocations(|n| {
            let mut buffer = [0; 172 + MAX_TRAILER];
            buffer[..12].copy_from_slice(&header(n).to_bytes());
            let len = protect.protect_rtp(&mut buffer, 172).unwrap();
            unprotect.unprotect_rtp(&mut buffer[..len]).unwrap();
        });
        assert_eq!(count, 0, "{profile:?}");
    }
}

#[test]
fn playing_listening_and_mixing_allocate_nothing() {
    let mut playout = Playout::new(Codec::Pcmu, Rate::Narrow, DepthLimits::default()).unwrap();
    let (mut digits, mut tones) = (InbandDigits::default(), ToneDetector::default());
    let mut voices = VoiceDetector::new(VoiceSettings::default());
    let mut mixer = Mixer::new(Rate::Narrow, 3);
    let seats = [mixer.join().unwrap(), mixer.join().unwrap(), mixer.join().unwrap()];
    let count = allocations(|n| {
        let mut audio = [0; 160];
        if n % 7 != 0 {
            playout.insert(u64::from(n) * 160, &header(n), &payload(n));
        }
        playout.pull(u64::from(n) * 160, &mut audio);
        digits.hear(&audio, |_| ());
        tones.hear(&audio, |_| ());
        voices.hear(&audio, 20);
        for seat in seats {
            mixer.speak(seat, &audio);
        }
        mixer.mix();
        for seat in seats {
            mixer.listen(seat, &mut audio);
        }
    });
    assert_eq!(count, 0);
}
