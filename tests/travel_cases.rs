//! Travel times against independently computed cases. The environment variable `ALLIANCE_REFERENCE` names the folder
//! that holds `data/travel_cases.json`; without it there is nothing to compare with.

use bevy_alliance::base::ruleset::Ruleset;
use bevy_alliance::world::march::rules::travel_time;
use serde_json::Value;

const TOLERANCE_MILLIS: f64 = 1.0;

#[test]
fn all_reference_journeys_take_as_long_as_expected() {
    let Ok(folder) = std::env::var("ALLIANCE_REFERENCE") else {
        println!("skipped: ALLIANCE_REFERENCE is not set");
        return;
    };
    let text = std::fs::read_to_string(format!("{folder}/data/travel_cases.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let rules = Ruleset::extended();
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "the file holds no case");
    for case in cases {
        let number = |value: &Value| value.as_f64().unwrap();
        let level = u8::try_from(case["tournament_square_level"].as_u64().unwrap()).unwrap();
        let found =
            travel_time(number(&case["flat"]["distance_fields"]), number(&case["slowest_speed"]), level, &rules);
        let expected_millis = number(&case["flat"]["seconds"]) * 1_000.0;
        let off_millis = (found.as_hours() * 3_600_000.0 - expected_millis).abs();
        assert!(off_millis <= TOLERANCE_MILLIS, "case {}: {found} is {off_millis} ms off", case["id"]);
    }
    println!("{} cases agree", cases.len());
}
