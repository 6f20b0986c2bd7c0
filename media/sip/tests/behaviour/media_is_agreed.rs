//! Offers and answers beyond plain G.711: more codecs, encryption, RTCP, packet times.

use crate::support::{Ask, Bench, CARRIER, addr, first_line, header, media, sdp};
use std::sync::Arc;
use strowger_sip::*;

const EVERYTHING: [Codec; 5] = [Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu, Codec::G729];
const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

fn local(codecs: &[Codec]) -> LocalMedia {
    LocalMedia { codecs: codecs.to_vec(), ..media(6000) }
}

fn key(suite: &str, key: &str) -> SrtpKey {
    SrtpKey { suite: suite.into(), key: key.into() }
}

fn with(options: MediaOptions, security: Security) -> Session {
    let mut session = Session::new(7);
    session.restrict(&EVERYTHING, security);
    session.set_options(options);
    session
}

fn offer(line: &str, attributes: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n{line}\r\n{attributes}"
    )
}

/// What a browser or a modern phone offers.
fn rich() -> String {
    offer(
        "m=audio 4000 RTP/AVP 96 9 8 18 13 101 102",
        "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\na=rtpmap:9 G722/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n\
         a=fmtp:18 annexb=yes\r\na=x-unknown:yes\r\na=maxptime:40\r\na=ptime:60\r\n",
    )
}

fn answer(session: &mut Session, offer: &str, codecs: &[Codec]) -> (String, Negotiated) {
    session.take_offer(offer.as_bytes()).unwrap();
    session.answer(&local(codecs)).unwrap()
}

#[test]
fn the_common_codec_is_picked_by_whose_order_it_is_told() {
    let backwards = [Codec::Pcma, Codec::G722, Codec::Opus];
    for (order, expected) in
        [(CodecOrder::Offerer, Codec::Opus), (CodecOrder::Answerer, Codec::Pcma)]
    {
        let options = MediaOptions { order, ..MediaOptions::default() };
        let (_, agreed) = answer(&mut with(options, Security::Plain), &rich(), &backwards);
        assert_eq!(agreed.codec, expected);
    }
}

#[test]
fn opus_keeps_the_offers_number_and_its_own_clock() {
    let (text, agreed) = answer(&mut Session::new(7), &rich(), &EVERYTHING);
    assert_eq!((agreed.codec, agreed.payload_out, agreed.payload_in), (Codec::Opus, 96, 96));
    assert_eq!((agreed.dtmf_payload, agreed.dtmf_clock_hz), (Some(102), 48_000));
    assert_eq!(agreed.parameters.as_deref(), Some("useinbandfec=1"));
    assert_eq!(agreed.ptime_ms, 40, "60 is more than it takes");
    assert!(text.contains("m=audio 6000 RTP/AVP 96 102\r\n"), "{text}");
    assert!(text.contains("a=rtpmap:96 opus/48000/2\r\n"));
    assert!(text.contains("a=rtpmap:102 telephone-event/48000\r\n"));
}

#[test]
fn g729_is_answered_without_annex_b_and_g722_with_its_odd_clock() {
    let (text, agreed) = answer(&mut Session::new(7), &rich(), &[Codec::G729]);
    assert_eq!((agreed.codec, agreed.dtmf_payload), (Codec::G729, Some(101)));
    assert!(text.contains("a=fmtp:18 annexb=no\r\n"));
    let options = MediaOptions { comfort_noise: true, ..MediaOptions::default() };
    let (text, agreed) = answer(&mut with(options, Security::Plain), &rich(), &[Codec::G722]);
    assert!(agreed.comfort_noise);
    assert!(text.contains("m=audio 6000 RTP/AVP 9 13 101\r\n"), "{text}");
    assert!(text.contains("a=rtpmap:9 G722/8000\r\n"));
    let odd = rich().replace("G722/8000", "G722/16000");
    assert_eq!(
        Session::new(1).take_offer(odd.as_bytes()).unwrap().codecs,
        [Codec::Opus, Codec::Pcma, Codec::G729]
    );
}

#[test]
fn ours_offers_everything_and_reads_what_is_chosen() {
    let options = MediaOptions {
        ptime_ms: 30,
        maxptime_ms: Some(60),
        rtcp_mux: true,
        rtcp_port: Some(6003),
        comfort_noise: true,
        ..MediaOptions::default()
    };
    let mut session = with(options, Security::Plain);
    let text = session.offer(&local(&EVERYTHING)).unwrap();
    for line in [
        "m=audio 6000 RTP/AVP 111 9 8 0 18 13 101 110",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:110 telephone-event/48000",
        "a=ptime:30",
        "a=maxptime:60",
        "a=rtcp:6003",
        "a=rtcp-mux",
    ] {
        assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
    }
    let theirs = offer(
        "m=audio 4000 RTP/AVP 97 98",
        "a=rtpmap:97 opus/48000/2\r\na=rtpmap:98 telephone-event/48000\r\na=rtcp:4077 IN IP4 10.0.0.9\r\n",
    );
    let agreed = session.take_answer(theirs.as_bytes()).unwrap();
    assert_eq!((agreed.payload_out, agreed.payload_in), (97, 111));
    assert_eq!((agreed.dtmf_payload, agreed.dtmf_payload_in), (Some(98), Some(110)));
    assert!(!agreed.rtcp_mux && !agreed.comfort_noise);
    assert_eq!(agreed.rtcp, addr("10.0.0.9:4077"));
    // The numbers stay, the version grows only with a change.
    let again = session.offer(&local(&EVERYTHING)).unwrap();
    assert_eq!(again, text);
    let muxed = session.take_answer(theirs.replace("a=rtcp:", "a=rtcp-mux\r\na=x:").as_bytes());
    assert_eq!(muxed.unwrap().rtcp, addr("10.0.0.2:4000"));
}

fn secure_offer() -> String {
    offer(
        "m=audio 4000 RTP/SAVP 8 101",
        "a=rtpmap:101 telephone-event/8000\r\na=crypto:1 F8_128_HMAC_SHA1_80 inline:f8\r\n\
         a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:theirs|2^20|1:4\r\n\
         a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:short UNENCRYPTED_SRTP\r\n",
    )
}

fn keyed() -> MediaOptions {
    MediaOptions {
        keys: vec![key("AEAD_AES_128_GCM", "gcm"), key(SUITE, "ours")],
        ..MediaOptions::default()
    }
}

#[test]
fn an_encrypted_offer_is_answered_with_its_tag_and_our_key() {
    for security in [Security::Allowed, Security::Required] {
        let (text, agreed) = answer(&mut with(keyed(), security), &secure_offer(), &Codec::ALL);
        let srtp = agreed.srtp.unwrap();
        assert_eq!((srtp.ours, srtp.theirs), (key(SUITE, "ours"), key(SUITE, "theirs")));
        assert!(text.contains("m=audio 6000 RTP/SAVP 8 101\r\n"));
        assert_eq!(text.matches("a=crypto:").count(), 1);
        assert!(text.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:ours\r\n"), "{text}");
    }
    let mut without = with(MediaOptions::default(), Security::Allowed);
    without.take_offer(secure_offer().as_bytes()).unwrap();
    assert_eq!(without.answer(&local(&Codec::ALL)), Err(SessionError::NoKey));
}

#[test]
fn policy_says_whether_encryption_may_or_must_be() {
    let plain = sdp("10.0.0.2", 4000, "");
    let refused =
        |security, offer: &str| with(keyed(), security).take_offer(offer.as_bytes()).err();
    assert_eq!(refused(Security::Plain, &secure_offer()), Some(SessionError::NoCommonCodec));
    assert_eq!(refused(Security::Required, &plain), Some(SessionError::NotSecure));
    assert_eq!(refused(Security::Allowed, &plain), None);
    // Of two lines the encrypted one is taken where it may be.
    let both = format!("{plain}m=audio 4002 RTP/SAVP 8\r\na=crypto:1 {SUITE} inline:theirs\r\n");
    let (text, _) = answer(&mut with(keyed(), Security::Allowed), &both, &Codec::ALL);
    assert!(text.contains("m=audio 0 RTP/AVP 0 8 101") && text.contains("m=audio 6000 RTP/SAVP 8"));
    let (text, _) = answer(&mut Session::new(7), &both, &Codec::ALL);
    assert!(text.contains("m=audio 6000 RTP/AVP") && text.contains("m=audio 0 RTP/SAVP 8"));
}

#[test]
fn our_encrypted_offer_takes_no_plain_answer() {
    let mut session = with(keyed(), Security::Required);
    let text = session.offer(&local(&Codec::ALL)).unwrap();
    assert!(text.contains("RTP/SAVP 8 0 101\r\n"));
    assert!(text.contains("a=crypto:1 AEAD_AES_128_GCM inline:gcm\r\n"));
    assert!(text.contains(&format!("a=crypto:2 {SUITE} inline:ours\r\n")));
    let plain = sdp("10.0.0.2", 4000, "");
    assert_eq!(session.take_answer(plain.as_bytes()), Err(SessionError::NotSecure));
    let wrong = offer("m=audio 4000 RTP/SAVP 8", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:x\r\n");
    assert_eq!(session.take_answer(wrong.as_bytes()), Err(SessionError::NoKey));
    let good = offer("m=audio 4000 RTP/SAVP 8", &format!("a=crypto:2 {SUITE} inline:x\r\n"));
    let srtp = session.take_answer(good.as_bytes()).unwrap().srtp.unwrap();
    assert_eq!((srtp.ours.key.as_str(), srtp.theirs.key.as_str()), ("ours", "x"));
    // A hold stays encrypted.
    session.want(Direction::SendOnly);
    assert!(session.offer(&local(&Codec::ALL)).unwrap().contains("RTP/SAVP"));
    let mut keyless = with(MediaOptions::default(), Security::Required);
    assert_eq!(keyless.offer(&local(&Codec::ALL)), Err(SessionError::NoKey));
}

#[test]
fn keys_on_a_plain_line_are_offered_and_need_not_be_taken() {
    let offered = || with(keyed(), Security::Offered);
    let mut session = offered();
    let text = session.offer(&local(&Codec::ALL)).unwrap();
    assert!(text.contains("RTP/AVP 8 0 101\r\n"), "{text}");
    assert!(text.contains(&format!("a=crypto:2 {SUITE} inline:ours\r\n")));
    let keys = offer("m=audio 4000 RTP/AVP 8", &format!("a=crypto:2 {SUITE} inline:x\r\n"));
    let srtp = session.take_answer(keys.as_bytes()).unwrap().srtp.unwrap();
    assert_eq!((srtp.ours.key.as_str(), srtp.theirs.key.as_str()), ("ours", "x"));
    let again = session.offer(&local(&Codec::ALL)).unwrap();
    assert!(again.contains("RTP/AVP") && again.contains("a=crypto:"), "{again}");

    let plain = sdp("10.0.0.2", 4000, "");
    let mut session = offered();
    session.offer(&local(&Codec::ALL)).unwrap();
    assert_eq!(session.take_answer(plain.as_bytes()).unwrap().srtp, None);
    let mut keyless = with(MediaOptions::default(), Security::Offered);
    assert!(!keyless.offer(&local(&Codec::ALL)).unwrap().contains("a=crypto:"));
}

#[test]
fn keys_on_a_plain_line_of_theirs_are_taken_where_they_may_be() {
    let theirs = offer("m=audio 4000 RTP/AVP 8", &format!("a=crypto:4 {SUITE} inline:x\r\n"));
    let agreed = |options, security| answer(&mut with(options, security), &theirs, &Codec::ALL);
    let (text, taken) = agreed(keyed(), Security::Offered);
    assert!(taken.srtp.is_some() && text.contains("a=crypto:4 "), "{text}");
    assert!(text.contains("RTP/AVP 8"), "{text}");
    for (options, security) in [
        (keyed(), Security::Plain),
        (keyed(), Security::Allowed),
        (MediaOptions::default(), Security::Offered),
    ] {
        let (text, plain) = agreed(options, security);
        assert!(plain.srtp.is_none() && !text.contains("a=crypto"), "{security:?}: {text}");
    }
    let (text, secure) =
        answer(&mut with(keyed(), Security::Offered), &secure_offer(), &Codec::ALL);
    assert!(secure.srtp.is_some() && text.contains("RTP/SAVP"), "{text}");
}

#[test]
fn a_trunks_codecs_go_before_the_legs() {
    let preferring = || {
        let mut session = Session::new(7);
        session.prefer(&[Codec::G722, Codec::Pcmu]);
        session
    };
    let all = [Codec::Pcma, Codec::Opus, Codec::Pcmu, Codec::G722];
    let text = preferring().offer(&local(&all)).unwrap();
    assert!(text.contains("m=audio 6000 RTP/AVP 9 0 101\r\n"), "{text}");
    let (_, agreed) = answer(&mut preferring(), &rich(), &all);
    assert_eq!(agreed.codec, Codec::G722, "before the offer's opus");
    assert_eq!(
        preferring().offer(&local(&[Codec::Pcma])),
        Err(SessionError::NoCommonCodec),
        "nothing is left to speak"
    );
}

#[test]
fn keys_do_not_show_in_logs() {
    assert!(!format!("{:?}", key(SUITE, "s3cret")).contains("s3cret"));
}

#[test]
fn a_trunk_that_demands_encryption_refuses_the_rest_with_488() {
    let mut bench = Bench::new();
    let leg = LegPolicy { security: Security::Required, ..LegPolicy::default() };
    let policies = Policies { other_trunks: leg, ..Policies::default() };
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    let answer = bench.ask(CARRIER, &Ask::invite("plain").text());
    assert_eq!(first_line(&answer), "SIP/2.0 488 Not Acceptable Here");
    assert!(header(&answer, "Warning").unwrap().contains("encrypted"));
    let mut invite = Ask::invite("secure");
    invite.body = secure_offer();
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| {
        endpoint.set_media_options(dialog, keyed());
        endpoint.answer(now, dialog, &media(6000));
    });
    let ok = bench.take_sent().pop().unwrap();
    assert!(ok.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:ours"));
}

#[test]
fn addresses_of_either_family_may_stand_at_any_level() {
    let text = "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 8\r\nc=IN IP6 2001:db8::2\r\n";
    let media = Session::new(1).take_offer(text.as_bytes()).unwrap();
    assert_eq!(media.address, addr("[2001:db8::2]:4000"));
    assert_eq!(media.rtcp, addr("[2001:db8::2]:4001"));
    let mut session = Session::new(2);
    let ours = LocalMedia { address: addr("[2001:db8::9]:6000"), ..local(&Codec::ALL) };
    assert!(session.offer(&ours).unwrap().contains("c=IN IP6 2001:db8::9\r\n"));
}
