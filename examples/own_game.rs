//! A game with its own map, units, movement and combat that takes only the coordinating half of the crate.
//!
//! `cargo run --example own_game` runs twelve days of it and tells what its alliances did. The game itself is in
//! `support/hex_game`; this file only runs it and reads out what happened.
#![allow(clippy::print_stdout, reason = "an example that talks to a terminal")]

#[path = "support/hex_game/mod.rs"]
mod hex_game;

use bevy::prelude::*;
use bevy_alliance::base::clock::{GameSpan, PassStats};
use bevy_alliance::base::contract::{ScenarioError, Site};
use bevy_alliance::base::id::{EntityIndex, SiteId};
use bevy_alliance::base::state::state_hash;
use bevy_alliance::edge::report::{CampaignTally, account};
use clap::Parser;
use hex_game::{Cairn, Chronicle, Column, Combat, Departure, Hold, hex_app, run, steps};

const DAYS: i64 = 12;

/// Runs twelve days of a game with a map, units, movement and combat of its own, and tells what its alliances did.
#[derive(Debug, Parser)]
struct Options {}

fn main() -> Result<(), ScenarioError> {
    let Options {} = Options::parse();
    let mut app = hex_app(1, Combat::Rounds)?;
    run(&mut app, GameSpan::days(DAYS), GameSpan::hours(1));
    println!("{DAYS} days on hexes: this game's own units, river, columns and battles; the crate only coordinates.\n");
    println!("{}", account(app.world().resource::<CampaignTally>()));
    tell_columns(app.world());
    tell_count(app.world_mut());
    Ok(())
}

/// The largest operation as the game itself saw it: who walked how far, and when each was there.
fn tell_columns(world: &World) {
    let chronicle = world.resource::<Chronicle>();
    let tally = world.resource::<CampaignTally>();
    let concluded = tally.stories.iter().filter(|(_, story)| story.report.is_some() && !story.battles.is_empty());
    let Some((id, _)) = concluded.max_by_key(|(id, story)| (story.rows.len(), core::cmp::Reverse(**id))) else {
        println!("No joint operation came to its end.");
        return;
    };
    println!("The columns of operation {id}, written down by the game");
    let mut columns: Vec<&Departure> =
        chronicle.departures.iter().filter(|d| d.order.operation() == Some(*id)).collect();
    columns.sort_by_key(|d| (d.at, d.order));
    for column in columns {
        let came = chronicle.arrivals.iter().find(|(order, _)| *order == column.order).map(|(_, at)| *at);
        println!(
            "  {:<14} to {:<14} {:>2} hexes, {:>3} of {:>3} ({} ordered) leave {}, {} in wave {}",
            name(world, column.origin),
            name(world, column.target),
            hexes(world, column.origin, column.target),
            column.left.total(),
            column.stood.total(),
            column.ordered.total(),
            column.at,
            came.map_or_else(|| format!("due {} and not there", column.due), |at| format!("there {at}")),
            column.wave + 1,
        );
    }
    println!();
}

fn site(world: &World, id: SiteId) -> Option<&Site> {
    world.get::<Site>(world.resource::<EntityIndex>().site(id)?)
}

fn name(world: &World, id: SiteId) -> &str {
    site(world, id).map_or("?", |s| s.name.as_str())
}

fn hexes(world: &World, a: SiteId, b: SiteId) -> i64 {
    site(world, a).zip(site(world, b)).map_or(0, |(a, b)| steps(a.at, b.at))
}

/// Nobody is lost: whoever is not at home is on the way or under a cairn.
fn tell_count(world: &mut World) {
    let home: u64 = world.query::<&Hold>().iter(world).map(|h| h.men.total()).sum();
    let out: u64 = world.query::<&Column>().iter(world).map(|c| c.men.total()).sum();
    let fallen: u64 = world.query::<&Cairn>().iter(world).map(|c| c.fallen.total()).sum();
    let beacons = world.resource::<Chronicle>().beacons;
    println!("{home} men and ravens are at home, {out} on the way, {fallen} have fallen; {beacons} beacons were lit.");
    let passes = *world.resource::<PassStats>();
    println!("{} passes. State hash {:032x}.", passes.passes + passes.mechanical_passes, state_hash(world));
}
