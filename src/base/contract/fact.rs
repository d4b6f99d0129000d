//! What the campaign says outwards: for the host game, for display and for logs. No decision ever reads one.

use super::finding::Finding;
use super::handicap::HandicapReason;
use super::march::Manner;
use super::memory::Memory;
use super::pool::GrantReason;
use super::relations::Treaty;
use super::request::RequestRefused;
use super::scenario::{Rank, Stance};
use super::vote::{Citation, Condition, Reason, Vote};
use crate::base::clock::{GameSpan, GameTime};
use crate::base::goods::Goods;
use crate::base::id::{AllianceId, MarchId, OrderId, PlayerId, ProposalId, SiteId};
use bevy::prelude::Message;
use serde::{Deserialize, Serialize};

/// A fact with its instant. `--events` of the headless example writes one of these a line.
#[derive(Message, Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CampaignFact {
    /// When it happened.
    pub at: GameTime,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What can happen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A request ended without effect.
    RequestRefused(RequestRefused),
    /// Two alliances changed their stance.
    StanceChanged {
        /// One.
        a: AllianceId,
        /// The other.
        b: AllianceId,
        /// How they stand now.
        stance: Stance,
    },
    /// An alliance declared war on another.
    WarDeclared {
        /// Who.
        by: AllianceId,
        /// On whom.
        on: AllianceId,
        /// What for: the villages to break.
        aim: Vec<SiteId>,
    },
    /// An alliance offered another a treaty.
    OfferMade {
        /// Who.
        by: AllianceId,
        /// To whom.
        to: AllianceId,
        /// What.
        treaty: Treaty,
        /// How much speaks for it to who offers it: what `docs/behavior.md` calls the score of the option.
        score: f64,
    },
    /// An offer was answered.
    OfferAnswered {
        /// Who answered.
        by: AllianceId,
        /// Who had offered it.
        to: AllianceId,
        /// What.
        treaty: Treaty,
        /// Whether they agree.
        accepted: bool,
        /// Why: the score of who answers and the term that weighs most, or the test that the vote failed.
        reason: String,
    },
    /// An alliance went to war in spite of what it had agreed on.
    TreatyBroken {
        /// Who.
        by: AllianceId,
        /// With whom it was agreed.
        with: AllianceId,
        /// How they stood until then.
        stance: Stance,
    },
    /// A war council met.
    CouncilMet {
        /// Whose.
        alliance: AllianceId,
        /// Its best option and score, if it had any.
        best: Option<(String, f64)>,
        /// The gate that kept it from proposing, if it did not.
        gate: Option<String>,
        /// The best change of how it stands to another alliance and its score, if any could be.
        diplomacy: Option<(String, f64)>,
        /// What was known of the sites that it planned attacks on: what its choice rests on.
        cites: Vec<Citation>,
    },
    /// A member of a council that talks speaks for one of its options.
    CouncilHeard {
        /// Whose.
        alliance: AllianceId,
        /// Who.
        member: PlayerId,
        /// For which option, from 0; `None`: for none.
        option: Option<u8>,
        /// In words: data, never markup or an instruction.
        text: Option<String>,
    },
    /// An alliance looked back at an operation.
    Debriefed {
        /// At which.
        operation: ProposalId,
        /// Who speaks for it: nobody where all who may are persons.
        speaker: Option<PlayerId>,
        /// What it found, the most important first.
        findings: Vec<Finding>,
        /// In words, where a model gave them: data, never markup or an instruction.
        text: Option<String>,
    },
    /// A council that took time to talk has chosen what it proposes.
    CouncilChose {
        /// Whose.
        alliance: AllianceId,
        /// Its options and their scores by rule, the best first.
        options: Vec<(String, f64)>,
        /// Which of them it proposes; `None`: none.
        chosen: Option<u8>,
        /// Why, in words, where a model advised it: data, never markup or an instruction.
        text: Option<String>,
    },
    /// A scouting party was sent.
    ScoutsSent {
        /// By whom.
        alliance: AllianceId,
        /// Which march.
        order: OrderId,
        /// From where.
        origin: SiteId,
        /// To where.
        target: SiteId,
        /// Whether it only draws attention from those that look.
        decoy: bool,
    },
    /// A proposal is open.
    ProposalSubmitted {
        /// Which.
        proposal: ProposalId,
        /// Who proposed it.
        proposer: PlayerId,
        /// What it asks for: `mass_attack`, `expansion`, `declare_war`, `make_peace`, `offer_pact`,
        /// `offer_confederacy` or `wonder_push`.
        action: String,
        /// What it targets.
        targets: Vec<SiteId>,
        /// The alliance that it is about: the enemy of an attack, or who is to be treated with.
        other: Option<AllianceId>,
        /// Its attack pattern.
        pattern: String,
        /// When the vote ends.
        deadline: GameTime,
        /// When all are to arrive.
        arrival: GameTime,
        /// What was known that it rests on.
        cites: Vec<Citation>,
    },
    /// A member voted.
    BallotCast {
        /// On which proposal.
        proposal: ProposalId,
        /// Who.
        member: PlayerId,
        /// The vote.
        vote: Vote,
        /// Its conditions.
        conditions: Vec<Condition>,
        /// The share of its army that it pledges.
        pledge_share: f64,
        /// Why.
        reason: Reason,
    },
    /// A proposal was decided.
    ProposalDecided {
        /// Which.
        proposal: ProposalId,
        /// `passed`, `rejected`, `expired` or `lapsed`.
        outcome: String,
        /// The first test that failed, if one did.
        failed_test: Option<String>,
        /// Conditional approvals that were met.
        conditions_met: u32,
        /// Conditional approvals that were not.
        conditions_unmet: u32,
    },
    /// An operation has its orders.
    OperationStarted {
        /// Which.
        operation: ProposalId,
        /// What it is to reach: `break`, `take` or `found`.
        goal: String,
        /// Its groups: who launches what, when.
        rows: Vec<LaunchRow>,
        /// Targets left out, with why.
        left_out: Vec<(SiteId, String)>,
    },
    /// A group left.
    GroupLaunched {
        /// Which.
        order: OrderId,
        /// When it was ordered to.
        planned: GameTime,
        /// How many units left.
        units: u64,
    },
    /// A group could not leave.
    GroupFailed {
        /// Which.
        order: OrderId,
        /// Why.
        rule: String,
    },
    /// An operation changed its course.
    OperationRevised {
        /// Which.
        operation: ProposalId,
        /// What was decided: `add_wave`, `hold_back`, `recall`, `call_off_target`, `write_off`.
        decision: String,
        /// Why: the name of the reason first.
        reason: String,
        /// What was known that it rests on.
        cites: Vec<Citation>,
        /// Launches that it adds.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rows: Vec<LaunchRow>,
    },
    /// A march came to its target.
    MarchArrived {
        /// Which.
        march: MarchId,
        /// From where.
        origin: SiteId,
        /// To where.
        target: SiteId,
        /// In what manner.
        manner: Manner,
        /// For which order, if for one.
        order: Option<OrderId>,
        /// Which wave.
        wave: u8,
        /// The instant for which it was ordered.
        planned: GameTime,
    },
    /// A battle was fought: the truth, for display only.
    BattleFought {
        /// Where.
        site: SiteId,
        /// Whose site it was.
        defender: PlayerId,
        /// Who attacked, and with how much in goods.
        attackers: Vec<(PlayerId, i64)>,
        /// The operation it belonged to.
        operation: Option<ProposalId>,
        /// In what manner.
        manner: Manner,
        /// Attackers' losses in goods.
        attackers_lost: i64,
        /// Defenders' losses in goods.
        defenders_lost: i64,
        /// The fraction of attackers that fell.
        attacker_loss: f64,
        /// The fraction of defenders that fell.
        defender_loss: f64,
        /// Goods taken.
        loot: Goods,
        /// Wall level before and after.
        wall: (u8, u8),
        /// Building levels lost to catapults.
        levels_lost: u8,
    },
    /// A site was scouted: the truth, for display only.
    SiteScouted {
        /// Which.
        site: SiteId,
        /// By whom.
        by: PlayerId,
        /// How many scouts went.
        sent: u32,
        /// How many died.
        lost: u32,
    },
    /// An operation is over.
    OperationConcluded(Box<OperationReport>),
    /// Members' trust in another changed.
    TrustChanged {
        /// In which alliance.
        alliance: AllianceId,
        /// In whom.
        subject: PlayerId,
        /// Mean trust before.
        before: f64,
        /// Mean trust after.
        after: f64,
        /// Because of what.
        because: ProposalId,
    },
    /// A player saw hostile marches come to its site.
    AlarmRaised {
        /// To which site.
        site: SiteId,
        /// Whose.
        player: PlayerId,
        /// When the first of them arrives.
        hit: GameTime,
        /// When the player answers; `None` if it will not notice in time.
        answers_at: Option<GameTime>,
    },
    /// A player decided what to do about them.
    AlarmAnswered {
        /// Which site.
        site: SiteId,
        /// Whose.
        player: PlayerId,
        /// What it does.
        answer: DefenseAnswer,
        /// Why: a word of `action::defense::rules`.
        reason: String,
        /// Goods that it expects the attackers to lose if it holds.
        expected_kills: i64,
        /// Goods that it expects to lose if it holds.
        expected_losses: i64,
        /// What was known that it rests on.
        cites: Vec<Citation>,
    },
    /// A member's troops left to help a village of its alliance.
    ReliefSent {
        /// The order of the march.
        order: OrderId,
        /// Which village they help.
        site: SiteId,
        /// Whose troops.
        helper: PlayerId,
        /// When they are there.
        arrives: GameTime,
        /// The first hit that was known when they were promised.
        hit: GameTime,
        /// Points of defense that were missing then, with all that was promised.
        deficit_left: i64,
    },
    /// What is left of them is called home.
    ReliefReturned {
        /// The order that brought them.
        order: OrderId,
        /// Which village they helped.
        site: SiteId,
        /// Whose troops.
        helper: PlayerId,
    },
    /// A member's troops left to strengthen a village of the frontier, without an alarm; or they stay in it after the hit for which
    /// they came as relief.
    PostureTaken {
        /// The order of the march.
        order: OrderId,
        /// Which village they strengthen.
        site: SiteId,
        /// Whose troops.
        helper: PlayerId,
        /// When they are there; for those that stay, when they came.
        arrives: GameTime,
    },
    /// What is left of them is called home.
    PostureLeft {
        /// The order that brought them.
        order: OrderId,
        /// Which village they strengthened.
        site: SiteId,
        /// Whose troops.
        helper: PlayerId,
        /// Why: `threat_over`, `needed_elsewhere`, `needed_at_home`, `relieved`, `given_up`,
        /// `parted` or `fallen`.
        reason: String,
    },
    /// A player raids the village that an attack on it came from.
    Retaliated {
        /// The order of the raid.
        order: OrderId,
        /// Who.
        player: PlayerId,
        /// Whose village it raids.
        against: PlayerId,
        /// Which.
        target: SiteId,
        /// Expected ratio of offense to defense.
        ratio: f64,
        /// When it leaves, if it waits so as to meet an army as it comes home.
        waits_until: Option<GameTime>,
        /// What was known that it rests on.
        cites: Vec<Citation>,
    },
    /// A wonder is a level higher.
    WonderRaised {
        /// Whose members built it.
        alliance: AllianceId,
        /// Where.
        site: SiteId,
        /// Its level now.
        level: u8,
    },
    /// Somebody has won.
    VictoryWon {
        /// Which alliance.
        alliance: AllianceId,
        /// The name of the condition that it met.
        condition: String,
        /// All who were still in it, who led first, and how far each had come: 0..=1.
        ranking: Vec<(AllianceId, f64)>,
    },
    /// A site was founded, taken or razed.
    SiteChanged {
        /// Which.
        site: SiteId,
        /// Who held it before; `None`: it was founded.
        from: Option<PlayerId>,
        /// Who holds it now; `None`: it was razed.
        to: Option<PlayerId>,
    },
    /// Chiefs wore down a site's loyalty: the truth, for display only.
    LoyaltyLowered {
        /// Which site.
        site: SiteId,
        /// Whose chiefs.
        by: PlayerId,
        /// Loyalty before, 0..=100.
        before: u8,
        /// Loyalty after, 0..=100; at 0 the site changes its owner.
        after: u8,
    },
    /// A player's own march left, as it asked for.
    MarchLeft {
        /// Which: by this it can be recalled.
        march: MarchId,
        /// To where.
        target: SiteId,
        /// In what manner.
        manner: Manner,
        /// When it is there.
        arrival: GameTime,
    },
    /// A march turned back before it reached its target.
    MarchTurned {
        /// Which.
        march: MarchId,
        /// Why: `recalled`, `friends_now`, `target_gone`, `tile_taken`, `cannot_enter` or `home_lost`.
        reason: String,
    },
    /// Goods left with merchants.
    GoodsSent {
        /// From where.
        origin: SiteId,
        /// To where.
        target: SiteId,
        /// How much.
        goods: Goods,
        /// When they are there.
        arrival: GameTime,
    },
    /// Goods left for an alliance's pool.
    GoodsPooled {
        /// Whose pool.
        alliance: AllianceId,
        /// Who gives.
        member: PlayerId,
        /// From where.
        origin: SiteId,
        /// How much.
        goods: Goods,
        /// When they are there.
        arrival: GameTime,
    },
    /// Goods came into a pool: contributions, and grants that nobody was there to take.
    PoolReceived {
        /// Whose pool.
        alliance: AllianceId,
        /// On whose account.
        member: PlayerId,
        /// How much.
        goods: Goods,
        /// Whether the pool had granted them, and nobody was there to take them.
        returned: bool,
        /// What lies in it now.
        stock: Goods,
    },
    /// Goods for a pool turned back: the village where it is kept is no member's any more.
    GiftTurnedBack {
        /// Whose pool.
        alliance: AllianceId,
        /// Who gave them, and has them again.
        member: PlayerId,
        /// How much.
        goods: Goods,
    },
    /// Goods of a pool left for a member.
    PoolGranted {
        /// Whose pool.
        alliance: AllianceId,
        /// Who gets them.
        member: PlayerId,
        /// Where.
        target: SiteId,
        /// How much.
        goods: Goods,
        /// How much was asked for.
        wanted: Goods,
        /// Why.
        reason: GrantReason,
        /// When they are there.
        arrival: GameTime,
    },
    /// A pool grants a member nothing of what it asked for.
    PoolRefused {
        /// Whose pool.
        alliance: AllianceId,
        /// Who asked.
        member: PlayerId,
        /// How much was asked for.
        wanted: Goods,
        /// Why it was asked for.
        reason: GrantReason,
        /// The rule that forbids it: `standing`, `reason`, `quota`, `stock`, `carriers`, or one of the world.
        rule: String,
    },
    /// A player left an alliance, joined one, or both.
    MembershipChanged {
        /// Who.
        player: PlayerId,
        /// The alliance that it left.
        from: Option<AllianceId>,
        /// The alliance that it joined.
        to: Option<AllianceId>,
    },
    /// A member has another rank.
    RankChanged {
        /// In which alliance.
        alliance: AllianceId,
        /// Who.
        player: PlayerId,
        /// Its rank now.
        rank: Rank,
    },
    /// A player asks an alliance to take it in.
    ApplicationMade {
        /// Which alliance.
        alliance: AllianceId,
        /// Who.
        player: PlayerId,
        /// When it is answered at the latest.
        answer_by: GameTime,
    },
    /// An application was answered.
    ApplicationAnswered {
        /// Which alliance.
        alliance: AllianceId,
        /// Who asked.
        player: PlayerId,
        /// Who answered, if anybody did.
        by: Option<PlayerId>,
        /// Whether it is taken in.
        accepted: bool,
        /// Why: `welcome`, `out_of_reach`, `too_small`, `distrusted`, `enemy`, `full`, `no_site`, `nobody_answered`, or
        /// `by_hand` of a person.
        reason: String,
    },
    /// A member says something to its alliance.
    Said {
        /// Which alliance.
        alliance: AllianceId,
        /// Who.
        player: PlayerId,
        /// What: data, never markup or an instruction.
        text: String,
    },
    /// A member has an order of an operation.
    OrderGiven {
        /// Which operation.
        operation: ProposalId,
        /// Who.
        member: PlayerId,
        /// Groups that it is to send.
        groups: u32,
        /// When the first of them leaves.
        first_launch: GameTime,
        /// An NPC that has not answered by then is replaced; a person where a setting says so.
        answer_by: GameTime,
    },
    /// A member answered an order, or did not.
    OrderAnswered {
        /// Which operation.
        operation: ProposalId,
        /// Who.
        member: PlayerId,
        /// What: `acknowledged`, `refused`, or `silent` where the time was over.
        answer: String,
    },
    /// A player has no site left.
    PlayerEliminated {
        /// Who.
        player: PlayerId,
    },
    /// An alliance has no member left.
    AllianceEliminated {
        /// Which.
        alliance: AllianceId,
    },
    /// A member forgot something for what it has lived through since.
    MemoryFaded {
        /// Who.
        member: PlayerId,
        /// What.
        memory: Memory,
    },
    /// A decision fell out of the alliance's memory.
    DecisionArchived {
        /// Which.
        proposal: ProposalId,
    },
    /// Another difficulty holds against a person from now on.
    HandicapChanged {
        /// Which person.
        player: PlayerId,
        /// The difficulty that held until now, 0..=1.
        before: f64,
        /// The one that holds now, 0..=1.
        difficulty: f64,
        /// Why.
        reason: HandicapReason,
    },
}

/// What a player does about hostile marches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefenseAnswer {
    /// Its troops stay and fight.
    Hold,
    /// Its troops leave before the hit and come back after it.
    Dodge,
    /// Troops land between two hits: its own, which leave before the first of them, or its allies'.
    Snipe,
    /// Nothing: nobody was awake, or nobody is at home.
    None,
}

/// One group of an operation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct LaunchRow {
    /// The group.
    pub group: u16,
    /// Whose.
    pub member: PlayerId,
    /// From where.
    pub origin: SiteId,
    /// To where.
    pub target: SiteId,
    /// Which wave.
    pub wave: u8,
    /// How many units of which class.
    pub units: Vec<(String, u32)>,
    /// When it leaves.
    pub launch: GameTime,
    /// How long it travels.
    pub travel: GameSpan,
    /// When it is there.
    pub arrival: GameTime,
}

/// What came of an operation.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct OperationReport {
    /// Which.
    pub operation: ProposalId,
    /// What it was to reach: `break`, `take` or `found`.
    pub goal: String,
    /// `goal_met`, `partly`, `failed` or `aborted`.
    pub result: String,
    /// Whether own goods lost exceed 1.5 times the enemy's. Never where all goals are met and nobody stood there to be killed.
    pub pyrrhic: bool,
    /// Targets, with the share of the defense broken and whether the goal was met.
    pub targets: Vec<(SiteId, Option<f64>, bool)>,
    /// Members who took part.
    pub participants: u32,
    /// Groups ordered.
    pub groups: u32,
    /// Groups that left and neither turned by plan nor were called back.
    pub launched: u32,
    /// Groups that were to leave and could not, or did not.
    pub failed: u32,
    /// Goods of the own troops sent.
    pub sent_goods: i64,
    /// Goods of the own troops lost.
    pub lost_goods: i64,
    /// Goods of the enemy's troops killed.
    pub killed_goods: i64,
    /// Goods looted.
    pub loot: Goods,
    /// Expected fraction of own goods lost.
    pub expected_loss: f64,
    /// Chance to meet all goals that the plan gave itself: the product of its targets'.
    pub expected_win: f64,
    /// How old, when the first wave came, the oldest sight of a target's troops was that the attack rested on, in hours.
    /// `None` where nothing stood to be seen.
    pub intel_age_hours: Option<f64>,
    /// Per member: goods lost and goods killed.
    pub members: Vec<(PlayerId, i64, i64)>,
    /// Of each target that tells of the enemy's strength: the natural logarithm of what stood there over what the plan was
    /// made against, both in goods. Where that was less than a defense it is told here alone, and counts nothing for other targets.
    pub lessons: Vec<(SiteId, f64)>,
}
