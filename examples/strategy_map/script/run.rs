//! Carries a script out, a step a frame.

use super::expect::{Expectation, Seen, camera, check};
use super::hand::{Motion, act};
use super::keys::Stroke;
use super::{Answer, Command, Script, choose};
use crate::pace::Pace;
use crate::panels::Spots;
use crate::play::{Decision, Seat};
use crate::shot::Shots;
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use std::collections::VecDeque;

/// Frames before the first command: the window opens, the panels find their places.
const FRAMES_TO_OPEN: u32 = 4;
/// Frames after what a hand did: the panels answer in the next, and are drawn anew in the one after it.
const FRAMES_TO_ANSWER: u32 = 3;
/// Frames for which a button is waited for.
const FRAMES_TO_APPEAR: u32 = 40;
/// Steps of a drag.
const DRAG_STEPS: u16 = 8;

/// Something that takes a frame or more.
#[derive(Clone, PartialEq, Debug)]
enum Step {
    Idle(u32),
    Hand(Motion),
    /// Until this instant, or until something is owed.
    Until(GameTime),
    /// Until this is true, which has to be by that instant.
    Strive(GameTime, Answer, Expectation),
    /// Until a button is there, for so many frames more; then it is pressed.
    Find(String, u32),
    /// Until all pictures are written.
    Pictures,
}

/// A script under way.
#[derive(Resource, Debug)]
pub(super) struct Run {
    script: Script,
    next: usize,
    steps: VecDeque<Step>,
    seen: Option<Seen>,
    /// Whether it has ended: by `quit`, or by what went wrong.
    over: bool,
}

impl Run {
    pub(super) fn new(script: Script) -> Self {
        Self { script, next: 0, steps: VecDeque::from([Step::Idle(FRAMES_TO_OPEN)]), seen: None, over: false }
    }

    fn line(&self) -> String {
        let line = self.next.checked_sub(1).and_then(|n| self.script.commands.get(n)).map_or(0, |(line, _)| *line);
        format!("script {}, line {line}", self.script.path.display())
    }
}

/// Takes the next step of the script.
pub(super) fn run(world: &mut World) {
    world.resource_scope::<Run, _>(|world, mut run| {
        if run.over {
            return;
        }
        if let Err(why) = step(world, &mut run) {
            error!("{}: {why}", run.line());
            eprintln!("{}: {why}", run.line());
            run.over = true;
            world.write_message(AppExit::error());
        }
    });
}

fn step(world: &mut World, run: &mut Run) -> Result<(), String> {
    loop {
        if let Some(next) = run.steps.pop_front() {
            // A step that is done within the frame is followed by the next one.
            if take(world, run, next)? {
                continue;
            }
            return Ok(());
        }
        let Some((_, command)) = run.script.commands.get(run.next).cloned() else { return Ok(()) };
        run.next += 1;
        if run.seen.is_none() {
            run.seen = camera(world);
        }
        begin(world, run, command)?;
        if run.over {
            return Ok(());
        }
    }
}

/// Takes a step; whether the frame has time for another.
fn take(world: &mut World, run: &mut Run, step: Step) -> Result<bool, String> {
    match step {
        Step::Idle(0) => return Ok(true),
        Step::Idle(frames) => run.steps.push_front(Step::Idle(frames - 1)),
        Step::Hand(motion) => act(world, &motion)?,
        Step::Until(end) => {
            let now = world.resource::<GameClock>().now();
            let owed = world.resource::<Seat>().holds_clock();
            if now >= end || owed {
                world.resource_mut::<Pace>().pause();
                return Ok(true);
            }
            // Whatever stopped the clock meanwhile, the script goes on.
            world.resource_mut::<Pace>().until = Some(end);
            run.steps.push_front(Step::Until(end));
        }
        Step::Strive(end, answer, expected) => return strive(world, run, end, answer, expected),
        Step::Find(name, left) => match world.resource::<Spots>().get(&name) {
            Some(rect) => {
                let center = rect.center();
                for step in click(Vec2::new(center.x, center.y)).into_iter().rev() {
                    run.steps.push_front(step);
                }
                return Ok(true);
            }
            None if left == 0 => {
                let shown: Vec<&str> = world.resource::<Spots>().names().collect();
                return Err(format!("no button `{name}` is shown; shown are {}", shown.join(", ")));
            }
            None => run.steps.push_front(Step::Find(name, left - 1)),
        },
        Step::Pictures => {
            if !world.resource::<Shots>().pending() {
                return Ok(true);
            }
            run.steps.push_front(Step::Pictures);
        }
    }
    Ok(false)
}

/// Lets time pass until something is true, and answers what is owed on the way.
fn strive(
    world: &mut World,
    run: &mut Run,
    end: GameTime,
    answer: Answer,
    expected: Expectation,
) -> Result<bool, String> {
    let so = check(world, expected, &mut run.seen);
    let now = world.resource::<GameClock>().now();
    if so.is_ok() || now >= end {
        world.resource_mut::<Pace>().pause();
        return so.map(|()| true).map_err(|why| format!("{why} at {now}"));
    }
    run.steps.push_front(Step::Strive(end, answer, expected));
    match world.resource::<Seat>().owed.iter().find(|owed| !owed.later).map(|owed| owed.decision) {
        Some(decision) => run.steps.push_front(Step::Find(button(decision, answer).to_owned(), FRAMES_TO_APPEAR)),
        None => world.resource_mut::<Pace>().until = Some(end),
    }
    Ok(false)
}

/// The button that answers a decision so.
fn button(decision: Decision, answer: Answer) -> &'static str {
    match (decision, answer) {
        (Decision::Vote(_), Answer::Yes) => "vote_yes",
        (Decision::Vote(_), Answer::No) => "vote_no",
        (Decision::Order(_), Answer::Yes) => "order_yes",
        (Decision::Order(_), Answer::No) => "order_no",
        (_, Answer::Later) => "decide_later",
    }
}

/// Begins a command: does it, or lays out its steps.
fn begin(world: &mut World, run: &mut Run, command: Command) -> Result<(), String> {
    match command {
        Command::Hours(hours) => {
            let end = world.resource::<GameClock>().now() + in_hours(hours);
            run.steps.extend([Step::Until(end), Step::Idle(FRAMES_TO_ANSWER)]);
        }
        Command::Until(hours, answer, expected) => {
            let end = world.resource::<GameClock>().now() + in_hours(hours);
            run.steps.extend([Step::Strive(end, answer, expected), Step::Idle(FRAMES_TO_ANSWER)]);
        }
        Command::Wait(frames) => run.steps.push_back(Step::Idle(frames)),
        Command::Press(spot) => run.steps.push_back(Step::Find(spot, FRAMES_TO_APPEAR)),
        Command::Click(at) => run.steps.extend(click(at)),
        Command::Move(at) => run.steps.extend([Step::Hand(Motion::Point(at)), Step::Idle(FRAMES_TO_ANSWER)]),
        Command::Drag(from, to) => run.steps.extend(drag(from, to)),
        Command::Scroll(at, lines) => {
            let turn = [Step::Hand(Motion::Point(at)), Step::Idle(1), Step::Hand(Motion::Wheel(lines))];
            run.steps.extend(turn.into_iter().chain([Step::Idle(FRAMES_TO_ANSWER)]));
        }
        Command::Key(stroke, frames) => run.steps.extend(strike(stroke, frames)),
        Command::Type(words) => run.steps.extend(words.chars().flat_map(|c| strike(Stroke::of_letter(c), 0))),
        Command::SelectOperation(what) => {
            choose::operation(world, &what)?;
            run.steps.push_back(Step::Idle(FRAMES_TO_ANSWER));
        }
        Command::SelectVillage(what) => {
            choose::village(world, &what)?;
            run.steps.push_back(Step::Idle(FRAMES_TO_ANSWER));
        }
        Command::Side(who) => {
            choose::side(world, who.as_deref())?;
            run.steps.push_back(Step::Idle(FRAMES_TO_ANSWER));
        }
        Command::Shot(path) => {
            world.resource_mut::<Shots>().request(path);
            run.steps.extend([Step::Idle(1), Step::Pictures]);
        }
        Command::Expect(expected) => check(world, expected, &mut run.seen)?,
        Command::Quit => {
            run.over = true;
            world.write_message(AppExit::Success);
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "bounded where it was read")]
fn in_hours(hours: f64) -> GameSpan {
    GameSpan((hours * 3_600_000.0) as i64)
}

/// Points, presses and lets go.
fn click(at: Vec2) -> Vec<Step> {
    let hand = Step::Hand;
    vec![
        hand(Motion::Point(at)),
        Step::Idle(1),
        hand(Motion::Button(true)),
        hand(Motion::Button(false)),
        Step::Idle(FRAMES_TO_ANSWER),
    ]
}

fn drag(from: Vec2, to: Vec2) -> Vec<Step> {
    let on_the_way = (1..=DRAG_STEPS).map(|n| from.lerp(to, f32::from(n) / f32::from(DRAG_STEPS)));
    let mut steps = vec![Step::Hand(Motion::Point(from)), Step::Idle(1), Step::Hand(Motion::Button(true))];
    steps.extend(on_the_way.map(|at| Step::Hand(Motion::Point(at))));
    steps.extend([Step::Hand(Motion::Button(false)), Step::Idle(FRAMES_TO_ANSWER)]);
    steps
}

fn strike(stroke: Stroke, frames: u32) -> Vec<Step> {
    let (down, up) = (Motion::Key(stroke.clone(), true), Motion::Key(stroke, false));
    vec![Step::Hand(down), Step::Idle(frames.saturating_sub(1)), Step::Hand(up), Step::Idle(1)]
}
