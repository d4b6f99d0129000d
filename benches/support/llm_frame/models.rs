//! Models of the bench: one that answers when told to, and a server that does.

use bevy_alliance::edge::llm::bridge::backend::{Attempt, Backend, FnBackend};
use bevy_alliance::edge::llm::bridge::failure::Failure;
use bevy_alliance::edge::llm::bridge::reply::{Finish, Reply};
use bevy_alliance::edge::llm::bridge::request::Completion;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use tokio::sync::Semaphore;

/// An answer to no question of a campaign.
const WORDS: &str = "So be it.";
/// No request of the bench is longer, in bytes.
const REQUEST_MAX: usize = 64 * 1_024;

/// Has one request answered.
pub(crate) enum Pulse {
    Model(Arc<Semaphore>),
    Server(Sender<()>),
}

impl Pulse {
    pub(crate) fn answer_one(&self) {
        match self {
            Self::Model(permits) => permits.add_permits(1),
            // The server's thread ends with the bench.
            Self::Server(pulse) => drop(pulse.send(())),
        }
    }
}

struct Pulsed(Arc<Semaphore>);

/// A model that answers one request for each pulse.
pub(crate) fn pulsed() -> (Box<dyn Backend>, Pulse) {
    let permits = Arc::new(Semaphore::new(0));
    (Box::new(Pulsed(permits.clone())), Pulse::Model(permits))
}

impl Backend for Pulsed {
    fn complete<'a>(&'a self, _: &'a Completion) -> Attempt<'a> {
        Box::pin(async {
            self.0.acquire().await.map_err(|_| Failure::Closed)?.forget();
            Ok(reply())
        })
    }
}

/// A model that needs no time.
pub(crate) fn at_once() -> Box<dyn Backend> {
    Box::new(FnBackend::new(|_| Ok(reply())))
}

fn reply() -> Reply {
    Reply { text: WORDS.to_owned(), finish: Finish::Stop, tokens_in: Some(1_000), tokens_out: Some(9) }
}

/// A server that takes all connections, and answers one request for each pulse, those first that wait longest.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) pulse: Pulse,
}

impl Server {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let (pulse, pulses) = channel();
        let taken = Arc::new(Mutex::new(VecDeque::new()));
        let there = taken.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(mut taken) = there.lock() {
                    taken.push_back(stream);
                }
            }
        });
        thread::spawn(move || answer(&pulses, &taken));
        Ok(Self { url, pulse: Pulse::Server(pulse) })
    }
}

fn answer(pulses: &Receiver<()>, taken: &Mutex<VecDeque<TcpStream>>) {
    let body = format!(
        r#"{{"choices":[{{"message":{{"content":"{WORDS}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":1000,"completion_tokens":9}}}}"#
    );
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut request = vec![0; REQUEST_MAX];
    while pulses.recv().is_ok() {
        let Some(mut stream) = taken.lock().ok().and_then(|mut taken| taken.pop_front()) else { continue };
        // By its turn all of the request has come.
        let read =
            stream.read(&mut request).and_then(|n| stream.write_all(format!("{head}{body}").as_bytes()).map(|()| n));
        if read.is_ok_and(|n| n > 0)
            && let Ok(mut taken) = taken.lock()
        {
            taken.push_back(stream);
        }
    }
}
