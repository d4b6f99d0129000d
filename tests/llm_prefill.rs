//! Servers of Anthropic's protocol that do not hold the model to the schema: its answers are begun for it, field by field.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

use bevy_alliance::edge::llm::bridge::failure::Failure;
use bevy_alliance::edge::llm::bridge::http::HttpBackend;
use bevy_alliance::edge::llm::bridge::key::ApiKey;
use bevy_alliance::edge::llm::bridge::reply::Reply;
use bevy_alliance::edge::llm::bridge::request::Completion;
use bevy_alliance::edge::llm::bridge::settings::{BudgetSettings, LlmSettings, Protocol};
use bevy_alliance::edge::llm::bridge::worker::{Outcome, Worker};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const PROSE: &str = "I would rather approve of it.";
const WHOLE: &str = r#"{"condition":"none","vote":"approve","reason":"So be it."}"#;

/// A server, and what it was asked.
struct Server {
    _runtime: Runtime,
    server: MockServer,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Server {
    /// Answers by a function of the request's body and of how many came before it.
    fn start(answer: impl Fn(&Value, usize) -> ResponseTemplate + Send + Sync + 'static) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let answer = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let before = {
                let mut seen = seen.lock().unwrap();
                seen.push(body.clone());
                seen.len() - 1
            };
            answer(&body, before)
        };
        let server = runtime.block_on(async {
            let server = MockServer::start().await;
            Mock::given(method("POST")).and(path("/v1/messages")).respond_with(answer).mount(&server).await;
            server
        });
        Self { _runtime: runtime, server, asked }
    }

    fn settings(&self) -> LlmSettings {
        LlmSettings {
            url: format!("{}/v1", self.server.uri()),
            protocol: Protocol::Anthropic,
            retry_base_ms: 1,
            ..LlmSettings::default()
        }
    }

    fn asks(&self, settings: &LlmSettings) -> Worker {
        Worker::start(settings, Box::new(HttpBackend::new(settings, None).unwrap())).unwrap()
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn says(text: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "content": [{ "type": "text", "text": text }],
        "stop_reason": "end_turn",
        "usage": { "input_tokens": 10, "output_tokens": 2 },
    }))
}

fn tool(input: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "content": [{ "type": "text", "text": "So:" }, { "type": "tool_use", "name": "ballot", "input": input }],
        "stop_reason": "tool_use",
    }))
}

fn refuses(status: u16, message: &str) -> ResponseTemplate {
    let error = json!({ "type": "invalid_request_error", "message": message });
    ResponseTemplate::new(status).set_body_json(json!({ "type": "error", "error": error }))
}

/// What an answer was begun with.
fn begun(body: &Value) -> Option<&str> {
    let last = body["messages"].as_array()?.last()?;
    (last["role"] == "assistant").then(|| last["content"].as_str()).flatten()
}

/// How an obliging model goes on.
fn goes_on(begun: &str) -> &'static str {
    match () {
        () if begun.ends_with(r#""condition":""#) => "none",
        () if begun.ends_with(r#""vote":""#) => "approve",
        () if begun.ends_with(r#""reason":""#) => "So be it.",
        () => panic!("{begun}"),
    }
}

/// A server that knows no schema.
fn obliging(body: &Value, _: usize) -> ResponseTemplate {
    says(begun(body).map_or(PROSE, goes_on))
}

fn ballot(id: u64) -> Completion {
    Completion {
        id,
        day: 0,
        priority: 0,
        system: vec!["rules".to_owned()].into(),
        user: format!("vote {id}"),
        schema_name: "ballot".to_owned(),
        schema: json!({ "type": "object", "properties": {
            "condition": { "type": "string", "enum": ["none", "half"] },
            "reason": { "type": "string", "maxLength": 80 },
            "vote": { "type": "string", "enum": ["approve", "reject", "abstain"] },
        }, "required": ["condition", "reason", "vote"] }),
        max_tokens: 160,
        patience: Duration::from_secs(20),
    }
}

fn ask(worker: &Worker, completion: Completion) -> Outcome {
    worker.try_send(completion).unwrap();
    worker.recv_timeout(Duration::from_secs(30)).expect("an outcome")
}

fn text(outcome: &Outcome) -> &str {
    &outcome.result.as_ref().expect("an answer").text
}

#[test]
fn what_a_server_leaves_free_is_begun_field_by_field_from_then_on() {
    for repeats in [false, true] {
        let server = Server::start(move |body, _| match begun(body) {
            Some(begun) if repeats => says(&format!("{begun}{}", goes_on(begun))),
            _ => obliging(body, 0),
        });
        let worker = server.asks(&server.settings());
        let first = ask(&worker, ballot(1));
        assert_eq!((text(&first), first.attempts), (WHOLE, 1));
        let Reply { tokens_in, tokens_out, .. } = first.result.unwrap();
        assert_eq!((tokens_in, tokens_out), (Some(40), Some(8)), "of all that it took");
        let asked = server.asked();
        assert_eq!(asked.len(), 4, "{asked:?}");
        assert!(asked[0].get("tools").is_some() && begun(&asked[0]).is_none());
        assert_eq!(begun(&asked[3]), Some(r#"{"condition":"none","vote":"approve","reason":""#));
        for body in &asked[1..] {
            assert!(body.get("tools").is_none() && body["stop_sequences"] == json!(["\""]), "{body}");
        }
        assert_eq!(text(&ask(&worker, ballot(2))), WHOLE);
        assert_eq!(server.asked().len(), 3, "it is known by now");
        // What has no schema is free.
        assert_eq!(text(&ask(&worker, Completion { schema: Value::Null, ..ballot(3) })), PROSE);
        assert_eq!(server.asked().len(), 1);
        let counters = worker.counters();
        assert_eq!((counters.answered, counters.retried, counters.tokens_in), (3, 0, 80));
    }
}

#[test]
fn a_server_that_holds_the_model_to_the_schema_is_asked_once() {
    let fits: Value = serde_json::from_str(WHOLE).unwrap();
    // What a tool is told is meant for it, even if it is nonsense.
    for answer in [tool(&fits), tool(&json!({ "vote": "maybe" })), says(&format!("Here:\n{WHOLE}"))] {
        let server = Server::start(move |_, _| answer.clone());
        let worker = server.asks(&server.settings());
        for id in 1..4 {
            assert!(ask(&worker, ballot(id)).result.is_ok());
            assert_eq!(server.asked().len(), 1);
        }
    }
}

#[test]
fn a_server_that_used_the_tool_once_is_not_begun_for() {
    let server = Server::start(|_, n| if n == 0 { tool(&json!({ "vote": "reject" })) } else { says(PROSE) });
    let worker = server.asks(&server.settings());
    for id in 1..4 {
        assert!(ask(&worker, ballot(id)).result.is_ok());
        let asked = server.asked();
        assert!(asked.len() == 1 && asked[0].get("tools").is_some(), "{asked:?}");
    }
}

#[test]
fn a_key_is_found_before_anything_is_cut_off_it() {
    let key = ApiKey::new("sk-a-key-that-is-told-by-nobody").unwrap();
    // It lies across the 80th character, where the text is cut.
    let words = format!("{} sk-a-key-that-is-told-by-nobody and more", "x".repeat(70));
    let server = Server::start(move |body, _| match begun(body) {
        Some(begun) if begun.ends_with(r#""reason":""#) => says(&words),
        _ => obliging(body, 0),
    });
    let settings = server.settings();
    let worker = Worker::start(&settings, Box::new(HttpBackend::new(&settings, Some(key)).unwrap())).unwrap();
    let outcome = ask(&worker, ballot(1));
    assert!(text(&outcome).contains("xxx") && !text(&outcome).contains("sk-a"), "{outcome:?}");
}

#[test]
fn a_server_that_refuses_begun_answers_is_not_sent_them_again() {
    let message =
        "This model does not support assistant message prefill. The conversation must end with a user message.";
    let server = Server::start(move |body, n| match begun(body) {
        Some(_) => refuses(400, message),
        None => obliging(body, n),
    });
    let worker = server.asks(&server.settings());
    let first = ask(&worker, ballot(1));
    assert_eq!((text(&first), first.attempts), (PROSE, 1));
    assert_eq!(first.result.unwrap().tokens_in, Some(10), "a refusal is free");
    assert_eq!(server.asked().len(), 2);
    for id in 2..4 {
        assert_eq!(text(&ask(&worker, ballot(id))), PROSE);
        assert_eq!(server.asked().len(), 1);
    }
}

#[test]
fn a_server_that_begins_to_refuse_them_is_asked_as_before() {
    let server = Server::start(move |body, n| match begun(body) {
        Some(_) if n >= 4 => refuses(422, "roles must alternate"),
        _ => obliging(body, n),
    });
    let worker = server.asks(&server.settings());
    assert_eq!(text(&ask(&worker, ballot(1))), WHOLE);
    assert_eq!(text(&ask(&worker, ballot(2))), PROSE);
    assert_eq!(server.asked().len(), 6, "the refused one, and without");
    assert_eq!(text(&ask(&worker, ballot(3))), PROSE);
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn what_was_not_offered_ends_an_answer() {
    let server = Server::start(|body, n| match begun(body) {
        Some(begun) if begun.ends_with(r#""vote":""#) => says("yes, if I may"),
        _ => obliging(body, n),
    });
    let worker = server.asks(&server.settings());
    assert_eq!(text(&ask(&worker, ballot(1))), r#"{"condition":"none","vote":"yes, if I may"#);
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn each_call_is_within_the_budget() {
    for (calls, kind, sent) in [(1, "answered", 1), (2, "over_budget", 2), (4, "answered", 4)] {
        let server = Server::start(obliging);
        let budget = BudgetSettings { calls_per_day: Some(calls), ..BudgetSettings::default() };
        let worker = server.asks(&LlmSettings { budget, ..server.settings() });
        let outcome = ask(&worker, ballot(1));
        assert_eq!(outcome.result.as_ref().map_or_else(Failure::kind, |_| "answered"), kind, "{calls}");
        assert_eq!(server.asked().len(), sent);
        assert_eq!(ask(&worker, ballot(2)).result.unwrap_err().kind(), "over_budget");
        assert_eq!(worker.counters().tokens_in, 10 * calls, "what was used is counted");
    }
}

#[test]
fn patience_ends_an_answer_that_is_half_filled_in() {
    let server = Server::start(|body, n| {
        let slow = begun(body).is_some_and(|begun| begun.ends_with(r#""vote":""#));
        obliging(body, n).set_delay(Duration::from_secs(if slow { 5 } else { 0 }))
    });
    let worker = server.asks(&server.settings());
    let outcome = ask(&worker, Completion { patience: Duration::from_millis(1_500), ..ballot(1) });
    assert_eq!(outcome.result, Err(Failure::Timeout));
    assert!(outcome.latency < Duration::from_secs(10), "{:?}", outcome.latency);
    assert_eq!(worker.counters().tokens_in, 20, "of the two that were answered");
}

#[test]
fn a_failure_half_way_is_repeated_from_the_start() {
    let server = Server::start(|body, n| if n == 2 { refuses(503, "busy") } else { obliging(body, n) });
    let worker = server.asks(&server.settings());
    let outcome = ask(&worker, ballot(1));
    assert_eq!((text(&outcome), outcome.attempts), (WHOLE, 2));
    let asked = server.asked();
    assert_eq!(asked.iter().filter(|body| begun(body) == Some(r#"{"condition":""#)).count(), 2);
    assert_eq!((asked.len(), worker.counters().tokens_in), (6, 50));
}

#[test]
fn chat_completions_are_never_begun() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        let body = json!({ "choices": [{ "message": { "content": PROSE }, "finish_reason": "stop" }] });
        let answer = ResponseTemplate::new(200).set_body_json(body);
        Mock::given(path("/v1/chat/completions")).respond_with(answer).expect(2).mount(&server).await;
        server
    });
    let settings = LlmSettings { url: format!("{}/v1", server.uri()), ..LlmSettings::default() };
    let worker = Worker::start(&settings, Box::new(HttpBackend::new(&settings, None).unwrap())).unwrap();
    for id in 1..3 {
        assert_eq!(text(&ask(&worker, ballot(id))), PROSE);
    }
    runtime.block_on(server.verify());
}
