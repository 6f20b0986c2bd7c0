//! Our registrations with carriers: proven, refreshed, retried, kept open, taken away.

use crate::support::*;
use strowger_sip::*;

fn registering() -> Trunk {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.register = true;
    carrier.domain = Some("carrier.example".into());
    carrier.outbound = Some(Login { username: "acme".into(), password: "pw".into() });
    carrier
}

fn with(trunks: Vec<Trunk>) -> Directory {
    Directory::new(vec![domains(1, "acme.example")], vec![], trunks, None).unwrap()
}

fn bench() -> (Bench, String) {
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), with(vec![registering()]));
    bench.advance(600);
    let asked = bench.take_sent().remove(0);
    (bench, asked)
}

fn granted(asked: &str, expires: u32) -> String {
    let contact = header(asked, "Contact").unwrap();
    respond(asked, "200 OK", "c", &format!("Contact: {contact};expires={expires}\r\n"), "")
}

fn registers(bench: &mut Bench) -> Vec<String> {
    bench.take_sent().into_iter().filter(|text| text.starts_with("REGISTER")).collect()
}

#[test]
fn it_proves_itself_and_refreshes_in_time() {
    let (mut bench, asked) = bench();
    assert_eq!(first_line(&asked), "REGISTER sip:carrier.example SIP/2.0");
    assert_eq!(header(&asked, "To").unwrap(), "<sip:acme@carrier.example>");
    assert_eq!(header(&asked, "Contact").unwrap(), "<sip:acme@10.0.0.1:5060>");
    let challenge = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", qop=\"auth\"\r\n";
    bench.udp(CARRIER, respond(&asked, "401 Who", "c", challenge, ""));
    let proven = registers(&mut bench).remove(0);
    assert_eq!(header(&proven, "Call-ID"), header(&asked, "Call-ID"));
    assert!(header(&proven, "Authorization").unwrap().contains("uri=\"sip:carrier.example\""));
    bench.udp(CARRIER, granted(&proven, 200));
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::TrunkRegistered { ok: true, status: Some(200), .. }]));
    bench.advance(139_000);
    assert!(registers(&mut bench).is_empty());
    bench.advance(2_000);
    let refresh = registers(&mut bench).remove(0);
    bench.udp(CARRIER, granted(&refresh, 200));
    assert!(bench.take_events().is_empty(), "only changes are told");
}

#[test]
fn the_way_through_the_nat_is_kept_open() {
    let (mut bench, asked) = bench();
    bench.udp(CARRIER, granted(&asked, 300));
    bench.take_sent();
    bench.advance(100_500);
    let empty = bench.take_sent().iter().filter(|text| *text == "\r\n\r\n").count();
    assert_eq!(empty, 4);
}

#[test]
fn failures_are_retried_with_growing_pauses() {
    let (mut bench, mut asked) = bench();
    let mut pauses = Vec::new();
    for round in 0..12 {
        let before = bench.now;
        bench.udp(CARRIER, respond(&asked, "503 Full", "c", "", ""));
        let told = bench.take_events();
        assert_eq!(told.len(), usize::from(round == 0), "only changes are told");
        bench.take_sent();
        loop {
            bench.advance(100);
            if let Some(next) = registers(&mut bench).pop() {
                asked = next;
                break;
            }
        }
        pauses.push(bench.now.ms_since(before));
    }
    assert!(pauses[0] <= 2_100, "{pauses:?}");
    assert!(pauses[10] >= 150_000 && pauses.iter().all(|pause| *pause <= 300_100), "{pauses:?}");
    bench.udp(CARRIER, granted(&asked, 300));
    assert!(matches!(bench.take_events()[..], [SipEvent::TrunkRegistered { ok: true, .. }]));
}

#[test]
fn silence_is_a_failure_too() {
    let (mut bench, _) = bench();
    bench.advance(33_000);
    assert!(matches!(
        bench.take_events()[..],
        [SipEvent::TrunkRegistered { ok: false, status: None, .. }]
    ));
    bench.advance(2_100);
    assert!(!registers(&mut bench).is_empty());
}

#[test]
fn a_longer_interval_is_accepted() {
    let (mut bench, asked) = bench();
    assert_eq!(header(&asked, "Expires").unwrap(), "300");
    bench.udp(CARRIER, respond(&asked, "423 Brief", "c", "Min-Expires: 900\r\n", ""));
    assert_eq!(header(&registers(&mut bench)[0], "Expires").unwrap(), "900");
}

#[test]
fn wrong_credentials_do_not_loop() {
    let (mut bench, mut asked) = bench();
    let challenge = "WWW-Authenticate: Digest realm=\"c\", nonce=\"n\", qop=\"auth\"\r\n";
    let mut tries = 0;
    loop {
        bench.udp(CARRIER, respond(&asked, "401 Who", "c", challenge, ""));
        match registers(&mut bench).pop() {
            Some(next) => asked = next,
            None => break,
        }
        tries += 1;
        assert!(tries < 10);
    }
    assert!(matches!(
        bench.take_events()[..],
        [SipEvent::TrunkRegistered { ok: false, status: Some(401), .. }]
    ));
}

#[test]
fn a_removed_trunk_is_taken_away() {
    let (mut bench, asked) = bench();
    bench.udp(CARRIER, granted(&asked, 300));
    bench.take_sent();
    bench.take_events();
    bench.act(|endpoint, now| endpoint.set_directory(now, with(vec![]).into()));
    let last = registers(&mut bench).remove(0);
    assert_eq!(header(&last, "Expires").unwrap(), "0");
    assert!(matches!(bench.take_events()[..], [SipEvent::TrunkRegistered { ok: false, .. }]));
    bench.udp(CARRIER, respond(&last, "200 OK", "c", "", ""));
    bench.advance(1_000_000);
    assert!(bench.take_sent().is_empty(), "and forgotten");
    bench.assert_empty();
}

#[test]
fn a_name_is_called_where_it_resolves_to() {
    let mut named = registering();
    named.proxy.as_mut().unwrap().host = "sip.carrier.example".into();
    named.sources.clear();
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), with(vec![named]));
    bench.advance(1_000);
    assert!(bench.take_sent().is_empty(), "not resolved yet");
    assert!(matches!(bench.take_events()[..], [SipEvent::TrunkRegistered { ok: false, .. }]));
    let known = vec![addr("192.0.2.40:5060"), addr("192.0.2.41:5060")];
    bench.act(|endpoint, now| endpoint.set_trunk_addresses(now, trunk_id(1), known));
    bench.advance(1);
    assert_eq!(bench.sent[0].0, Hop::udp(addr("192.0.2.40:5060")));
    // What comes from the carrier we register with is its call.
    bench.udp("192.0.2.41:5060", Ask::invite("in").text());
    assert!(matches!(bench.incoming().source, Source::Trunk { trunk, .. } if trunk == trunk_id(1)));
}

#[test]
fn shutting_down_unregisters() {
    let (mut bench, asked) = bench();
    bench.udp(CARRIER, granted(&asked, 300));
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.unregister_trunks(now));
    assert_eq!(header(&registers(&mut bench)[0], "Expires").unwrap(), "0");
}
