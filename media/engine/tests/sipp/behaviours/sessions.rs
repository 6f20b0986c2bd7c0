//! Calls begin and end, change hands of media, and are kept alive.

use crate::case::Act::*;
use crate::case::{Case, case, run_all};
use strowger_sip::Direction::*;

/// Sessions of 90 s pass in 6 s.
const TIMERS: u32 = 15;

fn plain() -> Vec<Case> {
    vec![
        case(
            "they call and hang up",
            "> INVITE\n sdp\n < 200\n ~ Contact: <sip:[^>]*127.0.0.1:{server}\n > ACK\n > BYE\n < 200",
        )
        .on("incoming from 200 to 100", &[Ring, Answer])
        .on("answered SendRecv", &[])
        .on("hung up by Them", &[]),
        case(
            "we call and hang up",
            "< INVITE\n > 180\n > 200\n sdp\n < ACK\n < BYE\n > 200",
        )
        .on("?ringing", &[])
        .on("answered SendRecv", &[HangUp])
        .on("hung up by Us", &[]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_begin_and_end() {
    run_all(plain()).await;
}
