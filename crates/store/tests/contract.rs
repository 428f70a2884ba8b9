//! What a store promises, checked on SQLite and on a throw-away PostgreSQL alike.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet real databases")]

mod postgres;
mod sample;

use access::{AuditEntry, Deed, Role, User};
use base::Timestamp;
use model::query::{InteractionFilter, SipMessage};
use model::{AgentId, InteractionId, LegId, Outcome, QueueId, Record, RecordingId, TimelineEvent};
use postgres::Postgres;
use sample::{at, interaction, line, recording};
use store::{Session, Store, StoreError};

/// Makes one test per promise on SQLite, and one test that goes through all of them on one PostgreSQL server, since
/// starting that takes seconds.
macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $promise() {
                    let folder = tempfile::tempdir().unwrap();
                    let store = super::fresh_sqlite(folder.path()).await;
                    super::$promise(store).await;
                }
            )*
        }

        #[tokio::test]
        async fn postgres_keeps_every_promise() {
            let server = Postgres::start();
            $(
                eprintln!("on PostgreSQL: {}", stringify!($promise));
                let store = Store::open(&server.fresh_database(stringify!($promise))).await.unwrap();
                store.migrate().await.unwrap();
                $promise(store).await;
            )*
        }
    };
}

promises![
    migrating_twice_changes_nothing,
    records_come_back_as_they_were_written,
    a_record_written_twice_is_there_once,
    the_last_state_of_an_interaction_counts,
    a_line_is_never_changed,
    a_batch_of_any_size_is_written_whole,
    lists_are_newest_first_and_continue_where_they_stopped,
    lists_show_what_the_filter_names,
    what_is_searched_for_is_taken_literally,
    a_story_has_its_lines_and_its_sip_messages_in_order,
    lines_are_found_after_their_number,
    what_a_peer_sent_can_hold_anything,
    logins_differ_by_more_than_case,
    a_new_password_ends_every_session,
    a_session_ends_by_itself,
    a_disabled_user_has_no_session,
    the_audit_trail_is_kept_in_order,
];

async fn migrating_twice_changes_nothing(store: Store) {
    store.write(&[interaction(1).record()]).await.unwrap();
    store.migrate().await.unwrap();
    assert!(store.interaction(InteractionId::from_u64(1)).await.unwrap().is_some());
    assert_eq!(store.version().await.unwrap(), store::migration::VERSION);
    store.check_version().await.unwrap();
    store.check().await.unwrap();
}

async fn records_come_back_as_they_were_written(store: Store) {
    let whole = interaction(1).whole();
    let bare = interaction(2).bare();
    let recorded = recording(5, 1);
    let begun = model::RecordingRecord {
        length: None,
        bytes: None,
        id: RecordingId::from_u64(6),
        ..recorded.clone()
    };
    let lines = sample::every_kind_of_line(InteractionId::from_u64(1));
    let mut records = vec![
        Record::Interaction(Box::new(whole.clone())),
        Record::Interaction(Box::new(bare.clone())),
        Record::Recording(recorded.clone()),
        Record::Recording(begun.clone()),
    ];
    records.extend(lines.iter().cloned().map(|line| Record::Timeline(Box::new(line))));
    store.write(&records).await.unwrap();

    assert_eq!(store.interaction(whole.id).await.unwrap(), Some(whole.clone()));
    assert_eq!(store.interaction(bare.id).await.unwrap(), Some(bare.clone()));
    assert_eq!(store.recordings(whole.id).await.unwrap(), [recorded.clone(), begun.clone()]);
    assert_eq!(store.recordings_of(&[bare.id, whole.id]).await.unwrap(), [recorded.clone(), begun]);
    assert_eq!(store.recordings_of(&[]).await.unwrap(), []);
    assert_eq!(store.recording(recorded.id).await.unwrap(), Some(recorded));
    assert_eq!(store.recording(RecordingId::from_u64(99)).await.unwrap(), None);
    assert_eq!(store.timeline_after(0, 1000).await.unwrap(), lines);
}

/// The sizes meet every number of rows that one statement takes, alone and after others.
async fn a_batch_of_any_size_is_written_whole(store: Store) {
    let mut seq = 0;
    for size in [1, 2, 3, 31, 32, 33, 63, 100] {
        let lines: Vec<_> = (0..size).map(|row| line(seq + row + 1, 1)).collect();
        let calls = (0..size).map(|row| interaction(seq + row + 1).record());
        // The first of them once more, changed: the later one counts.
        let again = interaction(seq + 1).outcome(Outcome::Voicemail).record();
        let recordings = (0..size).map(|row| Record::Recording(recording(seq + row + 1, 1)));
        let mut records: Vec<_> =
            lines.iter().cloned().map(|line| Record::Timeline(Box::new(line))).collect();
        records.extend(calls.chain([again]).chain(recordings));
        store.write(&records).await.unwrap();
        assert_eq!(store.timeline_after(seq, 1000).await.unwrap(), lines, "{size} lines");
        for row in 0..size {
            let id = InteractionId::from_u64(seq + row + 1);
            let found = store.interaction(id).await.unwrap().expect("it is there");
            assert_eq!(found.outcome == Some(Outcome::Voicemail), row == 0, "{size} interactions, {row}");
            let id = RecordingId::from_u64(seq + row + 1);
            assert!(store.recording(id).await.unwrap().is_some(), "{size} recordings, {row}");
        }
        seq += size;
    }
}

async fn a_record_written_twice_is_there_once(store: Store) {
    let mut record = interaction(1).bare();
    record.legs = vec![LegId::from_u64(1)];
    let records = [
        Record::Interaction(Box::new(record)),
        Record::Timeline(Box::new(line(1, 1))),
        Record::Recording(recording(5, 1)),
    ];
    store.write(&records).await.unwrap();
    store.write(&records).await.unwrap();
    let listed = store.interactions(&all()).await.unwrap();
    assert_eq!(listed.rows.len(), 1);
    assert_eq!(store.timeline_after(0, 10).await.unwrap().len(), 1);
    assert_eq!(store.recordings(InteractionId::from_u64(1)).await.unwrap().len(), 1);

    // So is a numbered SIP message, which is what the writer hands over again after a failure.
    let items = [store.numbered(message(1, "INVITE"))];
    store.write_items(&items).await.unwrap();
    store.write_items(&items).await.unwrap();
    let story = store.story(InteractionId::from_u64(1)).await.unwrap().unwrap();
    assert_eq!(story.ladder.len(), 1);
}

async fn the_last_state_of_an_interaction_counts(store: Store) {
    let mut record = interaction(1).bare();
    store.write(&[Record::Interaction(Box::new(record.clone()))]).await.unwrap();
    record.state = "closed".into();
    record.outcome = Some(Outcome::Abandoned);
    record.closed_at = Some(at(9_000));
    store.write(&[Record::Interaction(Box::new(record.clone()))]).await.unwrap();
    assert_eq!(store.interaction(record.id).await.unwrap(), Some(record));
}

async fn a_line_is_never_changed(store: Store) {
    let first = line(1, 1);
    let mut other = first.clone();
    other.event = TimelineEvent::Answered;
    store.write(&[Record::Timeline(Box::new(first.clone()))]).await.unwrap();
    store.write(&[Record::Timeline(Box::new(other))]).await.unwrap();
    assert_eq!(store.timeline_after(0, 10).await.unwrap(), [first]);
}

async fn lists_are_newest_first_and_continue_where_they_stopped(store: Store) {
    // Three arrive in the same millisecond: the id decides, and no page boundary loses or doubles one.
    let records: Vec<Record> = [(1, 1_000), (2, 2_000), (3, 2_000), (4, 2_000), (5, 3_000)]
        .map(|(number, millis)| interaction(number).arriving(at(millis)).record())
        .into();
    store.write(&records).await.unwrap();
    for limit in 1..=5 {
        let mut filter = InteractionFilter { limit, ..all() };
        let mut seen = Vec::new();
        loop {
            let page = store.interactions(&filter).await.unwrap();
            assert!(page.rows.len() <= limit as usize);
            seen.extend(page.rows.iter().map(|row| row.id.as_u64()));
            match page.next {
                Some(next) => filter.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, [5, 4, 3, 2, 1], "pages of {limit}");
    }
}

async fn lists_show_what_the_filter_names(store: Store) {
    store
        .write(&[
            interaction(1)
                .arriving(at(1_000))
                .queue("support")
                .agent("anna")
                .outcome(Outcome::Handled)
                .record(),
            interaction(2)
                .arriving(at(2_000))
                .queue("sales")
                .agent("dora")
                .outcome(Outcome::Handled)
                .record(),
            interaction(3).arriving(at(3_000)).queue("support").outcome(Outcome::Abandoned).record(),
            interaction(4).arriving(at(4_000)).from("+4930123").outcome(Outcome::SelfServed).record(),
        ])
        .await
        .unwrap();
    let check = async |filter: InteractionFilter, expected: &[u64]| {
        let page = store.interactions(&filter).await.unwrap();
        let ids: Vec<u64> = page.rows.iter().map(|row| row.id.as_u64()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    };
    let support = || QueueId::new("support");
    check(all(), &[4, 3, 2, 1]).await;
    check(InteractionFilter { from: Some(at(2_000)), to: Some(at(4_000)), ..all() }, &[3, 2]).await;
    check(InteractionFilter { queue: Some(support()), ..all() }, &[3, 1]).await;
    check(InteractionFilter { agent: Some(AgentId::new("dora")), ..all() }, &[2]).await;
    check(InteractionFilter { outcome: Some(Outcome::Handled), ..all() }, &[2, 1]).await;
    check(InteractionFilter { number: Some("4930".into()), ..all() }, &[4]).await;
    check(InteractionFilter { number: Some("4000".into()), ..all() }, &[4, 3, 2, 1]).await;
    check(InteractionFilter { queues_allowed: Some(vec![support()]), ..all() }, &[4, 3, 1]).await;
    check(InteractionFilter { queues_allowed: Some(vec![]), ..all() }, &[4]).await;
    check(InteractionFilter { queue: Some(support()), outcome: Some(Outcome::Handled), ..all() }, &[1]).await;
}

async fn what_is_searched_for_is_taken_literally(store: Store) {
    store
        .write(&[interaction(1).from("100%_!x").record(), interaction(2).from("100").record()])
        .await
        .unwrap();
    let find = async |number: &str| {
        let filter = InteractionFilter { number: Some(number.into()), ..all() };
        store.interactions(&filter).await.unwrap().rows.len()
    };
    assert_eq!(find("0%").await, 1);
    assert_eq!(find("_").await, 1);
    assert_eq!(find("!X").await, 1);
    assert_eq!(find("'; DROP TABLE interactions; --").await, 0);
    assert_eq!(find("\0").await, 2);
    assert_eq!(find("100").await, 2);
}

async fn a_story_has_its_lines_and_its_sip_messages_in_order(store: Store) {
    let mut record = interaction(1).bare();
    record.legs = vec![LegId::from_u64(1)];
    let offered = sample::every_kind_of_line(record.id)
        .into_iter()
        .find(|line| line.event.kind() == "offered")
        .unwrap();
    let agent_leg = offered.event.new_leg().unwrap();
    assert_ne!(agent_leg, LegId::from_u64(1), "the record does not know the agent's leg yet");
    store
        .write(&[Record::Interaction(Box::new(record.clone())), Record::Timeline(Box::new(offered))])
        .await
        .unwrap();
    store.write_ladder(&[message(1, "INVITE"), message(1, "100"), message(1, "180")]).await.unwrap();
    store
        .write_ladder(&[SipMessage { leg: agent_leg, ..message(1, "INVITE agent") }, message(77, "other")])
        .await
        .unwrap();

    let story = store.story(record.id).await.unwrap().unwrap();
    assert_eq!(story.interaction, record);
    assert_eq!(story.lines.len(), 1);
    let texts: Vec<&str> = story.ladder.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["INVITE", "100", "180", "INVITE agent"]);
    assert_eq!(store.story(InteractionId::from_u64(2)).await.unwrap(), None);
}

async fn lines_are_found_after_their_number(store: Store) {
    assert_eq!(store.last_seq().await.unwrap(), 0);
    let lines: Vec<Record> = (1..=5).map(|seq| Record::Timeline(Box::new(line(seq, 1)))).collect();
    store.write(&lines).await.unwrap();
    let after = async |seq, limit| -> Vec<u64> {
        store.timeline_after(seq, limit).await.unwrap().iter().map(|line| line.seq).collect()
    };
    assert_eq!(after(0, 3).await, [1, 2, 3]);
    assert_eq!(after(3, 3).await, [4, 5]);
    assert_eq!(after(u64::MAX, 3).await, [0; 0]);
    assert_eq!(store.last_seq().await.unwrap(), 5);
}

async fn what_a_peer_sent_can_hold_anything(store: Store) {
    let mut record = interaction(1).bare();
    record.from.display = Some("李明 \u{1f4de} '\"\\ \0 ; DROP TABLE users".into());
    store.write(&[Record::Interaction(Box::new(record.clone()))]).await.unwrap();
    store.write_ladder(&[message(1, "MESSAGE \0\u{7f}\r\n")]).await.unwrap();
    let found = store.interaction(record.id).await.unwrap().unwrap();
    assert_eq!(found.from.display.unwrap(), "李明 \u{1f4de} '\"\\ \u{fffd} ; DROP TABLE users");
}

async fn logins_differ_by_more_than_case(store: Store) {
    let sara = user("Sara", Role::Supervisor);
    store.add_user(&sara, "hash").await.unwrap();
    let again = store.add_user(&user("sARA", Role::Agent), "other").await.unwrap_err();
    assert_eq!(again.to_string(), "there is a user sARA already");

    let found = store.user("SARA").await.unwrap().unwrap();
    assert_eq!((found.user, found.password_hash.as_str()), (sara.clone(), "hash"));
    assert_eq!(store.user("nobody").await.unwrap(), None);
    assert_eq!(store.user("sa\0ra").await.unwrap(), None);
    store.add_user(&user("anna", Role::Agent), "hash").await.unwrap();
    assert_eq!(store.users().await.unwrap(), [user("anna", Role::Agent), sara]);
    let missing = store.set_password("nobody", "hash").await.unwrap_err();
    assert!(matches!(missing, StoreError::NoSuchUser(_)));
}

async fn a_new_password_ends_every_session(store: Store) {
    store.add_user(&user("Sara", Role::Supervisor), "old").await.unwrap();
    store.open_session(&session("a", "sara", 10_000)).await.unwrap();
    store.open_session(&session("b", "SARA", 10_000)).await.unwrap();
    let (found, _) = store.session("a", at(5_000)).await.unwrap().unwrap();
    assert_eq!(found.login, "Sara");
    store.set_password("SARA", "new").await.unwrap();
    assert_eq!(store.user("sara").await.unwrap().unwrap().password_hash, "new");
    assert_eq!(store.session("a", at(5_000)).await.unwrap(), None);
    assert_eq!(store.session("b", at(5_000)).await.unwrap(), None);
}

async fn a_session_ends_by_itself(store: Store) {
    store.add_user(&user("sara", Role::Supervisor), "hash").await.unwrap();
    store.open_session(&session("a", "sara", 10_000)).await.unwrap();
    store.open_session(&session("b", "sara", 20_000)).await.unwrap();
    assert!(store.session("a", at(9_999)).await.unwrap().is_some());
    assert_eq!(store.session("a", at(10_000)).await.unwrap(), None);
    assert_eq!(store.forget_sessions(at(10_000)).await.unwrap(), 1);
    assert!(store.session("b", at(10_000)).await.unwrap().is_some());
    store.close_session("b").await.unwrap();
    assert_eq!(store.session("b", at(10_000)).await.unwrap(), None);
}

async fn a_disabled_user_has_no_session(store: Store) {
    store.add_user(&user("sara", Role::Supervisor), "hash").await.unwrap();
    store.open_session(&session("a", "sara", 10_000)).await.unwrap();
    store.set_disabled("sara", true).await.unwrap();
    assert_eq!(store.session("a", at(5_000)).await.unwrap(), None);
    store.set_disabled("sara", false).await.unwrap();
    assert_eq!(store.session("a", at(5_000)).await.unwrap(), None, "the session itself is gone");
    assert!(!store.user("sara").await.unwrap().unwrap().user.disabled);
}

async fn the_audit_trail_is_kept_in_order(store: Store) {
    let entry = |who: &str, deed| AuditEntry {
        at: at(5_000),
        who: who.into(),
        deed,
        object: "RC-0000000000005".into(),
        from: "127.0.0.1".into(),
    };
    store.audit(&entry("sara", Deed::LoggedIn)).await.unwrap();
    store.audit(&entry("sara", Deed::HeardRecording)).await.unwrap();
    store.audit(&entry("x\0y", Deed::LoginFailed)).await.unwrap();
    let entries = store.audit_entries(10).await.unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].who, "x\u{fffd}y");
    assert_eq!(entries[1], entry("sara", Deed::HeardRecording));
    assert_eq!(store.audit_entries(1).await.unwrap().len(), 1);
}

async fn fresh_sqlite(folder: &std::path::Path) -> Store {
    let file = folder.join("deep/down/hotline.db");
    let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
    assert_eq!(store.version().await.unwrap(), 0);
    store.migrate().await.unwrap();
    store
}

fn all() -> InteractionFilter {
    InteractionFilter { limit: 100, ..InteractionFilter::default() }
}

fn message(leg: u64, text: &str) -> SipMessage {
    SipMessage {
        leg: LegId::from_u64(leg),
        at: Timestamp::from_millis(1_763_000_000_000),
        sent: false,
        transport: "udp".into(),
        remote: "127.0.0.1:5090".into(),
        text: text.into(),
    }
}

fn user(login: &str, role: Role) -> User {
    User {
        login: login.into(),
        name: "Someone".into(),
        role,
        queues: (role == Role::Supervisor).then(|| vec![QueueId::new("support"), QueueId::new("sales")]),
        created_at: at(1_000),
        disabled: false,
    }
}

fn session(token_hash: &str, login: &str, expires: i64) -> Session {
    Session { token_hash: token_hash.into(), login: login.into(), created_at: at(1), expires_at: at(expires) }
}
