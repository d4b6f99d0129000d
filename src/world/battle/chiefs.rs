//! What the chiefs do who survive a won siege.

use super::changes::Change;
use super::resolve::{Arms, Assault};
use super::rules::Outcome;
use super::scene::Scene;
use crate::base::clock::GameTime;
use crate::base::contract::{CampaignFact, Fact, Manner};
use crate::base::id::{SiteId, UnitClass};
use crate::base::ruleset::{Force, Ruleset, UnitRole};
use crate::world::village::{Loyalty, rules};

/// What came of the chiefs' work.
#[derive(Default)]
pub(super) struct ChiefsWork {
    /// Loyalty afterwards as reports show it, if anybody worked on it.
    pub(super) loyalty: Option<u8>,
    /// Which of the marches leaves a chief behind, and the chief.
    pub(super) stays: Option<(usize, Force)>,
}

/// The surviving chiefs of all groups work in the order in which their marches left. Whose chief brings the village's
/// loyalty to 0 takes it, and that chief stays there.
///
/// Nobody works on a village with a residence or with defenders left, nor on one of a static owner.
pub(super) fn let_chiefs_work(
    arms: &mut Arms,
    assault: &Assault,
    scene: &Scene,
    outcome: &Outcome,
    now: GameTime,
) -> ChiefsWork {
    let held = outcome.defenders_left.iter().any(|left| !left.is_empty());
    if assault.manner != Manner::Siege || held || scene.village.is_static {
        return ChiefsWork::default();
    }
    let groups = assault.marches.iter().zip(&outcome.attackers_left).enumerate();
    let chiefs: Vec<(usize, UnitClass, u32)> = groups
        .filter_map(|(i, (_, left))| chiefs_of(&arms.rules, left).map(|(class, count)| (i, class, count)))
        .collect();
    let residence = |arms: &Arms| Some(arms.sites.get(arms.index.site(assault.target)?).ok()?.3.residence);
    let Some(entity) = arms.index.site(assault.target).filter(|_| !chiefs.is_empty() && residence(arms) == Some(0))
    else {
        return ChiefsWork::default();
    };
    let before =
        arms.loyalties.get(entity).map_or(rules::LOYALTY_FULL_MILLI, |l| rules::loyalty_at(l.milli, l.since, now));
    let workers: Vec<_> = chiefs.iter().map(|(i, _, count)| (assault.marches[*i].1.id, *count)).collect();
    let after = rules::wear_down(arms.seed.0, before, &workers);
    tell_lowered(arms, assault, &chiefs, (before, &after), now);
    let left = after.last().copied().unwrap_or(before);
    let worn = Loyalty { milli: left, since: now };
    if let Ok(mut loyalty) = arms.loyalties.get_mut(entity) {
        *loyalty = worn;
    } else {
        // It is there from the next pass on: whoever comes later at this instant waits for it.
        arms.commands.entity(entity).insert(worn);
        arms.changes.seal(assault.target);
    }
    let winner = (left == 0).then(|| chiefs.get(after.len() - 1)).flatten();
    let stays = winner.map(|(i, class, _)| {
        let (march, chief) = (&assault.marches[*i].1, Force::of(*class, 1));
        take(arms, (march.home, &chief), Change::Taken { site: assault.target, by: march.owner }, assault);
        (*i, chief)
    });
    ChiefsWork { loyalty: Some(rules::shown_loyalty(left)), stays }
}

/// The chief becomes an inhabitant, and the village is to change hands.
fn take(arms: &mut Arms, (home, chief): (SiteId, &Force), change: Change, assault: &Assault) {
    arms.settle_down(home, chief);
    arms.changes.now.push(change);
    arms.changes.seal(assault.target);
}

/// The chiefs of a force: their class and number. A tribe has one class of them.
fn chiefs_of(ruleset: &Ruleset, force: &Force) -> Option<(UnitClass, u32)> {
    force.iter().find(|(class, _)| ruleset.unit(*class).is_some_and(|u| u.role == UnitRole::Chief))
}

fn tell_lowered(
    arms: &mut Arms,
    assault: &Assault,
    chiefs: &[(usize, UnitClass, u32)],
    (before, after): (u32, &[u32]),
    at: GameTime,
) {
    let mut before = rules::shown_loyalty(before);
    for ((i, ..), after) in chiefs.iter().zip(after) {
        let (by, after) = (assault.marches[*i].1.owner, rules::shown_loyalty(*after));
        let fact = Fact::LoyaltyLowered { site: assault.target, by, before, after };
        arms.facts.write(CampaignFact { at, fact });
        before = after;
    }
}
