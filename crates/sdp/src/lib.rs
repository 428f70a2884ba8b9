//! Session descriptions, and an answer from an offer.
