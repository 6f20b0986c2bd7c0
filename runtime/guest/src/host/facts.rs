//! `facts`: questions to the call's snapshot, and its attributes.

use super::GuestState;
use super::bindings::flow::strowger::platform::facts;
use crate::limits::MAX_NAME_BYTES;

impl facts::Host for GuestState {
    fn fact(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.count(name.len())?;
        let view = self.role.view()?;
        Ok(bounded(&name).and_then(|name| view.fact(name)).map(|value| value.into_owned()))
    }

    fn detail(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.count(name.len())?;
        let view = self.role.view()?;
        Ok(bounded(&name).and_then(|name| view.detail(name)).map(str::to_owned))
    }

    fn attribute(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.count(name.len())?;
        let view = self.role.view()?;
        Ok(bounded(&name).and_then(|name| view.attribute(name)).map(str::to_owned))
    }

    fn set_attribute(
        &mut self,
        name: String,
        value: String,
    ) -> wasmtime::Result<Result<(), String>> {
        self.count(name.len() + value.len())?;
        Ok(self.role.view()?.set_attribute(&name, &value))
    }
}

/// Nothing has a name longer than this.
fn bounded(name: &str) -> Option<&str> {
    (name.len() <= MAX_NAME_BYTES).then_some(name)
}
