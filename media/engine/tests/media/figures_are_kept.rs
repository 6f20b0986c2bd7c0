use crate::support::{Phone, engine};
use strowger_engine::media::{Codec, ConferenceSpec, Join, LegStats, MediaEngine, TranscodedLegs};

/// Waits on the calling thread; the leg ends by itself.
fn ended(phone: &Phone) -> LegStats {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(phone.leg.ended())
}

fn say_with_a_gap(from: &Phone) {
    for number in [1_u16, 2, 5, 4, 6] {
        from.say(0, number, u32::from(number) * 160, &[number as u8; 160]);
    }
}

#[test]
fn the_last_figures_of_a_leg_hold_both_directions() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut b = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    b.settle();
    say_with_a_gap(&a);
    for _ in 0..5 {
        while b.hear().payload[0] == 0xff {}
    }
    a.leg.close();
    let heard = ended(&a);
    assert_eq!((heard.codec, heard.peer_codec), (Some(Codec::Pcmu), Some(Codec::Pcmu)));
    assert!(!heard.transcoding && heard.srtp.is_none());
    assert_eq!((heard.received, heard.received_bytes), (5, 800));
    assert_eq!((heard.lost, heard.reordered), (1, 1));
    assert!(heard.rating() < 60.0, "a sixth was lost: {}", heard.rating());
    b.leg.close();
    let said = ended(&b);
    assert!(said.sent >= 5 && said.sent_bytes == 160 * u64::from(said.sent));
    assert_eq!(ended(&b), said, "who asks later is told as well");
}

#[test]
fn a_bridge_between_codecs_is_told_as_one() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    let b = Phone::talking(&engine, 3, Codec::Opus);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    say_with_a_gap(&a);
    for _ in 0..20 {
        b.hear();
    }
    a.leg.close();
    let figures = ended(&a);
    assert!(figures.transcoding);
    assert_eq!(figures.peer_codec, Some(Codec::Opus));
    assert!(figures.concealed > 0, "the lost packet was replaced");
}

/// The legs transcoded now, with their codecs.
fn transcoded(engine: &MediaEngine) -> Vec<(Codec, Option<Codec>, u64)> {
    let counted = |TranscodedLegs { codec, peer, legs }| (codec, peer, legs);
    engine.handle().transcoded().into_iter().map(counted).collect()
}

#[test]
fn legs_are_counted_while_they_are_transcoded() {
    let engine = engine();
    let codecs = [Codec::Pcmu, Codec::Opus, Codec::Pcma];
    let mut phones = codecs.map(|codec| Phone::talking(&engine, 3, codec));
    let settle = |phones: &mut [Phone]| phones.iter_mut().for_each(Phone::settle);
    phones[0].leg.bridge(&phones[2].leg).unwrap();
    settle(&mut phones);
    assert_eq!(transcoded(&engine), [], "between the laws byte by byte");

    phones[0].leg.bridge(&phones[1].leg).unwrap();
    settle(&mut phones);
    let pair = [(Codec::Pcmu, Some(Codec::Opus), 1), (Codec::Opus, Some(Codec::Pcmu), 1)];
    assert_eq!(transcoded(&engine), pair);
    phones[1].negotiate(Codec::G722, |_| {});
    settle(&mut phones);
    let pair = [(Codec::Pcmu, Some(Codec::G722), 1), (Codec::G722, Some(Codec::Pcmu), 1)];
    assert_eq!(transcoded(&engine), pair);

    let (events, _receiver) = tokio::sync::mpsc::channel(16);
    let spec = ConferenceSpec { events, tag: 3, group: 3 };
    let conference = engine.handle().conference(spec).unwrap();
    for phone in &phones {
        conference.join(&phone.leg, Join::default()).unwrap();
    }
    settle(&mut phones);
    let mixed = [(Codec::Pcmu, None, 1), (Codec::Pcma, None, 1), (Codec::G722, None, 1)];
    assert_eq!(transcoded(&engine), mixed);
    conference.leave(&phones[1].leg).unwrap();
    settle(&mut phones);
    assert_eq!(transcoded(&engine), [], "those left are bridged, one is alone");
    phones[0].leg.bridge(&phones[2].leg).unwrap();

    phones[0].leg.bridge(&phones[1].leg).unwrap();
    settle(&mut phones);
    assert_eq!(transcoded(&engine).len(), 2);
    phones[0].leg.close();
    ended(&phones[0]);
    phones[1].settle();
    assert_eq!(transcoded(&engine), [], "one leg has ended, the other is alone");
}

#[test]
fn what_the_other_side_reports_is_kept() {
    use strowger_rtp::reception::Report;
    use strowger_rtp::rtcp::{Block, MAX_COMPOUND, Outbound};
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    a.say(0, 1, 160, &[1; 160]);
    let ssrc = a.hear().header.ssrc;
    a.settle();
    let report = Report { fraction_lost: 64, cumulative_lost: 3, highest_sequence: 9, jitter: 80 };
    let block = Some(Block { ssrc, report, last_report: 0, delay: 0 });
    let outbound = Outbound { ssrc: 1, sender: None, block, cname: "phone", goodbye: false };
    let mut compound = [0; MAX_COMPOUND];
    let length = outbound.write(&mut compound);
    let rtp = a.leg.local_address();
    let rtcp = std::net::SocketAddr::new(rtp.ip(), rtp.port() + 1);
    a.rtcp.send_to(&compound[..length], rtcp).unwrap();
    a.settle();
    a.leg.close();
    let figures = ended(&a);
    assert_eq!((figures.remote_fraction_lost, figures.remote_lost), (Some(64), Some(3)));
    assert_eq!(figures.remote_jitter_ms, Some(10));
    assert!(figures.sent_mean_opinion_score().unwrap() < figures.mean_opinion_score());
}
