//! Digits that a flow asked for as secret: they must not reach the journal or
//! the record, not even inside an attribute or a request the flow makes of them.

use serde::Serialize;
use serde_json::Value;

/// Secrets remembered. A caller types a PIN a few times, not a hundred times.
const MOST: usize = 64;
/// Shorter ones hide nothing, and masking every `1` would spoil the journal.
const SHORTEST: usize = 3;

/// The secrets of one call, in memory only.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    pub fn learn(&mut self, digits: &str) {
        if digits.len() < SHORTEST || self.0.iter().any(|known| known == digits) {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(digits.to_owned());
        // A longer secret may contain a shorter one: the longer goes first.
        self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
    }

    /// JSON of a journal body without the secrets; `true` if one was in it.
    pub fn json(&self, body: &impl Serialize) -> (String, bool) {
        let text = serde_json::to_string(body).unwrap_or_default();
        if !self.0.iter().any(|secret| text.contains(secret.as_str())) {
            return (text, false);
        }
        let mut value: Value = serde_json::from_str(&text).unwrap_or_default();
        let masked = self.mask_value(&mut value);
        (value.to_string(), masked)
    }

    /// Masks every secret in a text.
    pub fn mask(&self, text: &mut String) -> bool {
        let mut masked = false;
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), &"*".repeat(secret.len()));
                masked = true;
            }
        }
        masked
    }

    fn mask_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.mask(text),
            Value::Array(items) => items.iter_mut().fold(false, |m, v| self.mask_value(v) | m),
            Value::Object(map) => map.values_mut().fold(false, |m, v| self.mask_value(v) | m),
            _ => false,
        }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}
