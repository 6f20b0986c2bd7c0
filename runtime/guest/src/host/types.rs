//! `types` and `call-types`: types only, nothing to call.

use super::GuestState;
use super::bindings::flow::strowger::platform::{call_types, types};

impl types::Host for GuestState {}
impl call_types::Host for GuestState {}
