//! Making prompts and speech: files in, frames out. No sockets.

mod music_is_pleasant_to_loop;
mod speech_is_spoken;
mod support;
mod uploads_become_prompts;
