//! What members say to their alliance: shown, kept with the inputs, and read by no decision.

use super::systems::Roster;
use crate::base::clock::DueBatch;
use crate::base::contract::{CampaignFact, Fact, INPUT, Input, Inputs, Say};
use crate::base::limits::Limits;
use crate::base::text;
use bevy::prelude::*;

pub(super) fn tell_what_is_said(
    batch: Res<DueBatch>,
    inputs: Res<Inputs>,
    limits: Res<Limits>,
    roster: Roster,
    mut facts: MessageWriter<CampaignFact>,
) {
    if batch.of(INPUT).is_empty() {
        return;
    }
    let now = batch.now();
    for logged in &inputs.now {
        let Input::Say(Say { player, text: said }) = &logged.input else { continue };
        let chars = said.chars().count();
        let clean = text::shown(said);
        let refused = match roster.alliance_of(*player) {
            None => Some(("is_a_member", "a member of an alliance".to_owned(), player.to_string())),
            _ if chars > limits.text_chars => {
                Some(("text_chars", format!("{} characters", limits.text_chars), format!("{chars} characters")))
            }
            _ if clean.is_empty() => Some(("some_text", "a text that can be shown".to_owned(), format!("{said:?}"))),
            Some(alliance) => {
                let fact = Fact::Said { alliance, player: *player, text: clean };
                facts.write(CampaignFact { at: now, fact });
                None
            }
        };
        if let Some((rule, limit, value)) = refused {
            facts.write(CampaignFact::refusal(now, format!("say {player}"), rule, &limit, value));
        }
    }
}
