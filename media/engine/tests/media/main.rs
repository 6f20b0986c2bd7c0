//! The engine with real sockets: the tests play the phones on loopback. One file
//! for each behaviour; waiting is always for a packet or an event, with a limit.

mod bridges_relay;
mod codecs_are_spoken;
mod codecs_are_transcoded;
mod conferences_are_held;
mod digits_go_both_ways;
mod figures_are_kept;
mod laws_are_converted;
mod legs_are_muted;
mod legs_change_hands;
mod packets_are_secured;
mod phones_are_found;
mod ports_are_shared_out;
mod prompts_are_heard;
mod recordings_hold_both_sides;
mod reports_are_sent;
mod silence_of_the_network_is_reported;
mod sounds_are_detected;
mod support;
mod threads_do_not_grow;
