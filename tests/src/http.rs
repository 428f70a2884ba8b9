//! A tiny HTTP/1.1 client for the tests: one request per connection, JSON, and the event stream.
//!
//! It is small on purpose, so that it cannot hide what the server really sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::patience::Deadline;

/// How long a server may take for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// A server, and who we are there.
#[derive(Debug, Clone)]
pub struct Http {
    address: String,
    token: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with any transfer coding removed.
    pub body: Vec<u8>,
}

impl Http {
    /// Speaks to `http://HOST:PORT`.
    pub fn new(url: &str) -> Http {
        let address = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} is not plain HTTP"));
        Http { address: address.trim_end_matches('/').to_owned(), token: None }
    }

    /// The same server with the token of this login.
    pub fn log_in(&self, login: &str, password: &str) -> Http {
        let body = serde_json::json!({ "login": login, "password": password });
        let answer = self.send("POST", "/api/v1/login", Some(&body), &[]);
        assert_eq!(answer.status, 200, "login of {login}: {}", answer.text());
        let token = answer.json()["token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token in {}", answer.text()))
            .to_owned();
        Http { address: self.address.clone(), token: Some(token) }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Who we are.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// GET, whatever the answer.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, &[])
    }

    /// GET with more header lines.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, None, headers)
    }

    /// PUT of a JSON body, whatever the answer.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(body), &[])
    }

    /// POST of a JSON body, whatever the answer.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(body), &[])
    }

    /// DELETE, whatever the answer.
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None, &[])
    }

    /// GET that must succeed with JSON.
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text());
        answer.json()
    }

    /// The event stream from a sequence number on.
    pub fn events(&self, after: u64) -> Events {
        let mut reader = self.open(
            "GET",
            &format!("/api/v1/events?after={after}"),
            None,
            &[("Accept", "text/event-stream")],
        );
        let (status, headers) = read_head(&mut reader);
        assert_eq!(status, 200, "GET /api/v1/events: {headers:?}");
        Events { reader, chunked: is_chunked(&headers), pending: Vec::new() }
    }

    fn send(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let mut reader = self.open(method, path, body, headers);
        let (status, headers) = read_head(&mut reader);
        let mut bytes = Vec::new();
        if is_chunked(&headers) {
            while let Some(chunk) = read_chunk(&mut reader) {
                bytes.extend_from_slice(&chunk);
            }
        } else if let Some(length) = header(&headers, "content-length").and_then(|v| v.parse().ok()) {
            bytes = vec![0; length];
            reader
                .read_exact(&mut bytes)
                .unwrap_or_else(|e| panic!("{method} {path}: the body broke off: {e}"));
        } else {
            reader.read_to_end(&mut bytes).unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        }
        Answer { status, headers, body: bytes }
    }

    fn open(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> BufReader<TcpStream> {
        let mut stream =
            TcpStream::connect(&self.address).unwrap_or_else(|e| panic!("{}: {e}", self.address));
        stream.set_read_timeout(Some(ANSWER)).expect("a time-out can be set");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(token) = &self.token {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
        }
        write!(stream, "{head}\r\n{body}").unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        BufReader::new(stream)
    }
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text()))
    }

    /// A header line's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }
}

/// An open event stream.
#[derive(Debug)]
pub struct Events {
    reader: BufReader<TcpStream>,
    chunked: bool,
    pending: Vec<u8>,
}

impl Events {
    /// Reads on until an event satisfies `wanted`; fails with what came instead.
    pub fn wait(&mut self, what: &str, seconds: u64, mut wanted: impl FnMut(&Value) -> bool) -> Value {
        let deadline = Deadline::after_s(seconds);
        let mut seen = Vec::new();
        loop {
            let Some(left) = deadline.left() else {
                panic!("no event {what} within {seconds} s; came: {seen:#?}")
            };
            self.reader.get_ref().set_read_timeout(Some(left)).expect("a time-out can be set");
            if let Some(event) = self.next_event() {
                if wanted(&event) {
                    return event;
                }
                seen.push(event);
            }
        }
    }

    /// The next event; `None` when the read timed out or only a comment came.
    fn next_event(&mut self) -> Option<Value> {
        let block = loop {
            if let Some(end) = self.pending.windows(2).position(|w| w == b"\n\n") {
                let rest = self.pending.split_off(end + 2);
                break std::mem::replace(&mut self.pending, rest);
            }
            let more =
                if self.chunked { read_chunk(&mut self.reader)? } else { read_some(&mut self.reader)? };
            self.pending.extend_from_slice(&more);
        };
        let text = String::from_utf8_lossy(&block);
        let data: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start).collect();
        if data.is_empty() { None } else { serde_json::from_str(&data.join("\n")).ok() }
    }
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn is_chunked(headers: &[(String, String)]) -> bool {
    header(headers, "transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"))
}

fn read_head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let mut line = String::new();
    reader.read_line(&mut line).expect("a status line");
    let status =
        line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("not HTTP: {line:?}"));
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a header line");
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => return (status, headers),
        }
    }
}

/// One chunk of a chunked body; `None` at the end, or when nothing came in time.
fn read_chunk(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim().split(';').next()?, 16).ok()?;
    let mut chunk = vec![0; length + 2];
    reader.read_exact(&mut chunk).ok()?;
    chunk.truncate(length);
    (length > 0).then_some(chunk)
}

fn read_some(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let bytes = reader.fill_buf().ok()?.to_vec();
    reader.consume(bytes.len());
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_body_is_read_by_length_by_chunks_and_to_the_end() {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}",
        ] {
            let (url, server) = answering(answer);
            assert_eq!(Http::new(&url).json("/x"), serde_json::json!({ "a": 1 }));
            let request = server.join().expect("the request");
            assert!(request.starts_with("GET /x HTTP/1.1\r\n"), "{request}");
        }
    }

    #[test]
    fn an_event_is_found_among_comments_and_others() {
        let (url, server) = answering(
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\nid: 1\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n",
        );
        let event = Http::new(&url).events(0).wait("number two", 5, |event| event["n"] == 2);
        assert_eq!(event["n"], 2);
        server.join().expect("the request");
    }

    fn answering(answer: &'static str) -> (String, thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut request = Vec::new();
            let mut byte = [0];
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).expect("a request");
                request.push(byte[0]);
            }
            stream.write_all(answer.as_bytes()).expect("the answer is sent");
            String::from_utf8(request).expect("text")
        });
        (url, server)
    }
}
