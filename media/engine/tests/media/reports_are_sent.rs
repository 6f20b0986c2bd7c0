use crate::support::{Phone, engine, prompt};
use strowger_engine::media::{Clip, Law, MediaEventKind};
use strowger_rtp::rtcp::{Inbound, MAX_COMPOUND, Outbound, SenderInfo};

#[test]
fn a_leg_reports_what_it_sent_and_heard_and_says_goodbye() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    for number in [10, 11, 13] {
        phone.say(0, number, u32::from(number) * 160, &[1; 160]);
    }
    phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    // Their report, which ours will answer.
    let theirs = Outbound {
        ssrc: phone.ssrc,
        sender: Some(SenderInfo { ntp: 0x1111_2222_3333_4444, ..SenderInfo::default() }),
        block: None,
        cname: "phone",
        goodbye: false,
    };
    let mut bytes = [0; MAX_COMPOUND];
    let length = theirs.write(&mut bytes);
    let mut to = phone.leg.local_address();
    to.set_port(to.port() + 1);
    phone.rtcp.send_to(&bytes[..length], to).unwrap();
    phone.leg.play(1, vec![Clip::Prompt(prompt(4))], 1).unwrap();
    phone.event(|kind| matches!(kind, MediaEventKind::PlayEnded { .. }).then_some(()));
    phone.leg.close();
    let report = loop {
        let mut bytes = [0; 1_500];
        let length = phone.rtcp.recv(&mut bytes).expect("no report came");
        let report = Inbound::parse(&bytes[..length], phone.ssrc).unwrap();
        if report.goodbye {
            break report;
        }
    };
    let (_, sent) = report.sender.expect("a sender report");
    assert!(sent.packets >= 4 && sent.octets == sent.packets * 160, "{sent:?}");
    let about_us = report.about_us.expect("a block about the phone");
    assert_eq!(about_us.report.cumulative_lost, 1);
    assert_eq!(about_us.report.highest_sequence, 13);
    assert_eq!(about_us.last_report, 0x2222_3333);
    phone.event_channel_closed();
    let stats = phone.leg.stats();
    assert_eq!((stats.received, stats.lost), (3, 1));
    assert!(stats.sent >= 4);
    assert!(stats.mean_opinion_score() < 4.0, "a quarter was lost");
}

#[test]
fn a_report_comes_every_few_seconds() {
    let engine = engine();
    let phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.say(0, 1, 160, &[1; 160]);
    let mut bytes = [0; 1_500];
    let length = phone.rtcp.recv(&mut bytes).expect("no report came");
    let report = Inbound::parse(&bytes[..length], phone.ssrc).unwrap();
    assert!(!report.goodbye);
    assert_eq!(report.about_us.map(|block| block.report.highest_sequence), Some(1));
}
