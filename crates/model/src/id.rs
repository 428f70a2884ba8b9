//! The ids of this vocabulary: numbers nobody can guess for what happens, names for what operators configure.

base::number_ids! {
    /// One customer matter from arrival to disposition, on any channel.
    InteractionId = "IX";
    /// Something a supervisor has to know of.
    AlertId = "AL";
    /// One party's connection in a call: a dialog and a media port.
    LegId = "LG";
    /// One recording: the sound of one interaction, or a message left.
    RecordingId = "RC";
}

base::name_ids! {
    /// A queue, by the name operators gave it: `support`.
    QueueId;
    /// An agent, by login: `anna`.
    AgentId;
    /// Something an agent can do: `chinese`.
    SkillId;
    /// The SIP way to a carrier: `carrier`.
    TrunkId;
    /// A dialplan: `main`.
    FlowId;
    /// A step of a dialplan: `greet`.
    StepId;
    /// A named sound for callers: `welcome`.
    PromptId;
    /// A user of the registrar: `1001`.
    SipUser;
}
