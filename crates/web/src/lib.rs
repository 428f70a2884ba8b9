//! REST, live board, the embedded UI.
