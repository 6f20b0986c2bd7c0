//! Scanners and guessers are slowed, then not heard at all; carriers and
//! phones are.

use crate::support::*;
use std::net::IpAddr;
use strowger_sip::*;

const GUESSER: &str = "198.51.100.66:5060";

fn ip(of: &str) -> IpAddr {
    addr(of).ip()
}

/// One try at a password; the answer, if one came at once.
fn guess(bench: &mut Bench, number: u32, user: &str) -> Option<String> {
    let ask = register(&format!("g{number}"), 1, "<sip:x@198.51.100.66>", 300);
    // One late answer at a time: it waits for the one before.
    bench.advance(3_000);
    bench.sent.clear();
    bench.udp(GUESSER, ask.text());
    bench.advance(3_000);
    let challenge = bench.take_sent().pop()?;
    let offered = headers(&challenge, "WWW-Authenticate");
    let (login, uri) = ((user, "guess"), "sip:acme.example");
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", uri, 1);
    let again = ask.next("REGISTER", 2).with(&format!("Authorization: {proof}"));
    bench.udp(GUESSER, again.text());
    Some(bench.take_sent().pop().unwrap_or_default())
}

#[test]
fn a_password_guesser_is_slowed_then_banned_for_growing_times() {
    let mut bench = Bench::new();
    let answers: Vec<_> = (0..100).map_while(|n| guess(&mut bench, n, "201")).collect();
    assert!((10..30).contains(&answers.len()), "{}", answers.len());
    assert_eq!(first_line(&answers[0]), "SIP/2.0 403 Forbidden");
    assert_eq!(answers[6], "", "late by now");
    assert!(bench.count(Count::Slowed) > 0);
    let bans = bench.endpoint.bans(bench.now);
    assert_eq!((bans.len(), bans[0].source, bans[0].times), (1, ip(GUESSER), 1));
    assert_eq!(bans[0].offence, Offence::WrongPassword);
    assert!(matches!(&bench.notices[..], [Notice::Banned(ban)] if *ban == bans[0]));
    let banned = bench.count(Count::Banned);
    assert!(banned > 0);
    bench.udp(GUESSER, Ask::invite("x").text());
    assert!(bench.sent.is_empty());
    assert_eq!(bench.count(Count::Banned), banned + 1);
    // The right phone elsewhere does not notice.
    let own = register("own", 1, "<sip:201@203.0.113.9>", 300);
    assert_eq!(first_line(&bench.register(PHONE, &own)), "SIP/2.0 200 OK");
    assert!(bench.endpoint.unban(ip(GUESSER)));
    assert!(guess(&mut bench, 500, "201").is_some());
}

#[test]
fn user_names_that_do_not_exist_are_counted_apart() {
    let mut bench = Bench::new();
    let answer = guess(&mut bench, 1, "nobody").unwrap();
    assert_eq!(first_line(&answer), "SIP/2.0 403 Forbidden", "and look the same from outside");
    let (unknown, wrong) = (bench.count(Count::UnknownUser), bench.count(Count::WrongCredentials));
    assert_eq!((unknown, wrong), (1, 1));
}

#[test]
fn a_scanner_gets_no_answer_at_all() {
    let mut bench = Bench::new();
    let scan = Ask::invite("s").next("OPTIONS", 1).with("User-Agent: friendly-scanner");
    bench.udp(GUESSER, scan.text());
    bench.udp(GUESSER, Ask::invite("s2").next("OPTIONS", 1).text());
    assert!(bench.sent.is_empty());
    assert_eq!((bench.count(Count::Scanner), bench.count(Count::Banned)), (1, 1));
    // Whoever writes our carrier's address into its datagrams has it not banned.
    bench.udp(CARRIER, scan.text());
    assert_eq!(first_line(&bench.take_sent()[0]), "SIP/2.0 200 OK");
}

#[test]
fn a_flood_of_junk_is_not_looked_at() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.udp(GUESSER, "INVITE nonsense");
    }
    assert_eq!((bench.count(Count::Junk), bench.count(Count::Banned)), (20, 80));
    for _ in 0..100 {
        bench.udp(CARRIER, "INVITE nonsense");
    }
    bench.udp(CARRIER, Ask::invite("real").text());
    bench.incoming();
}

#[test]
fn a_banned_stream_is_closed() {
    let mut bench = Bench::new();
    bench.act(|endpoint, now| endpoint.ban(now, ip(GUESSER), 60));
    bench.packet(Hop::tcp(addr(GUESSER), Some(ConnectionId(4))), "OPTIONS ");
    assert_eq!(bench.closed, [ConnectionId(4)]);
    bench.advance(60_001);
    let options = Ask::invite("o").next("OPTIONS", 1).text();
    assert_eq!(first_line(&bench.ask(GUESSER, &options)), "SIP/2.0 200 OK");
}

#[test]
fn networks_that_are_never_banned_are_not() {
    let mut bench = Bench::new();
    let never = vec!["198.51.100.0/24".parse().unwrap()];
    bench.endpoint.set_guard(GuardRules { never, ..GuardRules::default() });
    for number in 0..50 {
        assert!(guess(&mut bench, number, "201").is_some_and(|answer| !answer.is_empty()));
    }
    assert!(bench.endpoint.bans(bench.now).is_empty());
}

#[test]
fn a_captured_proof_is_good_for_nothing() {
    let mut bench = Bench::new();
    let ask = register("own", 1, "<sip:201@203.0.113.9>", 300);
    let challenge = bench.ask(PHONE, &ask.text());
    let offered = headers(&challenge, "WWW-Authenticate");
    let login = ("201", "s3cret");
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", "sip:acme.example", 1);
    let own = ask.next("REGISTER", 2).with(&format!("Authorization: {proof}"));
    assert_eq!(first_line(&bench.ask(PHONE, &own.text())), "SIP/2.0 200 OK");
    // From elsewhere, in a request of its own.
    let mut stolen = register("stolen", 9, "<sip:201@198.51.100.66>", 300);
    stolen = stolen.with(&format!("Authorization: {proof}"));
    let answer = bench.ask(GUESSER, &stolen.text());
    assert_eq!(first_line(&answer), "SIP/2.0 401 Unauthorized");
    assert!(headers(&answer, "WWW-Authenticate")[0].contains("stale=true"));
    // The count is part of what is proven.
    let counted = stolen.text().replace("nc=00000001", "nc=00000002").replace("stolen", "other");
    assert_eq!(first_line(&bench.ask(GUESSER, &counted)), "SIP/2.0 403 Forbidden");
    // Old age ends it too, for the phone itself.
    bench.advance(limits::NONCE_LIFETIME_MS + 1);
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", "sip:acme.example", 2);
    let late = ask.next("REGISTER", 3).with(&format!("Authorization: {proof}"));
    assert!(headers(&bench.ask(PHONE, &late.text()), "WWW-Authenticate")[0].contains("stale=true"));
}
