//! Sessions are refreshed by either side and end when nobody does (RFC 4028).

use super::in_both_roles;
use crate::case::Act::*;
use crate::case::{Case, case, run_all};

/// A session of 90 s ends after 4 s of silence: 60 s, of which each lasts 1/15.
const PACE: u32 = 15;

fn fast(case: Case) -> Case {
    case.but(|case| case.pace = PACE)
}

fn called(name: &str, script: &str, end: &'static str) -> Case {
    fast(case(name, script))
        .on("incoming from 200 to 100", &[Answer])
        .on("answered SendRecv", &[])
        .on(end, &[])
}

fn calling(name: &str, script: &str, end: &'static str) -> Case {
    fast(case(name, script)).on("answered SendRecv", &[]).on(end, &[])
}

/// Longer than the session would last without.
const THEY_REFRESH: &str = "
= 1700
> UPDATE
  Supported: timer
  Session-Expires: 90;refresher=uac
< 200
  ~ Session-Expires: *90;refresher=uac
= 1700
> INVITE
  Supported: timer
  Session-Expires: 90;refresher=uac
  sdp
< 200
  ~ Session-Expires: *90;refresher=uac
> ACK
= 1700
> UPDATE
  Supported: timer
  Session-Expires: 30
< 422
  ~ Min-SE: *90
> BYE
< 200
";

const WE_UPDATE: &str = "
< UPDATE
  ~ Session-Expires: *90;refresher=uac
> 200
  Session-Expires: 90;refresher=uac
< UPDATE
  ~ Session-Expires: *90;refresher=uac
> 200
  Session-Expires: 90;refresher=uac
> BYE
< 200
";

const WE_REINVITE: &str = "
< INVITE
  ~ Session-Expires: *90;refresher=uac
> 200
  Session-Expires: 90;refresher=uac
  sdp
< ACK
> BYE
< 200
";

const WE_GIVE_UP: &str = "
< BYE
> 200
";

fn invite(extra: &str) -> String {
    format!(
        "> INVITE\n Supported: timer\n {extra}\n sdp\n < 200\n ~ Session-Expires: *90\n > ACK\n"
    )
}

fn answer(extra: &str) -> String {
    format!(
        "< INVITE\n ~ Supported: *[a-z0-9, ]*timer\n ~ Session-Expires: *1800\n ~ Min-SE: *90\n\
         > 200\n Require: timer\n {extra}\n sdp\n < ACK\n"
    )
}

fn cases() -> Vec<Case> {
    let uac = "Session-Expires: 90;refresher=uac";
    let uas = "Session-Expires: 90;refresher=uas";
    let updates = "\n Allow: INVITE, ACK, BYE, UPDATE";
    let them = "hung up by Them";
    let nobody = "hung up by Neither";
    let too_brief = "
        > INVITE
          Supported: timer
          Session-Expires: 60
          sdp
        < 422
          ~ Min-SE: *90
        > ACK
        > INVITE
          Supported: timer
          Session-Expires: 90;refresher=uas
          sdp
        < 200
          ~ Session-Expires: *90;refresher=uas
        > ACK
        > BYE
        < 200";
    let asked_longer = "
        < INVITE
          ~ Session-Expires: *1800
        > 422
          Min-SE: 3600
        < ACK
        < INVITE
          ~ Session-Expires: *3600
          ~ Min-SE: *3600
        > 200
          tag u
          Require: timer
          Session-Expires: 3600;refresher=uas
          sdp
        < ACK
        > BYE
        < 200";
    let mut cases = vec![
        called("they refresh, called", &(invite(uac) + THEY_REFRESH), them),
        calling("they refresh, calling", &(answer(uas) + THEY_REFRESH), them),
        called(
            "we refresh by UPDATE, called",
            &(invite(&format!("{uas}{updates}")) + WE_UPDATE),
            them,
        ),
        calling(
            "we refresh by UPDATE, calling",
            &(answer(&format!("{uac}{updates}")) + WE_UPDATE),
            them,
        ),
        called("we refresh by re-INVITE, called", &(invite(uas) + WE_REINVITE), them),
        calling("we refresh by re-INVITE, calling", &(answer(uac) + WE_REINVITE), them),
        called("nobody refreshes, called", &(invite(uac) + WE_GIVE_UP), nobody),
        calling("nobody refreshes, calling", &(answer(uas) + WE_GIVE_UP), nobody),
        called("too brief for us", too_brief, them),
        calling("too brief for them", asked_longer, them),
    ];
    let plain = in_both_roles("without timers", "= 5000\n > BYE\n < 200")
        .map(|case| fast(case.on("answered SendRecv", &[]).on(them, &[])));
    cases.extend(plain);
    cases
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_kept_alive() {
    run_all(cases()).await;
}
