//! Media before the answer, reliably or not, and offers that change it
//! (RFC 3262, RFC 3311).

use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use strowger_sip::Direction::*;

/// What begins a call in which both sides acknowledge provisional responses, with
/// media agreed before the answer; whoever is called has still to answer.
const THEY_HEAR_US: &str = "
> INVITE
  Require: 100rel
  Allow: INVITE, ACK, BYE, PRACK, UPDATE
  sdp
< 183
  ~ m=audio
  save rseq RSeq: *([0-9]+)
> PRACK
  RAck: [$rseq] 1 INVITE
< 200
  ~ CSeq: *2 PRACK
";

const WE_HEAR_THEM: &str = "
< INVITE
> 183
  Require: 100rel
  RSeq: 7
  Allow: INVITE, ACK, BYE, PRACK, UPDATE
  sdp
< PRACK
  ~ RAck: *7 [0-9]+ INVITE
> 200
";

/// Media before the answer.
fn media() -> Vec<Case> {
    let reliable_ours = "
        > INVITE
          Require: 100rel
          sdp
        < 183
          ~ Require: 100rel
          ~ m=audio
          save rseq RSeq: *([0-9]+)
        > PRACK
          RAck: [$rseq] 1 INVITE
        < 200
          ~ CSeq: *2 PRACK
        < 200
          ~ CSeq: *1 INVITE
        > ACK
        > BYE
        < 200";
    let reliable_theirs = "
        < INVITE
          ~ Supported: *[a-z0-9, ]*100rel
        > 183
          Require: 100rel
          RSeq: 7
          sdp
        < PRACK
          ~ RAck: *7 [0-9]+ INVITE
        > 200
        > 200
          late
          sdp
        < ACK
        < BYE
        > 200";
    vec![
        case(
            "our early media",
            "> INVITE\n sdp\n <? 183\n ~ m=audio\n < 200\n > ACK\n > BYE\n < 200",
        )
        .on("incoming from 200 to 100", &[Early])
        .on("early SendRecv", &[Answer])
        .on("answered SendRecv", &[])
        .on("hung up by Them", &[]),
        case("their early media", "< INVITE\n > 183\n sdp\n > 200\n sdp\n < ACK\n < BYE\n > 200")
            .on("?early SendRecv", &[])
            .on("answered SendRecv", &[HangUp])
            .on("hung up by Us", &[]),
        case("our provisional responses are acknowledged", reliable_ours)
            .on("incoming from 200 to 100", &[Early])
            .on("early SendRecv", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
        case("their provisional responses are acknowledged", reliable_theirs)
            .on("early SendRecv", &[])
            .on("answered SendRecv", &[HangUp])
            .on("hung up by Us", &[]),
    ]
}

/// Offers in an early dialog besides the INVITE's (RFC 3311 §5, RFC 3262 §5).
fn offers() -> Vec<Case> {
    let they_are_answered = "
        < 200
          ~ CSeq: *1 INVITE
          ! m=audio
        > ACK
        > BYE
        < 200";
    let they_answer = "
        > 200
          late
        < ACK
        < BYE
        > 200";
    let their_update = "
        > UPDATE
          sdp sendonly
        < 200
          ~ CSeq: *[0-9]+ UPDATE
          ~ a=recvonly";
    let our_update = "
        < UPDATE
          ~ a=sendonly
          ! Session-Expires
        > 200
          sdp recvonly";
    let their_prack = "
        > INVITE
          Require: 100rel
          sdp
        < 183
          ~ m=audio
          save rseq RSeq: *([0-9]+)
        > PRACK
          RAck: [$rseq] 1 INVITE
          sdp sendonly
        < 200
          ~ CSeq: *2 PRACK
          ~ a=recvonly";
    let our_late_offer = "
        > INVITE
          Require: 100rel
        < 183
          ~ m=audio
          save rseq RSeq: *([0-9]+)
        > PRACK
          RAck: [$rseq] 1 INVITE
          sdp
        < 200
          ~ CSeq: *2 PRACK
          ! m=audio";
    vec![
        case(
            "they offer in an early UPDATE, called",
            &format!("{THEY_HEAR_US}{their_update}{they_are_answered}"),
        )
        .on("incoming from 200 to 100", &[Early])
        .on("early SendRecv", &[])
        .on("early RecvOnly", &[Answer])
        .on("answered RecvOnly", &[])
        .on("hung up by Them", &[]),
        case(
            "they offer in an early UPDATE, calling",
            &format!("{WE_HEAR_THEM}{their_update}{they_answer}"),
        )
        .on("early SendRecv", &[])
        .on("early RecvOnly", &[])
        .on("answered RecvOnly", &[HangUp])
        .on("hung up by Us", &[]),
        case(
            "we offer in an early UPDATE, called",
            &format!("{THEY_HEAR_US}{our_update}{they_are_answered}"),
        )
        .on("incoming from 200 to 100", &[Early])
        .on("early SendRecv", &[Update(SendOnly)])
        .on("reinvited SendOnly", &[Answer])
        .on("answered SendOnly", &[])
        .on("hung up by Them", &[]),
        case(
            "we offer in an early UPDATE, calling",
            &format!("{WE_HEAR_THEM}{our_update}\n=? 500\n{they_answer}"),
        )
        .on("early SendRecv", &[Update(SendOnly)])
        .on("reinvited SendOnly", &[])
        .on("answered SendOnly", &[HangUp])
        .on("hung up by Us", &[]),
        case("they offer in a PRACK", &format!("{their_prack}{they_are_answered}"))
            .on("incoming from 200 to 100", &[Early])
            .on("early SendRecv", &[])
            .on("early RecvOnly", &[Answer])
            .on("answered RecvOnly", &[])
            .on("hung up by Them", &[]),
        case("they answer in a PRACK", &format!("{our_late_offer}{they_are_answered}"))
            .on("incoming from 200 to 100, no offer", &[Early])
            .on("early SendRecv", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_hear_something_before_the_answer() {
    run_all(media().into_iter().chain(offers()).collect()).await;
}
