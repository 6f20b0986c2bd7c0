//! Turns the source of a guest into a component that a Strowger server takes.
//!
//! Owns: the choice of the toolchain ([`Toolchain`]), the nested cargo run with
//! the guest profile ([`build_guest`]), componentizing and the check of the
//! worlds ([`componentize`]), and the templates of new projects
//! ([`new_project`]). Used by `strowger flow build`, by `cargo xtask` and by the
//! build script that embeds the stock guests.
//!
//! Never: uploads anything, changes the machine unless [`Toolchain::install`]
//! is called, or depends on the rest of the server.

mod cargo;
mod component;
mod environment;
mod error;
mod project;
mod toolchain;

pub use cargo::{BuildOptions, BuiltGuest, build_guest};
pub use component::{World, componentize, worlds_of};
pub use error::BuildError;
pub use project::{SdkSource, Template, new_project};
pub use toolchain::{TARGET, Toolchain, ToolchainKind};
