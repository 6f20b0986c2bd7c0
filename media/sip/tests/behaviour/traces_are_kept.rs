//! What was said is kept per leg, without secrets, and handed out at its end.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn traced(bench: &mut Bench) -> Trace {
    let traces: Vec<_> = std::mem::take(&mut bench.notices)
        .into_iter()
        .filter_map(|notice| match notice {
            Notice::Trace(trace) => Some(*trace),
            _ => None,
        })
        .collect();
    assert_eq!(traces.len(), 1);
    traces.into_iter().next().unwrap()
}

fn lines(trace: &Trace) -> Vec<(Heading, String)> {
    trace
        .iter()
        .map(|entry| (entry.heading, entry.first_line().replace("SIP/2.0 ", "")))
        .map(|(heading, line)| (heading, line.split(' ').next().unwrap().to_owned()))
        .collect()
}

fn call(policy: TracePolicy) -> Bench {
    let mut bench = Bench::new();
    bench.endpoint.set_tracing(policy, None);
    let invite = Ask::invite("call-1").with("Authorization: Digest username=\"x\"");
    bench.udp(CARRIER, Ask::invite("stranger").next("OPTIONS", 1).text());
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.advance(250);
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    if policy != TracePolicy::Off {
        assert_eq!(bench.endpoint.trace(dialog).unwrap().len(), 4);
        assert_eq!(bench.endpoint.traces().count(), 1);
    }
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let bye = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&bye, "200 OK", "", "", ""));
    bench
}

#[test]
fn a_call_is_told_whole_at_its_end() {
    use Heading::{In, Out};
    let mut bench = call(TracePolicy::Masked);
    let trace = traced(&mut bench);
    let expected =
        [(In, "INVITE"), (Out, "100"), (Out, "200"), (In, "ACK"), (Out, "BYE"), (In, "200")];
    assert_eq!(lines(&trace), expected.map(|(heading, line)| (heading, line.to_owned())));
    let all: Vec<_> = trace.iter().cloned().collect();
    assert_eq!(all[2].at.ms_since(all[0].at), 250);
    assert_eq!((all[0].remote, all[0].local), (addr(CARRIER), addr(US)));
    let first = String::from_utf8_lossy(&all[0].bytes);
    assert!(first.contains("m=audio") && !first.contains("username"), "{first}");
    let drawn = ladder(&all);
    assert!(drawn.lines().nth(1).unwrap().contains(" INVITE "), "{drawn}");
    assert_eq!(bench.endpoint.traces().count(), 0);
}

#[test]
fn as_much_is_kept_as_the_policy_says() {
    let mut bench = call(TracePolicy::FirstLine);
    let trace = traced(&mut bench);
    assert!(trace.iter().all(|entry| !entry.bytes.contains(&b'\n')));
    assert!(call(TracePolicy::Off).notices.is_empty());
}

#[test]
fn a_leg_that_never_ends_keeps_its_beginning_and_its_latest() {
    let mut bench = Bench::new();
    bench.endpoint.set_tracing(TracePolicy::Masked, None);
    let invite = Ask::invite("long");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.advance(200);
    for _ in 0..500 {
        bench.udp(CARRIER, invite.text());
    }
    let trace = bench.endpoint.trace(dialog).unwrap();
    assert!(trace.len() <= 96 && trace.dropped > 800, "{} {}", trace.len(), trace.dropped);
    assert!(trace.iter().map(|entry| entry.bytes.len()).sum::<usize>() <= 64 * 1024);
    assert_eq!(lines(trace)[0], (Heading::In, "INVITE".to_owned()));
}

#[test]
fn both_carriers_of_a_call_are_in_its_trace() {
    let mut bench = carriers(in_order(|_| {}));
    bench.endpoint.set_tracing(TracePolicy::FirstLine, None);
    let dialog = bench.route(1, "100");
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "503 Full", "x", "", ""));
    let trace = bench.endpoint.trace(dialog).unwrap();
    let remotes: Vec<_> = trace.iter().map(|entry| entry.remote).collect();
    assert!(remotes.contains(&addr(FIRST)) && remotes.contains(&addr(SECOND)), "{remotes:?}");
}

#[test]
fn collectors_see_every_message() {
    let mut bench = Bench::new();
    bench.endpoint.set_tracing(TracePolicy::Off, Some(TracePolicy::Masked));
    let options = Ask::invite("o").next("OPTIONS", 1).text();
    bench.udp(CARRIER, options);
    let shown: Vec<_> = std::mem::take(&mut bench.notices)
        .into_iter()
        .map(|notice| match notice {
            Notice::Message(entry) => entry,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(shown.len(), 2);
    let packet = hep_packet(&HepSource::default(), &shown[0]).unwrap();
    assert!(packet.starts_with(b"HEP3"));
}

#[test]
fn keys_and_proofs_reach_neither_traces_nor_collectors() {
    const KEY: &str = "inline:V2hhdCBubyB0cmFjZSBtYXkgaGF2ZSBpbiBpdCE";
    let mut bench = Bench::new();
    bench.endpoint.set_tracing(TracePolicy::Masked, Some(TracePolicy::Masked));
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"
    );
    let mut invite = Ask::invite("keys")
        .with("Authorization: Digest username=\"u\", response=\"0123456789abcdef\"")
        .with("Proxy-Authorization: Digest response=\"fedcba9876543210\"");
    invite.body = sdp;

    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.advance(200);
    let kept: Vec<_> = bench.endpoint.trace(dialog).unwrap().iter().cloned().collect();
    let shown = std::mem::take(&mut bench.notices).into_iter().filter_map(|notice| match notice {
        Notice::Message(entry) => Some(*entry),
        _ => None,
    });
    let entries: Vec<_> = kept.into_iter().chain(shown).collect();
    assert!(entries.len() >= 4, "{entries:?}");
    for entry in &entries {
        let packet = hep_packet(&HepSource::default(), entry).unwrap();
        let text = String::from_utf8_lossy(&packet);
        for secret in [KEY, "0123456789abcdef", "fedcba9876543210"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let whole = String::from_utf8_lossy(&entries[0].bytes);
    assert!(whole.contains("a=crypto:***") && whole.contains("Authorization: ***"), "{whole}");
}
