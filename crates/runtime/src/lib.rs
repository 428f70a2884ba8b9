//! Drives the machines with real time.
