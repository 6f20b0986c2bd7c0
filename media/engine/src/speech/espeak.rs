//! Other languages by espeak-ng, as a process of its own: its licence does not
//! allow linking, and a crash or hang of it is not ours.

use super::{Audio, SpeechError, Tts, primary};
use std::ffi::OsString;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

/// It speaks hundreds of times faster than real time; this is for a machine
/// under heavy load.
const TIME_LIMIT_S: u64 = 10;
/// Most audio taken: five minutes at 22 kHz.
const MAX_OUTPUT_BYTES: u64 = 16 * 1024 * 1024;

/// Its voices for languages whose tag it does not know by itself.
const VOICES: [(&str, &str); 3] = [("zh", "cmn"), ("en", "en-us"), ("no", "nb")];

/// Runs espeak-ng once for each text.
#[derive(Clone, Debug)]
pub struct EspeakProcess {
    program: OsString,
}

impl Default for EspeakProcess {
    fn default() -> Self {
        Self::new("espeak-ng")
    }
}

impl EspeakProcess {
    /// `program` is looked up in PATH if it has no slash.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into() }
    }

    fn start(&self, language: &str) -> Result<Child, SpeechError> {
        Command::new(&self.program)
            .args(["-v", voice(language).as_str(), "-b", "1", "--stdin", "--stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
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
            let output = output.recv_timeout(Duration::from_secs(TIME_LIMIT_S));
            // Ends a process that hangs or has more to say than is taken; the
            // thread above then finds its pipes closed.
            let finished =
                matches!(output, Ok(Ok(ref bytes)) if (bytes.len() as u64) < MAX_OUTPUT_BYTES);
            if !finished {
                let _ = child.kill();
            }
            let status = child.wait();
            match output {
                Ok(Ok(bytes)) if status.is_ok_and(|status| status.success()) => parse(&bytes)
                    .ok_or_else(|| SpeechError::Failed("espeak-ng gave no audio".to_owned())),
                Ok(Ok(_)) => Err(SpeechError::Language(language.to_owned())),
                Ok(Err(error)) => Err(SpeechError::Failed(error.to_string())),
                Err(RecvTimeoutError::Timeout) => Err(SpeechError::TimedOut(TIME_LIMIT_S)),
                Err(RecvTimeoutError::Disconnected) => {
                    Err(SpeechError::Failed("its output could not be read".to_owned()))
                }
            }
        })
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
