//! Each way in which a server can fail: one outcome of the right kind, in time, without the key; and the next request
//! is answered.

use bevy_alliance::edge::llm::bridge::dialect::Dialect;
use bevy_alliance::edge::llm::bridge::failure::{Failure, StartError};
use bevy_alliance::edge::llm::bridge::http::HttpBackend;
use bevy_alliance::edge::llm::bridge::key::{ApiKey, KEY_VARIABLE};
use bevy_alliance::edge::llm::bridge::request::Completion;
use bevy_alliance::edge::llm::bridge::settings::{LlmSettings, Protocol};
use bevy_alliance::edge::llm::bridge::worker::{Outcome, Worker};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const KEY: &str = "sk-test-0123456789abcdef";
const TOTAL_TIMEOUT_MS: u64 = 300;
const PATIENCE: Duration = Duration::from_millis(600);
/// A busy machine wakes threads late.
const SLACK: Duration = Duration::from_millis(400);
const BODY_CAP: usize = 64 * 1_024;

/// What the server does with the first connection.
enum Act {
    /// Closes without reading, which resets the connection.
    Drop,
    /// Writes this and closes.
    Say(Vec<u8>),
    /// Writes this and is silent.
    Hang(Vec<u8>),
    /// Writes this, and then this forever.
    Endless(Vec<u8>, Vec<u8>),
    /// Writes this byte by byte, slowly.
    Drip(Vec<u8>),
}

enum Expect {
    Fails(&'static str),
    Says(&'static str),
}
use Expect::{Fails, Says};

fn settings(url: &str) -> LlmSettings {
    let mut settings =
        LlmSettings { url: url.to_owned(), total_timeout_ms: TOTAL_TIMEOUT_MS, ..LlmSettings::default() };
    settings.connect_timeout_ms = 200;
    settings.body_cap = BODY_CAP;
    settings.retries = 0;
    (settings.breaker.failures, settings.breaker.rest_ms) = (1_000, 100);
    settings
}

fn key() -> ApiKey {
    ApiKey::new(KEY).expect("valid")
}

fn start(settings: &LlmSettings) -> Worker {
    let backend = HttpBackend::new(settings, Some(key())).expect("valid settings");
    Worker::start(settings, Box::new(backend)).expect("a thread")
}

fn completion(id: u64) -> Completion {
    Completion {
        id,
        day: 0,
        priority: 0,
        system: vec!["rules".to_owned()].into(),
        user: format!("question {id}"),
        schema_name: "ballot".to_owned(),
        schema: json!({ "type": "object" }),
        max_tokens: 160,
        patience: PATIENCE,
    }
}

/// Sends a request and takes its only outcome, which must come in time and not hold the key.
fn ask(worker: &Worker, name: &str, completion: Completion) -> Outcome {
    let (id, patience) = (completion.id, completion.patience);
    worker.try_send(completion).expect(name);
    let outcome = worker.recv_timeout(patience + SLACK).unwrap_or_else(|| panic!("{name}: no outcome"));
    assert_eq!(outcome.id, id, "{name}");
    assert!(outcome.latency <= patience + SLACK, "{name}: {outcome:?}");
    assert_eq!((worker.try_recv(), worker.under_way()), (None, 0), "{name}: a second outcome");
    let mut shown = format!("{outcome:?} {worker:?}");
    if let Err(failure) = &outcome.result {
        shown += &format!("{failure} {}", serde_json::to_string(failure).expect("data"));
    }
    assert!(!shown.contains(KEY), "{name}: {shown}");
    outcome
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn json_answer(status: &str, body: &str) -> Vec<u8> {
    answer(status, "Content-Type: application/json\r\n", body.as_bytes())
}

fn chat(content: &Value, finish: &Value, usage: &str) -> Vec<u8> {
    let choice = json!({ "message": { "role": "assistant", "content": content }, "finish_reason": finish });
    json_answer("200 OK", &format!(r#"{{"choices":[{choice}]{usage}}}"#))
}

fn healthy() -> Vec<u8> {
    chat(&json!("well"), &json!("stop"), r#","usage":{"prompt_tokens":9,"completion_tokens":2}"#)
}

/// Reads a request up to the end of its body.
fn read_request(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let text = String::from_utf8_lossy(&read).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
            if body.len() >= length.parse().expect("a number") {
                return String::from_utf8(read).expect("a text");
            }
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return String::new(),
        }
    }
}

fn act(stream: &mut TcpStream, act: &Act) {
    // The client may close whenever it likes.
    let mut write = |bytes: &[u8]| stream.write_all(bytes).and_then(|()| stream.flush()).is_ok();
    match act {
        Act::Drop => {}
        Act::Say(bytes) => drop(write(bytes)),
        Act::Hang(bytes) => {
            write(bytes);
            thread::sleep(PATIENCE * 2);
        }
        Act::Endless(first, then) => {
            write(first);
            while write(then) {}
        }
        Act::Drip(bytes) => {
            bytes.chunks(1).all(|byte| {
                thread::sleep(Duration::from_millis(20));
                write(byte)
            });
        }
    }
}

/// A server whose first connection fails, and whose others are healthy.
fn faulty(fault: Act) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        let mut fault = Some(fault);
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let fault = fault.take().unwrap_or_else(|| Act::Say(healthy()));
            thread::spawn(move || {
                if matches!(fault, Act::Drop) {
                    // Only once there is something to leave unread, closing resets.
                    stream.peek(&mut [0; 1]).expect("a request");
                    return;
                }
                read_request(&mut stream);
                act(&mut stream, &fault);
            });
        }
    });
    url
}

/// Faults of the connection and of the framing.
fn transport_faults() -> Vec<(&'static str, Act, Expect)> {
    let say = |text: &str| Act::Say(text.as_bytes().to_vec());
    // Otherwise the next request may take the same connection, which is being closed.
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
    let header_long = format!("{head}X: {}\r\n\r\n", "x".repeat(1_000_000));
    let headers_many = format!("{head}{}\r\n", "X: y\r\n".repeat(500));
    vec![
        ("reset before the request is read", Act::Drop, Fails("reset")),
        ("closed after the request", say(""), Fails("reset")),
        ("closed in the status line", say("HTTP/1.1 20"), Fails("reset")),
        ("closed in the headers", say(head), Fails("reset")),
        ("closed in the body", say(&format!("{head}Content-Length: 99\r\n\r\n{{\"choices\"")), Fails("body_broken")),
        ("closed in a chunk", say(&format!("{chunked}40\r\n{{\"choices\"")), Fails("body_broken")),
        ("closed between chunks", say(&format!("{chunked}1\r\n{{\r\n")), Fails("body_broken")),
        ("chunk of no length", say(&format!("{chunked}zz\r\n{{}}\r\n0\r\n\r\n")), Fails("body_broken")),
        ("chunk of absurd length", say(&format!("{chunked}ffffffffffffffffff\r\n{{}}")), Fails("body_broken")),
        ("silent", Act::Hang(Vec::new()), Fails("timeout")),
        ("silent in the headers", Act::Hang(head.into()), Fails("timeout")),
        ("silent in the body", Act::Hang(format!("{head}Content-Length: 99\r\n\r\n{{").into()), Fails("timeout")),
        ("slow drip of the headers", Act::Drip(healthy()), Fails("timeout")),
        ("slow drip of chunks", Act::Drip(format!("{chunked}1\r\n{{\r\n").repeat(9).into()), Fails("timeout")),
        (
            "endless body",
            Act::Endless(
                chunked.clone().into(),
                b"100\r\n".to_vec().into_iter().chain([b' '; 256]).chain(*b"\r\n").collect(),
            ),
            Fails("body_too_large"),
        ),
        (
            "endless body without length",
            Act::Endless(format!("{head}\r\n").into(), vec![b' '; 4_096]),
            Fails("body_too_large"),
        ),
        ("endless headers", Act::Endless(head.into(), b"X: y\r\n".to_vec()), Fails("malformed")),
        ("endless 100 Continue", Act::Endless(Vec::new(), b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()), Fails("timeout")),
        ("huge body announced", say(&format!("{head}Content-Length: 9999999999\r\n\r\n{{")), Fails("body_too_large")),
        ("two lengths", say(&format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")), Fails("malformed")),
        ("length of garbage", say(&format!("{head}Content-Length: many\r\n\r\n{{}}")), Fails("malformed")),
        ("length too short", say(&format!("{head}Content-Length: 5\r\n\r\n{{\"choices\":[]}}")), Fails("malformed")),
        ("garbage for a status line", say("SSH-2.0-OpenSSH\r\n\r\n"), Fails("malformed")),
        ("body without a head", say("{\"choices\":[]}\r\n\r\n"), Fails("malformed")),
        ("binary garbage", Act::Say(vec![0x16, 3, 1, 0, 0xff, 0, 0, b'\r', b'\n', b'\r', b'\n']), Fails("malformed")),
        ("one long header", say(&header_long), Fails("malformed")),
        ("many headers", say(&headers_many), Fails("malformed")),
        ("text after the answer", Act::Say([healthy(), b"HTTP/1.1 500 x\r\n\r\n".to_vec()].concat()), Says("well")),
    ]
}

/// Faults that the status tells.
fn status_faults() -> Vec<(&'static str, Act, Expect)> {
    let say = |status: &str, body: &str| Act::Say(json_answer(status, body));
    let limited = |after: &str| Act::Say(answer("429 Too Many", &format!("Retry-After: {after}\r\n"), b"{}"));
    let error = |code: &str| format!(r#"{{"error":{{"message":"m {KEY}","code":{code}}}}}"#);
    let overflow = r#"{"error":{"code":400,"message":"too long","type":"exceed_context_size_error","n_ctx":64}}"#;
    let too_long = r#"{"error":{"code":"context_length_exceeded","message":"m","param":null}}"#;
    let bomb = answer("200 OK", "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", &[0x1f, 0x8b, 8, 0, 0]);
    let typed =
        |kind: &str, body: &str| Act::Say(answer("200 OK", &format!("Content-Type: {kind}\r\n"), body.as_bytes()));
    vec![
        ("400 malformed", say("400 Bad", &error("400")), Fails("status")),
        ("400 overflow of llama.cpp", say("400 Bad", overflow), Fails("context_overflow")),
        ("400 overflow of a host", say("400 Bad", too_long), Fails("context_overflow")),
        ("401 that echoes the key", say("401 No", &error("\"invalid_api_key\"")), Fails("unauthorized")),
        ("401 without a body", say("401 No", ""), Fails("unauthorized")),
        ("402", say("402 Pay", &error("null")), Fails("status")),
        ("403", say("403 No", &error("null")), Fails("unauthorized")),
        ("404", say("404 None", "<html>"), Fails("status")),
        ("405", say("405 No", "null"), Fails("status")),
        ("408", say("408 Late", "[]"), Fails("status")),
        ("413", say("413 Large", r#"{"error":"large"}"#), Fails("status")),
        ("415", say("415 Type", r#"{"detail":"type"}"#), Fails("status")),
        ("422", say("422 What", r#"{"detail":[{"loc":["body"]}]}"#), Fails("status")),
        ("429 in seconds", limited("1"), Fails("rate_limited")),
        ("429 with a date", limited("Wed, 21 Oct 2015 07:28:00 GMT"), Fails("rate_limited")),
        ("429 of absurd length", limited("99999999999999999999"), Fails("rate_limited")),
        ("429 of garbage", limited("soon \u{fffd}"), Fails("rate_limited")),
        ("500", say("500 Oh", &error("500")), Fails("status")),
        ("500 without a body", Act::Say(b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n".to_vec()), Fails("status")),
        (
            "500 with an endless body",
            Act::Endless(b"HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\n".to_vec(), vec![b'x'; 4_096]),
            Fails("status"),
        ),
        (
            "502 in HTML",
            Act::Say(answer("502 Bad", "Content-Type: text/html\r\n", b"<html>bad</html>")),
            Fails("status"),
        ),
        (
            "503 while loading",
            say("503 Wait", r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#),
            Fails("status"),
        ),
        ("504", say("504 Late", ""), Fails("status")),
        (
            "529",
            say("529 Full", r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#),
            Fails("status"),
        ),
        ("status 999", say("999 What", "{}"), Fails("status")),
        ("304", Act::Say(b"HTTP/1.1 304 Same\r\nConnection: close\r\n\r\n".to_vec()), Fails("redirect")),
        ("error of status 200, integer code", say("200 OK", &error("503")), Fails("status")),
        ("error of status 200, text for a code", say("200 OK", &error("\"x\"")), Fails("status")),
        ("error of status 200, null for a code", say("200 OK", &error("null")), Fails("status")),
        ("error of status 200, unauthorized", say("200 OK", &error("401")), Fails("unauthorized")),
        ("gzip bomb", Act::Say(bomb), Fails("wrong_type")),
        ("HTML", typed("text/html", "<html>"), Fails("wrong_type")),
        ("HTML with the key for a type", typed(&format!("text/{KEY}"), "x"), Fails("wrong_type")),
        ("plain text", typed("text/plain", "{}"), Fails("wrong_type")),
        ("server-sent events", typed("text/event-stream", "data: {}\n\ndata: [DONE]\n\n"), Fails("wrong_type")),
        ("a type of no letters", typed("\u{e9};;", "{}"), Fails("wrong_type")),
        (
            "no type",
            Act::Say(answer("200 OK", "", br#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"#)),
            Says("x"),
        ),
    ]
}

/// Faults of the body.
fn body_faults() -> Vec<(&'static str, Act, Expect)> {
    let say = |body: &str| Act::Say(json_answer("200 OK", body));
    let content = |content: &Value| Act::Say(chat(content, &json!("stop"), ""));
    let ended = |finish: &Value| Act::Say(chat(&json!("x"), finish, ""));
    let usage = |usage: &str| Act::Say(chat(&json!("x"), &json!("stop"), &format!(r#","usage":{usage}"#)));
    let deep = format!(r#"{{"usage":{}}}"#, "[".repeat(10_000));
    vec![
        ("empty body", say(""), Fails("empty")),
        ("blank body", say(" \r\n "), Fails("empty")),
        ("204", Act::Say(b"HTTP/1.1 204 None\r\nConnection: close\r\n\r\n".to_vec()), Fails("empty")),
        ("null", say("null"), Fails("malformed")),
        ("[]", say("[]"), Fails("malformed")),
        ("{}", say("{}"), Fails("empty")),
        ("choices of another type", say(r#"{"choices":{}}"#), Fails("malformed")),
        ("no choice", say(r#"{"choices":[]}"#), Fails("empty")),
        ("content null", content(&Value::Null), Fails("empty")),
        ("content blank", content(&json!(" \n")), Fails("empty")),
        ("content in parts", content(&json!([{ "type": "text", "text": "a" }, { "text": "b" }])), Says("ab")),
        ("content a number", content(&json!(5)), Fails("malformed")),
        ("JSON cut off", say(r#"{"choices":[{"message":{"content":"x"#), Fails("malformed")),
        ("two bodies", say("{}{}"), Fails("malformed")),
        (
            "no UTF-8",
            Act::Say(answer(
                "200 OK",
                "Content-Type: application/json\r\n",
                b"{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
            )),
            Fails("malformed"),
        ),
        ("NaN", say(r#"{"choices":[],"usage":NaN}"#), Fails("malformed")),
        ("duplicate keys", say(r#"{"choices":[],"choices":[]}"#), Fails("malformed")),
        ("deep nesting", say(&deep), Fails("malformed")),
        (
            "control characters in a string",
            say("{\"choices\":[{\"message\":{\"content\":\"a\u{1}\"}}]}"),
            Fails("malformed"),
        ),
        ("ended by length", ended(&json!("length")), Fails("not_stopped")),
        ("ended by a filter", ended(&json!("content_filter")), Fails("not_stopped")),
        ("ended by something new", ended(&json!("tool_calls")), Fails("not_stopped")),
        ("end not told", ended(&Value::Null), Fails("not_stopped")),
        ("end of another type", ended(&json!(5)), Fails("malformed")),
        ("no usage", ended(&json!("stop")), Says("x")),
        ("usage null", usage("null"), Says("x")),
        ("usage negative", usage(r#"{"prompt_tokens":-5,"completion_tokens":-1}"#), Says("x")),
        ("usage huge", usage(r#"{"prompt_tokens":18446744073709551615,"completion_tokens":1e300}"#), Says("x")),
        ("usage of texts", usage(r#"{"prompt_tokens":"5","completion_tokens":{}}"#), Says("x")),
        (
            "unknown fields",
            say(
                r#"{"x":{"y":[1]},"choices":[{"z":0,"message":{"content":"x","w":1},"finish_reason":"stop","logprobs":null}]}"#,
            ),
            Says("x"),
        ),
    ]
}

fn check(faults: Vec<(&'static str, Act, Expect)>) {
    for (name, fault, expect) in faults {
        let worker = start(&settings(&faulty(fault)));
        let outcome = ask(&worker, name, completion(1));
        match (&outcome.result, expect) {
            (Err(failure), Fails(kind)) => assert_eq!(failure.kind(), kind, "{name}: {failure:?}"),
            (Ok(reply), Says(text)) => assert_eq!(reply.text, text, "{name}"),
            (result, _) => panic!("{name}: {result:?}"),
        }
        let next = ask(&worker, name, completion(2));
        assert_eq!(next.result.expect(name).text, "well", "{name}: the next request");
    }
}

#[test]
fn faults_of_transport() {
    check(transport_faults());
}

#[test]
fn faults_of_status() {
    check(status_faults());
}

#[test]
fn faults_of_body() {
    check(body_faults());
}

#[test]
fn there_are_many_faults() {
    let count = transport_faults().len() + status_faults().len() + body_faults().len();
    assert!(count >= 90, "{count}");
}

#[test]
fn redirects_are_not_followed_and_the_key_goes_nowhere_else() {
    for status in ["301 a", "302 a", "303 a", "307 a", "308 a"] {
        let other = TcpListener::bind("127.0.0.1:0").expect("a port");
        other.set_nonblocking(true).expect("a socket");
        let elsewhere = format!("Location: http://{}/v1/chat/completions\r\n", other.local_addr().expect("bound"));
        let worker = start(&settings(&faulty(Act::Say(answer(status, &elsewhere, b"")))));
        let outcome = ask(&worker, status, completion(1));
        assert!(matches!(outcome.result, Err(Failure::Redirect { .. })), "{outcome:?}");
        ask(&worker, status, completion(2)).result.expect("the next request");
        assert!(other.accept().is_err(), "{status}: it was followed");
    }
}

#[test]
fn a_server_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let worker = start(&settings(&format!("http://{address}/v1")));
    let outcome = ask(&worker, "refused", completion(1));
    assert_eq!(outcome.result.expect_err("nothing is there").kind(), "unreachable");
    let listener = TcpListener::bind(address).expect("the same port");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            read_request(&mut stream);
            act(&mut stream, &Act::Say(healthy()));
        }
    });
    ask(&worker, "refused", completion(2)).result.expect("it is there now");
    let worker = start(&settings("http://no-such-host.invalid/v1"));
    let patient = Completion { patience: Duration::from_secs(5), ..completion(3) };
    let kind = ask(&worker, "no such host", patient).result.expect_err("no host").kind();
    assert!(matches!(kind, "unreachable" | "connect_timeout" | "timeout"), "{kind}");
}

#[test]
fn a_server_that_never_accepts() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let outcome = ask(&start(&settings(&url)), "never accepts", completion(1));
    assert_eq!(outcome.result, Err(Failure::Timeout));
}

#[test]
fn a_server_without_tls_where_it_is_wanted() {
    let silent = faulty(Act::Hang(Vec::new())).replace("http:", "https:");
    let outcome = ask(&start(&settings(&silent)), "silent at the handshake", completion(1));
    assert_eq!(outcome.result, Err(Failure::ConnectTimeout));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}/v1", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.expect("a connection").write_all(b"HTTP/1.1 400 Bad\r\n\r\n");
        }
    });
    let outcome = ask(&start(&settings(&url)), "no TLS", completion(1));
    assert_eq!(outcome.result.expect_err("no TLS").kind(), "unreachable");
}

#[test]
fn messages_of_a_server_are_short_and_clean() {
    let message = format!("{KEY} \u{1b}[31m\n\u{202e}{}", "é".repeat(5_000));
    let body = json!({ "error": { "message": message } }).to_string();
    let outcome = ask(&start(&settings(&faulty(Act::Say(json_answer("400 Bad", &body))))), "long", completion(1));
    let Err(Failure::Status { message, .. }) = outcome.result else { panic!("{outcome:?}") };
    assert!(message.starts_with("[key] [31m é"), "{message}");
    assert!(message.chars().count() <= 200 && !message.chars().any(char::is_control));
}

#[test]
fn a_server_that_echoes_the_key_in_its_answer() {
    let said = Act::Say(chat(&json!(format!("the key is {KEY}")), &json!("stop"), ""));
    let outcome = ask(&start(&settings(&faulty(said))), "echo", completion(1));
    assert_eq!(outcome.result.expect("an answer").text, "the key is [key]");
}

#[test]
fn faults_of_anthropic() {
    let say = |status: &str, body: &str| Act::Say(json_answer(status, body));
    let tool = r#"{"type":"message","content":[{"type":"text","text":"hm"},{"type":"tool_use","id":"t","name":"ballot","input":{"vote":"yes"}}],"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}"#;
    let cases = [
        ("tool", say("200 OK", tool), Says(r#"{"vote":"yes"}"#)),
        ("text", say("200 OK", r#"{"content":[{"type":"text","text":"x"}],"stop_reason":"end_turn"}"#), Says("x")),
        (
            "length",
            say("200 OK", r#"{"content":[{"type":"text","text":"x"}],"stop_reason":"max_tokens"}"#),
            Fails("not_stopped"),
        ),
        ("refusal", say("200 OK", r#"{"content":[],"stop_reason":"refusal"}"#), Fails("not_stopped")),
        ("no content", say("200 OK", r#"{"content":[],"stop_reason":"end_turn"}"#), Fails("empty")),
        ("content a text", say("200 OK", r#"{"content":"x"}"#), Fails("malformed")),
        (
            "overloaded",
            say("529 Full", r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#),
            Fails("status"),
        ),
        (
            "too long",
            say(
                "400 Bad",
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}"#,
            ),
            Fails("context_overflow"),
        ),
        (
            "key",
            say("401 No", r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#),
            Fails("unauthorized"),
        ),
    ];
    for (name, fault, expect) in cases {
        let settings = LlmSettings { protocol: Protocol::Anthropic, ..settings(&faulty(fault)) };
        let outcome = ask(&start(&settings), name, completion(1));
        match (&outcome.result, expect) {
            (Err(failure), Fails(kind)) => assert_eq!(failure.kind(), kind, "{name}: {failure:?}"),
            (Ok(reply), Says(text)) => assert_eq!(reply.text, text, "{name}"),
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
}

#[test]
fn the_request_on_the_wire() {
    for protocol in [Protocol::OpenAi, Protocol::Anthropic] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let request = read_request(&mut stream);
            act(&mut stream, &Act::Say(healthy()));
            request
        });
        let settings = LlmSettings { protocol, ..settings(&url) };
        ask(&start(&settings), "wire", completion(1));
        let request = server.join().expect("a request");
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        let head = head.to_ascii_lowercase();
        let (first, secret) = match protocol {
            Protocol::OpenAi => ("post /v1/chat/completions http/1.1", format!("authorization: bearer {KEY}")),
            Protocol::Anthropic => ("post /v1/messages http/1.1", format!("x-api-key: {KEY}")),
        };
        assert!(head.starts_with(first) && head.contains(&secret), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        assert_eq!(head.contains("anthropic-version: 2023-06-01"), protocol == Protocol::Anthropic);
        for absent in ["accept-encoding", "referer", "cookie"] {
            assert!(!head.contains(absent), "{head}");
        }
        assert_eq!(body.as_bytes(), completion(1).body(&settings, Dialect::default()));
        assert!(!body.contains(KEY));
    }
}

#[test]
fn nothing_that_is_shown_holds_the_key() {
    let settings = settings("http://127.0.0.1:9/v1");
    let backend = HttpBackend::new(&settings, Some(key())).expect("valid");
    let saved = serde_json::to_string(&settings).expect("data");
    let shown = format!("{backend:?} {settings:?} {saved} {:?} {}", key(), key());
    assert!(!shown.contains(KEY), "{shown}");
    let wrong = LlmSettings { url: format!("http://user:{KEY}@host/v1"), ..settings };
    let error = HttpBackend::new(&wrong, None).expect_err("user info");
    assert!(matches!(error, StartError::Settings(_)) && !format!("{error} {error:?}").contains(KEY));
}

/// Run by the test below in a process of its own, as variables of this one must not change.
#[test]
#[ignore = "run by `the_key_comes_from_the_environment`"]
fn child_that_reads_the_key() {
    let read = ApiKey::from_env();
    let expected = std::env::var("EXPECTED").expect("set by the parent");
    let found = match &read {
        Ok(None) => "none",
        Ok(Some(read)) if *read == key() => "the key",
        Ok(Some(_)) => "another key",
        Err(_) => "an error",
    };
    assert_eq!(found, expected);
    assert!(!format!("{read:?}").contains(KEY));
}

#[test]
fn the_key_comes_from_the_environment() {
    let with_break = format!("{KEY}\n{KEY}");
    let with_space = format!(" {KEY}\n");
    let cases = [
        (None, "none"),
        (Some(""), "none"),
        (Some(KEY), "the key"),
        (Some(&with_space), "the key"),
        (Some(&with_break), "an error"),
    ];
    for (value, expected) in cases {
        let mut child = Command::new(std::env::current_exe().expect("this test"));
        child
            .args(["--exact", "child_that_reads_the_key", "--ignored"])
            .env("EXPECTED", expected)
            .env_remove(KEY_VARIABLE);
        if let Some(value) = value {
            child.env(KEY_VARIABLE, value);
        }
        let output = child.output().expect("a process");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{value:?}: {text}");
        assert!(!text.contains(KEY));
    }
}

#[test]
fn dropping_a_worker_with_a_thousand_hanging_requests() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let mut settings = settings(&url);
    (settings.in_flight, settings.queue) = (300, 1_000);
    (settings.total_timeout_ms, settings.connect_timeout_ms) = (60_000, 60_000);
    let mut worker = start(&settings);
    for id in 0..1_000 {
        worker.try_send(Completion { patience: Duration::from_secs(60), ..completion(id) }).expect("room");
    }
    thread::sleep(Duration::from_millis(300));
    assert_eq!(worker.under_way(), 1_000);
    let took = timed(|| worker.close());
    assert!(took < Duration::from_secs(1), "{took:?}");
    let mut ids: Vec<u64> = std::iter::from_fn(|| worker.try_recv())
        .map(|outcome| {
            assert_eq!(outcome.result, Err(Failure::Closed));
            outcome.id
        })
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..1_000).collect::<Vec<_>>());
    assert_eq!(worker.try_send(completion(0)), Err(Failure::Closed));
    let took = timed(|| drop(worker));
    assert!(took < Duration::from_millis(100), "{took:?}");
}

#[expect(clippy::disallowed_methods, reason = "the test measures wall time")]
fn timed(action: impl FnOnce()) -> Duration {
    let start = std::time::Instant::now();
    action();
    start.elapsed()
}

#[test]
fn connections_are_never_more_than_in_flight() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("bound"));
    let (open, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (open_there, most_there) = (open.clone(), most.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let (open, most) = (open_there.clone(), most_there.clone());
            thread::spawn(move || {
                read_request(&mut stream);
                most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(10));
                open.fetch_sub(1, Ordering::SeqCst);
                act(&mut stream, &Act::Say(healthy()));
            });
        }
    });
    let mut settings = settings(&url);
    (settings.in_flight, settings.total_timeout_ms) = (3, 10_000);
    let worker = start(&settings);
    for id in 0..60 {
        worker.try_send(Completion { patience: Duration::from_secs(20), ..completion(id) }).expect("room");
    }
    for _ in 0..60 {
        worker.recv_timeout(Duration::from_secs(20)).expect("an outcome").result.expect("an answer");
    }
    assert_eq!(most.load(Ordering::SeqCst), 3);
}
