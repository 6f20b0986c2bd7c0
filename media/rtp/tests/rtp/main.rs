//! One file for each behaviour; no clock, no network.

mod audio;
mod codecs_keep_the_voice;
mod conferences_are_mixed;
mod digits_are_heard_in_the_audio;
mod digits_are_heard_once;
mod digits_are_sent;
mod g711_follows_the_standard;
mod hijackers_are_refused;
mod jitter_is_smoothed;
mod outgoing_numbers_run_on;
mod packets_are_read_and_written;
mod playout_hides_the_network;
mod reception_is_counted;
mod recordings_survive_a_crash;
mod reports_are_exchanged;
mod secure_packets_are_kept;
mod silence_is_comfortable;
mod tones_are_recognised;
mod tones_sound_right;
