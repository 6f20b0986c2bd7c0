//! REFER, NOTIFY and Replaces, both ways. SIPp passes over what comes before it has
//! sent its ACK, and over a stream nothing is repeated: so a digit tells the server
//! when to go on.

use super::{THEY_CALL, WE_CALL, WE_HANG_UP, in_both_roles};
use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use strowger_sip::TransferTarget;

const PROGRESS: &str = "
< 202
< NOTIFY
  ~ Event: *refer
  ~ Subscription-State: *active
  ~ SIP/2.0 100
> 200
< NOTIFY
  ~ Subscription-State: *terminated
  ~ SIP/2.0 200
> 200
> BYE
< 200
";

fn they_transfer() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, refer_to, event) in [
        ("a number", "<sip:300@acme.test>", "referred to 300"),
        ("a tel: address", "<tel:+44-1632-960300>", "referred to +441632960300"),
        (
            "another call of theirs",
            "<sip:300@acme.test?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>",
            "referred to 300, replaces",
        ),
    ] {
        let script = format!("> REFER\n Refer-To: {refer_to}\n{PROGRESS}");
        cases.extend(in_both_roles(&format!("they transfer us to {name}"), &script).map(|case| {
            case.on("answered SendRecv", &[])
                .on(event, &[AcceptRefer, Progress(200)])
                .on("hung up by Them", &[])
        }));
    }
    let refused = "> REFER\n Refer-To: <sip:300@acme.test>\n < 603\n > BYE\n < 200";
    cases.extend(in_both_roles("we refuse a transfer", refused).map(|case| {
        case.on("answered SendRecv", &[])
            .on("referred to 300", &[RejectRefer(603)])
            .on("hung up by Them", &[])
    }));
    cases
}

fn we_transfer() -> Vec<Case> {
    let script = "
        > INFO
          dtmf 1
        < 200
        < REFER
          ~ Refer-To: *<sip:300@
          ~ Referred-By:
        > 202
        = 1500
        > NOTIFY
          Event: refer
          Subscription-State: active;expires=60
          frag 180 Ringing
        < 200
        > NOTIFY
          Event: refer
          Subscription-State: terminated;reason=noresource
          frag 200 OK
        < 200
        < BYE
        > 200";
    let to = || TransferTarget::Number("300".into());
    let mut cases: Vec<_> = in_both_roles("we transfer them", script)
        .map(|case| {
            case.on("answered SendRecv", &[])
                .on("digit 1 160", &[Refer(to())])
                .on("transfer 202", &[])
                .on("transfer 180", &[])
                .on("transfer 200, last", &[HangUp])
                .on("hung up by Us", &[])
        })
        .into();
    let refused = "> INFO\n dtmf 1\n < 200\n < REFER\n > 405\n < BYE\n > 200";
    cases.extend(in_both_roles("they refuse a transfer", refused).map(|case| {
        case.on("answered SendRecv", &[])
            .on("digit 1 160", &[Refer(to())])
            .on("transfer 405, last", &[HangUp])
            .on("hung up by Us", &[])
    }));
    cases
}

fn calls_replace_each_other() -> Vec<Case> {
    let theirs = format!(
        "{THEY_CALL}
        > INVITE
          dialog 2
          Require: replaces
          Replaces: [call_id];to-tag=[$tag];from-tag=[pid]d1[call_number]
          sdp
        < 200
          dialog 2
        > ACK
          dialog 2
        > INFO
          dialog 2
          dtmf 1
        < 200
          dialog 2
        < BYE
        > 200
        > BYE
          dialog 2
        < 200"
    );
    let nobody = "
        > INVITE
          Require: replaces
          Replaces: nobody;to-tag=1;from-tag=2
          sdp
        < 481
        > ACK";
    let joins = format!(
        "{THEY_CALL}
        > INVITE
          dialog 2
          uri sip:101@127.0.0.1:{{server}}
          to <sip:101@127.0.0.1:{{server}}>
          sdp
        < 200
          dialog 2
          save other To:[^;]*;tag=([0-9a-f]+)
        > ACK
          dialog 2
        > REFER
          Refer-To: <sip:101@127.0.0.1:{{server}}?Replaces=2%2F%2F%2F[call_id]%3Bto-tag%3D[$other]%3Bfrom-tag%3D[pid]d2[call_number]>
        {PROGRESS}
        > BYE
          dialog 2
        < 200"
    );
    let replaced = format!(
        "
        < INVITE
          ~ Require: *[a-z0-9, ]*replaces
          ~ Replaces: *[^;]+;to-tag=[0-9]+u[0-9]+;from-tag=[0-9a-f]+
        {}{WE_HANG_UP}",
        WE_CALL.replace("< INVITE", "")
    );
    let joined = format!(
        "{WE_CALL}
        < REFER
          ~ Refer-To: *<sip:sipp@[^>]*Replaces=[^>]*to-tag%3D[0-9]+u[0-9]+
        > 202
        = 1500
        > NOTIFY
          Event: refer
          Subscription-State: terminated;reason=noresource
          frag 200 OK
        < 200
        < BYE
        > 200"
    );
    let plain = format!("{WE_CALL}{WE_HANG_UP}");
    vec![
        case("their call replaces another", &theirs)
            .on("incoming from 200 to 100", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Us", &[])
            .leg()
            .on("incoming from 200 to 100, replaces", &[Answer])
            .on("answered SendRecv", &[])
            .on("digit 1 160", &[HangUpLeg(0)])
            .on("hung up by Them", &[]),
        case("their call replaces none", nobody),
        case("they join two calls of ours", &joins)
            .on("incoming from 200 to 100", &[Answer])
            .on("answered SendRecv", &[])
            .on("referred to 101, replaces, joins", &[AcceptRefer, Progress(200)])
            .on("hung up by Them", &[])
            .leg()
            .on("incoming from 200 to 101", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
        case("our call replaces another", &plain)
            .on("answered SendRecv", &[CallReplacing(1)])
            .on("hung up by Us", &[])
            .peer(&replaced)
            .on("answered SendRecv", &[HangUpLeg(0), HangUp])
            .on("hung up by Us", &[]),
        case("we join two calls", &plain)
            .on("answered SendRecv", &[Call(1)])
            .on("hung up by Us", &[])
            .peer(&joined)
            .on("answered SendRecv", &[ReferInto(0)])
            .on("transfer 202", &[])
            .on("transfer 200, last", &[HangUpLeg(0), HangUp])
            .on("hung up by Us", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_transferred() {
    let groups = [they_transfer(), we_transfer(), calls_replace_each_other()];
    run_all(groups.into_iter().flatten().collect()).await;
}
