//! What a person can say at the table, and what it hears there.

#[path = "../person.rs"]
mod person;

use bevy::ecs::schedule::ScheduleLabel;
use bevy::ecs::system::RunSystemOnce;
use bevy::prelude::*;
use bevy_alliance::AlliancePlugins;
use bevy_alliance::base::clock::{GameClock, GameSpan, GameTime};
use bevy_alliance::base::contract::{
    AcknowledgeOrder, AskPool, BallotRequested, CampaignFact, CastVote, DismissTroops, Fact, GiveToPool, GrantReason,
    Motion, Player, PlayerKind, Propose, Reason, Say, ScenarioAppExt, Stance, Treaty, Vote,
};
use bevy_alliance::base::goods::Goods;
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, ProposalId, SiteId};
use bevy_alliance::base::ruleset::{Force, Ruleset};
use bevy_alliance::decision::council::VotingSettings;
use bevy_alliance::decision::fair_play::{FairPlaySettings, Handicap};
use bevy_alliance::decision::planning::Commitments;
use bevy_alliance::decision::planning::PlanningSettings;
use bevy_alliance::edge::report::{Channels, Letter, ReportPlugin, verdict_in_words};
use bevy_alliance::knowledge::intel::View;
use bevy_alliance::society::alliance::Roster;
use bevy_alliance::world::generator::{GeneratorOptions, generate_world};
use bevy_alliance::world::village::Garrison;
use person::{KnownTarget, known_targets, officer};
use std::fmt::Write;

/// The commands, for a person.
pub(crate) const HELP: &str =
    "  status                      the time, your villages, the votes that wait for you, the difficulty
  targets                     enemy villages of which your alliance knows the troops
  attack SITE.. | attack best propose an attack on villages, or on the first target that can be planned
  attack agreed               propose one target after another until the others agree to one and you have an order
  war|peace|pact ALLIANCE     propose a war or a treaty
  vote yes|no|abstain [SHARE] answer the latest vote that you were asked for, with at most this part of your army
  order yes|no                answer the latest order that you have: if not, others are looked for
  say WORDS                   tell your alliance something
  messages                    what you and the others said, asked, ordered and answered lately
  give SITE N, ask SITE N     goods of each kind for the pool, or from it for your war effort
  break                       dismiss what you promised to send
  trust                       what the others think of you, and how they voted on what you proposed
  wait HOURS                  let time pass
  quit";

/// Targets that are proposed at most until the others agree to one.
const TRIES: usize = 12;
/// Hours that the others have for their votes.
const VOTE_HOURS: u32 = 6;

type Failure = Box<dyn std::error::Error>;

/// A campaign with one person in it.
pub(crate) struct Table {
    app: App,
    me: PlayerId,
    alliance: AllianceId,
    /// Votes that the person was asked for and has not answered.
    asked: Vec<ProposalId>,
    /// Operations whose orders the person has not answered.
    orders: Vec<ProposalId>,
    moved: Vec<Moved>,
}

/// What the person proposed.
struct Moved {
    proposal: ProposalId,
    /// What each of the others thought of it.
    opinions: Vec<Opinion>,
    /// Whether it is rejected: it has no orders.
    rejected: bool,
}

/// What a member thought of a proposal.
#[derive(Clone, Copy)]
pub(crate) struct Opinion {
    pub(crate) score: f64,
    /// What of the score is trust in who proposed it.
    pub(crate) trust: f64,
}

/// What the campaign said since it was last read.
#[derive(Resource, Default)]
struct Heard(Vec<CampaignFact>, Vec<BallotRequested>);

fn hear(mut facts: MessageReader<CampaignFact>, mut asked: MessageReader<BallotRequested>, mut heard: ResMut<Heard>) {
    heard.0.extend(facts.read().cloned());
    heard.1.extend(asked.read().cloned());
}

impl Table {
    /// A world at war in which one officer is a person: the one of the first alliance with most inhabitants. `fair_play`: how others
    /// treat it.
    pub(crate) fn with(seed: u64, fair_play: FairPlaySettings) -> Result<Self, Failure> {
        let options = GeneratorOptions { seed, villages: 1_500, alliances: 4, ..GeneratorOptions::default() };
        let rules = Ruleset::extended();
        let mut scenario = generate_world(&options, &rules)?;
        let alliance = scenario.alliances.iter().find(|a| a.active).map(|a| a.id).ok_or("no alliance deliberates")?;
        let me = officer(&scenario, alliance).ok_or("the alliance has no officer")?;
        for player in scenario.players.iter_mut().filter(|p| p.id == me) {
            player.kind = PlayerKind::Human;
        }
        let mut planning = PlanningSettings { rest: GameSpan(0), ..PlanningSettings::default() };
        planning.scores.owner = 0.0;
        let mut voting = VotingSettings::default();
        (voting.voter.opinion, voting.voter.near.weight) = (0.0, 0.0);
        let mut app = App::new();
        app.add_plugins(TaskPoolPlugin::default())
            .insert_resource(rules)
            .insert_resource(fair_play)
            // What is shown here are promises. Who is asked judges by what all know, from villages that are always ready, so that
            // one comes up within days.
            .insert_resource(planning)
            .insert_resource(voting)
            .insert_resource(GameClock::manual())
            .init_resource::<Heard>()
            .add_plugins(AlliancePlugins::new(Update))
            .add_plugins(ReportPlugin { host: Update.intern() })
            .add_systems(Last, hear);
        app.finish();
        app.cleanup();
        app.start_campaign(&scenario)?;
        Ok(Self { app, me, alliance, asked: Vec::new(), orders: Vec::new(), moved: Vec::new() })
    }

    pub(crate) fn greeting(&self) -> String {
        format!("You are player {}, an officer of alliance {}. What you can say:", self.me, self.alliance)
    }

    pub(crate) fn farewell(&mut self) -> String {
        format!("{}\n{}", self.now(), self.trust_line())
    }

    fn now(&self) -> GameTime {
        self.app.world().resource::<GameClock>().now()
    }

    /// What the person hears of it; `None` if it leaves.
    ///
    /// # Errors
    /// What cannot be understood, with what was expected.
    pub(crate) fn command(&mut self, command: &str) -> Result<Option<String>, Failure> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let said = match words[..] {
            ["quit"] => return Ok(None),
            ["help"] => HELP.to_owned(),
            ["status"] => self.status(),
            ["targets"] => self.tell_targets(),
            ["trust"] => self.trust_line(),
            ["wait", hours] => {
                let hours = number(hours, "hours", 0.0, 1_000.0)?;
                self.wait(GameSpan::millis(whole(hours * 3_600_000.0)))
            }
            ["attack", "best"] => self.attack_best(),
            ["attack", "agreed"] => self.attack_agreed(),
            ["attack", ref sites @ ..] if !sites.is_empty() => {
                let targets =
                    sites.iter().map(|s| Ok(SiteId(id(s, "village")?))).collect::<Result<Vec<_>, Failure>>()?;
                self.propose(Motion::Attack { targets, pattern: None })
            }
            ["war", other] => self.propose(Motion::DeclareWar(AllianceId(id(other, "alliance")?))),
            ["peace", other] => self.propose(Motion::Treaty(AllianceId(id(other, "alliance")?), Treaty::Peace)),
            ["pact", other] => self.propose(Motion::Treaty(AllianceId(id(other, "alliance")?), Treaty::Pact)),
            ["vote", how] => self.vote(how, 1.0)?,
            ["vote", how, share] => self.vote(how, number(share, "share", 0.0, 1.0)?)?,
            ["give", site, n] => {
                let goods = Goods::new([whole(number(n, "goods", 1.0, 1e9)?); 4]);
                self.send(GiveToPool { site: SiteId(id(site, "village")?), goods })
            }
            ["ask", site, n] => {
                let goods = Goods::new([whole(number(n, "goods", 1.0, 1e9)?); 4]);
                self.send(AskPool { site: SiteId(id(site, "village")?), goods, reason: GrantReason::WarEffort })
            }
            ["order", how @ ("yes" | "no")] => self.answer_order(how == "yes"),
            ["say", ref said @ ..] if !said.is_empty() => self.send(Say { player: self.me, text: said.join(" ") }),
            ["messages"] => self.messages(),
            ["break"] => self.break_promises(),
            _ => return Err(format!("`{command}` is no command that is known here; `help` lists them").into()),
        };
        Ok(Some(said.trim_end().to_owned()))
    }

    /// Sends a request and runs what it leads to at this instant. What it was refused for is told; refusals of others are theirs.
    fn send(&mut self, request: impl Message) -> String {
        self.app.world_mut().write_message(request);
        self.app.update();
        let heard = &self.app.world().resource::<Heard>().0;
        let refused = heard.iter().find_map(|f| match &f.fact {
            Fact::RequestRefused(refused) => {
                Some(format!("refused ({}): {}, not {}", refused.rule, refused.limit, refused.value))
            }
            _ => None,
        });
        let refused = refused.map_or_else(String::new, |refused| format!("  {}: {refused}\n", self.now()));
        refused + &self.news()
    }

    fn wait(&mut self, span: GameSpan) -> String {
        let end = self.now() + span;
        let mut news = String::new();
        while self.now() < end {
            let left = end - self.now();
            let mut clock = self.app.world_mut().resource_mut::<GameClock>();
            if clock.goal() == clock.now() {
                clock.advance(left.min(GameSpan::hours(1)));
            }
            self.app.update();
            news += &self.news();
        }
        news
    }

    fn propose(&mut self, motion: Motion) -> String {
        self.send(Propose { member: self.me, motion })
    }

    /// Proposes an attack on the first known target that can be planned for.
    fn attack_best(&mut self) -> String {
        let before = self.moved.len();
        let mut last = String::new();
        for KnownTarget { site, .. } in self.targets() {
            last = self.propose(Motion::Attack { targets: vec![site], pattern: None });
            if self.moved.len() > before {
                return last;
            }
        }
        format!("No target that is known can be planned for. Of the last:\n{last}")
    }

    /// Proposes attacks on known targets, one after another, until the others agree and the person has an order.
    fn attack_agreed(&mut self) -> String {
        let mut news = String::new();
        let first = self.moved.len();
        for KnownTarget { site, .. } in self.targets() {
            let n = self.moved.len();
            if n >= first + TRIES {
                break;
            }
            news += &self.propose(Motion::Attack { targets: vec![site], pattern: None });
            for _ in 0..VOTE_HOURS {
                match self.moved.get(n) {
                    Some(moved) if !moved.rejected && !self.orders.contains(&moved.proposal) => {
                        news += &self.wait(GameSpan::hours(1));
                    }
                    _ => break,
                }
            }
            if self.moved.get(n).is_some_and(|moved| self.orders.contains(&moved.proposal)) {
                return news;
            }
        }
        news + "The others agree to nothing that you know of.\n"
    }

    fn vote(&mut self, how: &str, pledge_share: f64) -> Result<String, Failure> {
        let vote = match how {
            "yes" => Vote::Approve,
            "no" => Vote::Reject,
            "abstain" => Vote::Abstain,
            _ => return Err(format!("`{how}`: a vote is yes, no or abstain").into()),
        };
        let Some(proposal) = self.asked.last().copied() else { return Ok("No vote waits for you.".to_owned()) };
        let said =
            self.send(CastVote { proposal, member: self.me, vote, pledge_share, conditions: Vec::new(), text: None });
        self.asked.retain(|id| *id != proposal);
        Ok(format!("You vote {how} on proposal {proposal}.\n{said}"))
    }

    /// Answers the latest order that the person has.
    fn answer_order(&mut self, accepts: bool) -> String {
        let Some(operation) = self.orders.pop() else { return "You have no order.".to_owned() };
        let said = self.send(AcknowledgeOrder { member: self.me, operation, accepts });
        format!("You {} the order of operation {operation}.\n{said}", if accepts { "acknowledge" } else { "refuse" })
    }

    /// The latest messages of the alliance.
    fn messages(&self) -> String {
        let letters = self.app.world().resource::<Channels>().of(self.alliance);
        let latest: Vec<&Letter> = letters.rev().take(12).collect();
        let mut said = String::new();
        for letter in latest.into_iter().rev() {
            let sender = match letter.sender {
                Some(sender) if sender == self.me => "you".to_owned(),
                Some(sender) => format!("player {sender}"),
                None => "the alliance".to_owned(),
            };
            let _ = writeln!(said, "  {} {sender}: {}", letter.at, letter.kind);
        }
        if said.is_empty() { "Nobody has said anything yet.".to_owned() } else { said }
    }

    /// Dismisses all troops at home of the kinds that are promised to leave the person's villages: nothing is left to be sent, but
    /// what comes home, or is trained, until it is due.
    fn break_promises(&mut self) -> String {
        let mine = self.app.world_mut().run_system_once({
            let me = self.me;
            move |view: View, index: Res<EntityIndex>, villages: Query<(&Commitments, &Garrison)>| {
                let of = |site: &SiteId| {
                    let (promises, garrison) = villages.get(index.site(*site)?).ok()?;
                    let promised = promises.promised();
                    let all = garrison.home.iter().filter(|(class, _)| promised.count(*class) > 0);
                    Some((*site, all.collect::<Force>()))
                };
                view.sites_of(me).iter().filter_map(of).filter(|(_, force)| !force.is_empty()).collect::<Vec<_>>()
            }
        });
        let mine = mine.unwrap_or_default();
        if mine.is_empty() {
            return "You have promised nothing that is still at home.".to_owned();
        }
        let mut said = String::new();
        for (site, force) in mine {
            let _ = writeln!(said, "{} units of village {site} are sent home for good.", force.total());
            said += &self.send(DismissTroops { site, force });
        }
        said
    }

    /// Known villages of enemies, those with the least troops that are worth an operation first.
    fn targets(&mut self) -> Vec<KnownTarget> {
        let (alliance, now) = (self.alliance, self.now());
        known_targets(self.app.world_mut(), alliance, now)
    }

    fn tell_targets(&mut self) -> String {
        let targets = self.targets();
        let mut said = format!("{} villages with troops worth an operation are known.\n", targets.len());
        for KnownTarget { site, enemy, goods, age_hours: age } in targets.iter().take(8) {
            let _ =
                writeln!(said, "  village {site} of alliance {enemy}: troops worth {goods} goods, seen {age:.0} h ago");
        }
        said
    }

    fn status(&mut self) -> String {
        let me = self.me;
        let villages = self.app.world_mut().run_system_once(move |view: View| {
            let of = |site: &SiteId| view.site(*site).map(|s| (s.id, s.at, s.population));
            view.sites_of(me).iter().filter_map(of).collect::<Vec<_>>()
        });
        let mut said = format!("{}\n", self.now());
        for (site, at, population) in villages.unwrap_or_default() {
            let _ = writeln!(said, "  village {site} at ({}|{}): {population} inhabitants", at.x, at.y);
        }
        for proposal in &self.asked {
            let _ = writeln!(said, "  proposal {proposal} waits for your vote");
        }
        let handicap = self.app.world_mut().run_system_once(move |all: Query<(&Player, &Handicap)>| {
            all.iter().find(|(player, _)| player.id == me).map(|(_, handicap)| handicap.to_string())
        });
        if let Ok(Some(handicap)) = handicap {
            let _ = writeln!(said, "  {handicap}");
        }
        said
    }

    /// The mean trust of the other members in the person.
    pub(crate) fn trust(&mut self) -> f64 {
        let (me, alliance, now) = (self.me, self.alliance, self.now());
        let trust = self.app.world_mut().run_system_once(move |roster: Roster| {
            let others: Vec<f64> = roster
                .members(alliance)
                .iter()
                .filter(|m| m.player != me)
                .map(|m| roster.trust(m.player, me, now))
                .collect();
            others.iter().sum::<f64>() / f64::from(u32::try_from(others.len().max(1)).unwrap_or(1))
        });
        trust.unwrap_or(0.0)
    }

    /// What the others thought of each proposal of the person in the mean, the first first.
    pub(crate) fn opinions(&self) -> Vec<Opinion> {
        let mean = |of: fn(&Opinion) -> f64, all: &[Opinion]| {
            all.iter().map(of).sum::<f64>() / f64::from(u32::try_from(all.len().max(1)).unwrap_or(1))
        };
        self.moved
            .iter()
            .map(|moved| Opinion {
                score: mean(|o| o.score, &moved.opinions),
                trust: mean(|o| o.trust, &moved.opinions),
            })
            .collect()
    }

    fn trust_line(&mut self) -> String {
        let mut said = format!("The others trust you {:+.1} of 100 in the mean.", self.trust());
        for (Moved { proposal, opinions, .. }, mean) in self.moved.iter().zip(self.opinions()) {
            let _ = write!(
                said,
                "\n  Your proposal {proposal}: {} others voted; mean score {:+.2}, of which {:+.3} is trust in you.",
                opinions.len(),
                mean.score,
                mean.trust
            );
        }
        said
    }

    /// What concerns the person of all that was said since.
    fn news(&mut self) -> String {
        let Heard(facts, asked) = core::mem::take(&mut *self.app.world_mut().resource_mut::<Heard>());
        let mut said = String::new();
        // Who is asked and what is decided comes in one list: what is decided already is nobody's to answer.
        let asked: Vec<BallotRequested> = asked.into_iter().filter(|r| r.member == self.me).collect();
        self.asked.extend(asked.iter().map(|r| r.proposal));
        for fact in &facts {
            if let Some(line) = self.line(&fact.fact) {
                let _ = writeln!(said, "  {}: {line}", fact.at);
            }
        }
        for request in asked.into_iter().filter(|r| self.asked.contains(&r.proposal)) {
            let _ = writeln!(
                said,
                "  You are asked for your vote on proposal {}, until {}.",
                request.proposal, request.answer_at
            );
        }
        said
    }

    fn line(&mut self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::ProposalSubmitted { proposal, proposer, action, targets, other, .. }
                if proposal.alliance == self.alliance =>
            {
                if *proposer == self.me {
                    self.moved.push(Moved { proposal: *proposal, opinions: Vec::new(), rejected: false });
                }
                let who =
                    if *proposer == self.me { "you propose".to_owned() } else { format!("player {proposer} proposes") };
                let sites: Vec<String> = targets.iter().map(ToString::to_string).collect();
                let on = other.map_or_else(String::new, |other| format!(", alliance {other}"));
                Some(format!("proposal {proposal}: {who} {action} {}{on}", sites.join(" ")))
            }
            Fact::BallotCast { proposal, member, vote, pledge_share, reason, .. } if *member != self.me => {
                let mine = self.moved.iter_mut().find(|moved| moved.proposal == *proposal)?;
                let trust = reason.terms.iter().find(|t| t.name == "trust").map_or(0.0, |t| t.added);
                mine.opinions.push(Opinion { score: reason.score, trust });
                Some(format!("player {member}: {vote:?}, pledges {:.0}%, {}", pledge_share * 100.0, words(reason)))
            }
            Fact::ProposalDecided { proposal, outcome, failed_test, .. } if proposal.alliance == self.alliance => {
                self.asked.retain(|id| id != proposal);
                for moved in self.moved.iter_mut().filter(|m| m.proposal == *proposal && failed_test.is_some()) {
                    moved.rejected = true;
                }
                Some(format!("proposal {proposal}: {}", verdict_in_words(outcome, failed_test.as_deref())))
            }
            Fact::OrderGiven { operation, member, groups, first_launch, answer_by } if *member == self.me => {
                self.orders.push(*operation);
                Some(format!(
                    "operation {operation}: you are to send {groups} groups, the first at {first_launch}; say until {answer_by} \
                     if you will not"
                ))
            }
            Fact::OrderAnswered { operation, member, answer }
                if operation.alliance == self.alliance && answer != "acknowledged" =>
            {
                Some(format!("operation {operation}: player {member} is {answer}; others are looked for"))
            }
            Fact::TrustChanged { subject, before, after, because, .. } if *subject == self.me => {
                Some(format!("those who took part in {because} trust you {after:+.1} now, {before:+.1} before"))
            }
            Fact::OperationConcluded(report) if report.operation.alliance == self.alliance => Some(format!(
                "operation {}: {}; {} of {} groups left, {} goods killed, {} lost",
                report.operation, report.result, report.launched, report.groups, report.killed_goods, report.lost_goods
            )),
            Fact::GroupFailed { order, rule } if order.operation().is_some_and(|o| o.alliance == self.alliance) => {
                Some(format!("a group of operation {order} could not leave: {rule}"))
            }
            Fact::AlarmRaised { site, player, hit, .. } if *player == self.me => {
                Some(format!("your village {site} is to be hit at {hit}"))
            }
            Fact::StanceChanged { a, b, stance } if [*a, *b].contains(&self.alliance) => {
                let stance =
                    if *stance == Stance::War { "at war".to_owned() } else { format!("{stance:?}").to_lowercase() };
                Some(format!("alliances {a} and {b}: {stance}"))
            }
            Fact::PoolGranted { member, goods, .. } if *member == self.me => {
                Some(format!("the pool grants you {} goods", goods.total()))
            }
            Fact::PoolRefused { member, rule, .. } if *member == self.me => {
                Some(format!("the pool grants nothing: {rule}"))
            }
            _ => None,
        }
    }
}

/// The two reasons that weigh most.
fn words(reason: &Reason) -> String {
    let mut terms: Vec<_> = reason.terms.iter().map(|t| (t.name.as_str(), t.added)).collect();
    terms.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let main: Vec<String> = terms.iter().take(2).map(|(name, value)| format!("{name} {value:+.2}")).collect();
    format!("score {:+.2}: {}", reason.score, main.join(", "))
}

fn id(text: &str, what: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| format!("`{text}` is no number of a {what}").into())
}

fn number(text: &str, what: &str, least: f64, most: f64) -> Result<f64, Failure> {
    let value = text.parse::<f64>().ok().filter(|v| (least..=most).contains(v));
    value.ok_or_else(|| format!("{what} must be a number from {least} to {most}, not `{text}`").into())
}

#[expect(clippy::cast_possible_truncation, reason = "bounded where it was read")]
fn whole(value: f64) -> i64 {
    value as i64
}
