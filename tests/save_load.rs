//! A save at any instant, loaded anywhere, goes on as if nothing had happened.

mod saves;

use bevy_alliance::base::clock::{GameSpan, GameTime};
use saves::*;

/// Saves and loads at every event: each app runs from one event to the next and is then replaced by one that knows
/// nothing but its save.
#[test]
fn a_campaign_saved_and_loaded_at_every_event_is_the_same() {
    let (mut whole, mut chain) = (small_campaign(7, 120), small_campaign(7, 120));
    let (mut events, mut facts) = (0, Vec::new());
    while let Some(event) = next_event(&whole).filter(|at| *at <= hours(48)) {
        bring(&mut whole, event);
        bring(&mut chain, event);
        assert_same(&mut whole, &mut chain);
        facts.append(&mut chain.facts);
        chain = loaded(&save(&mut chain));
        assert_same(&mut whole, &mut chain);
        events += 1;
    }
    println!("{events} events, {} facts", facts.len());
    assert_eq!(whole.facts, facts);
}
