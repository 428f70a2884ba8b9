//! The HTTP side as scripts rely on it: who may ask, what comes back, and that the event stream loses nothing.

use serde_json::{Value, json};
use tests::baresip::Phone;
use tests::library;
use tests::server::Server;

#[test]
fn health_needs_no_login_and_everything_else_does() {
    let server = Server::start("web-logins");
    let http = server.http();
    assert_eq!(http.get("/healthz").status, 200);
    assert_eq!(http.get("/readyz").status, 200);
    for path in [
        "/api/v1/agents",
        "/api/v1/queues",
        "/api/v1/interactions",
        "/api/v1/interactions/x",
        "/api/v1/interactions/x/timeline",
        "/api/v1/interactions/x/recording",
        "/api/v1/events?after=0",
        "/metrics",
    ] {
        let answer = http.get(path);
        assert_eq!(answer.status, 401, "GET {path}: {}", answer.text());
        assert!(answer.json()["error"]["code"].is_string(), "GET {path}: {}", answer.text());
    }
    let answer = http.put("/api/v1/me/state", &json!({ "state": "ready" }));
    assert_eq!(answer.status, 401, "{}", answer.text());
}

#[test]
fn a_wrong_password_and_an_unknown_login_are_refused_alike() {
    let server = Server::start("web-wrong-login");
    let http = server.http();
    let wrong = http.post("/api/v1/login", &json!({ "login": "admin", "password": "wrong" }));
    let unknown = http.post("/api/v1/login", &json!({ "login": "nobody", "password": "wrong" }));
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(wrong.json(), unknown.json(), "nobody learns which logins exist");
}

#[test]
fn nonsense_is_the_callers_mistake_and_the_server_lives() {
    let server = Server::start("web-nonsense");
    let http = server.as_admin();
    for path in [
        "/api/v1/interactions?from=yesterday",
        "/api/v1/interactions?cursor=%00",
        "/api/v1/interactions/no-such",
    ] {
        let answer = http.get(path);
        assert!((400..500).contains(&answer.status), "GET {path}: {} {}", answer.status, answer.text());
        assert!(answer.json()["error"]["message"].is_string(), "GET {path}: {}", answer.text());
    }
    let anna = server.agent("anna");
    let desk = server.http().log_in(&anna.login, &anna.password);
    for body in [json!({}), json!({ "state": "dancing" }), json!([1]), json!({ "state": "ready", "more": 1 })]
    {
        let answer = desk.put("/api/v1/me/state", &body);
        assert!((400..500).contains(&answer.status), "PUT {body}: {} {}", answer.status, answer.text());
    }
    assert_eq!(http.get("/healthz").status, 200);
}

#[test]
fn an_agent_at_the_desk_becomes_ready_and_takes_a_call() {
    let server = Server::start("web-agent-state");
    let admin = server.as_admin();
    let login = server.agent("anna").clone();
    let desk = server.http().log_in(&login.login, &login.password);
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    let answer = desk.put("/api/v1/me/state", &json!({ "state": "ready" }));
    assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text());
    library::agent_is(&admin, "anna", "ready");
    let mut caller = Phone::caller("+15550150").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    caller.hang_up();
    anna.ended(10);
    let answer = desk.put("/api/v1/me/state", &json!({ "state": "not_ready", "reason": "lunch" }));
    assert!((200..300).contains(&answer.status), "{} {}", answer.status, answer.text());
    library::agent_is(&admin, "anna", "not_ready");
    // An agent may not read what only supervisors may.
    assert_eq!(desk.get("/metrics").status, 403);
}

#[test]
fn the_event_stream_tells_everything_once_and_resumes_where_it_stopped() {
    let server = Server::start("web-events");
    let http = server.as_admin();
    let mut caller = Phone::caller("+15550151").on(&server);
    caller.call(server.number("echo"));
    caller.hears("something", 20, |sound| sound.seconds_sounding() > 1.0);
    caller.hang_up();
    library::closed(&http, "+15550151");

    let all = read_until_closed(&http, 0);
    let numbers: Vec<u64> = all.iter().map(sequence).collect();
    assert!(
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "a number is missing or doubled: {numbers:?}"
    );
    let middle = numbers[numbers.len() / 2];
    let rest = read_until_closed(&http, middle);
    let expected: Vec<&Value> = all.iter().filter(|event| sequence(event) > middle).collect();
    assert_eq!(rest.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_recording_can_be_fetched_in_pieces() {
    let server = Server::start("web-ranges");
    let http = server.as_admin();
    let mut anna = Phone::of_agent(&server, "anna").on(&server).registered();
    anna.dial_code(&server.ready.codes.ready);
    let mut caller = Phone::caller("+15550152").on(&server);
    caller.call(server.number("support"));
    anna.connected(20);
    anna.hears("two seconds of the caller", 20, |sound| sound.seconds() > 2.0);
    caller.hang_up();
    let closed = library::closed(&http, "+15550152");
    let path = format!("/api/v1/interactions/{}/recording", closed["id"].as_str().expect("an id"));
    library::recording(&http, closed["id"].as_str().expect("an id"));
    let whole = http.get(&path);
    let piece = http.get_with(&path, &[("Range", "bytes=100-1099")]);
    assert_eq!((piece.status, piece.body.len()), (206, 1000));
    assert_eq!(piece.body, whole.body[100..1100]);
    let total = format!("bytes 100-1099/{}", whole.body.len());
    assert_eq!(piece.header("content-range"), Some(total.as_str()));
    let beyond = http.get_with(&path, &[("Range", "bytes=999999999-")]);
    assert_eq!(beyond.status, 416);
}

#[test]
fn the_description_names_every_route_scripts_depend_on() {
    let server = Server::start("web-openapi");
    let description = server.as_admin().json("/openapi.json");
    let paths = description["paths"].as_object().expect("paths");
    for path in [
        "/api/v1/login",
        "/api/v1/me/state",
        "/api/v1/agents",
        "/api/v1/queues",
        "/api/v1/interactions",
        "/api/v1/interactions/{id}",
        "/api/v1/interactions/{id}/timeline",
        "/api/v1/interactions/{id}/recording",
        "/api/v1/events",
    ] {
        assert!(paths.contains_key(path), "openapi.json lacks {path}");
    }
}

#[test]
fn metrics_count_the_calls() {
    let server = Server::start("web-metrics");
    let http = server.as_admin();
    let mut caller = Phone::caller("+15550153").on(&server);
    caller.call(server.number("music"));
    let text = http.get("/metrics").text();
    assert!(text.lines().any(|line| line.starts_with("# TYPE hotline_")), "{text}");
    caller.hang_up();
}

fn sequence(event: &Value) -> u64 {
    event["seq"].as_u64().unwrap_or_else(|| panic!("an event without a number: {event}"))
}

/// All events after a number, up to the one that closes the interaction.
fn read_until_closed(http: &tests::http::Http, after: u64) -> Vec<Value> {
    let mut events = http.events(after);
    let mut all = Vec::new();
    events.wait("the interaction is closed", 20, |event| {
        all.push(event.clone());
        event["kind"] == "closed"
    });
    all
}
