//! Calls from dialogs and ports.
