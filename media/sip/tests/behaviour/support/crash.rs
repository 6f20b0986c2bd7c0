//! An endpoint that is gone without a word, and the one after it.

use super::*;

/// As [`Bench::new`], but what must be kept is told.
pub fn keeping() -> Bench {
    Bench::with(keeping_config(), directory())
}

pub fn keeping_config() -> EndpointConfig {
    let wss = Some(addr("10.0.0.1:8443"));
    EndpointConfig { keep_dialogs: true, wss, ..EndpointConfig::new(addr(US)) }
}

impl Bench {
    /// What is kept of a leg, by way of its text.
    pub fn kept(&self, dialog: DialogKey) -> DialogRecord {
        let last = self.events.iter().rev().find_map(|event| match event {
            SipEvent::Keep { dialog: of, record } if *of == dialog => Some(record.to_json()),
            _ => None,
        });
        let text = last.unwrap_or_else(|| panic!("nothing kept: {:#?}", self.events));
        assert!(text.len() < 1_024, "{} bytes: {text}", text.len());
        let read = DialogRecord::from_json(&text).unwrap();
        assert_eq!(read.to_json(), text);
        read
    }

    /// Another process in its place, so many seconds later, with other randomness.
    pub fn crashed(&self, directory: impl Into<Arc<Directory>>) -> Bench {
        let mut next = Bench::new();
        next.endpoint = Endpoint::new(keeping_config(), [43; 32]);
        next.now = self.now.plus_ms(3_000);
        next.act(|endpoint, now| endpoint.set_directory(now, directory.into()));
        next
    }

    /// Without what only has to be kept.
    pub fn news(&mut self) -> Vec<SipEvent> {
        let kept = |event: &SipEvent| {
            matches!(event, SipEvent::Keep { .. } | SipEvent::KeepContacts { .. })
        };
        self.take_events().into_iter().filter(|event| !kept(event)).collect()
    }

    pub fn take_up(&mut self, key: DialogKey, record: &DialogRecord, how: TakeUp) {
        self.act(|endpoint, now| endpoint.take_up(now, key, record, how).unwrap());
    }
}

/// It goes on with this port of ours.
pub fn go_on(port: u16) -> TakeUp {
    TakeUp::GoOn { media: media(port), options: MediaOptions::default() }
}
