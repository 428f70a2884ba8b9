//! The decision: a role reaches all of the center, some queues, one's own interactions, or nothing.
//!
//! The table of [`role_reach`] is the whole matter; it is total, so a new role or permission does not compile before
//! somebody has decided.

use crate::{Permission, Role, Subject};
use model::{AgentId, QueueId};
use thiserror::Error;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The center as such, or a list, which shows only what [`reach`] gives.
    Center,
    /// One agent.
    Agent(&'a AgentId),
    /// One queue.
    Queue(&'a QueueId),
    /// One interaction.
    Interaction {
        /// The queue it waited in, if it did.
        queue: Option<&'a QueueId>,
        /// The agents who took it, or talk in it just now.
        agents: &'a [AgentId],
    },
}

/// How far a permission reaches for one who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All of the center.
    Everything,
    /// These queues, and what never waited in one.
    Queues(Vec<QueueId>),
    /// What this agent is or took.
    Own(AgentId),
    /// Nothing at all.
    Nothing,
}

/// The asker may not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Denied {
    /// The role does not have the permission.
    #[error("the role {} may not {}", role.as_str(), permission.as_str())]
    Role {
        /// The role.
        role: Role,
        /// What was asked for.
        permission: Permission,
    },
    /// The role has the permission, but not for this.
    #[error("this is not among what you may {}", permission.as_str())]
    Scope {
        /// What was asked for.
        permission: Permission,
    },
}

/// How far a role's permission reaches before the asker is looked at.
enum RoleReach {
    /// All of the center.
    Center,
    /// The queues the user looks after.
    Queues,
    /// Oneself.
    Own,
    /// Nothing.
    Nothing,
}

/// Decides whether `subject` may do what `permission` names within `scope`.
pub fn decide(subject: &Subject, permission: Permission, scope: &Scope<'_>) -> Result<(), Denied> {
    let allowed = match (reach(subject, permission), scope) {
        (Reach::Nothing, _) => return Err(Denied::Role { role: subject.role, permission }),
        (Reach::Everything, _) | (_, Scope::Center) => true,
        (Reach::Queues(queues), Scope::Queue(queue)) => queues.contains(queue),
        (Reach::Queues(queues), Scope::Interaction { queue, .. }) => {
            queue.is_none_or(|queue| queues.contains(queue))
        }
        // An agent may serve queues of several supervisors, and all of them see the agent.
        (Reach::Queues(_), Scope::Agent(_)) => true,
        (Reach::Own(me), Scope::Agent(agent)) => me == **agent,
        (Reach::Own(me), Scope::Interaction { agents, .. }) => agents.contains(&me),
        (Reach::Own(_), Scope::Queue(_)) => false,
    };
    if allowed { Ok(()) } else { Err(Denied::Scope { permission }) }
}

/// How far `permission` reaches for `subject`: what a list may show.
pub fn reach(subject: &Subject, permission: Permission) -> Reach {
    match role_reach(subject.role, permission) {
        RoleReach::Center => Reach::Everything,
        RoleReach::Queues => match &subject.queues {
            None => Reach::Everything,
            Some(queues) => Reach::Queues(queues.clone()),
        },
        RoleReach::Own => Reach::Own(AgentId::new(&subject.login)),
        RoleReach::Nothing => Reach::Nothing,
    }
}

fn role_reach(role: Role, permission: Permission) -> RoleReach {
    use Permission as May;
    use RoleReach::{Center, Nothing, Own, Queues};

    match (role, permission) {
        (_, May::SeeSelf) => Own,
        // Whether the user is an agent at all is the center's to say: a supervisor may well take calls.
        (Role::Agent | Role::Supervisor | Role::Admin, May::ChangeOwnState | May::UseOwnPhone) => Own,
        (Role::Planner | Role::Marketing, May::ChangeOwnState | May::UseOwnPhone) => Nothing,

        (Role::Supervisor, May::SeeAgents | May::SeeQueues) => Queues,
        (Role::Agent | Role::Planner | Role::Marketing | Role::Admin, May::SeeAgents | May::SeeQueues) => {
            Center
        }

        // Rooms belong to no queue.
        (Role::Supervisor | Role::Admin, May::SeeTrunks | May::HandleAlerts | May::HandleConferences) => {
            Center
        }
        (
            Role::Agent | Role::Planner | Role::Marketing,
            May::SeeTrunks | May::HandleAlerts | May::HandleConferences,
        ) => Nothing,

        (Role::Admin, May::SeeBoard) => Center,
        (Role::Supervisor, May::SeeBoard) => Queues,
        (Role::Planner | Role::Marketing, May::SeeBoard) => Center,
        // What an agent is told live is the own state and the interaction offered or handled, never the board of others.
        (Role::Agent, May::SeeBoard) => Own,

        (Role::Admin, May::ReadInteractions | May::ReadTimelines | May::HearRecordings) => Center,
        (Role::Supervisor, May::ReadInteractions | May::ReadTimelines | May::HearRecordings) => Queues,
        (Role::Agent, May::ReadInteractions | May::ReadTimelines | May::HearRecordings) => Own,
        (
            Role::Planner | Role::Marketing,
            May::ReadInteractions | May::ReadTimelines | May::HearRecordings,
        ) => Nothing,

        // Whoever takes a card's number must be able to keep it out; a planner has no calls.
        (Role::Admin, May::PauseRecordings) => Center,
        (Role::Supervisor, May::PauseRecordings) => Queues,
        (Role::Agent, May::PauseRecordings) => Own,
        (Role::Planner | Role::Marketing, May::PauseRecordings) => Nothing,

        (Role::Admin, May::MonitorCalls) => Center,
        (Role::Supervisor, May::MonitorCalls) => Queues,
        (Role::Agent | Role::Planner | Role::Marketing, May::MonitorCalls) => Nothing,
        // A program that hears a call hears people who do not know of it: as listening in, it is for who looks after them.
        (Role::Admin, May::StreamSound) => Center,
        (Role::Supervisor, May::StreamSound) => Queues,
        (Role::Agent | Role::Planner | Role::Marketing, May::StreamSound) => Nothing,

        (Role::Admin, May::FollowEvents) => Center,
        (Role::Supervisor, May::FollowEvents) => Queues,
        (Role::Agent | Role::Planner | Role::Marketing, May::FollowEvents) => Nothing,

        (Role::Admin, May::ReadMetrics | May::HandleBans) => Center,
        (
            Role::Agent | Role::Supervisor | Role::Planner | Role::Marketing,
            May::ReadMetrics | May::HandleBans,
        ) => Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn the_whole_matrix() {
        let mut table = format!("{:18}", "");
        for role in Role::ALL {
            let _ = write!(table, " {:10}", role.as_str());
        }
        for permission in Permission::ALL {
            let _ = write!(table, "\n{:18}", permission.as_str());
            for role in Role::ALL {
                let word = match reach(&subject(role, Some(&["support"])), permission) {
                    Reach::Everything => "all",
                    Reach::Queues(_) => "queues",
                    Reach::Own(_) => "own",
                    Reach::Nothing => "-",
                };
                let _ = write!(table, " {word:10}");
            }
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn an_agent_reads_the_interactions_taken_and_no_others() {
        let anna = subject(Role::Agent, None);
        let (me, other) = (AgentId::new("someone"), AgentId::new("bert"));
        for permission in
            [Permission::ReadInteractions, Permission::ReadTimelines, Permission::HearRecordings]
        {
            let of =
                |agents: &[AgentId]| decide(&anna, permission, &Scope::Interaction { queue: None, agents });
            assert_eq!(of(std::slice::from_ref(&me)), Ok(()));
            assert_eq!(of(&[other.clone(), me.clone()]), Ok(()), "one of two");
            assert_eq!(of(std::slice::from_ref(&other)), Err(Denied::Scope { permission }));
            assert_eq!(of(&[]), Err(Denied::Scope { permission }));
        }
    }

    #[test]
    fn a_supervisor_of_one_queue_does_not_hear_another() {
        let sara = subject(Role::Supervisor, Some(&["support"]));
        let (support, sales) = (QueueId::new("support"), QueueId::new("sales"));
        let hear = |queue| {
            decide(&sara, Permission::HearRecordings, &Scope::Interaction { queue, agents: &[] }).is_ok()
        };
        assert!(hear(Some(&support)));
        assert!(!hear(Some(&sales)));
        assert!(hear(None));
        assert!(decide(&sara, Permission::SeeQueues, &Scope::Queue(&sales)).is_err());
    }

    #[test]
    fn a_supervisor_without_a_list_of_queues_has_them_all() {
        let sara = subject(Role::Supervisor, None);
        let sales = QueueId::new("sales");
        assert_eq!(decide(&sara, Permission::SeeQueues, &Scope::Queue(&sales)), Ok(()));
    }

    #[test]
    fn a_refusal_names_the_role_and_the_permission() {
        let paul = subject(Role::Planner, None);
        let refused = decide(&paul, Permission::HearRecordings, &Scope::Center).unwrap_err();
        assert_eq!(refused.to_string(), "the role planner may not hear_recordings");
    }

    #[test]
    fn roles_survive_their_words() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }

    fn subject(role: Role, queues: Option<&[&str]>) -> Subject {
        Subject {
            login: "someone".into(),
            role,
            queues: queues.map(|queues| queues.iter().map(|queue| QueueId::new(queue)).collect()),
        }
    }
}
