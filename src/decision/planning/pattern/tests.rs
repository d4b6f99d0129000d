//! Patterns that are read, and patterns that are refused.

use super::*;
use crate::base::ruleset::Ruleset;

const BLOCKADE: &str = r#""blockade""#;

#[test]
fn a_pattern_that_needs_more_is_refused_by_name() {
    let text = r#"{"name": "anvil", "needs": ["blockade"], "waves": [
        {"role": "anvil", "offset_millis": -1, "units": "defense", "manner": "blockade"},
        {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}]}"#;
    let pattern = Pattern::from_json(text).unwrap();
    assert!(pattern.fits(Ruleset::extended().capabilities).is_ok());
    let error = pattern.fits(Ruleset::classic().capabilities).unwrap_err().to_string();
    assert_eq!(error, "pattern `anvil` needs `blockade`, which the ruleset does not have");
}

#[test]
fn only_what_takes_a_site_has_chiefs() {
    let text =
        r#"{"name": "x", "waves": [{"role": "chief", "offset_millis": 0, "units": "chief", "manner": "siege"}]}"#;
    let error = Pattern::from_json(text).unwrap_err().to_string();
    assert_eq!(error, "pattern `x`: goal: must be `take` with waves of chiefs, `break` without, not missing");
    let train = Library::default().get("conquest_train").cloned().unwrap();
    assert_eq!(train.goal, PatternGoal::Take);
    assert_eq!(train.waves.iter().filter(|w| w.units == UnitFilter::Chief).count(), 5);
}

#[test]
fn every_pattern_says_what_it_needs() {
    let library = Library::default();
    let refused: Vec<String> =
        library.iter().filter_map(|p| p.fits(Ruleset::classic().capabilities).err()).map(|e| e.to_string()).collect();
    assert_eq!(library.iter().count(), 14);
    assert!(library.iter().all(|p| p.fits(Ruleset::extended().capabilities).is_ok()));
    let lacks = |name, need| format!("pattern `{name}` needs `{need}`, which the ruleset does not have");
    let expected = [
        lacks("hammer_and_anvil", "blockade"),
        lacks("feint_and_recall", "recall_any_time"),
        lacks("encirclement", "blockade"),
    ];
    assert_eq!(refused, expected);
}

/// Needs, role, units, manner and what else the first wave of a pattern has, and what is said of it.
const REFUSED: [(&str, &str, &str, &str, &str, &str); 25] = [
    ("", "anvil", "defense", "blockade", "", "needs: must be with `blockade`, which a wave of it uses, not []"),
    (
        "",
        "anvil",
        "defense",
        "siege",
        "",
        r#"waves[0].manner: must be `blockade` for an anvil, and for nothing else, not "siege""#,
    ),
    (
        BLOCKADE,
        "main",
        "all",
        "blockade",
        "",
        r#"waves[0].manner: must be `blockade` for an anvil, and for nothing else, not "blockade""#,
    ),
    (BLOCKADE, "anvil", "all", "blockade", "", r#"waves[0].units: must be `defense` for an anvil, not "all""#),
    ("", "main", "defense", "siege", "", r#"waves[0].units: must be offense, but for an anvil, not "defense""#),
    ("", "main", "all", "siege", r#", "share": 0"#, "waves[0].share: must be above 0 and at most 1, not 0"),
    (
        "",
        "main",
        "all",
        "siege",
        r#", "per_target": 2"#,
        "waves[0].per_target: must be absent, but for fakes, decoys, pins and feints, not 2",
    ),
    (
        BLOCKADE,
        "anvil",
        "defense",
        "blockade",
        r#", "per_target": 2"#,
        "waves[0].per_target: must be absent, but for fakes, decoys, pins and feints, not 2",
    ),
    (
        BLOCKADE,
        "anvil",
        "defense",
        "blockade",
        r#", "at": "decoys""#,
        r#"waves[0].at: must be `target` or `origins`, but for a fake, decoy, pin or feint, not "decoys""#,
    ),
    ("", "fake", "token", "siege", r#", "per_target": 11"#, "waves[0].per_target: must be from 1 to 10, not 11"),
    (
        "",
        "fake",
        "token",
        "siege",
        r#", "share": 0.5"#,
        "waves[0].share: must be absent for tokens and chiefs, not 0.5",
    ),
    (
        "",
        "fake",
        "engines",
        "siege",
        "",
        r#"waves[0].units: must be `token`, `all` or `raiders` for a fake, decoy, pin or feint, not "engines""#,
    ),
    (
        "",
        "main",
        "token",
        "siege",
        "",
        r#"waves[0].units: must be more than a token for a wave that strikes, not "token""#,
    ),
    (
        "",
        "main",
        "all",
        "siege",
        r#", "at": "decoys""#,
        r#"waves[0].at: must be `target` or `origins`, but for a fake, decoy, pin or feint, not "decoys""#,
    ),
    (
        "",
        "main",
        "raiders",
        "siege",
        r#", "aim": "seat""#,
        r#"waves[0].aim: must be absent, but for engines of a siege, not "seat""#,
    ),
    (
        "",
        "main",
        "all",
        "raid",
        r#", "aim": "seat""#,
        r#"waves[0].aim: must be absent, but for engines of a siege, not "seat""#,
    ),
    (
        "",
        "reserve",
        "all",
        "siege",
        "",
        "waves[0].if_needed: must be true for a reserve, and for nothing else, not missing",
    ),
    (
        "",
        "reserve",
        "raiders",
        "siege",
        r#", "if_needed": true, "offset_millis": 1"#,
        r#"waves[0].units: must be `all` for a reserve, not "raiders""#,
    ),
    (
        "",
        "reserve",
        "all",
        "siege",
        r#", "if_needed": true"#,
        "waves[0].offset_millis: must be above 0 for a reserve, not 0",
    ),
    (
        "",
        "feint",
        "token",
        "siege",
        r#", "recall_before_millis": 1"#,
        "needs: must be with `recall_any_time`, which a wave of it uses, not []",
    ),
    (
        "",
        "feint",
        "token",
        "siege",
        "",
        "waves[0].recall_before_millis: must be there for a feint, and for nothing else, not missing",
    ),
    (
        "",
        "main",
        "all",
        "siege",
        r#", "stay_millis": 1"#,
        "waves[0].stay_millis: must be absent, but for a blockade, not 1",
    ),
    ("", "main", "chief", "raid", "", r#"waves[0].manner: must be `siege` for chiefs, not "raid""#),
    ("", "main", "all", "scout", "", r#"waves[0].manner: must be `siege`, `raid` or `blockade`, not "scout""#),
    (
        "",
        "main",
        "all",
        "siege",
        r#", "offset_millis": -9223372036854775808"#,
        "waves[0].offset_millis: must be within 24 hours, not -9223372036854775808",
    ),
];

#[test]
fn a_wave_that_makes_no_sense_is_refused_by_field() {
    let main = r#"{"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}"#;
    let error = |needs: &str, wave: &str| {
        let text = format!(r#"{{"name": "x", "needs": [{needs}], "waves": [{wave}, {main}]}}"#);
        Pattern::from_json(&text).map(|_| ()).map_err(|e| e.to_string())
    };
    let wave = |role: &str, units: &str, manner: &str, more: &str| {
        let offset = if more.contains("offset_millis") { "" } else { r#", "offset_millis": 0"# };
        format!(r#"{{"role": "{role}", "units": "{units}", "manner": "{manner}"{offset}{more}}}"#)
    };
    assert_eq!(error(BLOCKADE, &wave("anvil", "defense", "blockade", "")), Ok(()));
    for (needs, role, units, manner, more, expected) in REFUSED {
        let wave = wave(role, units, manner, more);
        assert_eq!(error(needs, &wave), Err(format!("pattern `x`: {expected}")), "{wave}");
    }
    let fake = wave("fake", "token", "siege", "");
    let only = Pattern::from_json(&format!(r#"{{"name": "x", "waves": [{fake}]}}"#)).unwrap_err().to_string();
    assert!(only.starts_with("pattern `x`: waves: must be with at least one that strikes, not [{"), "{only}");
}

#[test]
fn waves_must_be_in_order() {
    let text = r#"{"name": "x", "waves": [
        {"role": "main", "offset_millis": 9, "units": "all", "manner": "siege"},
        {"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}]}"#;
    let error = Pattern::from_json(text).unwrap_err().to_string();
    assert_eq!(error, "pattern `x`: waves[1].offset_millis: must be no less than that of the wave before, not 0");
}

#[test]
fn a_form_that_is_wrong_is_named_with_pattern_and_path() {
    let main = r#"{"role": "main", "offset_millis": 0, "units": "all", "manner": "siege"}"#;
    let error = |text: &str| Pattern::from_json(text).unwrap_err().to_string();
    let with = |wave: &str| error(&format!(r#"{{"name": "x", "waves": [{main}, {wave}]}}"#));
    let cases = [
        (
            with(&main.replace(": 0", r#": "soon""#)),
            "pattern `x`: waves[1].offset_millis: invalid type: string \"soon\"",
        ),
        (
            with(&main.replace("main", "hammer")),
            "pattern `x`: waves[1].role: unknown variant `hammer`, expected one of",
        ),
        (with(&main.replace(r#""role""#, r#""rule""#)), "pattern `x`: waves[1].rule: unknown field `rule`"),
        (with(r#"{"role": "main"}"#), "pattern `x`: waves[1]: missing field `offset_millis` at line 1 column"),
        (with("7"), "pattern `x`: waves[1]: invalid type: integer `7`"),
        (error(r#"{"name": "x", "wave": []}"#), "pattern `x`: wave: unknown field `wave`"),
        (error(r#"{"name": "x"}"#), "pattern `x`: the whole: missing field `waves`"),
        (error(&format!(r#"{{"waves": [{main}]}}"#)), "pattern `?`: the whole: missing field `name`"),
        (error(&format!(r#"{{"name": 7, "waves": [{main}]}}"#)), "pattern `?`: name: invalid type: integer `7`"),
        (error(r#"{"name": "x", "name": "y"}"#), "pattern `y`: the whole: duplicate field `name`"),
        (error("[1, 2]"), "pattern `?`: the whole: must be one object"),
        (error(r#"{"name": "x","#), "pattern: not JSON: EOF while parsing"),
        (error(r#"{"name": "x"} {}"#), "pattern: not JSON: trailing characters"),
    ];
    for (error, expected) in cases {
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}

#[test]
fn a_pattern_takes_the_place_of_the_one_with_its_name() {
    let mut library = Library::default();
    let names = |library: &Library| library.iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let before = names(&library);
    let raid = |name: &str| {
        let waves = r#"[{"role": "main", "offset_millis": 0, "units": "all", "manner": "raid"}]"#;
        Pattern::from_json(&format!(r#"{{"name": "{name}", "waves": {waves}}}"#)).unwrap()
    };
    let replaced = library.add(raid("simultaneous"));
    assert_eq!(replaced.as_ref(), Library::default().get("simultaneous"));
    assert_eq!(names(&library), before);
    assert_eq!(library.default_pattern(), &raid("simultaneous"), "the default stays the default");
    assert_eq!(library.add(raid("mine")), None);
    assert_eq!(library.iter().last(), Some(&raid("mine")));
}
