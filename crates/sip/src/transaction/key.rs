//! Which transaction a message belongs to.
