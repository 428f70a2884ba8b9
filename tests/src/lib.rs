//! Tests of the whole: floors, stories, torture, interop.
