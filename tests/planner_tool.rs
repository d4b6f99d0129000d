//! The planner tool: what it answers, and what it says of input that is wrong.

#[path = "../examples/support/planner/attack.rs"]
mod attack;
#[path = "../examples/support/planner/defense.rs"]
mod defense;
#[path = "../examples/support/planner/input.rs"]
mod input;

use serde_json::{Value, json};

fn attack_input() -> Value {
    json!({
        "now": "2026-03-01T12:00:00Z", "arrival": "2026-03-01T16:00:00Z", "half_width": 200, "groups_per_village": 1,
        "villages": [
            {"id": 1, "member": 1, "x": 0, "y": 0, "tribe": "teutons", "troops": [500, 0, 0, 0, 0, 0, 20, 0, 0, 0], "tournament_square": 0},
            {"id": 2, "member": 2, "x": 3, "y": 4, "tribe": "gauls", "troops": [0, 300, 0, 0, 0, 0, 0, 0, 0, 0], "tournament_square": 10}
        ],
        "targets": [
            {"id": 11, "x": 10, "y": 0, "value": 900, "required_offense": 20000},
            {"id": 12, "x": 0, "y": 12, "value": 700, "required_offense": 15000},
            {"id": 13, "x": 9, "y": 9, "value": 5000, "required_offense": 90000},
            {"id": 14, "x": 200, "y": 200, "value": 5000, "required_offense": 100}
        ]
    })
}

fn defense_input() -> Value {
    json!({
        "now": "2026-03-01T12:00:00Z", "half_width": 200, "radius": 30,
        "village": {"id": 9, "x": 0, "y": 0, "defense": 1000},
        "attacks": [{"arrival": "2026-03-01T15:00:00Z", "force": 5000}],
        "allies": [
            {"id": 1, "member": 1, "x": 6, "y": 8, "tribe": "gauls", "troops": [90, 0, 0, 0, 60, 0, 0, 0, 0, 0], "tournament_square": 0},
            {"id": 2, "member": 2, "x": 20, "y": 15, "tribe": "gauls", "troops": [500, 0, 0, 0, 0, 0, 0, 0, 0, 0], "tournament_square": 0}
        ]
    })
}

/// A place in JSON takes another value; `null` with `gone` takes the field away.
fn with(mut input: Value, place: &str, value: Value) -> Value {
    *input.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
    input
}

#[test]
fn an_attack_lands_at_one_instant_with_the_slowest_deciding_when_to_leave() {
    let attack = attack::Attack::read(&attack_input()).expect("good input");
    let answer = serde_json::to_value(attack.solve(None, Some(2_000))).expect("JSON");
    // 20,000 points of clubs meet the first target exactly, and 231 of 300 swordsmen (65 each) the second.
    assert_eq!(answer["value"], json!(1600.0));
    assert_eq!(answer["upkeep"], json!(500 + 231));
    assert_eq!(
        answer["orders"],
        json!([
            {"village": 1, "target": 11, "troops": [500, 0, 0, 0, 0, 0, 0, 0, 0, 0], "launch": "2026-03-01T14:34:17.143Z", "arrival": "2026-03-01T16:00:00Z"},
            {"village": 2, "target": 12, "troops": [0, 231, 0, 0, 0, 0, 0, 0, 0, 0], "launch": "2026-03-01T14:34:33.598Z", "arrival": "2026-03-01T16:00:00Z"}
        ])
    );
    assert_eq!(
        answer["left_out"],
        json!([{"target": 13, "reason": "too_strong"}, {"target": 14, "reason": "no_force_in_time"}])
    );
}

#[test]
fn a_defense_takes_what_is_near_and_in_time() {
    let answer = defense::Defense::read(&defense_input()).expect("good input").solve();
    let answer = serde_json::to_value(answer).expect("JSON");
    // 5,000 points are missing. The second ally is near enough, but 25 fields at 7 an hour are too far for three hours.
    assert_eq!(answer["deficit"], json!(5000.0));
    assert_eq!(answer["covered"], json!(5025.0));
    assert_eq!(answer["shortfall"], json!(0.0));
    assert_eq!(answer["reinforcements"][0]["troops"], json!([89, 0, 0, 0, 12, 0, 0, 0, 0, 0]));
    assert_eq!(answer["reinforcements"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_is_wrong_with_an_attack_is_named() {
    let cases = [
        ("/now", json!(5), "now: must be a time as in RFC 3339, in whole milliseconds, not 5"),
        ("/now", json!("2026-03-01"), "now: must be a time as in RFC 3339, in whole milliseconds, not \"2026-03-01\""),
        (
            "/arrival",
            json!("2026-03-01T11:00:00Z"),
            "arrival: must be no earlier than `now`, not \"2026-03-01T11:00:00Z\"",
        ),
        (
            "/arrival",
            json!("2026-03-01T13:00:00.0001Z"),
            "arrival: must be a time as in RFC 3339, in whole milliseconds, not \"2026-03-01T13:00:00.0001Z\"",
        ),
        ("/half_width", json!(0), "half_width: must be a whole number from 1 to 32767, not 0"),
        ("/groups_per_village", json!(-1), "groups_per_village: must be a whole number from 0 to 4294967295, not -1"),
        ("/villages", json!({}), "villages: must be a list, not {}"),
        ("/villages/1", json!(7), "villages[1]: must be an object, not 7"),
        ("/villages/1/id", json!(1), "villages[1].id: must be an id that villages[0] does not have, not 1"),
        (
            "/villages/1/id",
            json!("b"),
            "villages[1].id: must be a whole number from 0 to 18446744073709551615, not \"b\"",
        ),
        (
            "/villages/0/member",
            json!(null),
            "villages[0].member: must be a whole number from 0 to 18446744073709551615, not null",
        ),
        ("/villages/0/x", json!(201), "villages[0].x: must be a whole number from -200 to 200, not 201"),
        ("/villages/0/y", json!(1.5), "villages[0].y: must be a whole number from -200 to 200, not 1.5"),
        ("/villages/0/tribe", json!("orcs"), "villages[0].tribe: must be a tribe ("),
        ("/villages/0/troops", json!([1, 2]), "villages[0].troops: must be a list of 10 whole numbers, not [1,2]"),
        (
            "/villages/0/troops/7",
            json!(-2),
            "villages[0].troops[7]: must be a whole number from 0 to 4294967295, not -2",
        ),
        (
            "/villages/0/troops/3",
            json!(2.5),
            "villages[0].troops[3]: must be a whole number from 0 to 4294967295, not 2.5",
        ),
        (
            "/villages/0/troops/3",
            json!(4_294_967_296_u64),
            "villages[0].troops[3]: must be a whole number from 0 to 4294967295, not 4294967296",
        ),
        (
            "/villages/0/tournament_square",
            json!(21),
            "villages[0].tournament_square: must be a whole number from 0 to 20, not 21",
        ),
        ("/targets/1/id", json!(11), "targets[1].id: must be an id that targets[0] does not have, not 11"),
        ("/targets/2/value", json!(-1), "targets[2].value: must be a number from 0 to 1e15, not -1"),
        ("/targets/2/value", json!("many"), "targets[2].value: must be a number from 0 to 1e15, not \"many\""),
        (
            "/targets/2/required_offense",
            json!(1e16),
            "targets[2].required_offense: must be a number from 0 to 1e15, not 1e+16",
        ),
    ];
    for (place, value, said) in cases {
        let error = attack::Attack::read(&with(attack_input(), place, value)).expect_err(place).to_string();
        assert!(error.starts_with(said), "{error}\ninstead of\n{said}");
    }
}

#[test]
fn a_field_that_is_missing_is_named() {
    for field in ["now", "arrival", "half_width", "groups_per_village", "villages", "targets"] {
        let mut input = attack_input();
        input.as_object_mut().expect("an object").remove(field);
        let error = attack::Attack::read(&input).expect_err(field).to_string();
        assert!(error.starts_with(&format!("{field}: must be ")) && error.ends_with("not missing"), "{error}");
    }
    assert_eq!(
        attack::Attack::read(&json!([])).expect_err("a list").to_string(),
        "the input: must be an object, not []"
    );
}

#[test]
fn what_is_wrong_with_a_defense_is_named() {
    let cases = [
        ("/radius", json!(-3), "radius: must be a number from 0 to 1e15, not -3"),
        ("/village/defense", json!(null), "village.defense: must be a number from 0 to 1e15, not null"),
        ("/attacks/0/force", json!("x"), "attacks[0].force: must be a number from 0 to 1e15, not \"x\""),
        ("/attacks/0/arrival", json!("2026-02-01T15:00:00Z"), "attacks[0].arrival: must be no earlier than `now`"),
        ("/allies/1/id", json!(9), "allies[1].id: must be an id that village does not have, not 9"),
    ];
    for (place, value, said) in cases {
        let error = defense::Defense::read(&with(defense_input(), place, value)).expect_err(place).to_string();
        assert!(error.starts_with(said), "{error}\ninstead of\n{said}");
    }
}
