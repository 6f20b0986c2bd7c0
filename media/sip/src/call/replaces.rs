//! Which dialog a call shall take the place of (RFC 3891 §6.1).

use bytes::Bytes;

/// Names a dialog as its other end knows it: `to_tag` is the tag of whoever
/// receives this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Call-ID of the dialog.
    pub call_id: String,
    /// The receiver's tag.
    pub to_tag: String,
    /// The tag of the other end; `0` stands for none.
    pub from_tag: String,
    /// Only if it is not answered yet.
    pub early_only: bool,
}

/// Longest value read: three tokens of a message that is itself bounded.
const MAX_BYTES: usize = 1_024;

impl Replaces {
    /// Reads a header value; `None` if a tag is missing or given twice.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value.get(..value.len().min(MAX_BYTES))?).ok()?;
        let mut parts = text.split(';').map(str::trim);
        let call_id = parts.next().filter(|id| !id.is_empty())?.to_owned();
        let (mut to_tag, mut from_tag, mut early_only) = (None, None, false);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let slot = match name.trim().to_ascii_lowercase().as_str() {
                "to-tag" => &mut to_tag,
                "from-tag" => &mut from_tag,
                "early-only" => {
                    early_only = true;
                    continue;
                }
                _ => continue,
            };
            if slot.replace(value.trim().to_owned()).is_some() {
                return None;
            }
        }
        Some(Self { call_id, to_tag: to_tag?, from_tag: from_tag?, early_only })
    }

    /// As it stands in a header.
    pub(crate) fn text(&self) -> String {
        let early = if self.early_only { ";early-only" } else { "" };
        format!("{};to-tag={};from-tag={}{early}", self.call_id, self.to_tag, self.from_tag)
    }

    /// Whether the dialog's other end has this tag.
    pub(crate) fn is_from(&self, tag: Option<&Bytes>) -> bool {
        match tag {
            Some(tag) => self.from_tag.as_bytes() == tag,
            None => self.from_tag == "0",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tags_are_needed_once() {
        let read = Replaces::parse(b" a@b ; from-tag=1;TO-TAG=2;early-only;x=y").unwrap();
        assert_eq!((&*read.call_id, &*read.to_tag, &*read.from_tag), ("a@b", "2", "1"));
        assert!(read.early_only);
        assert_eq!(Replaces::parse(read.text().as_bytes()), Some(read));
        for bad in ["", ";to-tag=1;from-tag=2", "a;to-tag=1", "a;to-tag=1;to-tag=2;from-tag=3"] {
            assert_eq!(Replaces::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
