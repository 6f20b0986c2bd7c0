//! New projects.
use crate::BuildError;
use std::path::Path;
/// t
#[derive(Debug)]
pub enum SdkSource {}
/// t
#[derive(Debug)]
pub enum Template {}
/// t
pub fn new_project(_dir: &Path, _t: Template, _s: &SdkSource) -> Result<(), BuildError> {
    Ok(())
}
