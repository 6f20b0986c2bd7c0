//! The thread that encodes prompts, and the bound on what it keeps.

use super::Prompt;
use super::encoded::{EncodedPrompt, FormMaker};
use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::Instant;
use strowger_rtp::Codec;

/// Prompts waiting to be encoded; more callers than that cannot be waiting for
/// different prompts at once. One that finds no room is asked for again.
const MAX_WAITING: usize = 1_024;
/// Memory of all encoded forms: two hours of G.722, five of Opus. Beyond it the
/// one that was played longest ago goes and is made anew when it is wanted.
const MAX_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug)]
enum Message {
    Encode(Arc<Prompt>, Codec),
    Shutdown,
}

/// A way to the thread.
#[derive(Clone, Debug)]
pub(crate) struct EncodingHandle {
    sender: SyncSender<Message>,
}

impl EncodingHandle {
    /// Asks for a form. Never waits; whoever does not find the form later asks again.
    pub(crate) fn ask(&self, prompt: &Arc<Prompt>, codec: Codec) {
        // Full: asked again in 20 ms.
        let _ = self.sender.try_send(Message::Encode(Arc::clone(prompt), codec));
    }
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Encoding {
    thread: JoinHandle<()>,
}

impl Encoding {
    /// Starts it. It gives way to threads that carry calls.
    pub(crate) fn start(
        start: Instant,
        before: impl FnOnce() + Send + 'static,
    ) -> io::Result<(Self, EncodingHandle)> {
        let (sender, messages) = sync_channel(MAX_WAITING);
        let run = move || {
            before();
            Work::new(messages, MAX_BYTES, start).run();
        };
        let thread = std::thread::Builder::new().name("media-encode".to_owned()).spawn(run)?;
        Ok((Self { thread }, EncodingHandle { sender }))
    }

    /// Ends it; what is not encoded by then is not wanted.
    pub(crate) fn finish(self, handle: &EncodingHandle) {
        // Fails only if the thread has ended.
        let _ = handle.sender.send(Message::Shutdown);
        if self.thread.join().is_err() {
            tracing::error!("the encoding thread panicked");
        }
    }
}

struct Job {
    prompt: Arc<Prompt>,
    maker: FormMaker,
    bytes: usize,
}

struct Kept {
    prompt: Weak<Prompt>,
    form: Weak<EncodedPrompt>,
    codec: Codec,
    bytes: usize,
}

struct Work {
    messages: Receiver<Message>,
    /// A piece of each in turn, so that a long prompt does not hold up others.
    jobs: VecDeque<Job>,
    kept: Vec<Kept>,
    bytes: usize,
    max: usize,
    /// When the engine began; last uses are counted from there.
    start: Instant,
}

impl Work {
    fn new(messages: Receiver<Message>, max: usize, start: Instant) -> Self {
        Self { messages, jobs: VecDeque::new(), kept: Vec::new(), bytes: 0, max, start }
    }

    fn run(mut self) {
        loop {
            let message = if self.jobs.is_empty() {
                self.messages.recv().map_err(|_| TryRecvError::Disconnected)
            } else {
                self.messages.try_recv()
            };
            match message {
                Ok(Message::Encode(prompt, codec)) => self.begin(prompt, codec),
                Ok(Message::Shutdown) | Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => self.work(),
            }
        }
    }

    fn begin(&mut self, prompt: Arc<Prompt>, codec: Codec) {
        let Some(maker) = prompt.begin_form(codec) else { return };
        let ms = self.start.elapsed().as_millis();
        maker.form().note_use(u64::try_from(ms).unwrap_or(u64::MAX));
        self.jobs.push_back(Job { prompt, maker, bytes: 0 });
    }

    fn work(&mut self) {
        let Some(mut job) = self.jobs.pop_front() else { return };
        if let Some(bytes) = job.maker.make_piece(&job.prompt) {
            job.bytes += bytes;
            self.jobs.push_back(job);
            return;
        }
        self.kept.push(Kept {
            prompt: Arc::downgrade(&job.prompt),
            form: Arc::downgrade(job.maker.form()),
            codec: job.maker.codec(),
            bytes: job.bytes,
        });
        self.bytes += job.bytes;
        self.make_room();
    }

    /// Drops what nobody can play any more, then what was played longest ago.
    fn make_room(&mut self) {
        self.kept.retain(|kept| kept.prompt.strong_count() > 0);
        self.bytes = self.kept.iter().map(|kept| kept.bytes).sum();
        while self.bytes > self.max && self.kept.len() > 1 {
            let last_use = |kept: &Kept| kept.form.upgrade().map_or(0, |form| form.last_use());
            // The one just made is the last and stays.
            let oldest = (0..self.kept.len() - 1).min_by_key(|at| last_use(&self.kept[*at]));
            let Some(at) = oldest else { return };
            let gone = self.kept.remove(at);
            self.bytes -= gone.bytes;
            if let Some(prompt) = gone.prompt.upgrade() {
                prompt.drop_form(gone.codec);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::encoded::Form;
    use super::*;

    fn work(max: usize) -> (Work, SyncSender<Message>) {
        let (sender, messages) = sync_channel(8);
        (Work::new(messages, max, Instant::now()), sender)
    }

    fn encode(work: &mut Work, prompt: &Arc<Prompt>, codec: Codec) {
        work.begin(Arc::clone(prompt), codec);
        while !work.jobs.is_empty() {
            work.work();
        }
    }

    fn is_ready(prompt: &Prompt, codec: Codec) -> bool {
        matches!(prompt.form(codec), Form::Ready(_))
    }

    #[test]
    fn every_frame_of_a_form_can_be_played_and_no_more() {
        let prompt = Prompt::shared(&[3_000; 160 * 120]);
        let (mut work, _sender) = work(usize::MAX);
        for codec in [Codec::G722, Codec::Opus] {
            encode(&mut work, &prompt, codec);
            let Form::Ready(form) = prompt.form(codec) else { panic!("not encoded") };
            for at in 0..120 {
                let frame = form.frame(at).unwrap();
                assert_eq!(codec.payload_us(frame), Some(20_000), "frame {at} of {codec:?}");
            }
            assert!(form.frame(120).is_none());
        }
    }

    #[test]
    fn what_was_played_longest_ago_makes_room() {
        let prompts: Vec<_> = (0..3).map(|_| Prompt::shared(&[3_000; 8_000])).collect();
        // A second of G.722 has 8,000 bytes and 50 places.
        let (mut work, _sender) = work(2 * 8_100);
        encode(&mut work, &prompts[0], Codec::G722);
        encode(&mut work, &prompts[1], Codec::G722);
        let Form::Ready(first) = prompts[0].form(Codec::G722) else { panic!("not encoded") };
        first.note_use(u64::MAX);
        encode(&mut work, &prompts[2], Codec::G722);
        let ready: Vec<_> = prompts.iter().map(|prompt| is_ready(prompt, Codec::G722)).collect();
        assert_eq!(ready, [true, false, true]);
        assert_eq!(work.bytes, 2 * 8_100);
    }

    #[test]
    fn a_prompt_that_is_gone_takes_no_room() {
        let (mut work, _sender) = work(2 * 8_100);
        encode(&mut work, &Prompt::shared(&[3_000; 8_000]), Codec::G722);
        let stays = Prompt::shared(&[3_000; 8_000]);
        encode(&mut work, &stays, Codec::G722);
        assert_eq!((work.kept.len(), work.bytes), (1, 8_100));
        assert!(is_ready(&stays, Codec::G722));
    }
}
