//! Sorted indexes whose answers cost the same however many are in them.
//!
//! Who may serve whom depends on skills, levels and membership only, so items
//! that agree in these form one *group*, sorted in every order a router may ask
//! for. Groups stand on *racks*, sorted by their first item. A walk takes the
//! groups of some racks in the order of their first items, opens those that
//! fit, and merges them lazily: what is not asked for is not looked at.

mod hash;
mod rack;
mod ranked;
mod tags;
mod walk;

pub(crate) use hash::NumberMap;
pub(crate) use rack::{Key, Shelf};
pub(crate) use ranked::RankedSet;
pub(crate) use tags::{Requirement, Tag, TagName, Tags, satisfies};
