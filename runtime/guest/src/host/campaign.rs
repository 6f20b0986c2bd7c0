//! `campaign`: a pacer's questions to its campaign.

use super::GuestState;
use super::bindings::pacer::strowger::platform::campaign;
use crate::limits::MAX_NAME_BYTES;

impl campaign::Host for GuestState {
    fn metric(&mut self, name: String) -> wasmtime::Result<Option<f64>> {
        self.count(name.len())?;
        let pacer = self.role.pacer()?;
        if name.len() > MAX_NAME_BYTES {
            return Ok(None);
        }
        Ok(pacer.host.metric(&name))
    }

    fn cap(&mut self) -> wasmtime::Result<u32> {
        self.count(0)?;
        Ok(self.role.pacer()?.host.cap())
    }
}
