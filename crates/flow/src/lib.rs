//! Loads, checks and steps a dialplan.
