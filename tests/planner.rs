//! The kernels of allocation: every order is legal, small problems are solved exactly, and bounds hold.

use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::decision::planning::kernel::{
    AttackPlan, AttackProblem, AttackTarget, AttackVillage, Budget, CoverItem, DefenseProblem, Helper, Troop, cover,
    solve_attack, solve_defense,
};
use proptest::prelude::*;

fn troop() -> impl Strategy<Value = Troop> {
    (0_u32..4, 0_i64..6, 1_i64..4).prop_map(|(count, points, upkeep)| Troop { count, points, upkeep })
}

/// Problems that are small enough to try everything.
fn tiny() -> impl Strategy<Value = AttackProblem> {
    let villages = prop::collection::vec(prop::collection::vec(troop(), 2), 1..4);
    let target = (0_u32..9, 0_i64..20, prop::collection::vec(0_u16..4, 3));
    (1_u32..3, villages, prop::collection::vec(target, 1..4)).prop_map(|(groups_per_village, villages, targets)| {
        let target = |(value, required, reach): (u32, i64, Vec<u16>)| AttackTarget {
            value: f64::from(value),
            required,
            reach: reach[..villages.len()].to_vec(),
        };
        let targets = targets.into_iter().map(target).collect();
        let villages = villages.iter().map(|troops| AttackVillage { troops: troops.clone() }).collect();
        AttackProblem { groups_per_village, villages, targets }
    })
}

/// Problems of the size that the tool is meant for.
fn large() -> impl Strategy<Value = AttackProblem> {
    let troop = (0_u32..300, 0_i64..180, 1_i64..6).prop_map(|(count, points, upkeep)| Troop { count, points, upkeep });
    let villages = prop::collection::vec(prop::collection::vec(troop, 5), 20);
    let target = (0_u32..900, 0_i64..400_000, prop::collection::vec(0_u16..32, 20));
    (1_u32..4, villages, prop::collection::vec(target, 8)).prop_map(|(groups_per_village, villages, targets)| {
        let target = |(value, required, reach)| AttackTarget { value: f64::from(value), required, reach };
        AttackProblem {
            groups_per_village,
            villages: villages.into_iter().map(|troops| AttackVillage { troops }).collect(),
            targets: targets.into_iter().map(target).collect(),
        }
    })
}

/// Problems of one group for each village, too large for the proof that tries every unit, in which packing is hard.
fn alone() -> impl Strategy<Value = AttackProblem> {
    let village = (1_u32..40, 0_u32..4, 1_i64..6);
    let target = (1_u32..90, 60_i64..400, prop::collection::vec(0_u16..8, 9));
    (prop::collection::vec(village, 9), prop::collection::vec(target, 3)).prop_map(|(villages, targets)| {
        let foot = |(count, engines, points): (u32, u32, i64)| AttackVillage {
            troops: vec![Troop { count, points, upkeep: 1 }, Troop { count: engines, points: 9, upkeep: 3 }],
        };
        let target = |(value, required, reach): (u32, i64, Vec<u16>)| AttackTarget {
            value: f64::from(value),
            required,
            reach: reach.into_iter().map(|r| r & 3).collect(),
        };
        AttackProblem {
            groups_per_village: 1,
            villages: villages.into_iter().map(foot).collect(),
            targets: targets.into_iter().map(target).collect(),
        }
    })
}

/// The best value if each village from this one on goes to one target whole, or nowhere.
fn best_alone(problem: &AttackProblem, village: usize, arrives: &mut Vec<i64>) -> f64 {
    let Some(of) = problem.villages.get(village) else {
        let met = problem.targets.iter().zip(arrives.iter()).filter(|(t, a)| **a >= t.required);
        return met.map(|(t, _)| t.value).sum();
    };
    let mut best = best_alone(problem, village + 1, arrives);
    for t in 0..problem.targets.len() {
        let there = |slot: &usize| problem.targets[t].reach[village] >> slot & 1 == 1;
        let slots = (0..of.troops.len()).filter(there);
        let points: i64 = slots.map(|s| i64::from(of.troops[s].count) * of.troops[s].points).sum();
        arrives[t] += points;
        best = best.max(best_alone(problem, village + 1, arrives));
        arrives[t] -= points;
    }
    best
}

/// What is illegal about a plan, recomputed from the problem alone.
fn fault(problem: &AttackProblem, plan: &AttackPlan) -> Option<String> {
    let mut arrives = vec![0; problem.targets.len()];
    let mut groups = vec![0; problem.villages.len()];
    let mut left: Vec<Vec<i64>> =
        problem.villages.iter().map(|v| v.troops.iter().map(|t| i64::from(t.count)).collect()).collect();
    let (mut upkeep, mut pairs) = (0, std::collections::BTreeSet::new());
    for group in &plan.groups {
        groups[group.village] += 1;
        if !pairs.insert((group.village, group.target)) || group.troops.iter().all(|n| *n == 0) {
            return Some(format!("{group:?}: twice, or empty"));
        }
        for (slot, n) in group.troops.iter().enumerate().filter(|(_, n)| **n > 0) {
            let troop = problem.villages[group.village].troops[slot];
            if problem.targets[group.target].reach[group.village] >> slot & 1 == 0 {
                return Some(format!("{group:?}: slot {slot} is late"));
            }
            left[group.village][slot] -= i64::from(*n);
            arrives[group.target] += i64::from(*n) * troop.points;
            upkeep += i64::from(*n) * troop.upkeep;
        }
    }
    let missed: Vec<usize> = plan.left_out.iter().map(|(t, _)| *t).collect();
    let wrong = |t: &usize| missed.contains(t) == (arrives[*t] >= problem.targets[*t].required && !missed.contains(t));
    let met = (0..arrives.len()).filter(|t| !missed.contains(t));
    let value: f64 = met.map(|t| problem.targets[t].value).sum();
    if left.iter().flatten().any(|n| *n < 0) || groups.iter().any(|n| *n > problem.groups_per_village) {
        return Some("more troops or groups than there are".to_owned());
    }
    if (0..arrives.len()).any(|t| wrong(&t)) || (value - plan.value).abs() > 1e-9 || upkeep != plan.upkeep {
        return Some("value, upkeep or left out".to_owned());
    }
    (plan.bound < plan.value).then(|| "bound".to_owned())
}

/// Tries every way to send every unit, and returns the best value.
fn brute_force(problem: &AttackProblem) -> f64 {
    fn send(problem: &AttackProblem, at: usize, groups: &mut Vec<u64>, arrives: &mut Vec<i64>, best: &mut f64) {
        let slots = 2;
        if at == problem.villages.len() * slots {
            let met = problem.targets.iter().zip(arrives.iter()).filter(|(t, a)| **a >= t.required);
            *best = best.max(met.map(|(t, _)| t.value).sum());
            return;
        }
        let (v, slot) = (at / slots, at % slots);
        let troop = problem.villages[v].troops[slot];
        divide(problem, (at, v, slot), 0, troop.count, groups, arrives, best);
    }
    fn divide(
        problem: &AttackProblem,
        (at, v, slot): (usize, usize, usize),
        t: usize,
        left: u32,
        groups: &mut Vec<u64>,
        arrives: &mut Vec<i64>,
        best: &mut f64,
    ) {
        if t == problem.targets.len() {
            return send(problem, at + 1, groups, arrives, best);
        }
        let reaches = problem.targets[t].reach[v] >> slot & 1 == 1;
        let before = groups[v];
        for n in 0..=if reaches { left } else { 0 } {
            groups[v] = if n > 0 { before | 1 << t } else { before };
            if groups[v].count_ones() <= problem.groups_per_village {
                arrives[t] += i64::from(n) * problem.villages[v].troops[slot].points;
                divide(problem, (at, v, slot), t + 1, left - n, groups, arrives, best);
                arrives[t] -= i64::from(n) * problem.villages[v].troops[slot].points;
            }
        }
        groups[v] = before;
    }
    let mut best = 0.0;
    send(problem, 0, &mut vec![0; problem.villages.len()], &mut vec![0; problem.targets.len()], &mut best);
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn tiny_attacks_are_solved_exactly(problem in tiny()) {
        let plan = solve_attack(&problem, Budget(3_000));
        prop_assert_eq!(fault(&problem, &plan), None);
        let best = brute_force(&problem);
        prop_assert!((plan.value - best).abs() < 1e-9, "{} of {best}: {plan:?}", plan.value);
        prop_assert!(plan.bound >= best);
    }

    #[test]
    fn every_order_is_legal_and_equal_budgets_give_equal_plans(problem in large(), steps in 0_u64..600) {
        let plan = solve_attack(&problem, Budget(steps));
        prop_assert_eq!(fault(&problem, &plan), None);
        prop_assert_eq!(&plan, &solve_attack(&problem, Budget(steps)));
        prop_assert!(solve_attack(&problem, Budget(steps + 200)).value >= plan.value);
        prop_assert!(plan.iterations <= steps);
    }

    #[test]
    fn where_a_village_sends_one_group_the_proof_closes(problem in alone()) {
        let plan = solve_attack(&problem, Budget(20_000));
        prop_assert_eq!(fault(&problem, &plan), None);
        let best = best_alone(&problem, 0, &mut vec![0; problem.targets.len()]);
        prop_assert!((plan.value - best).abs() < 1e-9, "{} of {best}: {plan:?}", plan.value);
        prop_assert!((plan.bound - best).abs() < 1e-9, "{} bounds {best}", plan.bound);
    }

    #[test]
    fn more_troops_are_never_worth_less(problem in tiny(), village in 0_usize..3, slot in 0_usize..2) {
        let before = solve_attack(&problem, Budget(3_000)).value;
        let mut more = problem.clone();
        let village = village % more.villages.len();
        more.villages[village].troops[slot].count += 2;
        prop_assert!(solve_attack(&more, Budget(3_000)).value >= before);
    }

    #[test]
    fn covers_are_the_cheapest(
        items in prop::collection::vec((0_i64..5, 1_i64..30, 0_i64..6), 1..5),
        needed in -3_i64..200,
    ) {
        let items: Vec<CoverItem> =
            items.into_iter().map(|(count, points, cost)| CoverItem { count, points, cost }).collect();
        let mut costs = std::collections::BTreeMap::from([(0, 0)]);
        for item in &items {
            let mut next = costs.clone();
            for (points, cost) in &costs {
                for n in 1..=item.count {
                    let least = next.entry(points + n * item.points).or_insert(i64::MAX);
                    *least = (*least).min(cost + n * item.cost);
                }
            }
            costs = next;
        }
        let best = costs.range(needed..).map(|(_, cost)| *cost).min();
        let found = cover(&items, needed);
        let cost = found.as_ref().map(|counts| counts.iter().zip(&items).map(|(n, i)| n * i.cost).sum::<i64>());
        prop_assert_eq!(cost, best);
        let points: i64 = found.iter().flatten().zip(&items).map(|(n, i)| n * i.points).sum();
        prop_assert!(best.is_none() || points >= needed);
    }
}

/// The relaxation weighs 128 targets; what is beyond counts as met in the bound.
#[test]
fn of_more_targets_than_the_relaxation_weighs_the_bound_holds() {
    let village = |count| AttackVillage { troops: vec![Troop { count, points: 10, upkeep: 1 }] };
    let target = |n: u32| AttackTarget { value: f64::from(1_000 - n), required: 100, reach: vec![1; 8] };
    let problem = AttackProblem {
        groups_per_village: 20,
        villages: vec![village(200); 8],
        targets: (0..150).map(target).collect(),
    };
    let plan = solve_attack(&problem, Budget(2_000));
    assert_eq!(fault(&problem, &plan), None);
    let all: f64 = problem.targets.iter().map(|t| t.value).sum();
    assert!((plan.value - all).abs() < 1e-9 && (plan.bound - all).abs() < 1e-6, "{} of {all}", plan.value);
    let half = AttackProblem { villages: vec![village(200); 4], ..problem };
    let plan = solve_attack(&half, Budget(2_000));
    assert_eq!(fault(&half, &plan), None);
    let most: f64 = half.targets[..80].iter().map(|t| t.value).sum();
    assert!((plan.value - most).abs() < 1e-9 && plan.bound >= most, "{} of {most}", plan.value);
}

#[test]
fn of_equal_helpers_the_lowest_id_sends_first_and_all_send_where_nothing_covers() {
    let helper = |id| Helper { id, troops: vec![Troop { count: 10, points: 50, upkeep: 1 }, Troop::default()] };
    let helpers = vec![helper(9), helper(2), helper(5)];
    let plan = solve_defense(&DefenseProblem { deficit: 520, helpers: helpers.clone() });
    assert_eq!(plan.sent, [vec![0, 0], vec![10, 0], vec![1, 0]]);
    let plan = solve_defense(&DefenseProblem { deficit: 2_000, helpers: helpers.clone() });
    assert_eq!((plan.points, plan.shortfall, plan.upkeep), (1_500, 500, 30));
    assert_eq!(solve_defense(&DefenseProblem { deficit: 0, helpers }).upkeep, 0);
}

#[test]
fn tribes_and_slots_are_those_of_the_reference() {
    let Ok(folder) = std::env::var("ALLIANCE_REFERENCE") else { return };
    let text = std::fs::read_to_string(format!("{folder}/data/units.json")).expect("the reference has units");
    let reference: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let rules = Ruleset::extended();
    let mut compared = 0;
    for (name, tribe) in reference["tribes"].as_object().expect("tribes") {
        let own = rules.tribe_named(name).unwrap_or_else(|| panic!("no tribe {name}"));
        for (slot, unit) in (0_u16..).zip(tribe["units"].as_array().expect("units")) {
            let class = rules.class(own, slot).unwrap_or_else(|| panic!("{name} has no slot {slot}"));
            let own = &rules.units[usize::from(class.0)];
            assert_eq!(unit["name"], own.name.as_str());
            assert_eq!(unit["attack"].as_f64(), Some(own.attack), "{name} {slot}");
            assert_eq!(unit["defense_infantry"].as_f64(), Some(own.defense_infantry), "{name} {slot}");
            assert_eq!(unit["defense_cavalry"].as_f64(), Some(own.defense_cavalry), "{name} {slot}");
            assert_eq!(unit["fields_per_hour"].as_f64(), Some(own.fields_per_hour), "{name} {slot}");
            assert_eq!(unit["upkeep"].as_i64(), Some(own.upkeep), "{name} {slot}");
            compared += 1;
        }
    }
    assert_eq!(compared, 70);
}
