//! Conferences as the center arranges them: places, keys, who is heard, and numbers that are guessed.

mod hall;

use hall::Hall;
use model::conference::LeftConference;
use model::{LegId, TimelineEvent};

const MEETING: &str = r#"
name  = "meeting"
entry = "tel:4603"
start = "room"

[step.room]
confer             = "meeting"
pin                = "2468"
moderator_pin      = "135790"
wait_for_moderator = true
members_max        = 3
"#;

#[test]
fn a_member_who_waits_goes_on_hearing_music_when_keys_are_pressed() {
    let mut hall = Hall::new(MEETING);
    let ada = hall.dials("ada", "4603");
    hall.presses(ada, "2468#");
    assert_eq!(hall.last_play(ada).as_deref(), Some("calm"));
    hall.presses(ada, "*6");
    assert_eq!(hall.last_play(ada).as_deref(), Some("calm"), "a tone in its place would leave silence");
}

#[test]
fn a_room_that_waits_keeps_a_place_for_its_moderator() {
    let mut hall = Hall::new(MEETING);
    let [_, ben] = ["ada", "ben"].map(|who| hall.joins(who, "2468#"));
    let cam = hall.joins("cam", "2468#");
    assert!(hall.was_turned_away(cam, LeftConference::Full), "the last place is the moderator's");
    hall.joins("mod", "135790#");
    assert_eq!(hall.in_room(), ["ada", "ben", "mod"]);
    let dan = hall.joins("dan", "2468#");
    assert!(hall.was_turned_away(dan, LeftConference::Full));
    hall.ends(ben);
    hall.joins("eve", "2468#");
    assert_eq!(hall.in_room(), ["ada", "mod", "eve"], "with the moderator inside every place may be taken");
}

#[test]
fn who_is_muted_by_a_moderator_is_not_heard_again_by_the_own_keys() {
    let mut hall = Hall::new(MEETING);
    let ada = hall.joins("ada", "2468#");
    let moderator = hall.joins("mod", "135790#");
    hall.presses(moderator, "*1");
    assert_eq!(hall.unheard(), ["ada"]);
    hall.presses(ada, "*6");
    assert_eq!(
        (hall.unheard(), hall.last_play(ada).as_deref()),
        (vec!["ada".to_owned()], Some("beep, beep"))
    );
    hall.presses(ada, "*6");
    assert_eq!(hall.unheard(), ["ada"]);
    hall.presses(moderator, "*1");
    assert_eq!(hall.unheard(), [""; 0]);
}

#[test]
fn who_is_muted_by_the_own_keys_stays_so_when_a_moderator_lets_everybody_be_heard() {
    let mut hall = Hall::new(MEETING);
    let [ada, _] = ["ada", "ben"].map(|who| hall.joins(who, "2468#"));
    let moderator = hall.joins("mod", "135790#");
    hall.presses(ada, "*6");
    hall.presses(moderator, "*1");
    assert_eq!(hall.unheard(), ["ada", "ben"]);
    hall.presses(moderator, "*1");
    assert_eq!(hall.unheard(), ["ada"], "nobody is heard who does not want to be");
    hall.presses(ada, "*6");
    assert_eq!((hall.unheard(), hall.last_play(ada).as_deref()), (vec![], Some("beep")));
}

#[test]
fn what_is_keyed_in_for_a_conference_is_not_written_down() {
    let mut hall = Hall::new(MEETING);
    let ada = hall.joins("ada", "1111#2468#");
    hall.presses(ada, "5");
    assert_eq!(hall.in_room(), ["ada"]);
    let digits = hall.told.iter().filter(|(_, event)| matches!(event, TimelineEvent::Digit { .. }));
    assert_eq!(digits.count(), 0);
}

#[test]
fn who_guesses_too_often_is_refused_for_that_room_even_with_the_right_number_and_nobody_else_is() {
    let mut hall = Hall::new(MEETING);
    for _ in 0..3 {
        let eve = hall.joins("eve", "1111#1112#1113#");
        assert!(hall.is_hung_up_on(eve) && !hall.was_turned_away(eve, LeftConference::Guessed));
        hall.ends(eve);
    }
    let eve = hall.joins("eve", "1114#");
    assert!(hall.was_turned_away(eve, LeftConference::Guessed) && hall.is_hung_up_on(eve), "the tenth");
    let told = hall.told.iter().filter(|(_, event)| matches!(event, TimelineEvent::Trouble { .. })).count();
    assert_eq!(told, 1);
    hall.ends(eve);
    let eve = hall.joins("eve", "2468#");
    assert!(hall.was_turned_away(eve, LeftConference::Guessed) && hall.is_hung_up_on(eve));
    hall.ends(eve);
    hall.joins("ada", "2468#");
    assert_eq!(hall.in_room(), ["ada"]);
    hall.wait(15 * 60);
    hall.joins("eve", "2468#");
    assert_eq!(hall.in_room(), ["ada", "eve"]);
}

impl Hall {
    fn joins(&mut self, who: &str, keys: &str) -> LegId {
        let leg = self.dials(who, "4603");
        self.presses(leg, keys);
        leg
    }

    fn was_turned_away(&self, leg: LegId, why: LeftConference) -> bool {
        let id = self.interaction(leg);
        self.told.iter().any(|(of, event)| {
            *of == Some(id) && matches!(event, TimelineEvent::LeftConference { why: one, .. } if *one == why)
        })
    }

    fn in_room(&self) -> Vec<String> {
        let rooms = self.center.conferences().into_iter();
        rooms.flat_map(|room| room.members).map(|member| member.from.number).collect()
    }

    /// Those in the room whom nobody hears.
    fn unheard(&self) -> Vec<String> {
        let rooms = self.center.conferences().into_iter();
        let members = rooms.flat_map(|room| room.members).filter(|member| member.muted);
        members.map(|member| member.from.number).collect()
    }
}
