//! Drives the same machines in virtual time.
