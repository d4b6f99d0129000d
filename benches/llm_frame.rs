//! Host frames while a model is asked: with 1,000 requests under way, and with a server that never answers, against none. Prints
//! quantiles of the frames of one run, and their ratios to those without a model.
#![allow(clippy::print_stdout, reason = "a bench that prints what it is about")]
#![allow(clippy::disallowed_methods, reason = "wall time is what is measured")]

use bevy::prelude::*;
use bevy_alliance::base::clock::GameSpan;
use bevy_alliance::edge::llm::bridge::backend::{Backend, FnBackend};
use bevy_alliance::edge::llm::bridge::failure::Failure;
use bevy_alliance::edge::llm::bridge::http::HttpBackend;
use bevy_alliance::edge::llm::bridge::settings::LlmSettings;
use bevy_alliance::edge::llm::{AskModel, LlmDesk, LlmPlugin};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use serde_json::Value;
use std::error::Error;
use std::net::TcpListener;
use std::time::{Duration, Instant};

const REQUESTS: u64 = 1_000;
const FRAMES: usize = 4_000;
const ROUNDS: usize = 10;

fn app(plugin: Option<LlmPlugin>) -> Result<TestApp, Box<dyn Error>> {
    use bevy_alliance::base::contract::ScenarioAppExt;
    let asks = plugin.is_some();
    let mut app = TestApp::unstarted_with(
        |_| {},
        |app| {
            if let Some(plugin) = plugin {
                app.add_plugins(plugin);
            }
        },
    );
    app.app.start_campaign(&small_world(7, 300))?;
    app.run(GameSpan::hours(6));
    if asks {
        for id in 0..REQUESTS {
            app.app.world_mut().write_message(AskModel {
                id,
                system: vec!["x".repeat(4_000)],
                user: format!("question {id}"),
                schema: Value::Null,
                max_tokens: 100,
                patience: Duration::from_secs(600),
            });
        }
        app.update();
        println!("  {} requests under way", app.app.world().resource::<LlmDesk>().under_way());
    }
    Ok(app)
}

fn frames(app: &mut TestApp) -> Vec<f64> {
    (0..FRAMES)
        .map(|_| {
            let start = Instant::now();
            app.update();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect()
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
    let at = ((sorted.len() - 1) as f64 * q) as usize;
    sorted[at]
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = |url: &str| LlmSettings {
        url: url.to_owned(),
        in_flight: 1_000,
        queue: 2_000,
        total_timeout_ms: 600_000,
        retries: 0,
        ..LlmSettings::default()
    };
    // Accepts nothing, and answers nobody.
    let silent = TcpListener::bind("127.0.0.1:0")?;
    let hanging = settings(&format!("http://{}/v1", silent.local_addr()?));
    let slow = settings("http://127.0.0.1:9/v1");
    let never: Box<dyn Backend> = Box::new(FnBackend::new(|_: &_| Err(Failure::Empty)).after(Duration::from_secs(900)));
    let server: Box<dyn Backend> = Box::new(HttpBackend::new(&hanging, None)?);
    let mut apps = [
        ("no model", app(None)?),
        ("1,000 under way", app(Some(LlmPlugin::with_backend(Update, &slow, never)?))?),
        ("hanging server", app(Some(LlmPlugin::with_backend(Update, &hanging, server)?))?),
    ];
    let mut times: [Vec<f64>; 3] = Default::default();
    // In turns, so that what else the machine does is everybody's.
    for _ in 0..ROUNDS {
        for ((_, app), times) in apps.iter_mut().zip(&mut times) {
            times.extend(frames(app));
        }
    }
    for of in &mut times {
        of.sort_by(f64::total_cmp);
    }
    println!("idle frames, microseconds ({} of each), and their ratio to no model", FRAMES * ROUNDS);
    for ((name, _), of) in apps.iter().zip(&times) {
        let row: Vec<String> = [0.5, 0.99, 0.999]
            .iter()
            .map(|q| {
                let (value, base) = (quantile(of, *q), quantile(&times[0], *q));
                format!("p{}: {value:.1} ({:.2}x)", q * 100.0, value / base)
            })
            .collect();
        println!("  {name}: {}", row.join(", "));
    }
    Ok(())
}
