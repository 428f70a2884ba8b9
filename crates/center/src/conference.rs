//! Conference rooms: who is in them, who is heard, and what moderators do.
//!
//! ```text
//!  a flow confers ──▶ full, locked: told so, and out
//!        └──▶ waits (music, while no moderator is there) ⇄ talks (muted or not) ──▶ hangs up, is removed, time is over
//! ```
//!
//! A room begins with its first member and ends with its last. What everybody hears is made anew from what is so after
//! every input ([`Center::arrange_rooms`]), and only what differs is ordered.
//!
//! Keys, for every member `*6`: be heard no more, or again, unless somebody else has ordered otherwise. For moderators
//! `*1`: nobody else is heard, or all are again who want to be; `*2`: the room is locked, or open again; `*3`: whoever
//! came last is removed, moderators excepted.

use crate::Center;
use crate::guessing::{WITHIN, WRONG_MAX};
use crate::interaction::Hearing;
use base::Now;
use flow::Event;
use model::conference::{
    ConferenceOrder, ConferenceRefused, ConferenceView, LeftConference, MemberView, RoomRules,
};
use model::{InteractionId, InteractionState, LegCommand, LegId, Prompt, TimelineEvent};
use serde::{Deserialize, Serialize};

/// The tone that tells that somebody came or went, and that a key was understood.
const TONE: &str = "beep";

/// The numbers of plays that nobody waits for the end of.
const TONE_PLAY: u32 = u32::MAX - 1;
const MUSIC_PLAY: u32 = u32::MAX - 2;

/// How many rooms there are at most; who names a further one hears that it is full.
const ROOMS_MAX: usize = 256;

/// A room that somebody is in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Room {
    rules: RoomRules,
    locked: bool,
    /// In the order of coming.
    members: Vec<Member>,
}

/// Somebody in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Member {
    interaction: InteractionId,
    leg: LegId,
    moderator: bool,
    /// By the own keys.
    muted: bool,
    /// By a moderator or a supervisor; the own keys change nothing about it.
    muted_by_order: bool,
    speaks: bool,
    /// Whether the star was pressed, which begins an order.
    star: bool,
    since: Now,
    /// What was ordered for this one.
    hears: Hears,
}

/// What a member hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Hears {
    /// Nothing has been ordered yet.
    Nothing,
    /// Music, until a moderator comes.
    Music,
    /// The others, who hear this one or do not.
    Others { heard: bool },
}

impl Member {
    fn is_heard(&self) -> bool {
        !self.muted && !self.muted_by_order
    }
}

impl Room {
    fn waits(&self) -> bool {
        self.rules.waits && !self.members.iter().any(|member| member.moderator)
    }

    /// How many may be inside for one more to come. One place is the moderator's while everybody waits for one.
    fn places(&self, moderator: bool) -> usize {
        let kept = usize::from(self.waits() && !moderator);
        (self.rules.members_max as usize).saturating_sub(kept)
    }

    fn member(&mut self, id: InteractionId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.interaction == id)
    }
}

impl Center {
    /// A flow puts its customer into a room.
    pub(crate) fn confer(
        &mut self,
        id: InteractionId,
        name: String,
        moderator: bool,
        rules: RoomRules,
        now: Now,
    ) {
        let Some(live) = self.interactions.get_mut(&id) else { return };
        live.hearing = Hearing::Nothing;
        let leg = live.customer;
        let is_new = !self.rooms.contains_key(&name);
        let is_refused = self.guesses.is_refused(&name, &live.record.from.number, now.utc);
        let refused = match self.rooms.get(&name) {
            _ if is_refused => Some(LeftConference::Guessed),
            None if self.rooms.len() >= ROOMS_MAX => Some(LeftConference::Full),
            Some(room) if room.members.len() >= room.places(moderator) => Some(LeftConference::Full),
            Some(room) if room.locked && !moderator => Some(LeftConference::Locked),
            _ => None,
        };
        if let Some(why) = refused {
            self.tell(Some(id), TimelineEvent::LeftConference { room: name, why, by: None }, now);
            return self.flow_event(id, Event::LeftConference(why), now);
        }
        let room =
            self.rooms.entry(name.clone()).or_insert(Room { rules, locked: false, members: Vec::new() });
        let member = Member {
            interaction: id,
            leg,
            moderator,
            muted: false,
            muted_by_order: false,
            speaks: false,
            star: false,
            since: now,
            hears: Hears::Nothing,
        };
        room.members.push(member);
        self.tell(Some(id), TimelineEvent::Conferring { room: name.clone(), moderator }, now);
        if !is_new {
            self.tone(&name, Some(id));
        }
    }

    /// A customer has keyed in a number that does not let into a room.
    pub(crate) fn wrong_number(&mut self, id: InteractionId, room: String, again: bool, now: Now) {
        let Some(live) = self.interactions.get(&id) else { return };
        let caller = live.record.from.number.clone();
        if self.guesses.wrong(&room, &caller, now.utc) {
            let minutes = WITHIN.as_secs() / 60;
            let what = format!(
                "{WRONG_MAX} wrong numbers for conference {room} within {minutes} minutes: {caller} is not let in for \
                 {minutes} minutes"
            );
            self.trouble(Some(id), what, now);
        }
        if again && self.guesses.is_refused(&room, &caller, now.utc) {
            let why = LeftConference::Guessed;
            self.tell(Some(id), TimelineEvent::LeftConference { room, why, by: None }, now);
            self.flow_event(id, Event::LeftConference(why), now);
        }
    }

    /// The flow does something else with its customer.
    pub(crate) fn leave_room(&mut self, id: InteractionId) {
        if let Some(name) = self.room_of(id) {
            self.take_out_of_room(&name, id);
        }
    }

    /// A member of a room pressed a key. Returns whether it was one.
    pub(crate) fn conference_key(&mut self, id: InteractionId, digit: char, now: Now) -> bool {
        let Some(name) = self.room_of(id) else { return false };
        let Some(room) = self.rooms.get_mut(&name) else { return false };
        let (was_locked, last) = (
            room.locked,
            room.members.iter().rev().find(|member| !member.moderator).map(|member| member.interaction),
        );
        let others: Vec<_> = room.members.iter().filter(|member| !member.moderator).collect();
        let (all_muted, others) = (
            others.iter().all(|member| member.muted_by_order),
            others.iter().map(|member| member.interaction).collect(),
        );
        let Some(member) = room.member(id) else { return false };
        let star = std::mem::replace(&mut member.star, digit == '*');
        let orders = match (star, digit, member.moderator) {
            (true, '6', _) => return self.own_mute(&name, id, now),
            (true, '1', true) => {
                let others: Vec<InteractionId> = others;
                others.into_iter().map(|member| ConferenceOrder::Mute { member, muted: !all_muted }).collect()
            }
            (true, '2', true) => vec![ConferenceOrder::Lock(!was_locked)],
            (true, '3', true) => last.map(|member| ConferenceOrder::Remove { member }).into_iter().collect(),
            _ => return true,
        };
        let by = self.interactions.get(&id).map(|live| live.record.from.number.clone()).unwrap_or_default();
        for order in orders {
            // What has gone in the same moment need not be ordered.
            let _ = self.order_conference(&name, order, &by, now);
        }
        self.tone_for(&name, id, 1);
        true
    }

    /// A member wants to be heard no more, or again. It takes nothing back that somebody else has ordered: two tones say that
    /// nobody hears the member all the same.
    fn own_mute(&mut self, name: &str, id: InteractionId, now: Now) -> bool {
        let Some(member) = self.rooms.get_mut(name).and_then(|room| room.member(id)) else { return true };
        member.muted = !member.muted;
        let (muted, ordered) = (member.muted, member.muted_by_order);
        if !ordered {
            let by = self.interactions.get(&id).map(|live| live.record.from.number.clone());
            let (room, by) = (name.to_owned(), by.unwrap_or_default());
            self.tell(Some(id), TimelineEvent::ConferenceMuted { room, muted, by }, now);
        }
        self.tone_for(name, id, if ordered { 2 } else { 1 });
        true
    }

    /// Whether an order can be carried out.
    pub fn check_conference(&self, name: &str, order: &ConferenceOrder) -> Result<(), ConferenceRefused> {
        let room = self.rooms.get(name).ok_or(ConferenceRefused::NoSuchRoom)?;
        match order {
            ConferenceOrder::Lock(_) => Ok(()),
            ConferenceOrder::Mute { member, .. } | ConferenceOrder::Remove { member } => {
                let there = room.members.iter().any(|one| one.interaction == *member);
                if there { Ok(()) } else { Err(ConferenceRefused::NoSuchMember) }
            }
        }
    }

    /// A moderator or a supervisor wants something done in a room.
    pub(crate) fn order_conference(
        &mut self,
        name: &str,
        order: ConferenceOrder,
        by: &str,
        now: Now,
    ) -> Result<(), ConferenceRefused> {
        self.check_conference(name, &order)?;
        let Some(room) = self.rooms.get_mut(name) else { return Err(ConferenceRefused::NoSuchRoom) };
        let (room_name, by) = (name.to_owned(), by.to_owned());
        match order {
            ConferenceOrder::Lock(locked) => room.locked = locked,
            ConferenceOrder::Mute { member: id, muted } => {
                let member = room.member(id).filter(|member| member.muted_by_order != muted);
                if let Some(member) = member {
                    member.muted_by_order = muted;
                    self.tell(Some(id), TimelineEvent::ConferenceMuted { room: room_name, muted, by }, now);
                }
            }
            ConferenceOrder::Remove { member: id } => {
                let why = LeftConference::Removed;
                self.take_out_of_room(name, id);
                self.tell(
                    Some(id),
                    TimelineEvent::LeftConference { room: room_name, why, by: Some(by) },
                    now,
                );
                self.flow_event(id, Event::LeftConference(why), now);
            }
        }
        Ok(())
    }

    /// The sound graph has no place for a member.
    pub(crate) fn confer_refused(&mut self, leg: LegId, now: Now) {
        let Some(id) = self.legs.get(&leg).copied() else { return };
        let Some(room) = self.room_of(id) else { return };
        self.take_out_of_room(&room, id);
        let why = LeftConference::Full;
        self.tell(Some(id), TimelineEvent::LeftConference { room, why, by: None }, now);
        self.flow_event(id, Event::LeftConference(why), now);
    }

    /// Somebody began or stopped to speak.
    pub(crate) fn member_speaks(&mut self, leg: LegId, speaks: bool) {
        let members = self.rooms.values_mut().flat_map(|room| &mut room.members);
        if let Some(member) = members.into_iter().find(|member| member.leg == leg) {
            member.speaks = speaks;
        }
    }

    /// Lets everybody in a room hear what they shall hear, as things are now. Done after every input.
    pub(crate) fn arrange_rooms(&mut self) {
        if self.rooms.is_empty() {
            return;
        }
        let names: Vec<_> = self.rooms.keys().cloned().collect();
        for name in names {
            self.let_go_of_those_who_left(&name);
            let Some(room) = self.rooms.get_mut(&name) else { continue };
            let waits = room.waits();
            let mut commands = Vec::new();
            for member in &mut room.members {
                let wanted = if waits { Hears::Music } else { Hears::Others { heard: member.is_heard() } };
                if std::mem::replace(&mut member.hears, wanted) == wanted {
                    continue;
                }
                let leg = member.leg;
                commands.extend(match wanted {
                    Hears::Others { heard } => {
                        vec![LegCommand::Confer { leg, room: name.clone(), speaks: heard }]
                    }
                    Hears::Music | Hears::Nothing => {
                        let music =
                            Prompt { prompt: room.rules.music.clone(), language: flow::MUSIC.to_owned() };
                        let (play, prompts) = (MUSIC_PLAY, vec![music]);
                        vec![LegCommand::Part { leg }, LegCommand::Play { leg, play, prompts, repeat: true }]
                    }
                });
            }
            for command in commands {
                self.command(command);
            }
        }
    }

    /// Every room that somebody is in.
    pub fn conferences(&self) -> Vec<ConferenceView> {
        let rooms = self.rooms.iter();
        rooms
            .map(|(name, room)| ConferenceView {
                room: name.clone(),
                locked: room.locked,
                waits: room.waits(),
                members_max: room.rules.members_max,
                members: room.members.iter().filter_map(|member| self.member_view(member)).collect(),
            })
            .collect()
    }

    fn member_view(&self, member: &Member) -> Option<MemberView> {
        let live = self.interactions.get(&member.interaction)?;
        Some(MemberView {
            interaction: member.interaction,
            from: live.record.from.clone(),
            moderator: member.moderator,
            muted: !member.is_heard(),
            muted_by_order: member.muted_by_order,
            speaks: member.speaks && member.is_heard(),
            since: member.since.utc,
        })
    }

    fn room_of(&self, id: InteractionId) -> Option<String> {
        let holds = |room: &Room| room.members.iter().any(|member| member.interaction == id);
        self.rooms.iter().find(|(_, room)| holds(room)).map(|(name, _)| name.clone())
    }

    /// Those who have hung up, or whom their flow has led elsewhere.
    fn let_go_of_those_who_left(&mut self, name: &str) {
        let Some(room) = self.rooms.get(name) else { return };
        let interactions = &self.interactions;
        let is_gone = |member: &&Member| {
            !interactions.get(&member.interaction).is_some_and(|live| {
                live.customer_present
                    && live.customer == member.leg
                    && live.ending.is_none()
                    && matches!(live.state, InteractionState::InFlow(_))
            })
        };
        let gone: Vec<_> = room.members.iter().filter(is_gone).map(|member| member.interaction).collect();
        for id in gone {
            self.take_out_of_room(name, id);
        }
    }

    fn take_out_of_room(&mut self, name: &str, id: InteractionId) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let Some(at) = room.members.iter().position(|member| member.interaction == id) else { return };
        let leg = room.members.remove(at).leg;
        if room.members.is_empty() {
            self.rooms.remove(name);
        }
        self.command(LegCommand::Part { leg });
        self.tone(name, Some(id));
    }

    /// Tells those inside that somebody came or went; whoever it was hears nothing of it.
    fn tone(&mut self, name: &str, but: Option<InteractionId>) {
        let Some(room) = self.rooms.get(name).filter(|room| room.rules.tones) else { return };
        let inside = room
            .members
            .iter()
            .filter(|member| matches!(member.hears, Hears::Others { .. }) && Some(member.interaction) != but);
        let legs: Vec<_> = inside.map(|member| member.leg).collect();
        for leg in legs {
            self.sound_tone(leg, 1);
        }
    }

    /// Tells a member that a key was understood. Who waits for the moderator goes on hearing music: a tone would end it.
    fn tone_for(&mut self, name: &str, id: InteractionId, times: usize) {
        let member = self.rooms.get_mut(name).and_then(|room| room.member(id));
        let member = member.filter(|member| matches!(member.hears, Hears::Others { .. }));
        if let Some(leg) = member.map(|member| member.leg) {
            self.sound_tone(leg, times);
        }
    }

    fn sound_tone(&mut self, leg: LegId, times: usize) {
        let tone = Prompt { prompt: TONE.into(), language: flow::TONES.to_owned() };
        let prompts = vec![tone; times];
        self.command(LegCommand::Play { leg, play: TONE_PLAY, prompts, repeat: false });
    }

    pub(crate) fn audit_rooms(&self, wrong: &mut Vec<String>) {
        for (name, room) in &self.rooms {
            if room.members.is_empty() {
                wrong.push(format!("nobody is in room {name}, and it is there"));
            }
            if room.members.len() > room.rules.members_max as usize {
                wrong.push(format!("room {name} has {} members", room.members.len()));
            }
            for member in &room.members {
                if self.legs.get(&member.leg) != Some(&member.interaction) {
                    wrong.push(format!("leg {} in room {name} belongs to nobody there", member.leg));
                }
            }
        }
    }
}
