#!/usr/bin/env python3
"""Holds the planner's kernels against HiGHS on random instances with the coordinates of a real world.

    planner_gap.py instances --map map.sql --rulesets assets/rulesets --out DIR [--count 50] [--members 60] [--targets 20]
    planner_gap.py solve DIR [--seconds 60]           # solves with HiGHS, one thread, and caches what it finds
    planner_gap.py compare DIR --planner target/release/examples/planner [--budgets 1,10,100]

Needs `pip install highspy numpy`. Nothing of it is a dependency of the crate.
"""

import argparse
import glob
import json
import math
import os
import random
import re
import subprocess
from datetime import datetime, timedelta, timezone

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
STATIC = "natars"


# The rules, written once more and not taken from the crate, so that a fault there shows here.

def read_tribes(folder):
    """Units by tribe, and the tribe by its number in map.sql."""
    with open(os.path.join(folder, "tribes.json")) as file:
        tribes = json.load(file)["tribes"]
    units, numbers = {}, {}
    for tribe in tribes:
        numbers[tribe["map_number"]] = tribe["name"]
        units[tribe["name"]] = [
            {"attack": u[3], "defense2": u[4] + u[5], "speed": u[6], "upkeep": u[8]} for u in tribe["units"]
        ]
        units[tribe["name"]] += [{"attack": 0, "defense2": 0, "speed": 0, "upkeep": 1}] * (10 - len(tribe["units"]))
    return units, numbers


def distance(a, b, half_width):
    def along(p, q):
        d = abs(p - q)
        return min(d, 2 * half_width + 1 - d)
    return math.hypot(along(a["x"], b["x"]), along(a["y"], b["y"]))


def travel_ms(fields, speed, square):
    near = min(fields, 20.0)
    hours = near / speed + (fields - near) / (speed * (1 + 0.2 * square))
    return round(hours * 3_600_000)


def read_time(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def ms_between(earlier, later):
    return round((later - earlier) / timedelta(milliseconds=1))


def say_time(time):
    return time.isoformat().replace("+00:00", "Z")


# Instances.

ROW = re.compile(r"VALUES \((\d+),(-?\d+),(-?\d+),(\d+),(\d+),'(?:[^'\\]|\\.|'')*',(\d+),'(?:[^'\\]|\\.|'')*',(\d+),'(?:[^'\\]|\\.|'')*',(\d+)")


def read_map(path):
    keys = ("tile", "x", "y", "tribe", "id", "player", "alliance", "population")
    with open(path, encoding="utf-8") as file:
        found = (ROW.search(line) for line in file)
        return [dict(zip(keys, map(int, match.groups()))) for match in found if match]


def army(rng, population, units):
    """Troops that may leave: a mix of a few classes, as many as a village of this size could feed."""
    force = [0] * 10
    fed = population * rng.uniform(0.3, 3.0)
    weights = [rng.random() ** 3 if slot < 8 else 0.0 for slot in range(10)]
    for slot in rng.sample(range(8), rng.randrange(2, 5)):
        weights[slot] = 0.0
    total = sum(weights) or 1.0
    for slot, weight in enumerate(weights):
        force[slot] = int(fed * weight / total / units[slot]["upkeep"])
    if rng.random() < 0.1:
        force[8] = rng.randrange(1, 4)
    return force


def village(rng, site, units, numbers):
    tribe = numbers[site["tribe"]]
    return {
        "id": site["id"], "member": site["player"], "x": site["x"], "y": site["y"], "tribe": tribe,
        "troops": army(rng, site["population"], units[tribe]), "tournament_square": rng.choice([0, 0, 0, 5, 10, 15, 20]),
    }


def neighbors(rng, sites, members, half_width, numbers, per_member):
    """Villages of the players around a random village of an alliance, and the sites that are not theirs, by distance."""
    home = rng.choice([s for s in sites if s["alliance"] != 0 and numbers.get(s["tribe"], STATIC) != STATIC])
    sites = sorted(sites, key=lambda s: (s["alliance"] != home["alliance"], distance(home, s, half_width)))
    chosen = {}
    for site in sites:
        if numbers.get(site["tribe"], STATIC) == STATIC:
            continue
        if site["player"] in chosen or len(chosen) < members:
            of_player = chosen.setdefault(site["player"], [])
            if len(of_player) < per_member:
                of_player.append(site)
    own = [site for of_player in chosen.values() for site in of_player]
    players = set(chosen)
    others = sorted((s for s in sites if s["player"] not in players), key=lambda s: distance(own[0], s, half_width))
    return own, others


def attack_instance(seed, sites, half_width, units, numbers, members, targets):
    rng = random.Random(f"attack {seed}")
    own, others = neighbors(rng, sites, members, half_width, numbers, 1)
    villages = [village(rng, site, units, numbers) for site in own]
    hours = rng.uniform(4.0, 16.0)
    arrival = NOW + timedelta(milliseconds=round(hours * 3_600_000))
    goals = [{"id": s["id"], "x": s["x"], "y": s["y"]} for s in rng.sample(others[: 10 * targets], targets)]
    reachable = 0
    for v in villages:
        best = 0
        for goal in goals:
            fields = distance(v, goal, half_width)
            there = (
                n * u["attack"] for n, u in zip(v["troops"], units[v["tribe"]])
                if u["speed"] > 0 and travel_ms(fields, u["speed"], v["tournament_square"]) <= hours * 3_600_000
            )
            best = max(best, sum(there))
        reachable += best
    shares = [math.exp(rng.gauss(0, 0.6)) for _ in goals]
    scale = reachable / rng.uniform(0.3, 0.7) / sum(shares)
    for goal, share in zip(goals, shares):
        goal["required_offense"] = max(1, round(share * scale))
        goal["value"] = round(goal["required_offense"] * math.exp(rng.gauss(0, 0.4)))
    return {
        "now": say_time(NOW), "arrival": say_time(arrival), "half_width": half_width,
        "groups_per_village": 1 + seed % 3, "villages": villages, "targets": goals,
    }


def defense_instance(seed, sites, half_width, units, numbers, members):
    rng = random.Random(f"defense {seed}")
    own, _ = neighbors(rng, sites, members + 1, half_width, numbers, 1)
    attacked, allies = own[0], [village(rng, site, units, numbers) for site in own[1:]]
    hours = rng.uniform(1.0, 10.0)
    radius = rng.choice([20, 40, 80])
    helpful = sum(
        n * u["defense2"] / 2 for a in allies for n, u in zip(a["troops"], units[a["tribe"]])
        if distance(a, attacked, half_width) <= radius and u["speed"] > 0
        and travel_ms(distance(a, attacked, half_width), u["speed"], a["tournament_square"]) < hours * 3_600_000
    )
    first = NOW + timedelta(milliseconds=round(hours * 3_600_000))
    defense = rng.randrange(100, 2000)
    force = (max(helpful, 500) * rng.uniform(0.05, 1.15) + defense) / 1.2
    waves = rng.randrange(1, 5)
    attacks = [
        {"arrival": say_time(first + timedelta(seconds=3 * i)), "force": max(1, round(force / waves))} for i in range(waves)
    ]
    at = {"id": attacked["id"], "x": attacked["x"], "y": attacked["y"], "defense": defense}
    return {
        "now": say_time(NOW), "half_width": half_width, "radius": radius, "village": at, "attacks": attacks, "allies": allies,
    }


def make_instances(args):
    units, numbers = read_tribes(args.rulesets)
    sites = read_map(args.map)
    os.makedirs(args.out, exist_ok=True)
    for seed in range(args.count):
        attack = attack_instance(seed, sites, args.half_width, units, numbers, args.members, args.targets)
        defense = defense_instance(seed, sites, args.half_width, units, numbers, args.members)
        for kind, instance in (("attack", attack), ("defense", defense)):
            with open(os.path.join(args.out, f"{kind}_{seed:03}.json"), "w") as file:
                json.dump(instance, file)


# HiGHS.

class Model:
    """Rows and columns for HiGHS."""

    def __init__(self):
        import highspy
        self.inf = highspy.kHighsInf
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", False)
        self.highs.setOptionValue("threads", 1)
        self.integer = highspy.HighsVarType.kInteger
        self.columns = 0

    def column(self, low, high, whole=False):
        self.highs.addVar(low, high)
        if whole:
            self.highs.changeColIntegrality(self.columns, self.integer)
        self.columns += 1
        return self.columns - 1

    def row(self, low, high, terms):
        self.highs.addRow(low, high, len(terms), [c for c, _ in terms], [float(w) for _, w in terms])

    def solve(self, costs, maximise, seconds, gap=1e-6):
        for column in range(self.columns):
            self.highs.changeColCost(column, float(costs.get(column, 0.0)))
        import highspy
        sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
        self.highs.changeObjectiveSense(sense)
        self.highs.setOptionValue("time_limit", self.highs.getRunTime() + seconds)
        self.highs.setOptionValue("mip_rel_gap", gap)
        self.highs.setOptionValue("mip_abs_gap", 0.5)
        self.highs.run()
        info = self.highs.getInfo()
        status = self.highs.modelStatusToString(self.highs.getModelStatus())
        found = info.primal_solution_status == 2
        return {
            "value": info.objective_function_value if found else None, "bound": info.mip_dual_bound,
            "proved": status == "Optimal", "values": list(self.highs.getSolution().col_value) if found else None,
        }


def reach(instance, units, at, vs, strictly, deadline):
    """By village: the slots whose units are there in time."""
    span = ms_between(read_time(instance["now"]), deadline)
    found = []
    for v in vs:
        fields = distance(v, at, instance["half_width"])
        found.append([
            slot for slot, u in enumerate(units[v["tribe"]])
            if v["troops"][slot] > 0 and u["speed"] > 0
            and travel_ms(fields, u["speed"], v["tournament_square"]) <= span - (1 if strictly else 0)
        ])
    return found


def solve_attack(instance, units, seconds, whole):
    """First the most value, then the least upkeep at that value."""
    villages, targets = instance["villages"], instance["targets"]
    deadline = read_time(instance["arrival"])
    there = [reach(instance, units, t, villages, False, deadline) for t in targets]
    model = Model()
    met = [model.column(0, 1, True) for _ in targets]
    sent, links = {}, {}
    for t, target in enumerate(targets):
        terms = [(met[t], -target["required_offense"])]
        for v, village in enumerate(villages):
            roster = units[village["tribe"]]
            slots = [s for s in there[t][v] if roster[s]["attack"] > 0]
            if not slots:
                continue
            links[v, t] = model.column(0, 1, True)
            for s in slots:
                sent[v, t, s] = model.column(0, village["troops"][s], whole)
                terms.append((sent[v, t, s], roster[s]["attack"]))
            offense = [(sent[v, t, s], roster[s]["attack"]) for s in slots]
            most = sum(village["troops"][s] * roster[s]["attack"] for s in slots)
            slack = max(roster[s]["attack"] for s in slots) if whole else 0
            model.row(-model.inf, 0, offense + [(links[v, t], -min(most, target["required_offense"] + slack))])
        model.row(0, model.inf, terms)
    for v, village in enumerate(villages):
        own = [(links[v, t], 1) for t in range(len(targets)) if (v, t) in links]
        if len(own) > instance["groups_per_village"]:
            model.row(-model.inf, instance["groups_per_village"], own)
        for s in range(10):
            of_class = [(sent[v, t, s], 1) for t in range(len(targets)) if (v, t, s) in sent]
            if len(of_class) > 1:
                model.row(-model.inf, village["troops"][s], of_class)
    first = model.solve({met[t]: target["value"] for t, target in enumerate(targets)}, True, seconds)
    if first["value"] is None:
        return {"value": 0.0, "bound": first["bound"], "proved": False, "upkeep": None, "upkeep_proved": False}
    chosen = [round(first["values"][met[t]]) for t in range(len(targets))]
    value = sum(target["value"] for t, target in enumerate(targets) if chosen[t])
    model.row(value - 0.25, model.inf, [(met[t], target["value"]) for t, target in enumerate(targets)])
    costs = {column: units[villages[v]["tribe"]][s]["upkeep"] for (v, _, s), column in sent.items()}
    second = model.solve(costs, False, seconds / 3)
    return {
        "value": value, "bound": first["bound"], "proved": first["proved"], "chosen": chosen,
        "upkeep": second["value"], "upkeep_bound": second["bound"], "upkeep_proved": second["proved"],
    }


def deficit2(instance):
    """Twice the deficit, as a whole number of tenths: 1.2 x the forces, less what is there."""
    tenths = 24 * sum(a["force"] for a in instance["attacks"]) - 20 * instance["village"]["defense"]
    return max(0.0, tenths / 10)


def helpers(instance, units):
    first = min(read_time(a["arrival"]) for a in instance["attacks"])
    slots = reach(instance, units, instance["village"], instance["allies"], True, first)
    near = [distance(a, instance["village"], instance["half_width"]) <= instance["radius"] for a in instance["allies"]]
    return [s if close else [] for s, close in zip(slots, near)]


def solve_defense(instance, units, seconds):
    """The least upkeep that covers the deficit, or None where everything is not enough."""
    there, needed = helpers(instance, units), deficit2(instance)
    model = Model()
    sent = {}
    for a, ally in enumerate(instance["allies"]):
        for s in there[a]:
            sent[a, s] = model.column(0, ally["troops"][s], True)
    most = sum(ally["troops"][s] * units[ally["tribe"]][s]["defense2"] for a, ally in enumerate(instance["allies"]) for s in there[a])
    if most < needed:
        helpful = sum(
            ally["troops"][s] * units[ally["tribe"]][s]["upkeep"]
            for a, ally in enumerate(instance["allies"]) for s in there[a] if units[ally["tribe"]][s]["defense2"] > 0
        )
        return {"coverable": False, "covered2": most, "upkeep": helpful, "proved": True}
    model.row(needed, model.inf, [(c, units[instance["allies"][a]["tribe"]][s]["defense2"]) for (a, s), c in sent.items()])
    costs = {c: units[instance["allies"][a]["tribe"]][s]["upkeep"] for (a, s), c in sent.items()}
    found = model.solve(costs, False, seconds, 0.0)
    return {"coverable": True, "upkeep": found["value"], "proved": found["proved"]}


def solve_all(args):
    units, _ = read_tribes(args.rulesets)
    for path in sorted(glob.glob(os.path.join(args.dir, "defense_*.json")) + glob.glob(os.path.join(args.dir, "attack_*.json"))):
        cache = path.replace(".json", ".highs")
        if os.path.exists(cache):
            continue
        with open(path) as file:
            instance = json.load(file)
        if "attack_" in path:
            found = solve_attack(instance, units, args.seconds, args.whole)
        else:
            found = solve_defense(instance, units, args.seconds)
        with open(cache, "w") as file:
            json.dump(found, file)
        print(os.path.basename(path), {k: v for k, v in found.items() if k != "chosen"}, flush=True)


# The planner.

def plan(planner, command, text):
    done = subprocess.run([planner, *command], input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def check_attack(instance, units, answer):
    """What is illegal about an answer, recomputed from the input alone; nothing if all is well."""
    villages = {v["id"]: v for v in instance["villages"]}
    targets = {t["id"]: t for t in instance["targets"]}
    now, arrival = read_time(instance["now"]), read_time(instance["arrival"])
    faults, pairs, arrives, upkeep = [], set(), dict.fromkeys(targets, 0), 0
    left = {v: list(villages[v]["troops"]) for v in villages}
    groups = dict.fromkeys(villages, 0)
    for order in answer["orders"]:
        v, t = order["village"], order["target"]
        roster = units[villages[v]["tribe"]]
        if (v, t) in pairs or sum(order["troops"]) == 0:
            faults.append(f"{v} to {t}: twice, or empty")
        pairs.add((v, t))
        groups[v] += 1
        speed = min(roster[s]["speed"] for s, n in enumerate(order["troops"]) if n > 0)
        fields = distance(villages[v], targets[t], instance["half_width"])
        travel = travel_ms(fields, speed, villages[v]["tournament_square"])
        if read_time(order["arrival"]) != arrival or abs(ms_between(read_time(order["launch"]), arrival) - travel) > 1:
            faults.append(f"{v} to {t}: times")
        if read_time(order["launch"]) < now:
            faults.append(f"{v} to {t}: leaves before now")
        for s, n in enumerate(order["troops"]):
            left[v][s] -= n
            arrives[t] += n * roster[s]["attack"]
            upkeep += n * roster[s]["upkeep"]
    faults += [f"{v}: more than there are" for v in left if min(left[v]) < 0]
    faults += [f"{v}: too many groups" for v in groups if groups[v] > instance["groups_per_village"]]
    met = [t for t in targets if arrives[t] >= targets[t]["required_offense"]]
    if sum(targets[t]["value"] for t in met) != answer["value"] or upkeep != answer["upkeep"]:
        faults.append("value or upkeep")
    if {left["target"] for left in answer["left_out"]} != set(targets) - set(met):
        faults.append("left out")
    if answer["bound"] < answer["value"]:
        faults.append("bound")
    return faults


def check_defense(instance, units, answer):
    allies = {a["id"]: a for a in instance["allies"]}
    now, first = read_time(instance["now"]), min(read_time(a["arrival"]) for a in instance["attacks"])
    faults, points2, upkeep, seen = [], 0, 0, set()
    for order in answer["reinforcements"]:
        ally = allies[order["village"]]
        roster = units[ally["tribe"]]
        speed = min(roster[s]["speed"] for s, n in enumerate(order["troops"]) if n > 0)
        fields = distance(ally, instance["village"], instance["half_width"])
        launch, arrival = read_time(order["launch"]), read_time(order["arrival"])
        travel = travel_ms(fields, speed, ally["tournament_square"])
        if launch < now or arrival >= first or fields > instance["radius"] or abs(ms_between(launch, arrival) - travel) > 1:
            faults.append(f"{ally['id']}: place or time")
        if order["village"] in seen or any(n > have for n, have in zip(order["troops"], ally["troops"])):
            faults.append(f"{ally['id']}: twice, or more than there are")
        seen.add(order["village"])
        points2 += sum(n * u["defense2"] for n, u in zip(order["troops"], roster))
        upkeep += sum(n * u["upkeep"] for n, u in zip(order["troops"], roster))
    if 2 * answer["covered"] != points2 or upkeep != answer["upkeep"]:
        faults.append("covered or upkeep")
    if abs(max(0, deficit2(instance) - points2) / 2 - answer["shortfall"]) > 1e-6:
        faults.append("shortfall")
    return faults


def compare_attacks(args, units, budget):
    gaps, bound_gaps, upkeep_gaps, worst, illegal, equal = [], [], [], "", 0, 0
    for path in sorted(glob.glob(os.path.join(args.dir, "attack_*.json"))):
        cache = path.replace(".json", ".highs")
        with open(path) as file:
            text = file.read()
        answer = plan(args.planner, ["attack", *budget], text)
        faults = check_attack(json.loads(text), units, answer)
        if faults:
            illegal += 1
            print(os.path.basename(path), "ILLEGAL", faults)
        bound_gaps.append(1 - answer["value"] / answer["bound"] if answer["bound"] else 0.0)
        if not os.path.exists(cache):
            continue
        with open(cache) as file:
            best = json.load(file)
        gap = 1 - answer["value"] / best["value"] if best["value"] else 0.0
        if gap > max(gaps, default=0.0):
            worst = os.path.basename(path)
        gaps.append(gap)
        if args.each:
            print(os.path.basename(path), f"{100 * gap:.2f}%", answer["iterations"], answer["upkeep"], best["upkeep"])
        if answer["value"] > best["bound"] * (1 + 1e-6) + 0.5:
            print(os.path.basename(path), "is worth more than HiGHS proves possible")
        if abs(gap) < 1e-12:
            equal += 1
            if best["upkeep"]:
                upkeep_gaps.append(answer["upkeep"] / best["upkeep"] - 1)
    line = f"attack {' '.join(budget)}: {len(gaps)} instances, gap mean {100 * sum(gaps) / len(gaps):.2f}%, worst {100 * max(gaps):.2f}% ({worst})"
    line += f", own bound mean {100 * sum(bound_gaps) / len(bound_gaps):.2f}%, equal value {equal}"
    if upkeep_gaps:
        line += f", there upkeep over HiGHS mean {100 * sum(upkeep_gaps) / len(upkeep_gaps):.2f}%, worst {100 * max(upkeep_gaps):.2f}%"
    print(line + f", illegal {illegal}")


def compare(args):
    units, _ = read_tribes(args.rulesets)
    for budget in args.budgets.split(","):
        compare_attacks(args, units, ["--budget-ms", budget])
    count, worse, illegal = 0, 0, 0
    for path in sorted(glob.glob(os.path.join(args.dir, "defense_*.json"))):
        with open(path) as file:
            text = file.read()
        answer = plan(args.planner, ["defense"], text)
        faults = check_defense(json.loads(text), units, answer)
        illegal += bool(faults)
        if faults:
            print(os.path.basename(path), "ILLEGAL", faults)
        cache = path.replace(".json", ".highs")
        if os.path.exists(cache):
            with open(cache) as file:
                best = json.load(file)
            count += best["proved"]
            if best["proved"] and (answer["upkeep"] != round(best["upkeep"]) or best["coverable"] != (answer["shortfall"] == 0)):
                worse += 1
                print(os.path.basename(path), answer["upkeep"], "HiGHS", best["upkeep"])
    print(f"defense: {count} instances that HiGHS proved, {worse} other upkeeps, illegal {illegal}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rulesets", default="assets/rulesets")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("instances")
    make.add_argument("--map", required=True)
    make.add_argument("--out", required=True)
    make.add_argument("--count", type=int, default=50)
    make.add_argument("--members", type=int, default=60)
    make.add_argument("--targets", type=int, default=20)
    make.add_argument("--half-width", type=int, default=200)
    make.set_defaults(run=make_instances)
    solve = commands.add_parser("solve")
    solve.add_argument("dir")
    solve.add_argument("--seconds", type=float, default=60)
    solve.add_argument("--whole", action="store_true", help="whole units in the attack too: for small instances")
    solve.set_defaults(run=solve_all)
    against = commands.add_parser("compare")
    against.add_argument("dir")
    against.add_argument("--planner", default="target/release/examples/planner")
    against.add_argument("--budgets", default="1,10,100")
    against.add_argument("--each", action="store_true", help="a line for each instance")
    against.set_defaults(run=compare)
    arguments = parser.parse_args()
    arguments.run(arguments)
