//! The routes, one in each file: what it takes, what it refuses, what it answers.

pub mod agents;
pub mod alerts;
pub mod bans;
pub mod conferences;
pub mod events;
pub mod health;
pub mod interaction;
pub mod interactions;
pub mod live;
pub mod login;
pub mod logout;
pub mod me;
pub mod metrics;
pub mod monitor;
pub mod openapi;
pub mod own_phone;
pub mod own_state;
pub mod phone;
pub mod queues;
pub mod recording;
pub mod recording_state;
pub mod stream;
pub mod timeline;
pub mod trunks;
