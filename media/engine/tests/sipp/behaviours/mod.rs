//! Each behaviour against SIPp, in both roles, over smooth and bad roads.

mod sessions;
