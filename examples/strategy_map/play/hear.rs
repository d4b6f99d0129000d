//! What the campaign tells the person: what came of its requests, and what concerns its member.

use super::Seat;
use crate::watch::Watch;
use bevy::prelude::*;
use bevy_alliance::base::clock::GameTime;
use bevy_alliance::base::contract::{CampaignFact, Fact, Player, RequestRefused};
use bevy_alliance::base::id::{AllianceId, EntityIndex, PlayerId, SiteId};
use bevy_alliance::base::text::shortened;
use bevy_alliance::edge::report::{CampaignTally, Directory, gate_in_words, refusal_in_words, verdict_in_words};

/// News that are kept.
const KEPT: usize = 24;

/// Something that the person heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct News {
    pub(super) at: GameTime,
    /// Whether something was refused.
    pub(super) refusal: bool,
    pub(super) text: String,
}

impl Seat {
    /// Adds to the news.
    pub(super) fn tell(&mut self, news: News) {
        self.news.push_front(news);
        self.news.truncate(KEPT);
    }
}

/// Whom the news are for.
struct Hearer<'a> {
    me: PlayerId,
    alliance: Option<AllianceId>,
    names: &'a Directory,
}

/// Notes what concerns the person of what the campaign said.
pub(super) fn hear(
    watch: Res<Watch>,
    tally: Res<CampaignTally>,
    index: Res<EntityIndex>,
    players: Query<&Player>,
    mut facts: MessageReader<CampaignFact>,
    mut seat: ResMut<Seat>,
) {
    let Some(me) = watch.person else {
        facts.clear();
        return;
    };
    let alliance = index.player(me).and_then(|e| players.get(e).ok()).and_then(|p| p.alliance);
    let hearer = Hearer { me, alliance, names: &tally.directory };
    for fact in facts.read() {
        count(fact, me, &mut seat);
        let refused = match &fact.fact {
            Fact::RequestRefused(refused) if seat.asked_at == Some(fact.at) => Some(refusal(refused)),
            _ => None,
        };
        let refusal = refused.is_some();
        if let Some(text) = refused.or_else(|| hearer.line(&fact.fact)) {
            seat.tell(News { at: fact.at, refusal, text });
        }
    }
}

/// What was refused, as who asked for it hears it: it knows what it asked for, so only why is told, and what is allowed.
fn refusal(refused: &RequestRefused) -> String {
    let what = match refused.request.split([' ', '{', '(']).next() {
        Some("propose") => "Your proposal",
        Some("cast_vote" | "vote") => "Your vote",
        Some("ask_pool") => "What you asked of the pool",
        Some("give_to_pool") => "Your gift to the pool",
        Some("recall_march") => "Your recall",
        Some("say") => "What you said",
        // Of everything else the whole is told.
        _ => return refusal_in_words(refused),
    };
    let again = refused.retry_after.map(|at| format!("; again from {at} on")).unwrap_or_default();
    format!("{what} was refused: {}. Allowed is {}{again}.", gate_in_words(&refused.rule), refused.limit)
}

/// Counts what the person did and what came of it.
fn count(fact: &CampaignFact, me: PlayerId, seat: &mut Seat) {
    let own_refusal = seat.asked_at == Some(fact.at);
    let deeds = &mut seat.deeds;
    let done = match &fact.fact {
        // Who votes by rule, or proposes, has a reason with terms or a rule.
        Fact::BallotCast { member, reason, .. } if *member == me => {
            (reason.terms.is_empty() && reason.rule.is_none()).then_some(&mut deeds.votes)
        }
        Fact::ProposalSubmitted { proposer, .. } if *proposer == me => Some(&mut deeds.proposals),
        Fact::OrderAnswered { member, answer, .. } if *member == me => {
            (answer != "silent").then_some(&mut deeds.answers)
        }
        Fact::MarchTurned { march, reason } if reason == "recalled" => {
            seat.recalling.remove(march).then_some(&mut deeds.recalls)
        }
        Fact::GoodsPooled { member, .. } | Fact::PoolGranted { member, .. } | Fact::PoolRefused { member, .. }
            if *member == me =>
        {
            Some(&mut deeds.dealings)
        }
        Fact::Said { player, .. } if *player == me => Some(&mut deeds.said),
        Fact::RequestRefused(_) => own_refusal.then_some(&mut deeds.refused),
        _ => None,
    };
    if let Some(n) = done {
        *n = n.saturating_add(1);
    }
}

impl Hearer<'_> {
    fn line(&self, fact: &Fact) -> Option<String> {
        self.of_council(fact).or_else(|| self.of_marches(fact)).or_else(|| self.of_goods(fact))
    }

    fn is_own(&self, alliance: AllianceId) -> bool {
        self.alliance == Some(alliance)
    }

    fn site(&self, id: SiteId) -> String {
        shortened(self.names.site(id), 34)
    }

    /// Votes, and how the alliance stands to others.
    fn of_council(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::ProposalSubmitted { proposal, proposer, action, .. } if *proposer == self.me => {
                Some(format!("proposal {proposal} is open: you propose {}", action.replace('_', " ")))
            }
            Fact::BallotCast { proposal, member, vote, reason, .. } if *member == self.me => {
                let by_rule = !reason.terms.is_empty();
                let who = if by_rule { "the rules vote for you" } else { "you vote" };
                Some(format!("proposal {proposal}: {who} {}", super::look::vote_word(*vote)))
            }
            Fact::ProposalDecided { proposal, outcome, failed_test, .. } if self.is_own(proposal.alliance) => {
                Some(format!("proposal {proposal} {}", verdict_in_words(outcome, failed_test.as_deref())))
            }
            Fact::TrustChanged { subject, before, after, .. } if *subject == self.me => {
                Some(format!("those who marched with you trust you {after:+.1} now, {before:+.1} before"))
            }
            Fact::StanceChanged { a, b, stance } if self.is_own(*a) || self.is_own(*b) => {
                let other = if self.is_own(*a) { *b } else { *a };
                let stance = super::look::stance_word(*stance);
                Some(format!("you and {}: {stance}", shortened(self.names.alliance(other), 26)))
            }
            _ => None,
        }
    }

    /// Orders, marches and alarms.
    fn of_marches(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::OrderGiven { operation, member, groups, first_launch, .. } if *member == self.me => {
                Some(format!("operation {operation}: you are to send {groups} groups, the first at {first_launch}"))
            }
            Fact::OrderAnswered { operation, member, answer } if *member == self.me => {
                Some(format!("operation {operation}: its order is {answer}"))
            }
            Fact::MarchTurned { march, reason } => {
                let (_, owner) = self.names.sites.get(&march.site)?;
                let from = self.site(march.site);
                (*owner == self.me).then(|| format!("your march from {from} turns back: {}", reason.replace('_', " ")))
            }
            Fact::AlarmRaised { site, player, hit, .. } if *player == self.me => {
                Some(format!("{} is to be hit at {hit}", self.site(*site)))
            }
            Fact::OperationConcluded(report)
                if self.is_own(report.operation.alliance) && report.members.iter().any(|(m, ..)| *m == self.me) =>
            {
                let (operation, result) = (report.operation, report.result.replace('_', " "));
                Some(format!("operation {operation}, in which you took part, is over: {result}"))
            }
            _ => None,
        }
    }

    /// Goods of the pool.
    fn of_goods(&self, fact: &Fact) -> Option<String> {
        match fact {
            Fact::GoodsPooled { member, origin, goods, .. } if *member == self.me => {
                Some(format!("{} goods leave {} for the pool", goods.total(), self.site(*origin)))
            }
            Fact::PoolGranted { member, target, goods, arrival, .. } if *member == self.me => {
                let site = self.site(*target);
                Some(format!("the pool grants you {} goods, at {site} on {arrival}", goods.total()))
            }
            Fact::PoolRefused { member, rule, .. } if *member == self.me => {
                Some(format!("the pool grants you nothing: {}", pool_rule(rule)))
            }
            _ => None,
        }
    }
}

/// Why a pool grants nothing, in words.
fn pool_rule(rule: &str) -> String {
    let words = match rule {
        "amounts" => "nothing was asked for",
        "standing" => "you have taken far more than you gave",
        "reason" => "the reason does not hold for you, or you got what is due by it",
        "quota" => "you got all that a member gets within a week",
        "stock" => "what you need does not lie in it",
        "carriers" => "no merchants are free to carry it",
        other => return gate_in_words(other),
    };
    words.to_owned()
}
