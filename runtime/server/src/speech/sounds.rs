//! From a source (`file:welcome`, `text:en:Hello`, `tone:busy`, ...) to a clip.

use crate::tenants::Tenant;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use strowger_engine::media::Clip;
use strowger_engine::prompt::{self, Prompt};
use strowger_engine::speech::Speech;
use strowger_rtp::tones::Tone;
use strowger_store::Store;

/// Decoded prompts kept in memory. The least lately used ones make room.
const MAX_PROMPT_BYTES: usize = 256 * 1024 * 1024;
/// Longest `silence:`; a flow that wants more can sleep.
const MAX_SILENCE_MS: u32 = 600_000;

/// Makes clips; shared by all calls.
#[derive(Debug)]
pub struct Sounds {
    store: Store,
    speech: Speech,
    prompts: Mutex<PromptCache>,
}

#[derive(Debug, Default)]
struct PromptCache {
    by_digest: HashMap<String, (Arc<Prompt>, u64)>,
    bytes: usize,
    uses: u64,
}

impl Sounds {
    /// Nothing in memory yet.
    pub fn new(store: Store) -> Self {
        Self { store, speech: Speech::default(), prompts: Mutex::default() }
    }

    /// The clip of a source, or what is wrong with it, for the flow's author.
    pub async fn clip(&self, tenant: &Tenant, source: &str) -> Result<Clip, String> {
        let (kind, rest) = source.split_once(':').ok_or(
            "a source is file:, text:, tone:, silence:, music: or queue: and what follows",
        )?;
        match kind {
            "file" => self.uploaded(tenant, rest).await.map(Clip::Prompt),
            "text" => {
                let (language, words) =
                    rest.split_once(':').ok_or("spoken text is written text:LANGUAGE:WORDS")?;
                let spoken = self.speech.speak(language, words).await;
                spoken.map(Clip::Prompt).map_err(|error| error.to_string())
            }
            "tone" => tone(rest),
            "silence" => match rest.parse::<u32>() {
                Ok(ms) if ms <= MAX_SILENCE_MS => Ok(Clip::Silence { ms }),
                _ => Err(format!("silence is given in milliseconds, at most {MAX_SILENCE_MS}")),
            },
            "music" if rest == "default" => Ok(Clip::Prompt(prompt::music_on_hold())),
            "music" => self.uploaded(tenant, rest).await.map(Clip::Prompt),
            _ => Err(format!("there is no source of the kind {kind}:")),
        }
    }

    async fn uploaded(&self, tenant: &Tenant, name: &str) -> Result<Arc<Prompt>, String> {
        let digest = tenant
            .config()
            .prompts
            .get(name)
            .cloned()
            .ok_or_else(|| format!("there is no prompt {name}; upload it"))?;
        if let Some(known) = self.lock().get(&digest) {
            return Ok(known);
        }
        let prompts = self.store.tenant(tenant.id).prompts();
        let bytes = prompts.converted(name).await.map_err(|error| error.to_string())?;
        let prompt = Prompt::from_bytes(&bytes)
            .map(Arc::new)
            .ok_or_else(|| format!("the stored prompt {name} is damaged; upload it again"))?;
        self.lock().insert(digest, prompt.clone());
        Ok(prompt)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, PromptCache> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PromptCache {
    fn get(&mut self, digest: &str) -> Option<Arc<Prompt>> {
        self.uses += 1;
        let (prompt, used) = self.by_digest.get_mut(digest)?;
        *used = self.uses;
        Some(prompt.clone())
    }

    fn insert(&mut self, digest: String, prompt: Arc<Prompt>) {
        self.uses += 1;
        self.bytes += prompt.memory_bytes();
        if let Some((before, _)) = self.by_digest.insert(digest, (prompt, self.uses)) {
            self.bytes -= before.memory_bytes();
        }
        while self.bytes > MAX_PROMPT_BYTES {
            let oldest = self.by_digest.iter().min_by_key(|(_, (_, used))| *used);
            let Some(oldest) = oldest.map(|(digest, _)| digest.clone()) else { return };
            if let Some((gone, _)) = self.by_digest.remove(&oldest) {
                self.bytes -= gone.memory_bytes();
            }
        }
    }
}

fn tone(name: &str) -> Result<Clip, String> {
    let tone = match name {
        "ringback" => Tone::Ringback,
        "busy" => Tone::Busy,
        "congestion" => Tone::Congestion,
        "beep" => Tone::Beep,
        "dial" => Tone::Dial,
        _ => {
            return Err(format!(
                "there is no tone {name}; there are ringback, busy, congestion, beep and dial"
            ));
        }
    };
    Ok(prompt::tone("", tone, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_tone_names_the_known_ones() {
        assert!(tone("honk").unwrap_err().contains("ringback"));
    }
}
