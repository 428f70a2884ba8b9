//! Who gets in: every route for every role, tokens, the cookie, log-in and lock-out.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet HTTP")]

mod desk;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base::Duration;
use desk::{Desk, METRICS_TOKEN, NOON, PASSWORD, as_user, from, id};
use model::timeline::LegRole;
use model::{AlertId, TimelineEntry};
use serde_json::json;
use std::fmt::Write;
use std::sync::atomic::Ordering;
use web::{IceServers, PageSettings, Turn, TurnAccess, WebOptions};

/// Everybody who may knock, from nobody to the administrator.
const CALLERS: [&str; 5] = ["anna", "sara", "paul", "mona", "root"];

/// Every route with an example of its use: the interaction is one that anna took, in the queue that sara looks after.
fn routes() -> Vec<(&'static str, String, &'static str)> {
    let (one, alert) = (id(1), AlertId::from_u64(1));
    [
        ("GET", "/api/v1/me".to_owned(), ""),
        ("PUT", "/api/v1/me/state".to_owned(), r#"{"state":"ready"}"#),
        ("POST", "/api/v1/me/phone".to_owned(), ""),
        ("GET", "/api/v1/agents".to_owned(), ""),
        ("GET", "/api/v1/queues".to_owned(), ""),
        ("GET", "/api/v1/trunks".to_owned(), ""),
        ("GET", "/api/v1/alerts".to_owned(), ""),
        ("DELETE", format!("/api/v1/alerts/{alert}"), ""),
        ("GET", "/api/v1/bans".to_owned(), ""),
        ("DELETE", format!("/api/v1/bans/{BANNED}"), ""),
        ("GET", "/api/v1/interactions".to_owned(), ""),
        ("GET", format!("/api/v1/interactions/{one}"), ""),
        ("GET", format!("/api/v1/interactions/{one}/timeline"), ""),
        ("GET", format!("/api/v1/interactions/{one}/recording"), ""),
        ("GET", format!("/api/v1/interactions/{one}/recording/peaks"), ""),
        ("GET", format!("/api/v1/interactions/{one}/recording/manifest"), ""),
        ("PUT", format!("/api/v1/interactions/{one}/recording/state"), r#"{"state":"paused"}"#),
        ("POST", format!("/api/v1/interactions/{one}/monitor"), r#"{"mode":"listen"}"#),
        ("DELETE", format!("/api/v1/interactions/{one}/monitor"), ""),
        ("GET", format!("/api/v1/interactions/{one}/stream"), ""),
        ("GET", "/api/v1/conferences".to_owned(), ""),
        ("PUT", format!("/api/v1/conferences/{ROOM}"), r#"{"locked":true}"#),
        ("PUT", format!("/api/v1/conferences/{ROOM}/members/{one}"), r#"{"muted":true}"#),
        ("DELETE", format!("/api/v1/conferences/{ROOM}/members/{one}"), ""),
        ("GET", "/api/v1/events".to_owned(), ""),
        ("GET", "/api/v1/live".to_owned(), ""),
        ("GET", "/api/v1/metrics".to_owned(), ""),
        ("GET", "/metrics".to_owned(), ""),
        ("POST", "/api/v1/logout".to_owned(), ""),
    ]
    .into()
}

/// Who is kept out of the desk's center.
const BANNED: &str = "203.0.113.9";

/// A conference that somebody is in.
const ROOM: &str = "lobby";

/// The path as it is described.
fn without_id(path: &str) -> String {
    path.replace(&id(1).to_string(), "{id}")
        .replace(&AlertId::from_u64(1).to_string(), "{id}")
        .replace(BANNED, "{address}")
        .replace(ROOM, "{name}")
}

#[tokio::test]
async fn whoever_talks_pauses_the_recording_and_it_is_written_down() {
    let desk = Desk::new();
    desk.board.apply([desk::offered(1, "support", "anna"), desk::offered(2, "sales", "anna")]);
    let ask = |who: &'static str, number: u64, body: &'static str| {
        let path = format!("/api/v1/interactions/{}/recording/state", id(number));
        as_user(who, "PUT", &path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap()
    };
    let paused = desk.ask(ask("anna", 1, r#"{"state":"paused"}"#)).await;
    assert_eq!((paused.status, paused.json()), (StatusCode::OK, json!({"state": "paused"})));
    assert_eq!(desk.ask(ask("sara", 1, r#"{"state":"customer_masked"}"#)).await.status, StatusCode::OK);
    // Not recorded; not of sara's queues; not open; not a word that is known.
    assert_eq!(desk.ask(ask("anna", 2, r#"{"state":"paused"}"#)).await.code(), "not_recording");
    assert_eq!(desk.ask(ask("sara", 2, r#"{"state":"paused"}"#)).await.code(), "forbidden");
    assert_eq!(desk.ask(ask("root", 9, r#"{"state":"paused"}"#)).await.code(), "not_found");
    assert_eq!(desk.ask(ask("anna", 1, r#"{"state":"deleted"}"#)).await.status, StatusCode::BAD_REQUEST);
    // The call of somebody else.
    desk.board.apply([desk::offered(1, "support", "dora")]);
    assert_eq!(desk.ask(ask("anna", 1, r#"{"state":"running"}"#)).await.code(), "forbidden");

    // An order that does not reach the sound is not answered as if it had.
    desk.center.is_stuck.store(true, Ordering::SeqCst);
    let stuck = desk.ask(ask("root", 1, r#"{"state":"running"}"#)).await;
    assert_eq!(
        (stuck.status, stuck.code()),
        (StatusCode::SERVICE_UNAVAILABLE, "recording_unchanged".to_owned())
    );

    let told = desk.center.kept_of_recordings.lock().unwrap().clone();
    let told: Vec<_> = told.iter().map(|(_, state, by)| (state.as_str(), by.as_str())).collect();
    assert_eq!(told, [("paused", "anna"), ("customer_masked", "sara")]);
    let audit = desk.library.audit.lock().unwrap();
    let entries: Vec<_> = audit.iter().map(|entry| (entry.deed.as_str(), entry.object.clone())).collect();
    let expected =
        ["paused", "customer_masked"].map(|state| ("changed_recording", format!("{} {state}", id(1))));
    assert_eq!(entries, expected);
}

#[tokio::test]
async fn after_a_transfer_whoever_talks_pauses_the_recording_and_supervisors_of_other_queues_cannot() {
    let desk = Desk::new();
    let ask = async |who: &str, number: u64| {
        let path = format!("/api/v1/interactions/{}/recording/state", id(number));
        let request = as_user(who, "PUT", &path).header(header::CONTENT_TYPE, "application/json");
        desk.ask(request.body(Body::from(r#"{"state":"paused"}"#)).unwrap()).await.status
    };
    // Dora took it and passed it on to anna.
    desk.board.apply([desk::passed_on(1, "support", "anna")]);
    assert_eq!(ask("anna", 1).await, StatusCode::OK);
    assert_eq!(ask("sara", 1).await, StatusCode::OK);
    desk.board.apply([desk::passed_on(1, "sales", "dora")]);
    assert_eq!(ask("anna", 1).await, StatusCode::FORBIDDEN);
    assert_eq!(ask("sara", 1).await, StatusCode::FORBIDDEN);
    assert_eq!(ask("root", 1).await, StatusCode::OK);
}

#[tokio::test]
async fn a_supervisor_listens_to_calls_of_the_own_queues_and_it_is_written_down() {
    let desk = Desk::new();
    desk.board.apply([desk::offered(1, "support", "anna"), desk::offered(2, "sales", "dora")]);
    let ask = async |who: &str, method: &str, number: u64, body: &'static str| {
        let path = format!("/api/v1/interactions/{}/monitor", id(number));
        let request = as_user(who, method, &path).header(header::CONTENT_TYPE, "application/json");
        desk.ask(request.body(Body::from(body)).unwrap()).await
    };
    assert_eq!(ask("sara", "DELETE", 1, "").await.code(), "not_monitoring");
    let listens = ask("sara", "POST", 1, r#"{"mode":"listen"}"#).await;
    assert_eq!((listens.status, listens.json()), (StatusCode::OK, json!({"mode": "listen"})));
    assert_eq!(ask("sara", "POST", 1, r#"{"mode":"take_over"}"#).await.status, StatusCode::OK);
    assert_eq!(ask("sara", "DELETE", 1, "").await.status, StatusCode::NO_CONTENT);
    // No right; not of sara's queues; not open; not a word that is known; no phone.
    assert_eq!(ask("anna", "POST", 1, r#"{"mode":"listen"}"#).await.code(), "forbidden");
    assert_eq!(ask("sara", "POST", 2, r#"{"mode":"listen"}"#).await.code(), "forbidden");
    assert_eq!(ask("sara", "POST", 9, r#"{"mode":"listen"}"#).await.code(), "not_found");
    assert_eq!(ask("sara", "POST", 1, r#"{"mode":"spy"}"#).await.status, StatusCode::BAD_REQUEST);
    let without = ask("root", "POST", 1, r#"{"mode":"barge"}"#).await;
    assert_eq!((without.status, without.code()), (StatusCode::CONFLICT, "no_phone".to_owned()));
    // Nobody listens unless it can be written down.
    let before = desk.center.monitors.lock().unwrap().len();
    assert_eq!(before, 4);
    desk.library.away.store(true, Ordering::SeqCst);
    let away = ask("sara", "POST", 1, r#"{"mode":"whisper"}"#).await;
    assert_eq!(away.code(), "library_unavailable");
    assert_eq!(desk.center.monitors.lock().unwrap().len(), before);

    let audit = desk.library.audit.lock().unwrap();
    let entries: Vec<_> =
        audit.iter().map(|entry| format!("{} {}", entry.deed.as_str(), entry.object)).collect();
    let one = id(1);
    let expected = ["listen", "take_over", "end", "barge"].map(|what| format!("monitored {one} {what}"));
    assert_eq!(entries, expected);
}

#[tokio::test]
async fn a_supervisor_mutes_removes_and_locks_in_a_conference_and_it_is_written_down() {
    let desk = Desk::new();
    let listed = desk.get("sara", "/api/v1/conferences").await.json();
    assert_eq!(
        listed["conferences"][0]["members"][0],
        json!({"id": id(1).to_string(), "from": {"number": "200"}, "moderator": false, "muted": false,
               "muted_by_order": false, "speaks": true,
               "since": desk::NOON})
    );
    let ask = async |method: &str, path: String, body: &'static str| {
        let path = format!("/api/v1/conferences/{path}");
        let request = as_user("sara", method, &path).header(header::CONTENT_TYPE, "application/json");
        desk.ask(request.body(Body::from(body)).unwrap()).await.status
    };
    let member = |number: u64| format!("lobby/members/{}", id(number));
    assert_eq!(ask("PUT", member(1), r#"{"muted":true}"#).await, StatusCode::OK);
    assert_eq!(ask("PUT", "lobby".into(), r#"{"locked":true}"#).await, StatusCode::OK);
    assert_eq!(ask("DELETE", member(1), "").await, StatusCode::NO_CONTENT);
    assert_eq!(ask("DELETE", member(2), "").await, StatusCode::NOT_FOUND);
    assert_eq!(ask("PUT", "attic".into(), r#"{"locked":true}"#).await, StatusCode::NOT_FOUND);
    assert_eq!(ask("PUT", "lobby".into(), r#"{"closed":true}"#).await, StatusCode::BAD_REQUEST);
    let audit = desk.library.audit.lock().unwrap();
    let entries: Vec<_> =
        audit.iter().map(|entry| format!("{} {}", entry.deed.as_str(), entry.object)).collect();
    let one = id(1);
    let expected = [format!("lobby muted {one}"), "lobby locked".into(), format!("lobby removed {one}")];
    assert_eq!(entries, expected.map(|what| format!("ordered_conference {what}")));
}

#[tokio::test]
async fn an_agent_reads_the_own_story_without_those_who_listened() {
    let desk = Desk::new();
    let path = format!("/api/v1/interactions/{}/timeline", id(1));
    for (seq, event) in [
        (11, desk::rung_to_listen(5, false)),
        (12, desk::ended(5, LegRole::Supervisor)),
        (13, desk::rung_to_listen(6, true)),
    ] {
        desk.library.write(TimelineEntry { event, ..desk::line(seq, Some(1)) });
    }
    let kinds = async |who: &str| {
        let story = desk.get(who, &path).await.json();
        let lines = story["lines"].as_array().unwrap();
        lines
            .iter()
            .filter_map(|line| Some((line["seq"].as_u64()?, line["kind"].clone())))
            .collect::<Vec<_>>()
    };
    let (supervisor, agent) = (kinds("sara").await, kinds("anna").await);
    assert_eq!(supervisor.len(), agent.len() + 2, "{supervisor:?}, {agent:?}");
    assert!(
        supervisor.contains(&(11, json!("monitor_rung"))) && supervisor.contains(&(12, json!("leg_ended")))
    );
    assert!(!agent.iter().any(|(seq, _)| [11, 12].contains(seq)));
    assert!(agent.contains(&(13, json!("monitor_rung"))), "unless agents may know");
}

#[tokio::test]
async fn an_administrator_lets_somebody_in_and_it_is_written_down() {
    let desk = Desk::new();
    let listed = desk.get("root", "/api/v1/bans").await.json();
    let ban = json!({
        "address": BANNED, "what": "user", "user": "1001", "why": "tried 10 wrong passwords",
        "since": desk::NOON, "until": desk::NOON + 900_000,
    });
    assert_eq!(listed, json!({ "bans": [ban] }));
    let lift = |path: &str| as_user("root", "DELETE", path).body(Body::empty()).unwrap();
    let path = format!("/api/v1/bans/{BANNED}");
    assert_eq!(desk.ask(lift(&path)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.ask(lift(&path)).await.code(), "not_found");
    let nonsense = desk.ask(lift("/api/v1/bans/nobody")).await;
    assert_eq!((nonsense.status, nonsense.code()), (StatusCode::BAD_REQUEST, "bad_request".to_owned()));
    let audit = desk.library.audit.lock().unwrap();
    let entries: Vec<_> = audit.iter().map(|entry| (entry.deed.as_str(), entry.object.as_str())).collect();
    assert_eq!(entries, [("lifted_ban", BANNED)]);
}

/// Routes that ask nobody who they are.
const OPEN: [(&str, &str); 8] = [
    ("post", "/api/v1/login"),
    ("get", "/api/v1/openapi.json"),
    ("get", "/api/v1/healthz"),
    ("get", "/api/v1/readyz"),
    ("get", "/openapi.json"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/sip"),
];

#[tokio::test]
async fn every_route_for_every_role() {
    let mut table = format!("{:42}", "");
    for caller in CALLERS {
        let _ = write!(table, " {caller:5}");
    }
    for (method, path, body) in routes() {
        let _ = write!(table, "\n{method:5}{:37}", without_id(&path));
        for caller in CALLERS {
            let desk = Desk::new();
            let request = as_user(caller, method, &path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body))
                .unwrap();
            let status = desk.send(request).await.status();
            let _ = write!(table, " {:5}", status.as_u16());
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test]
async fn no_route_opens_without_a_token_or_with_a_wrong_or_an_expired_one() {
    let desk = Desk::new();
    for (method, path, body) in routes() {
        let knock = async |name: &str, value: &str| {
            let mut request = Request::builder()
                .method(method)
                .uri(&path)
                .header(header::CONTENT_TYPE, "application/json")
                .header("x-hotline", "1");
            if !name.is_empty() {
                request = request.header(name, value);
            }
            let reply = desk.ask(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path} with {name} {value}");
            assert_eq!(reply.code(), "not_logged_in");
            assert_eq!(reply.header(header::WWW_AUTHENTICATE), "Bearer");
        };
        knock("", "").await;
        knock("authorization", "Bearer token-nobody").await;
        knock("authorization", "Bearer ").await;
        knock("authorization", "Basic YW5uYTp4").await;
        knock("authorization", "token-root").await;
        knock("cookie", "hotline_session=token-nobody").await;
        knock("cookie", "other=token-root").await;
    }
    // A token in the address would end up in logs.
    let in_path = Request::get("/api/v1/live?token=token-root").body(Body::empty()).unwrap();
    assert_eq!(desk.ask(in_path).await.status, StatusCode::UNAUTHORIZED);

    desk.pass(Duration::from_secs(3601));
    for (method, path, body) in routes() {
        let request = as_user("root", method, &path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        assert_eq!(desk.ask(request).await.status, StatusCode::UNAUTHORIZED, "{method} {path}, expired");
    }
}

#[tokio::test]
async fn every_described_route_is_in_these_tables() {
    let described = serde_json::to_value(web::openapi()).unwrap();
    let mut known: Vec<(String, String)> = routes()
        .into_iter()
        .map(|(method, path, _)| (method.to_lowercase(), without_id(&path)))
        .chain(OPEN.iter().map(|(method, path)| (method.to_string(), path.to_string())))
        .collect();
    known.sort();
    let mut found: Vec<(String, String)> = described["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    found.sort();
    assert_eq!(found, known);
}

#[tokio::test]
async fn what_belongs_to_others_stays_closed() {
    let desk = Desk::new();
    for (caller, number, expected) in
        [("anna", 1, 200), ("anna", 3, 403), ("sara", 1, 200), ("sara", 2, 403), ("root", 2, 200)]
    {
        for part in ["", "/timeline"] {
            let reply = desk.get(caller, &format!("/api/v1/interactions/{}{part}", id(number))).await;
            assert_eq!(reply.status.as_u16(), expected, "{caller} {number}{part}");
        }
    }
    // The id of a recording opens nothing beside the interaction it belongs to.
    let stolen = format!("/api/v1/interactions/{}/recording?recording=RC-000000000001E", id(1));
    assert_eq!(desk.get("anna", &stolen).await.code(), "no_recording");

    let listed = async |caller: &str, query: &str| {
        let reply = desk.get(caller, &format!("/api/v1/interactions?{query}")).await;
        match reply.status {
            StatusCode::OK => reply.json()["interactions"].as_array().unwrap().len(),
            _ => {
                assert_eq!(reply.code(), "forbidden");
                99
            }
        }
    };
    assert_eq!(listed("root", "").await, 3);
    assert_eq!(listed("sara", "").await, 2);
    assert_eq!(listed("sara", "queue=support").await, 2);
    assert_eq!(listed("sara", "queue=sales").await, 99);
    assert_eq!(listed("anna", "").await, 1);
    assert_eq!(listed("anna", "agent=anna").await, 1);
    assert_eq!(listed("anna", "agent=bert").await, 99);
    let queues = desk.get("sara", "/api/v1/queues").await.json();
    assert_eq!(queues["queues"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_log_in_gives_a_token_and_a_cookie_that_open_the_door() {
    let desk = Desk::new();
    let reply = desk.post("/api/v1/login", json!({"login": "SARA", "password": PASSWORD})).await;
    assert_eq!(reply.status, StatusCode::OK);
    let answer = reply.json();
    assert_eq!(answer["user"], json!({"login": "sara", "name": "SARA", "role": "supervisor"}));
    assert_eq!(answer["expires_at"], desk::NOON + 12 * 3_600_000);
    let token = answer["token"].as_str().unwrap();
    assert_eq!(
        reply.header(header::SET_COOKIE),
        format!("hotline_session={token}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict")
    );
    assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
    assert!(!format!("{:?}", desk.library.sessions.lock().unwrap()).contains(token), "only a hash is kept");

    for (name, value) in
        [("authorization", format!("Bearer {token}")), ("cookie", format!("a=b; hotline_session={token}"))]
    {
        let request = Request::get("/api/v1/me").header(name, value).body(Body::empty()).unwrap();
        let me = desk.ask(request).await.json();
        assert_eq!(me["login"], "sara");
        assert!(me["permissions"].as_array().unwrap().contains(&json!("hear_recordings")));
        assert_eq!(me["center"]["domain"], "hotline.test");
        assert_eq!(me["agent"], json!(null));
    }

    let again = desk.post("/api/v1/login", json!({"login": "sara", "password": PASSWORD})).await.json();
    assert_ne!(again["token"], answer["token"], "every log-in has its own token");

    let over_tls = Request::post("/api/v1/login")
        .header(header::CONTENT_TYPE, "application/json")
        .extension(web::Peer { encrypted: true, ..from(1) })
        .body(Body::from(json!({"login": "sara", "password": PASSWORD}).to_string()))
        .unwrap();
    assert!(desk.ask(over_tls).await.header(header::SET_COOKIE).ends_with("; Secure"));
}

#[tokio::test]
async fn a_password_is_not_taken_over_plain_http_from_another_machine() {
    let desk = Desk::behind_a_proxy(false);
    let log_in = |peer: web::Peer| {
        Request::post("/api/v1/login")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(peer)
            .body(Body::from(json!({"login": "sara", "password": PASSWORD}).to_string()))
            .unwrap()
    };
    let refused = desk.ask(log_in(from(1))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(refused.code(), "needs_https");
    for peer in [
        web::Peer { encrypted: true, ..from(1) },
        web::Peer { address: std::net::Ipv4Addr::LOCALHOST.into(), ..from(1) },
    ] {
        assert_eq!(desk.ask(log_in(peer)).await.status, StatusCode::OK, "{peer:?}");
    }
}

#[tokio::test]
async fn a_log_out_ends_the_session_at_once() {
    let desk = Desk::new();
    assert_eq!(desk.get("sara", "/api/v1/me").await.status, StatusCode::OK);
    let out = as_user("sara", "POST", "/api/v1/logout").body(Body::empty()).unwrap();
    let reply = desk.ask(out).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert!(reply.header(header::SET_COOKIE).starts_with("hotline_session=; Path=/; Max-Age=0"));
    assert_eq!(desk.get("sara", "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
    // The center hears of it, so that no phone stays registered by this log-in.
    assert_eq!(desk.center.logins_over.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_gets_what_it_needs_to_be_the_agents_phone_and_no_password() {
    let desk = Desk::new();
    let ask = |headers: &[(&str, &str)]| {
        let mut request = as_user("anna", "POST", "/api/v1/me/phone");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    };
    let reply = desk.ask(ask(&[("host", "desk.test:8080")])).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header(header::CACHE_CONTROL), "no-store");
    let phone = reply.json();
    assert_eq!(
        (&phone["uri"], &phone["server"], &phone["expires_in"]),
        (&json!("sip:1001@hotline.test"), &json!("ws://desk.test:8080/sip"), &json!(60))
    );
    // Every page of this log-in has tokens of the same log-in.
    let again = desk.ask(ask(&[("host", "desk.test"), ("origin", "https://desk.test")])).await.json();
    assert_eq!((&again["server"], &again["token"]), (&json!("wss://desk.test/sip"), &phone["token"]));
    let without = desk.ask(as_user("sara", "POST", "/api/v1/me/phone").body(Body::empty()).unwrap()).await;
    assert_eq!((without.status, without.code()), (StatusCode::CONFLICT, "no_phone".to_owned()));
}

#[tokio::test]
async fn a_page_is_told_of_turn_servers_with_a_password_of_its_own_for_a_limited_time() {
    let shared = TurnAccess::Shared { secret: "north".to_owned(), lifetime: Duration::from_secs(3_600) };
    let turn = Turn { urls: vec!["turn:192.0.2.9:3478".to_owned()], access: shared };
    let ice_servers = IceServers { stun: vec!["stun:192.0.2.9".to_owned()], turn: vec![turn] };
    let pages = PageSettings { ice_servers, ..PageSettings::default() };
    let desk = Desk::with(WebOptions { pages, ..WebOptions::default() });
    let ask = || as_user("anna", "POST", "/api/v1/me/phone").body(Body::empty()).unwrap();
    let first = desk.ask(ask()).await.json()["ice_servers"].clone();
    assert_eq!(first[0], json!({ "urls": ["stun:192.0.2.9"] }));
    assert_eq!(first[1]["urls"], json!(["turn:192.0.2.9:3478"]));
    let good_until = NOON / 1_000 + 3_600;
    assert_eq!(first[1]["username"], json!(format!("{good_until}:1001")));
    assert!(!first.to_string().contains("north"), "{first}");
    desk.pass(Duration::from_secs(60));
    assert_ne!(desk.ask(ask()).await.json()["ice_servers"][1]["credential"], first[1]["credential"]);

    let none = Desk::new().ask(ask()).await.json();
    assert_eq!(none["ice_servers"], json!([]));
}

#[tokio::test]
async fn what_pages_are_told_changes_while_the_center_runs() {
    let desk = Desk::new();
    assert_eq!(desk.get("anna", "/api/v1/me").await.json()["center"]["zone"], json!("UTC"));
    let ice_servers = IceServers { stun: vec!["stun:192.0.2.9".to_owned()], turn: Vec::new() };
    desk.web.tell(PageSettings { zone: "Asia/Shanghai".to_owned(), ice_servers });
    assert_eq!(desk.get("anna", "/api/v1/me").await.json()["center"]["zone"], json!("Asia/Shanghai"));
    let told = desk.ask(as_user("anna", "POST", "/api/v1/me/phone").body(Body::empty()).unwrap()).await;
    assert_eq!(told.json()["ice_servers"], json!([{ "urls": ["stun:192.0.2.9"] }]));
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_login_are_answered_alike() {
    let desk = Desk::new();
    desk.library.disable("mona");
    let mut answers = Vec::new();
    for (login, password) in [("sara", "wrong"), ("nobody", PASSWORD), ("mona", PASSWORD), ("sara", "")] {
        let reply = desk.post("/api/v1/login", json!({"login": login, "password": password})).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{login}");
        assert_eq!(reply.code(), "wrong_login");
        answers.push(reply.body);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let written: Vec<String> = desk
        .library
        .audit
        .lock()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {}", entry.deed.as_str(), entry.who))
        .collect();
    assert_eq!(
        written,
        ["login_failed sara", "login_failed nobody", "login_failed mona", "login_failed sara"]
    );
}

#[tokio::test]
async fn ten_wrong_guesses_lock_one_address_and_not_another() {
    let desk = Desk::new();
    let guess = async |host, password: &str| {
        let request = Request::post("/api/v1/login")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(from(host))
            .body(Body::from(json!({"login": "sara", "password": password}).to_string()))
            .unwrap();
        desk.ask(request).await
    };
    for _ in 0..10 {
        assert_eq!(guess(1, "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let locked = guess(1, PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(locked.code(), "locked");
    assert_eq!(locked.json()["error"]["retry_after_ms"], 900_000);
    assert_eq!(locked.header(header::RETRY_AFTER), "900");
    assert_eq!(guess(2, PASSWORD).await.status, StatusCode::OK, "the owner sits elsewhere");
    desk.pass(Duration::from_secs(900));
    assert_eq!(guess(1, PASSWORD).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_change_with_the_cookie_needs_to_come_from_our_own_page() {
    let desk = Desk::new();
    let change = async |headers: &[(&str, &str)]| {
        let mut request = Request::put("/api/v1/me/state").header("cookie", "hotline_session=token-anna");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        desk.ask(request.body(Body::from(r#"{"state":"ready"}"#)).unwrap()).await
    };
    let json = ("content-type", "application/json; charset=utf-8");
    assert_eq!(change(&[json, ("x-hotline", "1")]).await.status, StatusCode::OK);
    for headers in [
        &[][..],
        &[json],
        &[("x-hotline", "1")],
        &[("content-type", "text/plain"), ("x-hotline", "1")],
        &[json, ("x-hotline", "0")],
    ] {
        let reply = change(headers).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert_eq!(reply.code(), "foreign_page");
    }
    // A bearer token is sent by programs only, never by a browser of its own accord.
    let bearer = as_user("anna", "PUT", "/api/v1/me/state")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(r#"{"state":"not_ready","reason":"lunch"}"#))
        .unwrap();
    let reply = desk.ask(bearer).await.json();
    assert_eq!((&reply["state"], &reply["reason"]), (&json!("not_ready"), &json!("lunch")));
}

#[tokio::test]
async fn a_disabled_user_is_out_within_seconds() {
    let desk = Desk::new();
    assert_eq!(desk.get("sara", "/api/v1/me").await.status, StatusCode::OK);
    desk.library.disable("sara");
    desk.pass(web::session::BELIEVED);
    assert_eq!(desk.get("sara", "/api/v1/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_board_goes_on_while_the_library_is_away() {
    let desk = Desk::new();
    assert_eq!(desk.get("sara", "/api/v1/queues").await.status, StatusCode::OK);
    desk.library.away.store(true, Ordering::SeqCst);
    desk.pass(Duration::from_secs(60));
    assert_eq!(desk.get("sara", "/api/v1/queues").await.status, StatusCode::OK);
    let list = desk.get("sara", "/api/v1/interactions").await;
    assert_eq!((list.status, list.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "library_unavailable"));
    assert!(
        !String::from_utf8_lossy(&list.body).contains("away"),
        "what the database says is not for callers"
    );
    // Nobody who was never seen gets in, and nobody listens without its being written down.
    assert_eq!(desk.get("root", "/api/v1/queues").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_was_heard_and_read_is_written_down() {
    let desk = Desk::new();
    let path = format!("/api/v1/interactions/{}", id(1));
    desk.get("sara", &format!("{path}/timeline")).await;
    desk.get("sara", &format!("{path}/recording")).await;
    let piece = async |who: &str, range: &str| {
        let request = as_user(who, "GET", &format!("{path}/recording")).header(header::RANGE, range);
        desk.ask(request.body(Body::empty()).unwrap()).await
    };
    // What a player asks for beside the beginning is the same hearing; whoever jumps in has heard it too.
    piece("sara", "bytes=500-").await;
    piece("root", "bytes=500-").await;
    piece("root", "bytes=0-9").await;
    desk.pass(Duration::from_secs(10 * 60));
    piece("sara", "bytes=700-").await;
    // What is not there has not been heard.
    let reply = piece("anna", "bytes=999999-").await;
    assert_eq!(reply.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let written: Vec<String> = desk
        .library
        .audit
        .lock()
        .unwrap()
        .iter()
        .map(|entry| format!("{} {} {} {}", entry.who, entry.deed.as_str(), entry.object, entry.from))
        .collect();
    assert_eq!(
        written,
        [
            "sara read_timeline IX-0000000000001 192.0.2.1",
            "sara heard_recording RC-000000000000B 192.0.2.1",
            "root heard_recording RC-000000000000B 192.0.2.1",
            "sara heard_recording RC-000000000000B 192.0.2.1",
        ]
    );
}

#[tokio::test]
async fn the_figures_open_for_their_token() {
    let desk = Desk::new();
    desk.metrics.counter("hotline_calls_total", "Calls.", &[]).add(3);
    let ask = async |token: &str| {
        let request = Request::get("/metrics").header(header::AUTHORIZATION, format!("Bearer {token}"));
        desk.ask(request.body(Body::empty()).unwrap()).await
    };
    let reply = ask(METRICS_TOKEN).await;
    assert!(String::from_utf8(reply.body).unwrap().contains("hotline_calls_total 3\n"));
    assert_eq!(ask("token-root").await.status, StatusCode::OK);
    assert_eq!(ask("token-sara").await.status, StatusCode::FORBIDDEN);
    assert_eq!(ask("metrics-tokem").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_listener_of_their_own_shows_the_figures_and_nothing_else() {
    use tower::ServiceExt;
    let desk = Desk::new();
    desk.metrics.gauge("hotline_legs_open", "Legs.", &[]).set(2);
    let router = web::metrics_router(desk.metrics.clone());
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    let shown = ask("/metrics").await;
    assert_eq!(shown.status(), StatusCode::OK);
    let text = axum::body::to_bytes(shown.into_body(), 10_000).await.unwrap();
    assert!(String::from_utf8_lossy(&text).contains("hotline_legs_open 2\n"));
    for path in ["/", "/api/v1/me", "/healthz"] {
        assert_eq!(ask(path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}
