//! The way back through NAT, registrations of ours, and what is full.

use super::{THEY_HANG_UP, WE_HANG_UP};
use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use crate::relay::Road;

/// A phone that knows only its address behind the NAT.
const REGISTERS: &str = "
> REGISTER
  uri sip:acme.test
  from <sip:201@acme.test>;tag=[pid]d1[call_number]
  to <sip:201@acme.test>
  via 192.0.2.66:5060;rport
  contact <sip:201@192.0.2.66:5060>
  Expires: 300
< 401
  ~ rport={us}
> REGISTER
  from <sip:201@acme.test>;tag=[pid]d1[call_number]
  to <sip:201@acme.test>
  via 192.0.2.66:5060;rport
  contact <sip:201@192.0.2.66:5060>
  Expires: 300
  [authentication]
< 200
";

fn behind_nat(case: &mut Case) {
    case.phone = Some(REGISTERS);
    case.roads = Road::DATAGRAMS;
}

fn ways_back() -> Vec<Case> {
    let symmetric = format!(
        "> INVITE\n via 127.0.0.1:9;rport\n sdp\n < 200\n ~ Via: *SIP/2.0/UDP 127.0.0.1:9;[^: ]*rport={{us}}\n \
         ~ Via: *SIP/2.0/UDP 127.0.0.1:9;[^: ]*received=127.0.0.1\n > ACK\n{THEY_HANG_UP}"
    );
    let phone_calls = format!(
        "
        > INVITE
          uri sip:100@acme.test
          from <sip:201@acme.test>;tag=[pid]d1[call_number]
          to <sip:100@acme.test>
          via 192.0.2.66:5060;rport
          contact <sip:201@192.0.2.66:5060>
          sdp
        < 407
        > ACK
          via 192.0.2.66:5060;rport
        > INVITE
          from <sip:201@acme.test>;tag=[pid]d1[call_number]
          to <sip:100@acme.test>
          via 192.0.2.66:5060;rport
          contact <sip:201@192.0.2.66:5060>
          [authentication]
          sdp
        < 200
        > ACK
          via 192.0.2.66:5060;rport
        {WE_HANG_UP}"
    );
    let phone_called = "
        < INVITE
          ~ ^INVITE sip:201@192.0.2.66:5060
        > 180
          contact <sip:201@192.0.2.66:5060>
        > 200
          contact <sip:201@192.0.2.66:5060>
          sdp
        < ACK
        < BYE
        > 200";
    vec![
        case("answers go back where requests came from", &symmetric)
            .on("incoming from 200 to 100", &[Ring, Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[])
            .but(|case| case.roads = Road::DATAGRAMS),
        case("a phone behind NAT calls", &phone_calls)
            .on("incoming from 201 to 100", &[Ring, Answer])
            .on("answered SendRecv", &[HangUp])
            .on("hung up by Us", &[])
            .but(behind_nat),
        case("a phone behind NAT is called", phone_called)
            .on("?ringing", &[])
            .on("answered SendRecv", &[HangUp])
            .on("hung up by Us", &[])
            .but(behind_nat),
    ]
}

fn registrations() -> Vec<Case> {
    let challenge = "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n\", algorithm=MD5";
    let round = format!(
        "
        < REGISTER
          ~ Contact: *<sip:line@
        > 401
          {challenge}
        < REGISTER
          verify
        > 200
          Contact: <sip:line@127.0.0.1:{{server}}>;expires=60
        "
    );
    vec![case("we register and refresh", &round.repeat(2)).on("registered true", &[]).but(|case| {
        case.register = true;
        // 60 s are granted: refreshed after 30, of which each lasts 1/15.
        case.pace = 15;
        case.calls = 1;
    })]
}

fn full() -> Vec<Case> {
    vec![
        case("we are full", "> INVITE\n sdp\n < 503\n ~ Retry-After: *[1-9]\n > ACK").but(|case| {
            case.limits.calls = 0;
            case.calls = 10;
        }),
        case("they are full", "< INVITE\n > 503\n Retry-After: 5\n < ACK").on("failed 503", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_finds_its_way() {
    let groups = [ways_back(), registrations(), full()];
    run_all(groups.into_iter().flatten().collect()).await;
}
