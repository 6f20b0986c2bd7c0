//! Uploaded audio files.

use strowger_engine::prompt::{MAX_PROMPT_MS, Prompt, decode};

pub(crate) const WORDS: &[&str] = &[
    "RIFF",
    "WAVE",
    "fmt ",
    "data",
    "LIST",
    "fact",
    "\0\0\0\0",
    "OggS",
    "\x01vorbis",
    "\x03vorbis",
    "fLaC",
    "ID3",
    "\x01\0",
    "\x02\0",
    "\x07\0",
    "\x40\x1f\0\0",
    "\u{7f}",
];

/// The bytes as a file of any format, and as a prompt that was stored.
pub fn prompt(data: &[u8]) {
    match decode(data.to_vec()) {
        Ok(prompt) => {
            let ms = prompt.duration_ms();
            assert!(ms > 0 && ms <= MAX_PROMPT_MS + 1_000, "a prompt of {ms} ms");
            assert_eq!(
                Prompt::from_bytes(&prompt.to_bytes()),
                Some(prompt),
                "stored, it is another"
            );
        }
        Err(refused) => {
            let said = refused.to_string();
            assert!(said.len() < 512, "a refusal of {} bytes", said.len());
        }
    }
    if let Some(prompt) = Prompt::from_bytes(data) {
        assert_eq!(prompt.to_bytes(), data, "stored again, it is another");
    }
}
