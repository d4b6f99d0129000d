//! What a script selects, by the words that a person would use.

use crate::play::person::known_targets;
use crate::watch::{GoTo, Watch};
use bevy::prelude::*;
use bevy_alliance::action::operations::Operation;
use bevy_alliance::base::clock::GameClock;
use bevy_alliance::base::contract::Site;
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::{AllianceId, EntityIndex, ProposalId, SiteId};
use bevy_alliance::decision::council::{Proposal, ProposalStatus};
use bevy_alliance::edge::report::CampaignTally;

/// Tiles across the window where a village is shown.
const AROUND_VILLAGE: f32 = 40.0;

/// Whose matters are meant: the person's alliance, or the one whose eyes are used.
fn whose(world: &World) -> Option<AllianceId> {
    let watch = world.resource::<Watch>();
    watch.person.and_then(|me| crate::watch::alliance_of(world, me)).or_else(|| watch.eyes())
}

/// Selects `largest`, `open` or the operation with this id.
pub(super) fn operation(world: &mut World, what: &str) -> Result<(), String> {
    let of = whose(world);
    let fits = |id: ProposalId| of.is_none_or(|alliance| alliance == id.alliance);
    let found = match what {
        "largest" => {
            let mut all = world.query::<&Operation>();
            let own = all.iter(world).filter(|o| !o.scouting && fits(o.id));
            own.map(|o| (o.groups.len(), o.id)).max().map(|(_, id)| id).ok_or("no operation is kept".to_owned())
        }
        "open" => {
            let mut all = world.query::<&Proposal>();
            let open = all.iter(world).filter(|p| p.status == ProposalStatus::Open && fits(p.id));
            open.map(|p| (p.opened_at, p.id)).max().map(|(_, id)| id).ok_or("no proposal is open".to_owned())
        }
        id => proposal_id(world, id),
    };
    let id = found?;
    world.resource_mut::<Watch>().show_operation(id);
    Ok(())
}

fn proposal_id(world: &World, text: &str) -> Result<ProposalId, String> {
    let parts = text.split_once('#').and_then(|(alliance, n)| Some((alliance.parse().ok()?, n.parse().ok()?)));
    let (alliance, n) = parts.ok_or_else(|| format!("`{text}`: expected largest, open, or an id such as 9#39"))?;
    let id = ProposalId { alliance: AllianceId(alliance), n };
    let kept = world.resource::<EntityIndex>().proposal(id).is_some();
    if kept { Ok(id) } else { Err(format!("no operation {id} is kept")) }
}

/// Selects `known`, the village with this id, or the one at these coordinates.
pub(super) fn village(world: &mut World, what: &str) -> Result<(), String> {
    let found = match (what, what.split_once('|')) {
        ("known", _) => {
            let alliance = whose(world).ok_or("`known`: choose a side first")?;
            let now = world.resource::<GameClock>().now();
            let known = known_targets(world, alliance, now);
            known.first().map(|target| target.site).ok_or("no village of an enemy is known yet".to_owned())?
        }
        (_, Some((x, y))) => {
            let tile = x.parse().ok().zip(y.parse().ok()).map(|(x, y)| Tile { x, y });
            let tile = tile.ok_or_else(|| format!("`{what}`: expected coordinates such as 12|-5"))?;
            let mut sites = world.query::<&Site>();
            let there = sites.iter(world).find(|site| site.at == tile).map(|site| site.id);
            there.ok_or_else(|| format!("no village lies at {what}"))?
        }
        (id, None) => {
            SiteId(id.parse().map_err(|_| format!("`{id}`: expected known, an id, or coordinates such as 12|-5"))?)
        }
    };
    let entity = world.resource::<EntityIndex>().site(found);
    let at = entity.and_then(|entity| world.get::<Site>(entity)).map(|site| site.at);
    let at = at.ok_or_else(|| format!("there is no village {found}"))?;
    let mut watch = world.resource_mut::<Watch>();
    watch.site = Some(found);
    watch.go_to = Some(GoTo::Place(at, AROUND_VILLAGE));
    Ok(())
}

/// Chooses whose eyes the map is drawn with.
pub(super) fn side(world: &mut World, who: Option<&str>) -> Result<(), String> {
    let side = match who {
        None => None,
        Some(who) => {
            let names = &world.resource::<CampaignTally>().directory;
            let found = names.find_alliance(who).map_err(|why| format!("`{who}`: {why}"))?;
            if !names.active.contains(&found) {
                return Err(format!("`{who}`: this alliance does not deliberate, so it has no eyes of its own"));
            }
            Some(found)
        }
    };
    let mut watch = world.resource_mut::<Watch>();
    watch.side = side;
    watch.alliance = side.or(watch.alliance);
    Ok(())
}
