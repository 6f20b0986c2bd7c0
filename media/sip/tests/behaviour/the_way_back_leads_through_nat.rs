//! Responses and later requests find phones behind NATs.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

#[test]
fn responses_go_where_the_request_came_from() {
    for (via, remote, stamped) in [
        (
            "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bKx",
            PHONE,
            ";received=203.0.113.9;rport=40001",
        ),
        (
            "SIP/2.0/UDP 192.168.1.5:5070;branch=z9hG4bKx",
            "203.0.113.9:5070",
            ";received=203.0.113.9",
        ),
        ("SIP/2.0/UDP phone.local;branch=z9hG4bKx", "203.0.113.9:5060", ";received=203.0.113.9"),
    ] {
        let mut bench = Bench::new();
        let mut options = Ask::invite("o").next("OPTIONS", 1);
        options.via = via.into();
        bench.udp(PHONE, options.text());
        let (hop, answer) = bench.sent.pop().unwrap();
        assert_eq!(hop, Hop::udp(addr(remote)));
        assert!(header(&answer, "Via").unwrap().ends_with(stamped), "{answer}");
    }
}

#[test]
fn a_maddr_does_not_aim_us_at_others() {
    let mut bench = Bench::new();
    let mut options = Ask::invite("o").next("OPTIONS", 1);
    options.via = "SIP/2.0/UDP 203.0.113.9:5060;maddr=198.51.100.1;branch=z9hG4bKx".into();
    bench.udp(PHONE, options.text());
    assert_eq!(bench.sent[0].0.remote.ip(), addr(PHONE).ip());
}

#[test]
fn a_phones_call_is_hung_up_where_the_phone_was_seen() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("p");
    invite.uri = "sip:9001@acme.example".into();
    invite.from = "<sip:201@acme.example>;tag=p".into();
    invite.via = "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-p-1".into();
    invite.extra = "Contact: <sip:201@192.168.1.5:5060>\r\n".into();
    let challenge = bench.ask(PHONE, &invite.text());
    let proof = authorize(
        &headers(&challenge, "Proxy-Authenticate")[0],
        Algorithm::Sha256,
        ("201", "s3cret"),
        "INVITE",
        &invite.uri,
        1,
    );
    let mut again = invite.next("INVITE", 2).with(&format!("Proxy-Authorization: {proof}"));
    again.body = invite.body.clone();
    bench.udp(PHONE, again.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(PHONE, again.next("ACK", 2).tagged(&ok).text());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let (hop, bye) = bench.sent.pop().unwrap();
    assert_eq!(hop, Hop::udp(addr(PHONE)));
    assert_eq!(first_line(&bye), "BYE sip:201@192.168.1.5:5060 SIP/2.0");
}
