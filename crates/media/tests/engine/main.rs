//! The engine in virtual time, with phones that send and hear tones.

mod chance;
mod hearing;
mod keys;
mod lines;
mod listening;
mod matrix;
mod moving;
mod recording;
mod reports;
mod sealing;
mod silent;
mod sources;
mod stream;
mod ties;
mod transcoding;
mod world;
