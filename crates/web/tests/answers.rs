//! What is answered: the shapes of lists and stories, sound in parts, refusals in one shape, the description, the page.

#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "these tests meet HTTP")]

mod desk;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use desk::{Desk, agent, as_user, id};
use model::AgentState;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn a_story_is_told_in_time_order_with_its_sip_messages() {
    let desk = Desk::new();
    let story = desk.get("sara", &format!("/api/v1/interactions/{}/timeline", id(1))).await;
    assert_eq!(story.status, StatusCode::OK);
    insta::assert_snapshot!(serde_json::to_string_pretty(&story.json()).unwrap());
}

#[tokio::test]
async fn the_live_rows_have_the_agreed_form() {
    let desk = Desk::new();
    let agents = desk.get("anna", "/api/v1/agents").await.json();
    let queues = desk.get("anna", "/api/v1/queues").await.json();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json!([agents, queues])).unwrap());
}

#[tokio::test]
async fn an_agent_is_told_which_interaction_others_are_in_by_nobody() {
    let desk = Desk::new();
    desk.board.apply(["anna", "dora"].map(|name| agent(name, AgentState::Talking(id(1)))));
    for (asker, told) in [("anna", ["anna"].as_slice()), ("sara", &["anna", "dora"])] {
        let agents = desk.get(asker, "/api/v1/agents").await.json();
        let rows = agents["agents"].as_array().unwrap();
        assert!(rows.iter().all(|row| row["state"] == "talking"));
        let names: Vec<_> =
            rows.iter().filter(|row| row.get("interaction").is_some()).map(|row| &row["id"]).collect();
        assert_eq!(names, *told, "asked by {asker}");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_its_cursor_points() {
    let desk = Desk::new();
    let first = desk.get("root", "/api/v1/interactions?limit=2").await.json();
    let ids = |page: &Value| -> Vec<String> {
        let rows = page["interactions"].as_array().unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first).len(), 2);
    let next = first["next"].as_str().unwrap();
    let second = desk.get("root", &format!("/api/v1/interactions?limit=2&cursor={next}")).await.json();
    assert_eq!(ids(&second), [id(3).to_string()]);
    assert!(second.get("next").is_none());
    let rows = first["interactions"].as_array().unwrap();
    assert_eq!(rows[0]["recordings"][1]["length_ms"], 2000);
    assert_eq!(
        rows[0]["recordings"][1]["url"],
        format!("/api/v1/interactions/{}/recording?recording=RC-000000000000B", id(1))
    );
}

#[tokio::test]
async fn a_parameter_that_cannot_be_understood_is_named() {
    let desk = Desk::new();
    for (query, field) in [
        ("from=yesterday", "from"),
        ("to=1.5", "to"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("outcome=won", "outcome"),
        ("cursor=5", "cursor"),
        ("cursor=1.RC-0000000000001", "cursor"),
    ] {
        let reply = desk.get("root", &format!("/api/v1/interactions?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(reply.code(), "bad_request");
        assert_eq!(reply.json()["error"]["field"], field);
    }
    // An empty field of a form asks for nothing.
    assert_eq!(desk.get("root", "/api/v1/interactions?from=&queue=&number=").await.status, StatusCode::OK);
    let long = "1".repeat(65);
    let reply = desk.get("root", &format!("/api/v1/interactions?number={long}")).await;
    assert_eq!(reply.json()["error"]["field"], "number");
}

#[tokio::test]
async fn a_recording_is_given_whole_or_in_parts() {
    let desk = Desk::new();
    let sound = desk::sound();
    let path = format!("/api/v1/interactions/{}/recording", id(1));
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = as_user("sara", "GET", &path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        desk.ask(request.body(Body::empty()).unwrap()).await
    };
    let whole = ask(&[]).await;
    assert_eq!((whole.status, &whole.body), (StatusCode::OK, &sound));
    assert_eq!(whole.header(header::CONTENT_TYPE), "audio/wav");
    assert_eq!(whole.header(header::ACCEPT_RANGES), "bytes");
    assert_eq!(whole.header(header::CONTENT_LENGTH), "100000");
    let tag = whole.header(header::ETAG).to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));

    // Longer than one read of the file.
    let part = ask(&[("range", "bytes=10-90009")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, &sound[10..90_010]);
    assert_eq!(part.header(header::CONTENT_RANGE), "bytes 10-90009/100000");
    assert_eq!(ask(&[("range", "bytes=-5")]).await.body, &sound[99_995..]);
    assert_eq!(ask(&[("range", "bytes=99999-")]).await.body, &sound[99_999..]);

    let beyond = ask(&[("range", "bytes=100000-")]).await;
    assert_eq!((beyond.status, beyond.code().as_str()), (StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range"));
    assert_eq!(beyond.header(header::CONTENT_RANGE), "bytes */100000");

    assert_eq!(ask(&[("if-none-match", &tag)]).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(ask(&[("range", "bytes=0-1"), ("if-range", &tag)]).await.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(ask(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).await.status, StatusCode::OK);

    let head = as_user("sara", "HEAD", &path).body(Body::empty()).unwrap();
    let head = desk.ask(head).await;
    assert_eq!(
        (head.status, head.header(header::CONTENT_LENGTH), head.body.len()),
        (StatusCode::OK, "100000", 0)
    );
}

#[tokio::test]
async fn a_recording_is_given_as_opus_to_who_asks_for_it() {
    let desk = Desk::new();
    let path = format!("/api/v1/interactions/{}/recording", id(1));
    let plain = desk.get("anna", &path).await;
    assert_eq!(plain.headers[header::CONTENT_TYPE], "audio/wav");
    let asked = desk.get("anna", &format!("{path}?format=opus")).await;
    assert_eq!(asked.headers[header::CONTENT_TYPE], "audio/ogg; codecs=opus");
    assert_ne!(asked.headers[header::ETAG], plain.headers[header::ETAG]);
    let tag = plain.headers[header::ETAG].to_str().unwrap();
    assert!(tag.contains("-decoded-") && tag.contains(env!("CARGO_PKG_VERSION")), "{tag}");
    let request =
        as_user("anna", "GET", &path).header(header::ACCEPT, "audio/ogg").body(Body::empty()).unwrap();
    assert_eq!(desk.ask(request).await.headers[header::CONTENT_TYPE], "audio/ogg; codecs=opus");
    assert_eq!(desk.get("anna", &format!("{path}?format=mp3")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_outline_and_the_manifest_are_given_to_who_may_hear() {
    let desk = Desk::new();
    let path = format!("/api/v1/interactions/{}/recording", id(1));
    let peaks = desk.get("anna", &format!("{path}/peaks?points=3")).await.json();
    assert_eq!(
        peaks,
        json!({"recording": "RC-000000000000B", "length_ms": 2000, "sides": [[7, 7, 7], [9, 9, 9]]})
    );
    assert_eq!(
        desk.get("anna", &format!("{path}/peaks")).await.json()["sides"][0].as_array().unwrap().len(),
        1_000
    );
    for wrong in ["points=0", "points=10001", "points=-1", "other=1"] {
        assert_eq!(desk.get("anna", &format!("{path}/peaks?{wrong}")).await.status, StatusCode::BAD_REQUEST);
    }
    let manifest = desk.get("anna", &format!("{path}/manifest")).await.json();
    assert_eq!(manifest, json!({"recording": "RC-000000000000B"}));
    for below in ["peaks", "manifest"] {
        let going = desk.get("root", &format!("/api/v1/interactions/{}/recording/{below}", id(3))).await;
        assert_eq!(going.code(), "still_recording");
    }
}

#[tokio::test]
async fn a_recording_that_cannot_be_heard_says_why() {
    let desk = Desk::new();
    for (path, status, code) in [
        (format!("{}/recording", id(3)), StatusCode::CONFLICT, "still_recording"),
        (format!("{}/recording", id(2)), StatusCode::NOT_FOUND, "no_recording"),
        (format!("{}/recording?recording=RC-000000000000A", id(1)), StatusCode::NOT_FOUND, "no_recording"),
        (
            format!("{}/recording?recording=..%2F..%2Fetc%2Fpasswd", id(1)),
            StatusCode::NOT_FOUND,
            "no_recording",
        ),
        (format!("{}/recording", id(99)), StatusCode::NOT_FOUND, "not_found"),
        ("..%2F..%2Fetc%2Fpasswd/recording".to_owned(), StatusCode::NOT_FOUND, "not_found"),
        ("%ff/recording".to_owned(), StatusCode::NOT_FOUND, "not_found"),
    ] {
        let reply = desk.get("root", &format!("/api/v1/interactions/{path}")).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
    }
}

#[tokio::test]
async fn every_refusal_has_the_one_shape() {
    let desk = Desk::new();
    let json = ("content-type", "application/json");
    let too_large = format!(r#"{{"login":"sara","password":"{}"}}"#, "x".repeat(70_000));
    for (method, path, header, body, status, code) in [
        ("GET", "/api/v1/nothing", json, "", 404, "not_found"),
        ("GET", "/api", json, "", 404, "not_found"),
        ("GET", "/assets/missing.js", json, "", 404, "not_found"),
        ("GET", "/.vite/manifest.json", json, "", 404, "not_found"),
        ("DELETE", "/api/v1/me", json, "", 405, "method_not_allowed"),
        ("GET", "/api/v1/login", json, "", 405, "method_not_allowed"),
        ("POST", "/board", json, "", 405, "method_not_allowed"),
        ("POST", "/api/v1/login", ("content-type", "text/plain"), "{}", 415, "unsupported_media_type"),
        ("POST", "/api/v1/login", ("x-other", "1"), "{}", 415, "unsupported_media_type"),
        ("POST", "/api/v1/login", json, "", 400, "bad_request"),
        ("POST", "/api/v1/login", json, "{", 400, "bad_request"),
        ("POST", "/api/v1/login", json, "[]", 400, "bad_request"),
        ("POST", "/api/v1/login", json, r#"{"login":"sara"}"#, 400, "bad_request"),
        ("POST", "/api/v1/login", json, r#"{"login":1,"password":"x"}"#, 400, "bad_request"),
        ("POST", "/api/v1/login", json, r#"{"login":"a","password":"b","admin":true}"#, 400, "bad_request"),
        ("POST", "/api/v1/login", json, &too_large, 413, "too_large"),
        ("PUT", "/api/v1/me/state", json, r#"{"state":"talking"}"#, 400, "bad_request"),
        ("PUT", "/api/v1/me/state", json, r#"{"state":"ready","reason":"x"}"#, 400, "bad_request"),
        ("PUT", "/api/v1/me/state", json, r#"{"state":"not_ready","reason":"a\nb"}"#, 400, "bad_request"),
        ("PUT", "/api/v1/me/state", json, r#"{"state":"ready"}"#, 409, "not_an_agent"),
        ("GET", "/api/v1/events?after=x", json, "", 400, "bad_request"),
        ("GET", "/api/v1/interactions?unknown=1", json, "", 400, "bad_request"),
        ("GET", "/api/v1/live", json, "", 400, "not_a_websocket"),
    ] {
        let request = as_user("root", method, path).header(header.0, header.1).body(body.to_owned().into());
        let reply = desk.ask(request.unwrap()).await;
        assert_eq!(
            (reply.status.as_u16(), reply.code().as_str()),
            (status, code),
            "{method} {path} {body:.60}"
        );
    }
    let reply = desk.ask(as_user("root", "DELETE", "/api/v1/me").body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn every_answer_keeps_browsers_out_of_trouble() {
    let desk = Desk::new();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/api/v1/me"),
        (Method::GET, "/api/v1/nothing"),
        (Method::GET, "/healthz"),
    ] {
        let reply = desk.ask(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        let policy = reply.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"),
            "{path}: {policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(reply.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(reply.header(header::X_FRAME_OPTIONS), "DENY");
        if path.starts_with("/api") {
            assert_eq!(reply.header(header::CACHE_CONTROL), "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn the_page_is_served_at_each_of_its_paths() {
    let desk = Desk::new();
    let built = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/ui/dist/index.html")).exists();
    for path in ["/", "/login", "/board", "/interactions", "/interactions/IX-0000000000001"] {
        let reply = desk.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        if built {
            assert_eq!(reply.status, StatusCode::OK, "{path}");
            assert_eq!(reply.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(reply.header(header::CACHE_CONTROL), "no-cache");
        } else {
            assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
            assert!(String::from_utf8(reply.body).unwrap().contains("make ui"));
        }
    }
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_sent_packed() {
    let desk = Desk::new();
    let page = desk.ask(Request::get("/").body(Body::empty()).unwrap()).await;
    let text = String::from_utf8(page.body).unwrap();
    let Some(at) = text.find("/assets/") else {
        // Without a built UI there are no files; `make test` builds it before it comes here.
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        return;
    };
    let path = text[at..].split('"').next().unwrap();
    let plain = desk.ask(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(plain.header(header::CACHE_CONTROL), "public, max-age=31536000, immutable");
    let packed = Request::get(path).header(header::ACCEPT_ENCODING, "gzip, br").body(Body::empty()).unwrap();
    let packed = desk.ask(packed).await;
    if packed.header(header::CONTENT_ENCODING) == "br" {
        assert!(packed.body.len() < plain.body.len());
    }
    assert_eq!(packed.header(header::CONTENT_TYPE), plain.header(header::CONTENT_TYPE));
    let known = Request::get(path).header(header::IF_NONE_MATCH, plain.header(header::ETAG));
    let known = desk.ask(known.body(Body::empty()).unwrap()).await;
    assert_eq!((known.status, known.body.len()), (StatusCode::NOT_MODIFIED, 0));
}

#[tokio::test]
async fn readiness_follows_the_center() {
    let desk = Desk::new();
    let ask = async |path: &str| desk.ask(Request::get(path).body(Body::empty()).unwrap()).await;
    for path in ["/readyz", "/api/v1/readyz"] {
        assert_eq!(
            (ask(path).await.status, ask(path).await.json()),
            (StatusCode::OK, json!({"status": "ready"}))
        );
    }
    *desk.center.readiness.lock().unwrap() = web::Readiness::Draining;
    let draining = ask("/readyz").await;
    assert_eq!(
        (draining.status, draining.json()),
        (StatusCode::SERVICE_UNAVAILABLE, json!({"status": "draining"}))
    );
    assert_eq!(ask("/healthz").await.json(), json!({"status": "ok"}));
}

#[tokio::test]
async fn the_description_is_sound() {
    let desk = Desk::new();
    let reply = desk.ask(Request::get("/api/v1/openapi.json").body(Body::empty()).unwrap()).await;
    let description = reply.json();
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"), "{}", description["openapi"]);
    let mut operations = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        let in_path: Vec<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        for (method, operation) in methods.as_object().unwrap() {
            let described: Vec<&str> = operation["parameters"]
                .as_array()
                .map(|parameters| {
                    let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
                    in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect()
                })
                .unwrap_or_default();
            assert_eq!(described, in_path, "{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
            assert!(!operation["responses"].as_object().unwrap().is_empty(), "{method} {path}");
            operations.insert(format!("{method} {path}"));
        }
    }
    assert!(operations.contains("get /api/v1/interactions/{id}/timeline"), "{operations:?}");
    // Whatever is referred to is there.
    let mut references = Vec::new();
    collect_references(&description, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(description.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect_references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, found)),
        _ => {}
    }
}
