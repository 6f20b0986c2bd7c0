//! Each behaviour against SIPp, in both roles, over smooth and bad roads.

mod early;
mod identity;
mod network;
mod sessions;
mod timers;
mod transfers;

/// A call of theirs is up.
pub const THEY_CALL: &str = "
> INVITE
  Allow: INVITE, ACK, BYE, UPDATE, INFO, REFER, NOTIFY
  sdp
< 200
  save tag To:[^;]*;tag=([0-9a-f]+)
> ACK
";

/// A call of ours is up.
pub const WE_CALL: &str = "
< INVITE
> 200
  Allow: INVITE, ACK, BYE, UPDATE, INFO, REFER, NOTIFY
  sdp
< ACK
";

pub const THEY_HANG_UP: &str = "
> BYE
< 200
";

pub const WE_HANG_UP: &str = "
< BYE
> 200
";

fn both(script: &str) -> [String; 2] {
    [THEY_CALL, WE_CALL].map(|begin| format!("{begin}{script}"))
}

/// The same in both roles: what comes after the call is up.
fn in_both_roles(name: &str, script: &str) -> [crate::case::Case; 2] {
    let [called, calling] = both(script);
    use crate::case::Act::{Answer, Ring};
    [
        crate::case::case(&format!("{name}, called"), &called)
            .on("incoming from 200 to 100", &[Ring, Answer]),
        crate::case::case(&format!("{name}, calling"), &calling),
    ]
}
