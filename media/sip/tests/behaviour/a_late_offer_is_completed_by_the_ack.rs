//! An INVITE without an offer: ours goes in the 200, theirs comes in the ACK.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn late() -> (Bench, DialogKey, Ask, String) {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("late");
    invite.body.clear();
    bench.udp(CARRIER, invite.text());
    let incoming = bench.incoming();
    assert_eq!(incoming.offer, None);
    let dialog = incoming.dialog;
    bench.act(|endpoint, now| {
        endpoint.early_media(now, dialog, &media(6000));
        endpoint.answer(now, dialog, &media(6000));
    });
    let sent = bench.take_sent();
    assert_eq!(first_line(&sent[0]), "SIP/2.0 180 Ringing", "no media without an offer");
    let ok = sent[1].clone();
    assert!(body(&ok).contains("m=audio 6000 RTP/AVP 8 0 101"));
    bench.events.retain(|event| !matches!(event, SipEvent::Incoming(_)));
    assert!(bench.take_events().is_empty(), "not answered before the ACK");
    (bench, dialog, invite, ok)
}

#[test]
fn the_ack_completes_it() {
    let (mut bench, dialog, invite, ok) = late();
    let mut ack = invite.next("ACK", 1).tagged(&ok);
    ack.body = sdp("10.0.0.2", 4000, "").replace("0 8 101", "0 96").replace(":101 ", ":96 ");
    bench.udp(CARRIER, ack.text());
    let events = bench.take_events();
    let [SipEvent::Answered { media, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(media.codec, Codec::Pcmu);
    assert_eq!(media.dtmf_payload, Some(96), "what they want to be sent");
    assert_eq!(media.dtmf_payload_in, Some(101), "what we offered");
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn an_ack_without_a_usable_answer_ends_the_call() {
    for answer in ["", "v=0\r\n"] {
        let (mut bench, _, invite, ok) = late();
        let mut ack = invite.next("ACK", 1).tagged(&ok);
        ack.body = answer.into();
        bench.udp(CARRIER, ack.text());
        let events = bench.take_events();
        assert!(
            matches!(events[..], [SipEvent::HungUp { cause: Cause::NoCommonCodec, .. }]),
            "{events:?}"
        );
        assert!(bench.take_lines()[0].starts_with("BYE "));
        bench.assert_empty();
    }
}
