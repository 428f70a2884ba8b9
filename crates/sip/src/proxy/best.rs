//! The choice among the failures of all branches: RFC 3261 §16.7 steps 6 and 7.
//!
//! A 6xx wins over all; then the lowest class; within it what helps the caller to try again, then what a person said, last
//! what only the network said. The challenges of all 401 and 407 go along with the one that is chosen.

use sip_message::{HeaderName, Headers, Response, StatusCode};

/// How many challenges of other branches are added to the one that is chosen.
const CHALLENGES_MAX: usize = 16;

/// A final response to be passed back.
#[derive(Debug)]
pub(super) enum Final {
    /// What somebody answered.
    Theirs(Box<Response>),
    /// What we say in the place of somebody who did not.
    Ours(StatusCode),
}

impl Final {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Theirs(response) => response.status(),
            Self::Ours(status) => *status,
        }
    }
}

/// The best of the failures so far.
#[derive(Debug, Default)]
pub(super) struct Best {
    best: Option<(usize, Final)>,
    challenges: Vec<(usize, HeaderName, Box<[u8]>)>,
}

impl Best {
    /// A target, by its number, has failed.
    pub(super) fn add(&mut self, target: usize, answer: Final) {
        if let Final::Theirs(response) = &answer
            && asks(response.status())
        {
            self.collect(target, response.headers());
        }
        let is_better =
            self.best.as_ref().is_none_or(|(_, best)| weight(answer.status()) < weight(best.status()));
        if is_better {
            self.best = Some((target, answer));
        }
    }

    fn collect(&mut self, target: usize, headers: &Headers) {
        for name in [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate] {
            for value in headers.all(name) {
                if self.challenges.len() < CHALLENGES_MAX {
                    self.challenges.push((target, name, value.as_bytes().into()));
                }
            }
        }
    }

    /// What goes back, and whose answer it is. `is_canceled` says that the caller wanted no answer any more; who ends by
    /// itself after ringing for too long is not to be told that it gave up.
    pub(super) fn choose(&mut self, is_canceled: bool) -> (Option<usize>, Final) {
        let Some((target, answer)) = self.best.take() else {
            return (None, Final::Ours(StatusCode::REQUEST_TIMEOUT));
        };
        let answer = match answer {
            // A 503 would tell the caller that we are out of service (step 6).
            Final::Ours(StatusCode::SERVICE_UNAVAILABLE) => Final::Ours(StatusCode::SERVER_INTERNAL_ERROR),
            Final::Theirs(mut response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().remove(HeaderName::RetryAfter);
                response.set_status(StatusCode::SERVER_INTERNAL_ERROR);
                Final::Theirs(response)
            }
            Final::Theirs(response)
                if response.status() == StatusCode::REQUEST_TERMINATED && !is_canceled =>
            {
                Final::Ours(StatusCode::REQUEST_TIMEOUT)
            }
            Final::Theirs(mut response) if asks(response.status()) => {
                for (_, name, value) in self.challenges.iter().filter(|(from, ..)| *from != target) {
                    let value = String::from_utf8_lossy(value);
                    // One that cannot be written is left to its own branch's next attempt.
                    let _ = response.headers_mut().append(*name, &*value);
                }
                Final::Theirs(response)
            }
            other => other,
        };
        (Some(target), answer)
    }
}

fn asks(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED)
}

/// The less, the better.
fn weight(status: StatusCode) -> u16 {
    let class = if status.class() == 6 { 0 } else { status.class() };
    let within = match status {
        StatusCode::UNAUTHORIZED
        | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        | StatusCode::UNSUPPORTED_MEDIA_TYPE
        | StatusCode::BAD_EXTENSION
        | StatusCode::ADDRESS_INCOMPLETE => 0,
        StatusCode::BUSY_HERE => 1,
        StatusCode::TEMPORARILY_UNAVAILABLE => 2,
        StatusCode::REQUEST_TIMEOUT | StatusCode::SERVICE_UNAVAILABLE => 8,
        StatusCode::REQUEST_TERMINATED => 9,
        _ => 5,
    };
    class * 10 + within
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use sip_message::Message;

    #[test]
    fn the_best_of_several_failures_goes_back() {
        let table = [
            ("486 603", false),
            ("603 302 200", false),
            ("486 302", false),
            ("480 486", false),
            ("404 486 484", false),
            ("408 404", false),
            ("500 404", false),
            ("503", false),
            ("503 500", false),
            ("503 502", false),
            ("487", true),
            ("487", false),
            ("487 408", false),
            ("487 480", true),
            ("", false),
            ("486 401", false),
        ];
        let lines: Vec<_> = table
            .iter()
            .map(|(codes, is_canceled)| {
                let mut best = Best::default();
                for (target, code) in codes.split_whitespace().enumerate() {
                    best.add(target, Final::Theirs(response(code, "")));
                }
                let (target, answer) = best.choose(*is_canceled);
                let canceled = if *is_canceled { "canceled" } else { "" };
                let target = target.map_or_else(String::new, |target| format!("by {target}"));
                format!("{codes:<12}{canceled:<9}-> {} {target}", answer.status()).trim_end().to_owned()
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        486 603              -> 603 by 1
        603 302 200          -> 603 by 0
        486 302              -> 302 by 1
        480 486              -> 486 by 1
        404 486 484          -> 484 by 2
        408 404              -> 404 by 1
        500 404              -> 404 by 1
        503                  -> 500 by 0
        503 500              -> 500 by 1
        503 502              -> 502 by 1
        487         canceled -> 487 by 0
        487                  -> 408 by 0
        487 408              -> 408 by 1
        487 480     canceled -> 480 by 1
                             -> 408
        486 401              -> 401 by 1
        ");
    }

    #[test]
    fn silence_and_closed_ways_are_worth_less_than_what_somebody_said() {
        let mut best = Best::default();
        best.add(0, Final::Ours(StatusCode::SERVICE_UNAVAILABLE));
        best.add(1, Final::Ours(StatusCode::REQUEST_TIMEOUT));
        best.add(2, Final::Theirs(response("404", "")));
        assert_eq!(best.choose(false).1.status(), StatusCode::NOT_FOUND);
        let mut best = Best::default();
        best.add(0, Final::Ours(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(best.choose(false).1.status(), StatusCode::SERVER_INTERNAL_ERROR);
    }

    #[test]
    fn the_challenges_of_all_branches_go_back_together() {
        let mut best = Best::default();
        best.add(0, Final::Theirs(response("401", "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\"\r\n")));
        best.add(
            1,
            Final::Theirs(response("407", "Proxy-Authenticate: Digest realm=\"b\", nonce=\"2\"\r\n")),
        );
        best.add(2, Final::Theirs(response("486", "")));
        let (target, Final::Theirs(response)) = best.choose(false) else { unreachable!("somebody answered") };
        assert_eq!((target, response.status()), (Some(0), StatusCode::UNAUTHORIZED));
        let realms: Vec<_> = [HeaderName::WwwAuthenticate, HeaderName::ProxyAuthenticate]
            .into_iter()
            .flat_map(|name| response.headers().all(name).map(|value| value.text().into_owned()))
            .collect();
        assert_eq!(realms, ["Digest realm=\"a\", nonce=\"1\"", "Digest realm=\"b\", nonce=\"2\""]);
    }

    fn response(code: &str, headers: &str) -> Box<Response> {
        let text = format!(
            "SIP/2.0 {code} X\r\nVia: SIP/2.0/UDP a.test;branch=z9hG4bK1\r\nFrom: <sip:a@a.test>;tag=1\r\n\
             To: <sip:b@a.test>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nRetry-After: 3\r\n{headers}\
             Content-Length: 0\r\n\r\n"
        );
        match Message::parse(Bytes::from(text)) {
            Ok(Message::Response(response)) => Box::new(response),
            other => unreachable!("it is a response: {other:?}"),
        }
    }
}
