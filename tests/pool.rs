//! Goods that alliances hold in common: what comes in, what is granted, and that the ledger says the same as the pool.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail like tests")]

mod common;

use bevy_alliance::action::pool::{EntryKind, Pool, PoolEntry, PoolSettings};
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_alliance::base::contract::{AskPool, Fact, GiveToPool, GrantReason, PlayerKind, Rank, SetMembership, Stance};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use bevy_alliance::base::rng::{Purpose, Stream};
use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::edge::report::{CampaignTally, PoolCounts};
use bevy_alliance::edge::test_app::{TestApp, small_world};
use bevy_alliance::society::alliance::WarRecord;
use bevy_alliance::world::village::{Buildings, Ledger, Stores};
use common::*;

/// Two persons of one alliance, eight fields apart; the leader's village is where the pool is kept.
fn two() -> TestApp {
    let made = Made::new().active_alliance(1).player(1, 1, Rank::Leader, PlayerKind::Human);
    let made = made.player(2, 1, Rank::Member, PlayerKind::Human).village(1, 1, (0, 0), &[(LEGIONNAIRE, 100)]);
    let made = made.village(2, 2, (8, 0), &[(LEGIONNAIRE, 100)]).village(3, 2, (0, 8), &[]);
    let mut app = made.start(Ruleset::extended());
    for site in 1..=3 {
        let world = app.app.world_mut();
        let entity = world.resource::<EntityIndex>().site(SiteId(site)).unwrap();
        world.get_mut::<Buildings>(entity).unwrap().marketplace = 10;
    }
    app
}

fn pool(app: &TestApp, alliance: u32) -> Pool {
    let world = app.app.world();
    world.get::<Pool>(world.resource::<EntityIndex>().alliance(AllianceId(alliance)).unwrap()).unwrap().clone()
}

fn stores(app: &TestApp, site: u32) -> Goods {
    let world = app.app.world();
    world.get::<Stores>(world.resource::<EntityIndex>().site(SiteId(site)).unwrap()).unwrap().amount
}

fn counts(app: &TestApp) -> PoolCounts {
    let mut tally = CampaignTally::default();
    app.facts.iter().for_each(|fact| tally.count(fact));
    tally.summary().pool
}

fn refused(app: &mut TestApp, asked: AskPool) -> Option<String> {
    app.send(asked).iter().find_map(|f| match &f.fact {
        Fact::PoolRefused { rule, .. } => Some(rule.clone()),
        Fact::RequestRefused(refused) => Some(refused.rule.clone()),
        _ => None,
    })
}

/// What a member lost, so that war effort is a reason.
fn lost(app: &mut TestApp, player: u32, goods: i64) {
    let now = app.now();
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().player(PlayerId(player)).unwrap();
    let mut record = world.get_mut::<WarRecord>(entity).unwrap();
    record.lost(now, goods);
    record.joined(now);
}

#[test]
fn a_gift_travels_by_merchants_and_is_on_the_givers_account() {
    let mut app = two();
    let gift = GiveToPool { site: SiteId(2), goods: Goods::new([300, 200, 100, 0]) };
    let told = app.send(gift).to_vec();
    let arrival = told
        .iter()
        .find_map(|f| match f.fact {
            Fact::GoodsPooled { arrival, member: PlayerId(2), origin: SiteId(2), .. } => Some(arrival),
            _ => None,
        })
        .unwrap();
    // Roman merchants: 16 fields an hour.
    assert_eq!(arrival, GameTime(0) + GameSpan::mins(30));
    assert_eq!(stores(&app, 2), Goods::new([700, 800, 900, 1_000]));
    app.run_in_steps(GameSpan::mins(30) - GameSpan(1), GameSpan::mins(5));
    assert_eq!(pool(&app, 1).stock, Goods::ZERO, "not before they are there");
    assert_eq!(counts(&app).in_transit, 600);
    app.run_in_steps(GameSpan(1), GameSpan(1));
    let held = pool(&app, 1);
    assert_eq!((held.stock, held.balance()), (gift.goods, gift.goods));
    assert!((held.accounts[&PlayerId(2)].standing(app.now()) - 600.0).abs() < 1e-9);
    assert_eq!(stores(&app, 1), Goods::new([1_000; 4]), "the pool's are not the leader's");
    assert_eq!(app.app.world().resource::<Ledger>().goods_pooled, gift.goods);
    assert_eq!(app.audit().goods_unaccounted, 0);
    let told = counts(&app);
    assert_eq!((told.contributed, told.in_transit), (600, 0));
}

#[test]
fn a_grant_needs_a_reason_standing_quota_and_stock() {
    let mut app = two();
    let ask = |goods, reason| AskPool { site: SiteId(2), goods, reason };
    let some = Goods::new([100; 4]);
    assert_eq!(refused(&mut app, ask(some, GrantReason::WarEffort)).as_deref(), Some("reason"));
    lost(&mut app, 2, 3_000);
    assert_eq!(refused(&mut app, ask(some, GrantReason::WarEffort)).as_deref(), Some("stock"));
    app.send(GiveToPool { site: SiteId(2), goods: Goods::new([500, 500, 50, 500]) });
    app.run(GameSpan::hours(1));
    assert_eq!(refused(&mut app, ask(Goods::ZERO, GrantReason::WarEffort)).as_deref(), Some("amounts"));
    assert_eq!(refused(&mut app, ask(some, GrantReason::Rebuilding)).as_deref(), Some("reason"));
    let seat = AskPool { site: SiteId(1), goods: some, reason: GrantReason::WarEffort };
    assert_eq!(refused(&mut app, seat).as_deref(), Some("at_the_seat"));
    // Half of what was lost is due, in equal parts: 375 of each. Of iron there are 50.
    let told = app.send(ask(Goods::new([400; 4]), GrantReason::WarEffort)).to_vec();
    let granted = told.iter().find_map(|f| match f.fact {
        Fact::PoolGranted { goods, wanted, arrival, .. } => Some((goods, wanted, arrival)),
        _ => None,
    });
    let granted = granted.unwrap();
    assert_eq!((granted.0, granted.1), (Goods::new([375, 375, 50, 375]), Goods::new([400; 4])));
    let left = pool(&app, 1);
    assert_eq!((left.stock, left.balance()), (Goods::new([125, 125, 0, 125]), Goods::new([125, 125, 0, 125])));
    assert_eq!(left.accounts[&PlayerId(2)].granted_lately(app.now()), 1_175);
    app.run_in_steps(granted.2 - app.now(), GameSpan::mins(10));
    let came = app.app.world().resource::<Ledger>().goods_pooled;
    assert_eq!(came, left.stock, "the rest is with its merchants no more");
    assert!(pool(&app, 1).underway.is_empty());
    assert_eq!(app.audit().goods_unaccounted, 0);
}

#[test]
fn who_owes_too_much_gets_nothing_and_who_leaves_has_no_claim() {
    let mut app = two();
    lost(&mut app, 2, 3_000);
    app.send(GiveToPool { site: SiteId(2), goods: Goods::new([500; 4]) });
    app.run(GameSpan::hours(1));
    let world = app.app.world_mut();
    let entity = world.resource::<EntityIndex>().alliance(AllianceId(1)).unwrap();
    let at = GameTime(0) + GameSpan::hours(1);
    world.get_mut::<Pool>(entity).unwrap().note_merit(PlayerId(2), -30_000.0, at);
    let ask = AskPool { site: SiteId(2), goods: Goods::new([100; 4]), reason: GrantReason::WarEffort };
    assert_eq!(refused(&mut app, ask).as_deref(), Some("standing"));
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    assert!(!pool(&app, 1).accounts.contains_key(&PlayerId(2)));
    assert_eq!(pool(&app, 1).stock, Goods::new([500; 4]), "what it gave stays");
    assert_eq!(refused(&mut app, ask).as_deref(), Some("has_a_pool"));
    // Who comes again owes what it owed.
    app.send(SetMembership { player: PlayerId(2), alliance: Some(AllianceId(1)) });
    let standing = pool(&app, 1).accounts[&PlayerId(2)].standing(app.now());
    assert!((standing + 28_000.0).abs() < 1.0, "{standing}");
    assert_eq!(refused(&mut app, ask).as_deref(), Some("standing"));
}

#[test]
fn what_is_due_by_a_reason_is_granted_once() {
    let mut app = two();
    lost(&mut app, 2, 3_000);
    app.send(GiveToPool { site: SiteId(2), goods: Goods::new([900; 4]) });
    app.run(GameSpan::hours(1));
    let ask = |n| AskPool { site: SiteId(2), goods: Goods::new([n; 4]), reason: GrantReason::WarEffort };
    // Half of what was lost: 1,500 in all, of which this is a part.
    assert_eq!(refused(&mut app, ask(200)), None);
    let before = pool(&app, 1).stock;
    assert_eq!(refused(&mut app, ask(400)), None);
    assert_eq!(before.minus(pool(&app, 1).stock), Goods::new([175; 4]), "the rest of it");
    assert_eq!(refused(&mut app, ask(400)).as_deref(), Some("reason"));
    // A week later nothing of it counts any more, nor what was lost then.
    app.run(GameSpan::days(7));
    lost(&mut app, 2, 800);
    assert_eq!(refused(&mut app, ask(100)), None);
}

#[test]
fn without_pools_people_are_told_so() {
    let mut app = two();
    app.app.world_mut().resource_mut::<PoolSettings>().period = GameSpan(0);
    app.run(GameSpan::days(2));
    let ask = AskPool { site: SiteId(2), goods: Goods::new([100; 4]), reason: GrantReason::WarEffort };
    assert_eq!(refused(&mut app, ask).as_deref(), Some("has_a_pool"));
}

#[test]
fn goods_for_whom_is_no_member_any_more_come_back_into_the_pool() {
    let mut app = two();
    lost(&mut app, 2, 3_000);
    app.send(GiveToPool { site: SiteId(2), goods: Goods::new([500; 4]) });
    app.run(GameSpan::hours(1));
    let ask = AskPool { site: SiteId(2), goods: Goods::new([100; 4]), reason: GrantReason::WarEffort };
    assert_eq!(refused(&mut app, ask), None);
    app.send(SetMembership { player: PlayerId(2), alliance: None });
    app.run(GameSpan::mins(59));
    assert_eq!(pool(&app, 1).stock, Goods::new([400; 4]), "they are on their way back");
    app.run_in_steps(GameSpan::mins(1), GameSpan::mins(1));
    let held = pool(&app, 1);
    assert_eq!((held.stock, held.balance()), (Goods::new([500; 4]), Goods::new([500; 4])));
    assert_eq!(held.entries.back().unwrap().kind, EntryKind::Returned(GrantReason::WarEffort));
    assert_eq!(app.audit().goods_unaccounted, 0);
}

#[test]
fn wrong_requests_are_refused_by_name() {
    let mut app = two();
    let give = |site, goods| GiveToPool { site: SiteId(site), goods };
    let mut rule = |request: GiveToPool| {
        app.send(request).iter().find_map(|f| match &f.fact {
            Fact::RequestRefused(refused) => Some((refused.rule.clone(), refused.request.clone())),
            _ => None,
        })
    };
    let some = Goods::new([10; 4]);
    for (request, expected) in [
        (give(77, some), "site_exists"),
        (give(1, some), "at_the_seat"),
        (give(2, Goods::ZERO), "some_goods"),
        (give(2, Goods::new([-1, 5, 5, 5])), "some_goods"),
        (give(2, Goods::new([2_000; 4])), "goods_in_store"),
    ] {
        let (rule, asked) = rule(request).unwrap_or_else(|| panic!("{request:?} is refused"));
        assert_eq!((rule.as_str(), asked), (expected, format!("give_to_pool {}", request.site)));
    }
    assert!(pool(&app, 1).underway.is_empty());
    assert_eq!(app.audit().goods_unaccounted, 0);
}

#[test]
fn the_ledger_equals_the_pool_over_a_million_random_commands() {
    let mut stream = Stream::new(11, 0, Purpose::EXAMPLE, 0);
    let mut pool = Pool::default();
    for member in 0..20 {
        pool.accounts.insert(PlayerId(member), Default::default());
    }
    let mut stock = Goods::ZERO;
    let reasons = GrantReason::ALL;
    for n in 0..1_000_000_i64 {
        let at = GameTime(n * 1_000);
        let member = PlayerId(u32::try_from(stream.below(22)).unwrap());
        let goods = Goods::new([0; 4]).map(|_| i64::try_from(stream.below(500)).unwrap());
        let kind = match stream.below(5) {
            0..=2 => EntryKind::Contributed,
            3 => EntryKind::Granted(*stream.pick(&reasons).unwrap()),
            _ => EntryKind::Returned(*stream.pick(&reasons).unwrap()),
        };
        // Nobody grants what is not there.
        let goods = if matches!(kind, EntryKind::Granted(_)) { goods.zip(pool.stock, i64::min) } else { goods };
        let entry = PoolEntry { at, member, kind, goods };
        stock += entry.change();
        pool.enter(entry, 64);
        assert_eq!((pool.stock, pool.balance()), (stock, stock), "after {n} commands");
        assert!(pool.entries.len() <= 64 && pool.stock.amounts().into_iter().all(|g| g >= 0));
    }
}

#[test]
fn in_a_campaign_pools_fill_and_help_and_no_good_is_lost() {
    let mut scenario = small_world(5, 240);
    scenario.stances.iter_mut().for_each(|(.., stance)| *stance = Stance::War);
    let mut app = TestApp::new(&scenario);
    for _ in 0..10 {
        app.run(GameSpan::days(1));
        assert_eq!(app.audit().goods_unaccounted, 0);
        let world = app.app.world_mut();
        let pools: Vec<Pool> = world.query::<&Pool>().iter(world).cloned().collect();
        let pooled = pools.iter().fold(Goods::ZERO, |sum, pool| sum + pool.stock);
        assert_eq!(pooled, world.resource::<Ledger>().goods_pooled, "what the world gave to pools is in them");
        assert!(pools.iter().all(|pool| pool.balance() == pool.stock));
        assert!(pools.iter().all(|pool| pool.stock.amounts().into_iter().all(|g| g >= 0)));
    }
    let told = counts(&app);
    assert!(told.contributed > 0 && told.granted > 0, "{told:?}");
}
