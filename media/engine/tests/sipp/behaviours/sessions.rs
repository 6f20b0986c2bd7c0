//! Calls begin, change their media, say digits, and end.

use super::{THEY_CALL, THEY_HANG_UP, WE_CALL, WE_HANG_UP, in_both_roles};
use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use strowger_sip::Direction::*;

fn begin_and_end() -> Vec<Case> {
    vec![
        case("they call and hang up", &format!("{THEY_CALL}{THEY_HANG_UP}"))
            .on("incoming from 200 to 100", &[Ring, Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
        case("we call and hang up", &format!("{WE_CALL}{WE_HANG_UP}"))
            .on("answered SendRecv", &[HangUp])
            .on("hung up by Us", &[]),
        case("we refuse", "> INVITE\n sdp\n < 486\n > ACK")
            .on("incoming from 200 to 100", &[Ring, Reject(486)])
            .on("hung up by Us", &[]),
        case("they refuse", "< INVITE\n > 180\n > 486\n < ACK")
            .on("?ringing", &[])
            .on("failed 486", &[]),
    ]
}

/// Calls that are given up, or whose other end says nothing more.
fn given_up() -> Vec<Case> {
    let theirs = "
        > INVITE
          sdp
        < 100
        > CANCEL
        < 200
          ~ CSeq: *1 CANCEL
        < 487
          ~ CSeq: *1 INVITE
        > ACK";
    let ours = "
        < INVITE
        > 180
        < CANCEL
        > 200
        > 487
          late
        < ACK";
    let silent = format!("> INVITE\n sdp\n < 200\n{WE_HANG_UP}");
    vec![
        case("they cancel", theirs).on("incoming from 200 to 100", &[Ring]).on("cancelled", &[]),
        case("we cancel", ours).on("ringing", &[HangUp]).on("failed Cancelled", &[]),
        case("they never acknowledge", &silent)
            .on("incoming from 200 to 100", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Neither", &[]),
    ]
}

fn forks() -> Vec<Case> {
    let script = "
        < INVITE
        > 180
        > 180
          tag b
        > 200
          sdp
        < ACK
          ~ To:[^;]*;tag=[0-9]+u
        > 200
          late
          tag b
          sdp
        < ACK
          ~ To:[^;]*;tag=[0-9]+b
        < BYE
          ~ To:[^;]*;tag=[0-9]+b
        > 200
        > BYE
        < 200";
    vec![
        case("the second of two answers is hung up", script)
            .on("?ringing", &[])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
    ]
}

fn late_offers() -> Vec<Case> {
    let late = "> INVITE\n < 200\n ~ m=audio\n > ACK\n sdp\n > BYE\n < 200";
    let mut cases = vec![
        case("a late offer", late)
            .on("incoming from 200 to 100, no offer", &[Answer])
            .on("answered SendRecv", &[])
            .on("hung up by Them", &[]),
    ];
    let later = "> INVITE\n < 200\n ~ m=audio\n > ACK\n sdp sendonly\n > BYE\n < 200";
    cases.extend(in_both_roles("a late offer in a re-INVITE", later).map(|case| {
        case.on("answered SendRecv", &[]).on("held RecvOnly", &[]).on("hung up by Them", &[])
    }));
    cases
}

fn holds() -> Vec<Case> {
    let theirs = "
        > INVITE
          sdp sendonly
        < 200
          ~ a=recvonly
        > ACK
        > INVITE
          sdp sendrecv
        < 200
          ~ a=sendrecv
        > ACK
        > INVITE
          sdp0
        < 200
          ~ m=audio
        > ACK
        > INVITE
          sdp
        < 200
          ~ m=audio
        > ACK
        > BYE
        < 200";
    let ours = "
        < INVITE
          ~ a=sendonly
        > 200
          sdp recvonly
        < ACK
        < INVITE
          ~ a=sendrecv
        > 200
          sdp
        < ACK
        < BYE
        > 200";
    let updates = "
        > UPDATE
          sdp sendonly
        < 200
          ~ a=recvonly
        > UPDATE
          sdp
        < 200
          ~ m=audio
        < UPDATE
          ~ a=sendonly
        > 200
          sdp recvonly
        < UPDATE
          ~ a=sendrecv
        > 200
          sdp
        < BYE
        > 200";
    let theirs = in_both_roles("they hold", theirs).map(|case| {
        case.on("answered SendRecv", &[])
            .on("held RecvOnly", &[])
            .on("resumed SendRecv", &[])
            .on("held RecvOnly", &[])
            .on("resumed SendRecv", &[])
            .on("hung up by Them", &[])
    });
    let ours = in_both_roles("we hold", ours).map(|case| {
        case.on("answered SendRecv", &[Reinvite(SendOnly)])
            .on("reinvited SendOnly", &[Reinvite(SendRecv)])
            .on("reinvited SendRecv", &[HangUp])
            .on("hung up by Us", &[])
    });
    let updates = in_both_roles("holding by UPDATE", updates).map(|case| {
        case.on("answered SendRecv", &[])
            .on("held RecvOnly", &[])
            .on("resumed SendRecv", &[Update(SendOnly)])
            .on("reinvited SendOnly", &[Update(SendRecv)])
            .on("reinvited SendRecv", &[HangUp])
            .on("hung up by Us", &[])
    });
    theirs.into_iter().chain(ours).chain(updates).collect()
}

fn crossing() -> Vec<Case> {
    let script = "
        < INVITE
          ~ a=sendonly
        > INVITE
          sdp
        < 491
        > ACK
        > 491
          late
        < ACK
        =? 300
        < INVITE
          ~ a=sendonly
        > 200
          sdp recvonly
        < ACK
        > BYE
        < 200";
    let cases = in_both_roles("re-INVITEs cross", script).map(|case| {
        case.on("answered SendRecv", &[Reinvite(SendOnly)])
            .on("reinvited SendOnly", &[])
            .on("hung up by Them", &[])
    });
    cases.into()
}

fn digits() -> Vec<Case> {
    let script = "
        > INFO
          dtmf 5
        < 200
        < INFO
          ~ Signal=#
        > 200
        > BYE
        < 200";
    let cases = in_both_roles("digits", script).map(|case| {
        case.on("answered SendRecv", &[])
            .on("digit 5 160", &[Digit('#')])
            .on("hung up by Them", &[])
    });
    cases.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_go_as_agreed() {
    let groups =
        [begin_and_end(), given_up(), forks(), late_offers(), holds(), crossing(), digits()];
    run_all(groups.into_iter().flatten().collect()).await;
}
