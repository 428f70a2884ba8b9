//! Every number as a fold over records.
