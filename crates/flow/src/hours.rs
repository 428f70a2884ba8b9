//! Opening hours: several intervals a day in a time zone, with holidays.
//!
//! A moment is turned into the wall clock of the zone, which is always one time, and looked up there. So in the
//! night when clocks go back an interval lasts an hour longer, and in the night when they go forward an hour
//! shorter, just as the people behind the door do it.

use crate::reader::{Page, Reader, Word, word_of};
use crate::spelling::cure;
use crate::zone::{NoSuchZone, Zone};
use base::Timestamp;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// The words for days, as they are written, and for several days at once; a day's own line goes before those.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// When somebody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    zone: Zone,
    /// From Monday on.
    week: [Vec<Interval>; 7],
    holidays: BTreeMap<NaiveDate, Vec<Interval>>,
}

/// Minutes of the day, the last one excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Interval {
    from: u16,
    to: u16,
}

impl Hours {
    /// Whether it is open at that moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        // A moment beyond the calendar is not one in which anybody is there.
        let Some(utc) = DateTime::from_timestamp_millis(at.as_millis()) else { return false };
        let local = utc.with_timezone(&self.zone.0);
        let minute = local.hour() * 60 + local.minute();
        let day = self.holidays.get(&local.date_naive()).unwrap_or(&self.week[weekday(local.weekday())]);
        day.iter().any(|interval| (u32::from(interval.from)..u32::from(interval.to)).contains(&minute))
    }

    /// Reads a whole file of opening hours.
    pub(crate) fn read_file<'a>(
        page: &mut Page<'a>,
        table: &Spanned<DeTable<'a>>,
        name: &str,
    ) -> Option<Self> {
        let mut reader = Reader::new(page, table.get_ref(), 0, format!("the hours {name}"));
        let hours = Self::read(&mut reader);
        reader.finish(&[]);
        hours
    }

    /// Reads the opening hours in a table, which may hold more than that.
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let before = reader.page.findings.len();
        let zone = match reader.text("zone") {
            Some(word) => read_zone(reader, word),
            None => {
                if !reader.has("zone") {
                    reader.missing("zone", "add the time zone as in zone = \"Europe/Berlin\"");
                }
                None
            }
        };

        let mut week: [Vec<Interval>; 7] = Default::default();
        let several = [("weekdays", 0..5), ("weekend", 5..7)];
        let single = DAYS.iter().enumerate().map(|(day, name)| (*name, day..day + 1));
        for (key, days) in several.into_iter().chain(single) {
            if let Some(intervals) = read_day(reader, key) {
                week[days].fill(intervals);
            }
        }

        let mut holidays = BTreeMap::new();
        if let Some(mut table) = reader.table("holiday") {
            for (key, value) in table.entries() {
                match NaiveDate::parse_from_str(key.text, "%Y-%m-%d") {
                    Ok(date) => {
                        _ = holidays.insert(date, intervals(&mut table, key.text, value).unwrap_or_default())
                    }
                    Err(_) => {
                        let message = format!("\"{}\" is no date", key.text);
                        table.complain(key.at, message, "write it as in 2026-12-25");
                    }
                }
            }
        }

        let mistaken = reader.page.findings.len() > before;
        if !mistaken && week.iter().all(Vec::is_empty) && holidays.values().all(Vec::is_empty) {
            let message = format!("{} are never open", reader.title);
            reader.complain(
                reader.at,
                message,
                "add a day as in monday = [\"09:00-12:30\", \"13:00-17:00\"]",
            );
            return None;
        }
        Some(Self { zone: zone?, week, holidays })
    }
}

fn weekday(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

fn read_zone(reader: &mut Reader<'_, '_>, word: Word<'_>) -> Option<Zone> {
    match word.text.parse() {
        Ok(zone) => Some(zone),
        Err(NoSuchZone { name, help }) => {
            reader.complain(word.at, format!("there is no time zone \"{name}\""), help);
            None
        }
    }
}

fn read_day(reader: &mut Reader<'_, '_>, key: &'static str) -> Option<Vec<Interval>> {
    let value = reader.value(key)?;
    intervals(reader, key, value)
}

/// `"closed"`, one interval, or a list of them.
fn intervals(reader: &mut Reader<'_, '_>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Vec<Interval>> {
    let words: Option<Vec<Word<'_>>> = match value.get_ref() {
        DeValue::Array(list) => list.iter().map(word_of).collect(),
        _ => word_of(value).map(|word| vec![word]),
    };
    let Some(words) = words else {
        let help = "write hours as in [\"09:00-12:30\", \"13:00-17:00\"], or \"closed\"";
        reader.complain(value.span().start, format!("\"{key}\" holds no hours"), help);
        return None;
    };
    if let [Word { text: "closed", .. }] = words[..] {
        return Some(Vec::new());
    }

    let mut read: Vec<(Interval, Word<'_>)> = Vec::new();
    for word in words {
        match interval(word.text) {
            Ok(interval) => read.push((interval, word)),
            Err((message, help)) => reader.complain(word.at, message, help),
        }
    }
    read.sort_by_key(|(interval, word)| (*interval, word.at));
    for pair in read.windows(2) {
        if let [(before, first), (after, second)] = pair
            && after.from < before.to
        {
            let message = format!("on {key} \"{}\" and \"{}\" overlap", first.text, second.text);
            reader.complain(first.at.max(second.at), message, "let one end before the other begins");
        }
    }
    Some(read.into_iter().map(|(interval, _)| interval).collect())
}

/// `09:00-17:30`.
fn interval(text: &str) -> Result<Interval, (String, String)> {
    let (from, to) = text
        .split_once('-')
        .and_then(|(from, to)| Some((minute(from)?, minute(to)?)))
        .ok_or_else(|| (format!("\"{text}\" are no hours"), "write them as in \"09:00-17:30\"".to_owned()))?;
    if from >= to {
        let help = "hours over midnight are two: until \"24:00\" here, and from \"00:00\" on the next day";
        return Err((format!("\"{text}\" ends before it begins"), help.to_owned()));
    }
    Ok(Interval { from, to })
}

/// `09:00`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let minutes = hour * 60 + minute;
    (minute < 60 && minutes <= DAY).then_some(minutes)
}

/// What to say when hours are asked for that do not exist.
pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> (String, String) {
    let known: Vec<&str> = known.collect();
    let help = match known.is_empty() {
        true => format!("write them into hours/{name}.toml beside the dialplans"),
        false => cure(name, known),
    };
    (format!("there are no opening hours \"{name}\""), help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::World;

    fn read(text: &str) -> (Option<Hours>, Vec<String>) {
        let world = World::default();
        let mut page = Page::new("hours/office.toml", text, &world);
        let table = DeTable::parse(text).unwrap();
        let hours = Hours::read_file(&mut page, &table, "office");
        page.findings.sort();
        (hours, page.findings.iter().map(ToString::to_string).collect())
    }

    /// The moments, in UTC, between two of them at which it opens or closes.
    fn changes(text: &str, from: &str, until: &str) -> Vec<String> {
        let (hours, findings) = read(text);
        assert_eq!(findings, Vec::<String>::new());
        let hours = hours.unwrap();
        let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis();
        let mut found = Vec::new();
        let mut open = hours.is_open(Timestamp::from_millis(moment(from)));
        for millis in (moment(from)..moment(until)).step_by(60_000) {
            let at = Timestamp::from_millis(millis);
            if hours.is_open(at) != open {
                open = !open;
                found.push(format!("{} {}", &at.to_string()[..16], if open { "open" } else { "closed" }));
            }
        }
        found
    }

    const OFFICE: &str = "
        zone     = \"Europe/Berlin\"
        weekdays = [\"09:00-12:30\", \"13:00-17:00\"]
        friday   = \"09:00-15:00\"

        [holiday]
        2026-12-24 = \"10:00-12:00\"
        2026-12-25 = \"closed\"
    ";

    #[test]
    fn a_week_has_its_intervals_and_holidays_have_their_own() {
        insta::assert_debug_snapshot!(changes(OFFICE, "2026-12-23T00:00:00Z", "2026-12-29T00:00:00Z"), @r#"
        [
            "2026-12-23T08:00 open",
            "2026-12-23T11:30 closed",
            "2026-12-23T12:00 open",
            "2026-12-23T16:00 closed",
            "2026-12-24T09:00 open",
            "2026-12-24T11:00 closed",
            "2026-12-28T08:00 open",
            "2026-12-28T11:30 closed",
            "2026-12-28T12:00 open",
            "2026-12-28T16:00 closed",
        ]
        "#);
    }

    #[test]
    fn in_the_night_when_clocks_go_back_the_doubled_hour_is_open_twice() {
        let night = "zone = \"Europe/Berlin\"\nsunday = \"02:00-03:00\"";
        assert_eq!(
            changes(night, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
            ["2026-10-25T00:00 open", "2026-10-25T02:00 closed"]
        );
    }

    #[test]
    fn in_the_night_when_clocks_go_forward_the_missing_hour_is_never_open() {
        let night = "zone = \"Europe/Berlin\"\nsunday = \"02:00-03:00\"";
        assert_eq!(changes(night, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), Vec::<String>::new());
        let around = "zone = \"Europe/Berlin\"\nsunday = \"01:30-03:30\"";
        assert_eq!(
            changes(around, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"),
            ["2026-03-29T00:30 open", "2026-03-29T01:30 closed"]
        );
    }

    #[test]
    fn round_the_clock_is_never_closed_in_any_zone() {
        for zone in ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "UTC"] {
            let always = format!("zone = \"{zone}\"\nweekdays = \"00:00-24:00\"\nweekend = \"00:00-24:00\"");
            assert_eq!(
                changes(&always, "2026-03-01T00:00:00Z", "2026-04-12T00:00:00Z"),
                Vec::<String>::new()
            );
        }
    }

    #[test]
    fn moments_beyond_the_calendar_are_closed() {
        let hours = read(OFFICE).0.unwrap();
        assert!(!hours.is_open(Timestamp::from_millis(i64::MAX)));
        assert!(!hours.is_open(Timestamp::from_millis(i64::MIN)));
    }

    #[test]
    fn every_mistake_is_found_with_its_place_and_its_cure() {
        let (hours, findings) = read(
            "zone = \"Europe/Berlln\"
monday = [\"09:00-13:00\", \"12:00-17:00\"]
tuesday = \"17:00-09:00\"
wednesday = \"9-5\"
thursday = 9
friday = \"09:00-24:01\"
mittwoch = \"09:00-17:00\"
[holiday]
25-12-2026 = \"closed\"
2026-12-26 = true
",
        );
        assert_eq!(hours, None);
        insta::assert_snapshot!(findings.join("\n"), @r#"
        hours/office.toml:1:8: there is no time zone "Europe/Berlln"; did you mean "Europe/Berlin"?
        hours/office.toml:2:26: on monday "09:00-13:00" and "12:00-17:00" overlap; let one end before the other begins
        hours/office.toml:3:11: "17:00-09:00" ends before it begins; hours over midnight are two: until "24:00" here, and from "00:00" on the next day
        hours/office.toml:4:13: "9-5" are no hours; write them as in "09:00-17:30"
        hours/office.toml:5:12: "thursday" holds no hours; write hours as in ["09:00-12:30", "13:00-17:00"], or "closed"
        hours/office.toml:6:10: "09:00-24:01" are no hours; write them as in "09:00-17:30"
        hours/office.toml:7:1: the hours office has the unknown word "mittwoch"; known are friday, holiday, monday, saturday, sunday, thursday, tuesday, wednesday, weekdays, weekend, zone
        hours/office.toml:9:1: "25-12-2026" is no date; write it as in 2026-12-25
        hours/office.toml:10:14: "2026-12-26" holds no hours; write hours as in ["09:00-12:30", "13:00-17:00"], or "closed"
        "#);
    }

    #[test]
    fn hours_without_a_zone_or_without_any_hour_are_refused() {
        insta::assert_snapshot!(read("monday = \"09:00-17:00\"").1.join("\n"), @r#"hours/office.toml:1:1: the hours office has no "zone"; add the time zone as in zone = "Europe/Berlin""#);
        insta::assert_snapshot!(read("zone = \"UTC\"\nmonday = \"closed\"").1.join("\n"), @r#"hours/office.toml:1:1: the hours office are never open; add a day as in monday = ["09:00-12:30", "13:00-17:00"]"#);
        insta::assert_snapshot!(read("zone = \"Middle Earth\"\nmonday = \"09:00-17:00\"").1.join("\n"), @r#"hours/office.toml:1:8: there is no time zone "Middle Earth"; write a continent and a city, as in "Europe/Berlin" or "Asia/Shanghai""#);
    }
}
