//! Who may do what: roles, permissions, scopes, and the one function that decides.
//!
//! Knows nothing of HTTP, tokens or passwords: an adapter finds out who somebody is and asks [`decide`] here. Lists
//! ask [`reach`] for the part of the center they may show.
//!
//! Reading order: [`role`], [`permission`], [`user`], [`decision`], [`audit`].

pub mod audit;
pub mod decision;
pub mod permission;
pub mod role;
pub mod user;

pub use audit::{AuditEntry, Deed};
pub use decision::{Denied, Reach, Scope, decide, reach};
pub use permission::Permission;
pub use role::Role;
pub use user::{Subject, User};
