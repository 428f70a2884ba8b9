//! Which interaction goes to which agent, when, and why.
