//! Other languages by espeak-ng, as a process of its own: its licence does not
//! allow linking, and a crash or hang of it is not ours.

use super::{Audio, SpeechError, Tts, primary};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// It speaks hundreds of times faster than real time; this is for a machine
/// under heavy load.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// Most audio taken: five minutes at 22 kHz.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;

/// Its voices for languages whose tag it does not know by itself.
const VOICES: [(&str, &str); 3] = [("zh", "cmn"), ("en", "en-us"), ("no", "nb")];

/// Runs espeak-ng once for each text.
#[derive(Clone, Debug)]
pub struct EspeakProcess {
    program: OsString,
    time_limit: Duration,
}

impl Default for EspeakProcess {
    fn default() -> Self {
        Self::new("espeak-ng")
    }
}

impl EspeakProcess {
    /// `program` is looked up in PATH if it has no slash.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), time_limit: TIME_LIMIT }
    }

    /// Gives up on a text after this time; 10 s if not said otherwise.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    fn start(&self, language: &str) -> Result<Child, SpeechError> {
        Command::new(&self.program)
            .args(["-v", voice(language).as_str(), "-b", "1", "--stdin", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Of its own, so that whatever it starts can be ended with it.
            .process_group(0)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => SpeechError::NotInstalled(language.to_owned()),
                _ => SpeechError::Failed(error.to_string()),
            })
    }
}

impl Tts for EspeakProcess {
    fn speaks(&self, language: &str) -> bool {
        // The tag becomes an argument: letters only, so it can be no option or path.
        let primary = primary(language);
        (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase())
    }

    fn speak(&self, language: &str, text: &str) -> Result<Audio, SpeechError> {
        if !self.speaks(language) {
            return Err(SpeechError::Language(language.to_owned()));
        }
        let mut child = self.start(language)?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(SpeechError::Failed("its pipes are missing".to_owned()));
        };
        let (done, output) = sync_channel(1);
        let text = text.to_owned();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // A process that ended early says why by its status.
                let _ = stdin.write_all(text.as_bytes());
                drop(stdin);
                let mut bytes = Vec::new();
                let read = stdout.take(MAX_OUTPUT_BYTES).read_to_end(&mut bytes);
                let _ = done.send(read.map(|_| bytes));
            });
            let output = output.recv_timeout(self.time_limit);
            // Ends a process that hangs or has more to say than is taken; the
            // thread above then finds its pipes closed.
            let finished =
                matches!(output, Ok(Ok(ref bytes)) if (bytes.len() as u64) < MAX_OUTPUT_BYTES);
            if !finished {
                end(&child);
            }
            let succeeded = ends_well(&mut child, self.time_limit);
            match output {
                Ok(Ok(bytes)) if succeeded => parse(&bytes)
                    .ok_or_else(|| SpeechError::Failed("espeak-ng gave no audio".to_owned())),
                Ok(Ok(_)) => Err(SpeechError::Language(language.to_owned())),
                Ok(Err(error)) => Err(SpeechError::Failed(error.to_string())),
                Err(RecvTimeoutError::Timeout) => {
                    Err(SpeechError::TimedOut(self.time_limit.as_secs()))
                }
                Err(RecvTimeoutError::Disconnected) => {
                    Err(SpeechError::Failed("its output could not be read".to_owned()))
                }
            }
        })
    }
}

/// Waits for a process that has closed its output or was ended; one that stays
/// for longer than `limit` is ended.
fn ends_well(child: &mut Child, limit: Duration) -> bool {
    const STEP: Duration = Duration::from_millis(2);
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if waited < limit => {
                std::thread::sleep(STEP);
                waited += STEP;
            }
            _ => {
                end(child);
                // It cannot refuse to end; this takes its place in the process table away.
                return child.wait().is_ok_and(|status| status.success());
            }
        }
    }
}

/// Ends a process and what it has started; anything left would hold its output open.
fn end(child: &Child) {
    if let Ok(group) = libc::pid_t::try_from(child.id()) {
        // SAFETY: no pointers; the child is not waited for yet, so its number is still its own.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}

fn voice(language: &str) -> String {
    let primary = primary(language);
    let known = VOICES.iter().find(|(tag, _)| *tag == primary);
    known.map_or(primary, |(_, voice)| (*voice).to_owned())
}

/// Its WAV on a pipe: 44 bytes of header with sizes it could not know, then
/// 16-bit mono.
fn parse(bytes: &[u8]) -> Option<Audio> {
    const HEADER: usize = 44;
    let header = bytes.get(..HEADER)?;
    if !header.starts_with(b"RIFF") || header[36..40] != *b"data" {
        return None;
    }
    let rate = u32::from_le_bytes([header[24], header[25], header[26], header[27]]);
    let samples = bytes[HEADER..]
        .chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    Some(Audio { samples, rate })
}
