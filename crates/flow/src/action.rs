//! What a flow wants done.

use base::Duration;
use model::conference::RoomRules;
use model::{FlowId, Outcome, Prompt, QueueId, SkillNeed, StepId};

/// Something to do. The actions of one event are carried out in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A step was entered: a line for the timeline.
    Entered {
        /// The flow.
        flow: FlowId,
        /// The step.
        step: StepId,
        /// Its verb.
        verb: &'static str,
    },
    /// Answer the customer, who is still ringing. Comes at most once.
    Answer,
    /// Say this, instead of what is being said. Unless repeated, [`Event::Played`](crate::Event::Played) follows.
    Say {
        /// What, in order.
        prompts: Vec<Prompt>,
        /// Whether for ever.
        repeat: bool,
    },
    /// Stop what is being said.
    Silence,
    /// Tell [`Event::TimedOut`](crate::Event::TimedOut) after a while.
    SetTimer {
        /// Its number; none comes twice in a run.
        timer: u32,
        /// How long from now.
        after: Duration,
    },
    /// That timer is not needed any more.
    StopTimer {
        /// Its number.
        timer: u32,
    },
    /// Let the customer wait for an agent. Always the last action of an event.
    Enqueue {
        /// For which queue.
        queue: QueueId,
        /// What the agent must know.
        needs: Vec<SkillNeed>,
        /// Higher goes first.
        priority: i32,
        /// What waiting sounds like, for ever.
        hold: Prompt,
    },
    /// Do not let the customer wait any longer.
    LeaveQueue,
    /// Record the customer.
    Record {
        /// How long at most. The flow has set a timer for it.
        max: Duration,
    },
    /// End that recording.
    StopRecording,
    /// Call a number for the customer, and connect both when it answers; the customer hears ringing until then.
    Transfer {
        /// The number.
        number: String,
        /// How long it may ring.
        ring: Duration,
        /// Whether the talk is recorded.
        record: bool,
    },
    /// Send the customer's own sound back.
    Echo,
    /// Put the customer into a conference; keys are the conference's from then on. Always the last action of an event.
    Confer {
        /// The room's name.
        room: String,
        /// Whether this is one who may order the others.
        moderator: bool,
        /// What holds in the room, if nobody is in it yet.
        rules: RoomRules,
    },
    /// The customer has keyed in a number that no conference here has. If it is asked for
    /// again, it is the last action of its event, and [`Event::LeftConference`](crate::Event::LeftConference) may follow.
    WrongNumber {
        /// The room it was keyed in for.
        room: String,
        /// Whether it is asked for again; otherwise the customer goes elsewhere anyway.
        again: bool,
    },
    /// Something is wrong that an operator should know: a line for the timeline.
    Trouble {
        /// What, in a sentence.
        what: String,
    },
    /// It is over: hang up. Nothing follows.
    End {
        /// How it ended.
        outcome: Outcome,
    },
}
