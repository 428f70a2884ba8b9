//! What is said on the WebSocket of a program that hears and speaks in a call, beside the sound itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose leg it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamParty {
    /// The customer.
    Customer,
    /// The agent.
    Agent,
    /// Somebody outside the center.
    Outside,
    /// A supervisor who listens in, whispers or barges in.
    Supervisor,
}

/// What the program is told, as text; sound comes in binary messages.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StreamMessage {
    /// The first message: what the line is.
    Start {
        /// The interaction.
        interaction: String,
        /// Whose voices come.
        hears: Vec<StreamParty>,
        /// Who hears the program.
        speaks_to: Vec<StreamParty>,
        /// Samples a second, both ways.
        rate: u32,
        /// Milliseconds in each binary message that comes.
        frame_ms: u32,
        /// How a sample is written: 16 bits with sign, the low byte first.
        format: String,
    },
    /// Somebody who is heard pressed a key.
    Digit {
        /// Who.
        from: StreamParty,
        /// The leg.
        leg: String,
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: String,
    },
    /// Everything that was sent before this mark has been said, or was cleared.
    Mark {
        /// As it was given.
        name: String,
    },
    /// Sound did not reach the program because it did not take it in time.
    Lost {
        /// How many frames in all.
        frames: u64,
    },
    /// More was sent than can wait to be said; it is not said.
    Overflow {
        /// How many samples were left out.
        samples: u64,
    },
    /// The last message.
    Stop {
        /// `over`: the interaction has ended; `asked`: the program said so; `closing`: the server ends; `login_over`:
        /// the token is worth nothing any more; `out_of_reach`: the call has gone to a queue or an agent that the user does
        /// not look after; `crowded`: too many listen to its parties or speak to them; `misunderstood`: what came is no
        /// sound and no message.
        reason: String,
    },
}

/// What the program may say, as text; sound goes in binary messages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamOrder {
    /// To be told when all that was sent so far has been said.
    Mark {
        /// Comes back with it; 100 characters at most.
        name: String,
    },
    /// To forget what was sent and is not said yet: somebody has interrupted.
    Clear,
    /// To end the line. The call goes on.
    Stop,
}
