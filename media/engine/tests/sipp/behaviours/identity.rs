//! Who calls, in every way of saying it, and that one leg shows nothing of
//! another.

use super::{THEY_HANG_UP, WE_HANG_UP};
use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use strowger_sip::Assertion;

fn they_say(name: &str, invite: &str, event: &'static str) -> Case {
    let script = format!(
        "> INVITE\n {invite}\n sdp\n < 200\n > ACK\n uri sip:100@127.0.0.1:{{server}}\n{THEY_HANG_UP}"
    );
    case(name, &script).on(event, &[Answer]).on("answered SendRecv", &[]).on("hung up by Them", &[])
}

fn we_say(name: &str, invite: &str) -> Case {
    let script = format!("< INVITE\n {invite}\n > 200\n sdp\n < ACK\n{WE_HANG_UP}");
    case(name, &script).on("answered SendRecv", &[HangUp]).on("hung up by Us", &[])
}

fn numbers() -> Vec<Case> {
    let tel = "uri tel:+44-1632-960-000
        to <tel:+441632960000>
        from <tel:7042;phone-context=acme.example>;tag=[pid]d1[call_number]";
    vec![
        they_say("they say tel:", tel, "incoming from 7042 to +441632960000"),
        we_say("we say tel:", "~ ^INVITE tel:.441632960222 SIP/2.0")
            .but(|case| case.options.request_uri = Some("tel:+441632960222".into())),
    ]
}

fn identities() -> Vec<Case> {
    let asserted = "P-Asserted-Identity: <sip:+441632960999@carrier.example>";
    let hidden = format!("{asserted}\n Privacy: id");
    let anonymous = "from \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=[pid]d1[call_number]";
    let trust = |trusted| move |case: &mut Case| case.policy.identity.trusted = trusted;
    let tell = |assertion, withhold| {
        move |case: &mut Case| {
            case.policy.identity.assertion = assertion;
            case.options.withhold = withhold;
        }
    };
    let nobody = "~ From: *\"Anonymous\" <sip:anonymous@anonymous.invalid>
        ~ Privacy: *id
        ~ Contact: *<sip:anonymous@";
    vec![
        they_say("a trusted trunk asserts", asserted, "incoming from +441632960999 to 100")
            .but(trust(true)),
        they_say("another trunk asserts", asserted, "incoming from 200 to 100").but(trust(false)),
        they_say("a caller withholds", &hidden, "incoming from 200 to 100, withheld")
            .but(trust(true)),
        they_say("a caller is anonymous", anonymous, "incoming from anonymous to 100, withheld"),
        we_say("we assert nothing", "! P-Asserted-Identity\n ! P-Preferred-Identity\n ! Privacy:"),
        we_say("we assert", "~ P-Asserted-Identity: *<sip:200@\n ! Privacy:")
            .but(tell(Assertion::Asserted, false)),
        we_say("we prefer", "~ P-Preferred-Identity: *<sip:200@\n ! P-Asserted")
            .but(tell(Assertion::Preferred, false)),
        we_say("we assert and withhold", &format!("{nobody}\n ~ P-Asserted-Identity: *<sip:200@"))
            .but(tell(Assertion::Asserted, true)),
        we_say("we withhold", &format!("{nobody}\n ! sip:200@")).but(tell(Assertion::None, true)),
    ]
}

fn topology() -> Vec<Case> {
    let caller = "
        > INVITE
          Via: SIP/2.0/UDP deep.inside.example:5070;branch=z9hG4bKdeep
          contact <sip:inside@127.0.0.1:{us}>
          User-Agent: inside
          X-Route: inside
          Diversion: <sip:7@passed.example>
          sdp
        < 200
          ~ inside.example
          ! beyond
        > ACK
        > BYE
        < 200
          ! beyond";
    let callee = "
        < INVITE
          ~ Diversion: *<sip:7@passed.example>
          ! inside
        > 180
          contact <sip:beyond@127.0.0.1:{us}>
        > 200
          contact <sip:beyond@127.0.0.1:{us}>
          Server: beyond
          sdp
        < ACK
          ! inside
        < BYE
          ! inside
        > 200";
    vec![
        case("one leg shows nothing of another", caller)
            .on("incoming from 200 to 100", &[Ring, Call(1)])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[HangUpLeg(1)])
            .peer(callee)
            .on("?ringing", &[])
            .on("answered SendRecv", &[AnswerLeg(0)])
            .on("hung up by Us", &[])
            .but(|case| case.policy.pass_headers = vec!["Diversion".into()]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_are_who_they_may_be() {
    let groups = [numbers(), identities(), topology()];
    run_all(groups.into_iter().flatten().collect()).await;
}
