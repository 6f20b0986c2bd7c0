//! A record that is damaged, or not ours, is an error and never a panic.

use crate::support::*;
use proptest::prelude::*;
use strowger_model::Cause;
use strowger_sip::*;

/// One record of each kind.
fn records() -> Vec<String> {
    let mut bench = keeping();
    let invite = Ask::invite("call-1").with("Record-Route: <sip:10.0.0.9;lr>");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    let incoming = bench.kept(dialog).to_json();
    bench.act(|endpoint, now| {
        let options = MediaOptions { rtcp_mux: true, ..MediaOptions::default() };
        endpoint.set_media_options(dialog, options);
        endpoint.answer(now, dialog, &media(6000));
    });
    let up = bench.kept(dialog).to_json();
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "1".into() },
        caller: Caller { number: "2".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    vec![incoming, up, bench.kept(DialogKey::outbound(1)).to_json()]
}

/// Whatever it says, a process lives through it, and ends with nothing left.
fn live_through(text: &str) {
    let Ok(record) = DialogRecord::from_json(text) else { return };
    for how in [go_on(7000), TakeUp::End(Cause::Normal)] {
        let mut next = keeping().crashed(directory());
        let (now, key) = (next.now, DialogKey::outbound(1));
        let taken = next.endpoint.take_up(now, key, &record, how);
        next.drain();
        if taken.is_err() {
            assert!(next.sent.is_empty() && next.take_events().is_empty(), "{text}");
            continue;
        }
        let (_, _, _) = (record.agreed(), record.local_media(), record.media_options());
        for sent in next.take_sent() {
            if !sent.starts_with("SIP/2.0") {
                next.udp(CARRIER, respond(&sent, "200 OK", "x", "", &sdp("10.0.0.2", 4000, "")));
            }
        }
        next.act(|endpoint, now| endpoint.hang_up(now, key, Cause::Normal));
        next.advance(SETTLE_MS);
        let last = next.take_events().iter().filter(|event| event.is_last()).count();
        assert_eq!(last, 1, "{text}");
        next.assert_empty();
    }
}

#[test]
fn records_of_other_servers_are_refused() {
    for text in records() {
        let newer = text.replace("{\"v\":1,", "{\"v\":2,\"more\":[],");
        assert_eq!(DialogRecord::from_json(&newer), Err(RecordError::Version(2)));
        let smuggled: DialogRecord =
            serde_json::from_str(&text.replace("{\"v\":1,", "{\"v\":3,")).unwrap();
        let mut bench = keeping();
        let taken =
            bench.endpoint.take_up(bench.now, DialogKey::outbound(1), &smuggled, go_on(6000));
        assert_eq!(taken, Err(TakeUpError::Record(RecordError::Version(3))));
    }
    for text in ["", "{}", "[]", "{\"v\":1}", "{\"v\":-1}", "null", "{\"v\":1,\"source\":{}}"] {
        assert!(matches!(DialogRecord::from_json(text), Err(RecordError::Unreadable(_))), "{text}");
    }
    let long = format!("{{\"v\":1,\"x\":\"{}\"}}", "x".repeat(300_000));
    assert!(matches!(DialogRecord::from_json(&long), Err(RecordError::Unreadable(_))));
}

#[test]
fn nonsense_is_refused_without_a_word() {
    let all = records();
    for (which, from, to) in [
        (1, "\"target\":\"sip:", "\"target\":\"x y"),
        (1, ";tag=ann", ";tag=a\\r\\nnn"),
        (1, "\"cseq\":", "\"cseq\":2147483647,\"_\":"),
        (1, "\"lines\":", "\"active\":7,\"lines\":"),
        (1, "\"codecs\":[\"pcma\",\"pcmu\"]", "\"codecs\":[]"),
        (1, "\"in\":0", "\"in\":200"),
        (1, "audio RTP/AVP", "audio"),
        (0, "z9hG4bK", "\\u0000"),
        (2, "z9hG4bK", "z9hG4bk"),
        (2, "\"uri\":\"", "\"uri\":\" "),
    ] {
        let text = all[which].replace(from, to);
        assert_ne!(text, all[which], "{from} is not in {text}");
        let Ok(record) = DialogRecord::from_json(&text) else { continue };
        let mut bench = keeping();
        let taken = bench.endpoint.take_up(bench.now, DialogKey::outbound(1), &record, go_on(6000));
        assert!(matches!(taken, Err(TakeUpError::Damaged(_))), "{taken:?} {text}");
        bench.drain();
        assert!(bench.sent.is_empty() && bench.take_events().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn damaged_records_do_no_harm(
        which in 0..3_usize,
        changes in prop::collection::vec((0..1_000_usize, 0..8_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = records()[which].clone().into_bytes();
        for (at, kind, byte) in changes {
            let at = at % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                3 => bytes.truncate(at.max(1)),
                // Numbers and words stay numbers and words more often than not.
                4 => bytes[at] = b'0' + byte % 10,
                5 => bytes.insert(at, b'0' + byte % 10),
                6 => bytes[at] = b'a' + byte % 26,
                _ => {
                    let other = (usize::from(byte) * 4) % bytes.len();
                    bytes.swap(at, other);
                }
            }
            if bytes.is_empty() {
                bytes.push(b'{');
            }
        }
        live_through(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn whole_records_are_lived_through() {
    records().iter().for_each(|text| live_through(text));
}
