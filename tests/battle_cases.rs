//! Battles against independently computed cases. The environment variable `ALLIANCE_REFERENCE` names the folder that
//! holds `data/battle_cases.json`; without it there is nothing to compare with.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use bevy_alliance::base::ruleset::Ruleset;
use serde_json::{Value, json};

#[path = "../examples/support/battle_case.rs"]
mod battle_case;

use battle_case::{Case, WaveResult};

const LOSS_TOLERANCE: f64 = 1e-6;

#[test]
fn all_reference_battles_end_as_expected() {
    let Ok(folder) = std::env::var("ALLIANCE_REFERENCE") else {
        println!("skipped: ALLIANCE_REFERENCE is not set");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/data/battle_cases.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let rules = Ruleset::extended();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "the file holds no case");
    let wrong: Vec<String> = cases.iter().flat_map(|case| differences(&rules, case)).collect();
    assert!(wrong.is_empty(), "{} differences in {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    println!("{} cases agree", cases.len());
}

/// A case by hand: two waves of axemen with catapults against a guard of praetorians.
fn hand_made() -> Value {
    let wave = json!({
        "tribe": "teutons", "type": "attack", "units": [0, 0, 900, 0, 0, 0, 0, 6, 0, 0], "upgrades": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        "population": 400, "catapult_target_levels": [10],
    });
    json!({
        "id": "hand-made",
        "village": {
            "tribe": "egyptians", "population": 500, "wall_level": 2, "residence_def": 0, "stonemason_level": 0,
        },
        "defenders": [{"tribe": "romans", "units": [0, 90, 0, 0, 0, 0, 0, 0, 0, 0], "upgrades": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}],
        "waves": [wave, wave],
    })
}

#[test]
fn waves_fight_on_what_is_left() {
    let rules = Ruleset::extended();
    let waves = Case::read(&rules, &hand_made()).unwrap().fight(&rules).waves;
    assert_eq!(waves[0].defender_survivors, [[0; 10]]);
    assert!(waves[0].attacker_loss > waves[1].attacker_loss);
    // Some 23 points each: 10 + 9 leaves level 8, then 8 + 7 + 6 leaves level 5.
    assert_eq!((&waves[0].building_levels_after, &waves[1].building_levels_after), (&vec![8], &vec![5]));
}

#[test]
fn every_tribe_can_attack_and_defend() {
    let rules = Ruleset::extended();
    for tribe in ["romans", "teutons", "gauls", "egyptians", "huns", "spartans", "natars"] {
        let mut case = hand_made();
        case["village"]["tribe"] = tribe.into();
        case["defenders"][0]["tribe"] = tribe.into();
        case["waves"][0]["tribe"] = tribe.into();
        assert_eq!(Case::read(&rules, &case).unwrap().fight(&rules).waves.len(), 2, "{tribe}");
    }
}

#[test]
fn a_wrong_field_is_named_with_what_was_expected() {
    let check = |field: &str, value: Value, message: &str| {
        let mut case = hand_made();
        *case.pointer_mut(field).unwrap() = value;
        assert_eq!(Case::read(&Ruleset::extended(), &case).unwrap_err().to_string(), message);
    };
    check(
        "/village/wall_level",
        json!(-1),
        "field `village.wall_level`: expected a whole number from 0 to 20, found -1",
    );
    check(
        "/waves/1/units/2",
        json!(1.5),
        "field `waves[1].units[2]`: expected a whole number from 0 to 4294967295, found 1.5",
    );
    check("/waves/0/units", json!([1, 2]), "field `waves[0].units`: expected a list of 10 whole numbers, found [1,2]");
    check("/waves/0/type", json!("siege"), "field `waves[0].type`: expected \"attack\" or \"raid\", found \"siege\"");
    check(
        "/defenders/0",
        json!({}),
        "field `defenders[0].tribe`: expected a tribe (romans, teutons, gauls, egyptians, huns, spartans, natars, nature), found nothing",
    );
}

/// What differs between our result and the expected one.
fn differences(rules: &Ruleset, case: &Value) -> Vec<String> {
    let id = &case["id"];
    let expected = case.get("expected_virtual_wall_fixed").unwrap_or(&case["expected"]).as_array().unwrap();
    let result = Case::read(rules, case).unwrap().fight(rules);
    assert_eq!(result.waves.len(), expected.len(), "case {id}");
    let mut wrong = Vec::new();
    for (i, (wave, expected)) in result.waves.iter().zip(expected).enumerate() {
        wrong.extend(wave_differences(wave, expected).into_iter().map(|what| format!("case {id}, wave {i}: {what}")));
    }
    wrong
}

fn wave_differences(wave: &WaveResult, expected: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for (found, field) in [(wave.attacker_loss, "off_loss_fraction"), (wave.defender_loss, "def_loss_fraction")] {
        let expected = expected[field].as_f64().unwrap();
        let is_close = (found - expected).abs() <= LOSS_TOLERANCE;
        if !is_close {
            wrong.push(format!("{field} is {found}, expected {expected}"));
        }
    }
    let exact = [
        (json!(wave.attacker_survivors), "attacker_survivors"),
        (json!(wave.defender_survivors), "defender_survivors"),
        (json!(wave.wall_level_after), "wall_level_after"),
        (json!(wave.building_levels_after), "building_levels_after"),
    ];
    for (found, field) in exact {
        if found != expected[field] {
            wrong.push(format!("{field} is {found}, expected {}", expected[field]));
        }
    }
    wrong
}
