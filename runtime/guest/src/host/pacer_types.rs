//! `pacer-types`: types only, nothing to call.

use super::GuestState;
use super::bindings::pacer::strowger::platform::pacer_types;

impl pacer_types::Host for GuestState {}
