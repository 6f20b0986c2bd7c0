//! `router-types`: types only, nothing to call.

use super::GuestState;
use super::bindings::router::strowger::platform::router_types;

impl router_types::Host for GuestState {}
