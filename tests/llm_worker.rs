//! What the worker promises, with models that are functions, and with a server that answers as it should.

use bevy_alliance::edge::llm::bridge::backend::{Attempt, Backend, FnBackend};
use bevy_alliance::edge::llm::bridge::failure::{BudgetLimit, Failure};
use bevy_alliance::edge::llm::bridge::http::HttpBackend;
use bevy_alliance::edge::llm::bridge::key::ApiKey;
use bevy_alliance::edge::llm::bridge::reply::{Finish, Reply};
use bevy_alliance::edge::llm::bridge::request::Completion;
use bevy_alliance::edge::llm::bridge::settings::{BreakerSettings, LlmSettings};
use bevy_alliance::edge::llm::bridge::worker::{Outcome, Worker};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const LONG: Duration = Duration::from_secs(20);

fn settings() -> LlmSettings {
    LlmSettings { in_flight: 1, queue: 16, retries: 0, retry_base_ms: 10, retry_cap_ms: 40, ..LlmSettings::default() }
}

fn completion(id: u64) -> Completion {
    Completion {
        id,
        day: 0,
        priority: 5,
        system: Vec::new().into(),
        user: format!("question {id}"),
        schema_name: String::new(),
        schema: Value::Null,
        max_tokens: 10,
        patience: LONG,
    }
}

fn reply(text: &str) -> Reply {
    Reply { text: text.to_owned(), finish: Finish::Stop, tokens_in: Some(7), tokens_out: Some(3) }
}

fn start(
    settings: &LlmSettings,
    delay_ms: u64,
    answer: impl Fn(&Completion) -> Result<Reply, Failure> + Send + 'static,
) -> Worker {
    let backend = FnBackend::new(answer).after(Duration::from_millis(delay_ms));
    Worker::start(settings, Box::new(backend)).expect("valid settings")
}

fn take(worker: &Worker, count: usize) -> Vec<Outcome> {
    let outcomes = (0..count).map(|_| worker.recv_timeout(LONG).expect("an outcome")).collect();
    assert_eq!((worker.try_recv(), worker.under_way()), (None, 0), "more outcomes than requests");
    outcomes
}

fn ask(worker: &Worker, completion: Completion) -> Outcome {
    worker.try_send(completion).expect("room");
    take(worker, 1).remove(0)
}

fn kind(outcome: &Outcome) -> &'static str {
    outcome.result.as_ref().map_or_else(Failure::kind, |_| "answered")
}

fn down() -> Failure {
    Failure::Unreachable { reason: "down".to_owned() }
}

#[test]
fn requests_go_by_priority_and_then_by_id() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let worker = start(&settings(), 50, move |completion| {
        log.lock().expect("alive").push(completion.id);
        Ok(reply("x"))
    });
    for (id, priority) in [(9, 9), (3, 5), (2, 5), (8, 1), (4, 5)] {
        worker.try_send(Completion { priority, ..completion(id) }).expect("room");
        // The first is on its way before the others come.
        thread::sleep(Duration::from_millis(if id == 9 { 20 } else { 0 }));
    }
    take(&worker, 5);
    assert_eq!(*seen.lock().expect("alive"), [9, 8, 2, 3, 4]);
}

#[test]
fn equal_prompts_are_one_call() {
    let calls = Arc::new(AtomicU32::new(0));
    let count = calls.clone();
    let worker = start(&settings(), 60, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(reply("x"))
    });
    let same = |id| Completion { user: "same".to_owned(), ..completion(id) };
    for id in 0..3 {
        worker.try_send(same(id)).expect("room");
    }
    // One joins while it is in flight.
    thread::sleep(Duration::from_millis(20));
    worker.try_send(same(3)).expect("room");
    let mut outcomes = take(&worker, 4);
    outcomes.sort_by_key(|outcome| outcome.id);
    assert!(outcomes.iter().all(|outcome| outcome.result == Ok(reply("x")) && outcome.attempts == 1));
    let coalesced: Vec<bool> = outcomes.iter().map(|outcome| outcome.coalesced).collect();
    assert_eq!(coalesced, [false, true, true, true]);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let counters = worker.counters();
    assert_eq!((counters.requests, counters.answered, counters.coalesced), (4, 4, 3));
    assert_eq!((counters.tokens_in, counters.tokens_out), (7, 3), "counted once");
    // What has ended is not joined.
    assert!(!ask(&worker, same(9)).coalesced);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn each_asker_of_a_shared_call_has_its_own_patience() {
    let worker = start(&settings(), 200, |_| Ok(reply("x")));
    let same = |id, ms| Completion { user: "same".to_owned(), patience: Duration::from_millis(ms), ..completion(id) };
    worker.try_send(same(1, 50)).expect("room");
    worker.try_send(same(2, 5_000)).expect("room");
    let outcomes = take(&worker, 2);
    assert_eq!((outcomes[0].id, kind(&outcomes[0])), (1, "timeout"));
    assert_eq!((outcomes[1].id, kind(&outcomes[1])), (2, "answered"));
}

#[test]
fn patience_ends_what_waits_and_what_runs() {
    let worker = start(&settings(), 60_000, |_| Ok(reply("x")));
    for id in 0..3 {
        worker.try_send(Completion { patience: Duration::from_millis(80), ..completion(id) }).expect("room");
    }
    let mut outcomes = take(&worker, 3);
    outcomes.sort_by_key(|outcome| outcome.id);
    assert_eq!(outcomes.iter().map(kind).collect::<Vec<_>>(), ["timeout", "impatient", "impatient"]);
    for outcome in &outcomes {
        let late = outcome.latency.saturating_sub(Duration::from_millis(80));
        assert!(outcome.latency >= Duration::from_millis(80) && late < Duration::from_millis(400), "{outcome:?}");
    }
    let never = ask(&worker, Completion { patience: Duration::ZERO, ..completion(9) });
    assert_eq!(kind(&never), "impatient");
}

#[test]
fn the_total_timeout_holds_for_any_backend() {
    let settings = LlmSettings { total_timeout_ms: 50, ..settings() };
    let worker = start(&settings, 60_000, |_| Ok(reply("x")));
    let outcome = ask(&worker, Completion { patience: Duration::MAX, ..completion(1) });
    assert_eq!(outcome.result, Err(Failure::Timeout));
}

#[test]
fn a_full_queue_turns_the_least_urgent_away() {
    let settings = LlmSettings { queue: 2, ..settings() };
    let worker = start(&settings, 100, |_| Ok(reply("x")));
    worker.try_send(completion(0)).expect("room");
    thread::sleep(Duration::from_millis(30));
    for (id, priority) in [(1, 5), (2, 6), (3, 7), (4, 1)] {
        worker.try_send(Completion { priority, ..completion(id) }).expect("room");
    }
    let outcomes = take(&worker, 5);
    let kinds: Vec<_> = outcomes.iter().map(|outcome| (outcome.id, kind(outcome))).collect();
    let expected = [(3, "queue_full"), (2, "queue_full"), (0, "answered"), (4, "answered"), (1, "answered")];
    assert_eq!(kinds, expected);
}

#[test]
fn a_host_that_does_not_read_loses_nothing_and_blocks_nothing() {
    let settings = LlmSettings { in_flight: 2, queue: 3, ..settings() };
    let worker = start(&settings, 0, |_| Ok(reply("x")));
    let accepted: BTreeSet<u64> = (0..500).filter(|id| worker.try_send(completion(*id)).is_ok()).collect();
    assert_eq!(accepted.len(), settings.under_way());
    assert_eq!(worker.try_send(completion(999)), Err(Failure::QueueFull));
    thread::sleep(Duration::from_millis(50));
    let ended: BTreeSet<u64> = take(&worker, accepted.len()).iter().map(|outcome| outcome.id).collect();
    assert_eq!(ended, accepted);
    assert_eq!(kind(&ask(&worker, completion(1_000))), "answered", "there is room again");
}

#[test]
fn failures_that_may_pass_are_repeated() {
    let failures = Mutex::new(vec![Failure::Reset, down()]);
    let worker = start(&LlmSettings { retries: 2, ..settings() }, 0, move |_| {
        failures.lock().expect("alive").pop().map_or_else(|| Ok(reply("x")), Err)
    });
    let outcome = ask(&worker, completion(1));
    assert_eq!((kind(&outcome), outcome.attempts), ("answered", 3));
    assert_eq!(worker.counters().retried, 2);

    let worker = start(&LlmSettings { retries: 2, ..settings() }, 0, |_| Err(down()));
    let outcome = ask(&worker, completion(1));
    assert_eq!((outcome.result, outcome.attempts), (Err(down()), 3));

    let worker = start(&LlmSettings { retries: 2, ..settings() }, 0, |_| Err(Failure::Timeout));
    assert_eq!(ask(&worker, completion(1)).attempts, 1, "what is too slow is not asked again");
}

#[test]
fn a_wait_that_the_patience_does_not_allow_is_not_begun() {
    let limited = Failure::RateLimited { message: String::new(), retry_after: Some(Duration::from_secs(60)) };
    let answer = limited.clone();
    let worker = start(&LlmSettings { retries: 2, ..settings() }, 0, move |_| Err(answer.clone()));
    let outcome = ask(&worker, Completion { patience: Duration::from_secs(5), ..completion(1) });
    assert_eq!((outcome.result, outcome.attempts), (Err(limited), 1));
    assert!(outcome.latency < Duration::from_secs(1), "the twin can take over at once");
}

#[test]
fn a_server_that_asks_for_time_gets_it_from_all_requests() {
    let limited = Failure::RateLimited { message: String::new(), retry_after: Some(Duration::from_millis(300)) };
    let worker = start(&LlmSettings { in_flight: 4, ..settings() }, 0, move |completion| {
        if completion.id == 0 { Err(limited.clone()) } else { Ok(reply("x")) }
    });
    assert_eq!(kind(&ask(&worker, completion(0))), "rate_limited");
    let outcome = ask(&worker, completion(1));
    assert_eq!(kind(&outcome), "answered");
    assert!(outcome.latency > Duration::from_millis(200), "{outcome:?}");
    assert!(outcome.latency < Duration::from_secs(2), "{outcome:?}");
}

#[test]
fn an_absurd_time_is_not_given() {
    let limited = Failure::RateLimited { message: String::new(), retry_after: Some(Duration::from_secs(1_000_000)) };
    let breaker = BreakerSettings { failures: 100, rest_ms: 200 };
    let worker = start(&LlmSettings { breaker, ..settings() }, 0, move |completion| {
        if completion.id == 0 { Err(limited.clone()) } else { Ok(reply("x")) }
    });
    assert_eq!(kind(&ask(&worker, completion(0))), "rate_limited");
    let outcome = ask(&worker, completion(1));
    assert!(outcome.result.is_ok() && outcome.latency < Duration::from_secs(2), "{outcome:?}");
}

#[test]
fn only_what_a_model_ended_and_said_is_an_answer() {
    let worker = start(&settings(), 0, |completion| {
        let finish = [Finish::Length, Finish::Filter, Finish::Other, Finish::Other, Finish::Stop];
        let index = usize::try_from(completion.id).expect("small");
        let text = if index < 3 { "x" } else { " \n" };
        Ok(Reply { finish: finish[index], ..reply(text) })
    });
    let kinds: Vec<_> = (0..5).map(|id| kind(&ask(&worker, completion(id)))).collect();
    assert_eq!(kinds, ["not_stopped", "not_stopped", "not_stopped", "empty", "empty"]);
    assert_eq!(worker.counters().tokens_in, 35, "tokens are used all the same");
}

#[test]
fn the_breaker_opens_and_tries_again() {
    let is_down = Arc::new(Mutex::new(true));
    let (calls, down_there) = (Arc::new(AtomicU32::new(0)), is_down.clone());
    let count = calls.clone();
    let breaker = BreakerSettings { failures: 3, rest_ms: 200 };
    let worker = start(&LlmSettings { breaker, ..settings() }, 0, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        if *down_there.lock().expect("alive") { Err(down()) } else { Ok(reply("x")) }
    });
    let kinds = |range: std::ops::Range<u64>| range.map(|id| kind(&ask(&worker, completion(id)))).collect::<Vec<_>>();
    let (down, open) = ("unreachable", "breaker_open");
    assert_eq!(kinds(0..5), [down, down, down, open, open]);
    assert_eq!(calls.load(Ordering::SeqCst), 3, "an open breaker sends nothing");
    thread::sleep(Duration::from_millis(220));
    assert_eq!(kinds(5..7), [down, open], "one call tries, and fails");
    *is_down.lock().expect("alive") = false;
    thread::sleep(Duration::from_millis(220));
    assert_eq!(kinds(7..9), ["answered", "answered"]);
}

#[test]
fn others_wait_for_the_call_that_tries_the_server() {
    let first = Mutex::new(true);
    let breaker = BreakerSettings { failures: 1, rest_ms: 50 };
    let worker = start(&LlmSettings { breaker, in_flight: 4, ..settings() }, 60, move |_| {
        if std::mem::take(&mut *first.lock().expect("alive")) { Err(down()) } else { Ok(reply("x")) }
    });
    assert_eq!(kind(&ask(&worker, completion(0))), "unreachable");
    thread::sleep(Duration::from_millis(60));
    for id in 1..5 {
        worker.try_send(completion(id)).expect("room");
    }
    assert!(take(&worker, 4).iter().all(|outcome| kind(outcome) == "answered"));
}

#[test]
fn budgets_are_kept_per_day_and_corrected() {
    let mut settings = settings();
    settings.budget.calls_per_day = Some(2);
    let worker = start(&settings, 0, |_| Ok(reply("x")));
    let on = |id, day| Completion { day, ..completion(id) };
    let over = |which| Err(Failure::OverBudget { which });
    assert_eq!(kind(&ask(&worker, on(1, 0))), "answered");
    assert_eq!(kind(&ask(&worker, on(2, 0))), "answered");
    assert_eq!(ask(&worker, on(3, 0)).result, over(BudgetLimit::CallsPerDay));
    assert_eq!(kind(&ask(&worker, on(4, 1))), "answered");

    // Each is estimated at 13 tokens and uses 10.
    let mut settings = self::settings();
    settings.budget.tokens = Some(33);
    let worker = start(&settings, 0, |_| Ok(reply("x")));
    for id in 1..4 {
        assert_eq!(kind(&ask(&worker, completion(id))), "answered", "{id}");
    }
    assert_eq!(ask(&worker, completion(4)).result, over(BudgetLimit::Tokens));
}

#[test]
fn a_budget_is_reserved_while_calls_run() {
    let mut settings = LlmSettings { in_flight: 8, ..settings() };
    settings.budget.tokens = Some(30);
    let worker = start(&settings, 50, |_| Ok(reply("x")));
    for id in 0..4 {
        worker.try_send(completion(id)).expect("room");
    }
    let answered = take(&worker, 4).iter().filter(|outcome| outcome.result.is_ok()).count();
    assert_eq!(answered, 2);
}

#[test]
fn what_never_reached_the_server_costs_nothing() {
    let mut settings = settings();
    settings.budget.calls = Some(1);
    settings.breaker.failures = 100;
    let worker = start(&settings, 0, |completion| if completion.id < 5 { Err(down()) } else { Ok(reply("x")) });
    let kinds: Vec<_> = (0..7).map(|id| kind(&ask(&worker, completion(id)))).collect();
    assert_eq!(kinds[4..], ["unreachable", "answered", "over_budget"]);
}

#[test]
fn a_backend_that_panics_fails_only_its_call() {
    let worker = start(&settings(), 0, |completion| {
        assert!(completion.id != 1, "a backend's bug (expected in this test)");
        Ok(reply("x"))
    });
    let kinds: Vec<_> = (0..3).map(|id| kind(&ask(&worker, completion(id)))).collect();
    assert_eq!(kinds, ["answered", "panicked", "answered"]);
}

/// Blocks the thread, which a backend must not.
struct Blocking;

impl Backend for Blocking {
    fn complete<'a>(&'a self, _: &'a Completion) -> Attempt<'a> {
        Box::pin(async {
            thread::sleep(Duration::from_secs(3));
            Ok(reply("x"))
        })
    }
}

#[test]
fn a_backend_that_blocks_does_not_hold_up_the_end() {
    let worker = Worker::start(&settings(), Box::new(Blocking)).expect("valid settings");
    worker.try_send(completion(1)).expect("room");
    thread::sleep(Duration::from_millis(50));
    let took = timed(|| drop(worker));
    assert!(took < Duration::from_millis(1_500), "{took:?}");
}

#[test]
fn closing_ends_each_request_once() {
    let mut worker = start(&LlmSettings { in_flight: 2, ..settings() }, 60_000, |_| Ok(reply("x")));
    for id in 0..6 {
        worker.try_send(completion(id)).expect("room");
    }
    worker.close();
    worker.close();
    let outcomes = take(&worker, 6);
    assert!(outcomes.iter().all(|outcome| outcome.result == Err(Failure::Closed)));
    assert_eq!(worker.try_send(completion(9)), Err(Failure::Closed));
    assert_eq!(worker.recv_timeout(LONG), None, "nothing is under way, so nothing is waited for");
    let counters = worker.counters();
    assert_eq!((counters.requests, counters.answered, counters.failed), (6, 0, 6));
}

#[test]
fn a_worker_can_be_shared_and_sent() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Worker>();
}

#[test]
fn costs_are_counted_by_price() {
    let mut settings = settings();
    (settings.price.per_million_in, settings.price.per_million_out) = (1_000_000.0, 10_000_000.0);
    let worker = start(&settings, 0, |_| Ok(reply("x")));
    ask(&worker, completion(1));
    assert!((worker.counters().cost - 37.0).abs() < 1e-9);
}

#[test]
fn settings_that_cannot_be_used_start_nothing() {
    let settings = LlmSettings { in_flight: 0, ..settings() };
    let error = Worker::start(&settings, Box::new(FnBackend::new(|_| Ok(reply("x"))))).expect_err("no place");
    assert!(error.to_string().contains("in_flight"), "{error}");
}

#[test]
fn a_server_is_asked_again_when_it_says_so() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        let limited = ResponseTemplate::new(429).insert_header("retry-after", "1");
        Mock::given(method("POST")).respond_with(limited).up_to_n_times(1).mount(&server).await;
        let body = json!({
            "choices": [{ "message": { "content": "well" }, "finish_reason": "stop" }],
            "usage": { "prompt_tokens": 5, "completion_tokens": 1 },
        });
        let asked = json!({ "model": "m", "stream": false, "messages": [{ "role": "user", "content": "question 1" }] });
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .and(header("authorization", "Bearer sk-test"))
            .and(body_partial_json(asked))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .expect(1)
            .mount(&server)
            .await;
        server
    });
    let settings = LlmSettings { url: format!("{}/v1", server.uri()), model: "m".to_owned(), retries: 2, ..settings() };
    let key = ApiKey::new("sk-test").expect("valid");
    let backend = HttpBackend::new(&settings, Some(key)).expect("valid");
    let worker = Worker::start(&settings, Box::new(backend)).expect("valid");
    let outcome = ask(&worker, completion(1));
    assert_eq!((outcome.result.expect("an answer").tokens_in, outcome.attempts), (Some(5), 2));
    assert!(outcome.latency >= Duration::from_secs(1), "{:?}", outcome.latency);
    runtime.block_on(server.verify());
}

/// A server that refuses parameters that newer models do not take, and the bodies of what it was asked.
fn picky(runtime: &Runtime, refused: Vec<(&'static str, &'static str)>) -> (MockServer, Arc<Mutex<Vec<Value>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let answer = move |request: &Request| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        let refusal = refused.iter().find(|(name, _)| body.get(name).is_some());
        seen.lock().expect("alive").push(body);
        match refusal {
            Some((name, message)) => {
                let error = json!({ "message": message, "param": name, "code": "unsupported_parameter" });
                ResponseTemplate::new(400).set_body_json(json!({ "error": error }))
            }
            None => ResponseTemplate::new(200)
                .set_body_json(json!({ "choices": [{ "message": { "content": "well" }, "finish_reason": "stop" }] })),
        }
    };
    let server = runtime.block_on(async {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        server
    });
    (server, asked)
}

fn asks_over_http(server: &MockServer) -> Worker {
    let settings = LlmSettings { url: format!("{}/v1", server.uri()), ..settings() };
    let backend = HttpBackend::new(&settings, None).expect("valid");
    Worker::start(&settings, Box::new(backend)).expect("valid")
}

#[test]
fn what_a_server_refuses_by_name_is_sent_otherwise_from_then_on() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let tokens =
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    let refused = vec![("max_tokens", tokens), ("temperature", "Unsupported value: 'temperature'")];
    let (server, asked) = picky(&runtime, refused);
    let worker = asks_over_http(&server);
    let first = ask(&worker, completion(1));
    assert_eq!((kind(&first), first.attempts), ("answered", 1));
    let bodies = || std::mem::take(&mut *asked.lock().expect("alive"));
    let learned = bodies();
    assert_eq!(learned.len(), 3, "{learned:?}");
    let taken = &learned[2];
    assert_eq!((&taken["max_completion_tokens"], &taken["seed"]), (&json!(10), &json!(1)));
    assert!(taken.get("max_tokens").is_none() && taken.get("temperature").is_none(), "{taken}");
    assert_eq!(kind(&ask(&worker, completion(2))), "answered");
    assert_eq!(bodies().len(), 1, "it is known by now");
}

#[test]
fn a_refusal_that_teaches_nothing_is_a_failure_at_once() {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    for (name, message) in [("max_tokens", "max_tokens is too large"), ("model", "Unsupported model, use another")] {
        let (server, asked) = picky(&runtime, vec![(name, message)]);
        let outcome = ask(&asks_over_http(&server), completion(1));
        assert_eq!((kind(&outcome), asked.lock().expect("alive").len()), ("status", 1), "{message}");
    }
    // It would have been sent so already.
    let (server, asked) = picky(&runtime, vec![("messages", "use max_completion_tokens")]);
    assert_eq!(kind(&ask(&asks_over_http(&server), completion(1))), "status");
    assert_eq!(asked.lock().expect("alive").len(), 2);
}

/// Any mixture of answers, failures, panics, silence, patience and equal prompts.
struct Chaos;

impl Backend for Chaos {
    fn complete<'a>(&'a self, completion: &'a Completion) -> Attempt<'a> {
        Box::pin(async move {
            let dice = rand_of(completion.id);
            tokio::time::sleep(Duration::from_millis(dice % 23)).await;
            match dice % 11 {
                0 => Err(down()),
                1 => Err(Failure::Reset),
                2 => Err(Failure::Timeout),
                3 => Err(Failure::RateLimited { message: String::new(), retry_after: Some(Duration::from_millis(5)) }),
                4 => std::future::pending().await,
                5 => panic!("a backend's bug (expected in this test)"),
                6 => Ok(reply("")),
                _ => Ok(reply("x")),
            }
        })
    }
}

/// Mixes a number well enough for a test.
fn rand_of(seed: u64) -> u64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
}

#[test]
fn in_any_mixture_each_request_has_one_outcome_in_time() {
    let breaker = BreakerSettings { failures: 4, rest_ms: 20 };
    let settings = LlmSettings { in_flight: 7, queue: 20, retries: 2, breaker, ..settings() };
    let worker = Worker::start(&settings, Box::new(Chaos)).expect("valid settings");
    let (mut accepted, mut ended) = (BTreeSet::new(), Vec::new());
    let mut check = |outcome: Outcome| {
        let patience = Duration::from_millis(rand_of(outcome.id + 7) % 120);
        assert!(outcome.latency < patience + Duration::from_millis(400), "{outcome:?}");
        ended.push(outcome.id);
    };
    for id in 0..2_000 {
        let prompt = rand_of(id) % 400;
        let patience = Duration::from_millis(rand_of(id + 7) % 120);
        let priority = (rand_of(id + 9) % 3) as u8;
        let user = format!("question {prompt}");
        if worker.try_send(Completion { user, patience, priority, ..completion(id) }).is_ok() {
            accepted.insert(id);
        }
        if id % 5 == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        while let Some(outcome) = worker.try_recv() {
            check(outcome);
        }
    }
    while let Some(outcome) = worker.recv_timeout(LONG) {
        check(outcome);
    }
    assert_eq!((worker.under_way(), worker.try_recv()), (0, None));
    assert_eq!(ended.len(), accepted.len());
    assert_eq!(ended.iter().copied().collect::<BTreeSet<_>>(), accepted);
    assert!(accepted.len() > 1_000, "{}", accepted.len());
    let counters = worker.counters();
    assert_eq!(
        (counters.requests, counters.answered + counters.failed),
        (accepted.len() as u64, accepted.len() as u64)
    );
    assert!(counters.answered > 0 && counters.coalesced > 0 && counters.retried > 0, "{counters:?}");
}

#[expect(clippy::disallowed_methods, reason = "the test measures wall time")]
fn timed(action: impl FnOnce()) -> Duration {
    let start = std::time::Instant::now();
    action();
    start.elapsed()
}
