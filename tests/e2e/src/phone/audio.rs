//! A phone's ear and mouth: one RTP socket, µ-law, 20 ms frames.

use anyhow::{Context as _, Result, bail};
use std::collections::VecDeque;
use std::f32::consts::TAU;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval};

const FRAME: usize = 160;
const DTMF_PAYLOAD: u8 = 101;
/// Frames a pressed digit lasts: 100 ms.
const DIGIT_FRAMES: u16 = 5;
/// The analysis window: 200 ms.
const WINDOW: usize = 1600;
/// Mean square above which something is sound and not line noise.
const SOUND: f32 = 20_000.0;

enum Speech {
    Tone(f32),
    Silence,
    Digit(u8),
}

#[derive(Default)]
struct Heard {
    samples: Vec<i16>,
    digits: String,
    last_digit_at: Option<u32>,
}

/// The audio of one call.
pub struct Audio {
    /// Where this end receives.
    pub local: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    arrived: Arc<Notify>,
    speak: mpsc::UnboundedSender<Speech>,
    remote: Arc<Mutex<Option<SocketAddr>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl std::fmt::Debug for Audio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audio").field("local", &self.local).finish_non_exhaustive()
    }
}

impl Drop for Audio {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Audio {
    /// Opens a socket; silence is sent as soon as a remote address is set.
    pub async fn open() -> Result<Self> {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await?);
        let local = socket.local_addr()?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let arrived = Arc::new(Notify::new());
        let remote = Arc::new(Mutex::new(None));
        let (speak, orders) = mpsc::unbounded_channel();
        let tasks = vec![
            tokio::spawn(listen(socket.clone(), heard.clone(), arrived.clone())),
            tokio::spawn(talk(socket, remote.clone(), orders)),
        ];
        Ok(Self { local, heard, arrived, speak, remote, tasks })
    }

    /// Sends to `remote` from now on.
    pub fn connect(&self, remote: SocketAddr) {
        *self.remote.lock().expect("no panic while locked") = Some(remote);
    }

    /// The SDP for this end. `direction` is `sendrecv`, `sendonly`, ...
    pub fn sdp(&self, direction: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n",
            self.local.port()
        )
    }

    /// Says a steady tone.
    pub fn say_tone(&self, hz: f32) {
        let _ = self.speak.send(Speech::Tone(hz));
    }

    /// Says nothing.
    pub fn be_silent(&self) {
        let _ = self.speak.send(Speech::Silence);
    }

    /// Presses keys, each for 100 ms (RFC 4733).
    pub fn press(&self, keys: &str) {
        for key in keys.chars() {
            if let Some(event) = "0123456789*#ABCD".find(key) {
                let _ = self.speak.send(Speech::Digit(event as u8));
            }
        }
    }

    /// How many samples have been heard.
    pub fn heard_samples(&self) -> usize {
        self.heard.lock().expect("no panic while locked").samples.len()
    }

    /// Waits until something else than silence is heard.
    pub async fn hear_sound(&self, within: Duration) -> Result<()> {
        self.hear(within, "sound", |window| power(window) > SOUND).await
    }

    /// Listens until so much more has been heard, whatever it is.
    pub async fn listen(&self, length: Duration, within: Duration) -> Result<()> {
        let wanted = self.heard_samples() + length.as_millis() as usize * 8;
        let deadline = Instant::now() + within;
        loop {
            let arrived = self.arrived.notified();
            if self.heard_samples() >= wanted {
                return Ok(());
            }
            tokio::time::timeout_at(deadline, arrived)
                .await
                .with_context(|| format!("less than {length:?} was heard within {within:?}"))?;
        }
    }

    /// Waits until a tone of this frequency dominates what is heard.
    pub async fn hear_tone(&self, hz: f32, within: Duration) -> Result<()> {
        self.hear(within, &format!("a tone of {hz} Hz"), |window| {
            power(window) > SOUND && tone_share(window, hz) > 0.5
        })
        .await
    }

    /// Waits until a tone of this frequency is heard, other voices beside it.
    pub async fn hear_tone_among(&self, hz: f32, within: Duration) -> Result<()> {
        self.hear(within, &format!("a tone of {hz} Hz among others"), |window| {
            power(window) > SOUND && tone_share(window, hz) > 0.2
        })
        .await
    }

    /// Waits until a tone that was heard is no longer.
    pub async fn hear_no_tone(&self, hz: f32, within: Duration) -> Result<()> {
        self.hear(within, &format!("anything but {hz} Hz"), |window| tone_share(window, hz) < 0.1)
            .await
    }

    /// Waits until these digits have been heard (RFC 4733).
    pub async fn hear_digits(&self, digits: &str, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        loop {
            let arrived = self.arrived.notified();
            let so_far = self.heard.lock().expect("no panic while locked").digits.clone();
            if so_far.ends_with(digits) {
                return Ok(());
            }
            if tokio::time::timeout_at(deadline, arrived).await.is_err() {
                bail!("digits {digits:?} were not heard within {within:?}, only {so_far:?}");
            }
        }
    }

    async fn hear(
        &self,
        within: Duration,
        what: &str,
        mut matches: impl FnMut(&[i16]) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + within;
        let begun_at = self.heard_samples();
        loop {
            let arrived = self.arrived.notified();
            {
                let heard = self.heard.lock().expect("no panic while locked");
                let fresh = &heard.samples[begun_at..];
                if fresh.len() >= WINDOW && matches(&fresh[fresh.len() - WINDOW..]) {
                    return Ok(());
                }
            }
            tokio::time::timeout_at(deadline, arrived).await.with_context(|| {
                let heard = self.heard_samples() - begun_at;
                format!("{what} was not heard within {within:?} ({heard} samples came)")
            })?;
        }
    }
}

async fn listen(socket: Arc<UdpSocket>, heard: Arc<Mutex<Heard>>, arrived: Arc<Notify>) {
    let mut packet = [0u8; 2048];
    while let Ok(length) = socket.recv(&mut packet).await {
        if length < 12 {
            continue;
        }
        let payload_type = packet[1] & 0x7f;
        let timestamp = u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]);
        {
            let mut heard = heard.lock().expect("no panic while locked");
            match payload_type {
                0 => heard.samples.extend(packet[12..length].iter().map(|&byte| from_mu_law(byte))),
                DTMF_PAYLOAD if length >= 16 && heard.last_digit_at != Some(timestamp) => {
                    heard.last_digit_at = Some(timestamp);
                    let digit = "0123456789*#ABCD".chars().nth(usize::from(packet[12]));
                    heard.digits.extend(digit);
                }
                _ => {}
            }
        }
        arrived.notify_waiters();
    }
}

async fn talk(
    socket: Arc<UdpSocket>,
    remote: Arc<Mutex<Option<SocketAddr>>>,
    mut orders: mpsc::UnboundedReceiver<Speech>,
) {
    let ssrc: u32 = rand::random();
    let mut sequence: u16 = rand::random();
    let mut timestamp: u32 = rand::random();
    let mut tone = None;
    let mut phase = 0f32;
    let mut digits: VecDeque<u8> = VecDeque::new();
    let mut pressed: Option<(u8, u16, u32)> = None;
    let mut clock = interval(Duration::from_millis(20));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        clock.tick().await;
        while let Ok(order) = orders.try_recv() {
            match order {
                Speech::Tone(hz) => tone = Some(hz),
                Speech::Silence => tone = None,
                Speech::Digit(event) => digits.push_back(event),
            }
        }
        let Some(remote) = *remote.lock().expect("no panic while locked") else { continue };
        sequence = sequence.wrapping_add(1);
        timestamp = timestamp.wrapping_add(FRAME as u32);
        if pressed.is_none()
            && let Some(event) = digits.pop_front()
        {
            pressed = Some((event, 0, timestamp));
        }
        if let Some((event, frames, began)) = pressed.as_mut() {
            *frames += 1;
            let over = *frames > DIGIT_FRAMES;
            let duration = (*frames).min(DIGIT_FRAMES) * FRAME as u16;
            let mut packet = header(DTMF_PAYLOAD, *frames == 1, sequence, *began, ssrc);
            packet.extend([*event, if over { 0x8a } else { 0x0a }]);
            packet.extend(duration.to_be_bytes());
            let _ = socket.send_to(&packet, remote).await;
            // Three end packets and a pause of four frames before the next digit.
            if *frames >= DIGIT_FRAMES + 3 {
                pressed = None;
            }
            continue;
        }
        let mut packet = header(0, false, sequence, timestamp, ssrc);
        for _ in 0..FRAME {
            let sample = tone.map_or(0.0, |hz| {
                phase = (phase + TAU * hz / 8000.0) % TAU;
                phase.sin() * 8000.0
            });
            packet.push(to_mu_law(sample as i16));
        }
        let _ = socket.send_to(&packet, remote).await;
    }
}

fn header(payload_type: u8, marker: bool, sequence: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
    packet.extend(sequence.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet
}

fn power(window: &[i16]) -> f32 {
    window.iter().map(|&sample| f32::from(sample).powi(2)).sum::<f32>() / window.len() as f32
}

/// The share of the window's energy at one frequency (Goertzel).
pub fn tone_share(window: &[i16], hz: f32) -> f32 {
    let turn = TAU * hz / 8000.0;
    let (mut re, mut im, mut energy) = (0f32, 0f32, 0f32);
    for (index, &sample) in window.iter().enumerate() {
        let sample = f32::from(sample);
        re += sample * (turn * index as f32).cos();
        im += sample * (turn * index as f32).sin();
        energy += sample * sample;
    }
    if energy == 0.0 { 0.0 } else { 2.0 * (re * re + im * im) / (window.len() as f32 * energy) }
}

/// ITU-T G.711, µ-law.
pub fn from_mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((i16::from(byte & 0x0f) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 != 0 { 0x84 - magnitude } else { magnitude - 0x84 }
}

fn to_mu_law(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let magnitude = sample.unsigned_abs().min(32_635) + 0x84;
    let exponent = (0..8u8).rev().find(|e| magnitude & (0x80 << e) != 0).unwrap_or(0);
    let mantissa = ((magnitude >> (exponent + 3)) & 0x0f) as u8;
    !(sign | (exponent << 4) | mantissa)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_mu_law_is_heard_as_the_same_tone() {
        let window: Vec<i16> = (0..WINDOW)
            .map(|i| {
                from_mu_law(to_mu_law(((TAU * 600.0 * i as f32 / 8000.0).sin() * 8000.0) as i16))
            })
            .collect();
        assert!(tone_share(&window, 600.0) > 0.95);
        assert!(tone_share(&window, 1000.0) < 0.05);
    }
}
