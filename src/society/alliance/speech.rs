//! What members say to their alliance, persons by themselves and others by a model: shown, kept with the inputs, and read by no
//! decision.

use super::systems::Roster;
use crate::base::clock::DueBatch;
use crate::base::contract::{Advice, CampaignFact, Fact, INPUT, Input, Inputs, PlayerKind, Say};
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
        let (player, said, advised) = match &logged.input {
            Input::Say(Say { player, text }) => (*player, text, None),
            Input::Advice(Advice::Speech(speech)) => (speech.member, &speech.text, Some(speech)),
            _ => continue,
        };
        let chars = said.chars().count();
        let clean = text::shown(said);
        let alliance = roster.alliance_of(player);
        let kind = roster.player(player).map(|p| p.kind);
        let refused = match alliance {
            None => Some(("is_a_member", "a member of an alliance".to_owned(), player.to_string())),
            // No model puts words into a person's mouth.
            Some(_) if advised.is_some() && kind != Some(PlayerKind::Active) => {
                Some(("no_person", "a member that is no person".to_owned(), player.to_string()))
            }
            Some(alliance) if advised.is_some_and(|a| a.alliance != alliance) => {
                Some(("its_alliance", "the alliance in whose name it was asked".to_owned(), alliance.to_string()))
            }
            Some(_) if advised.is_some_and(|a| !a.is_due(now)) => {
                Some(("speech_is_due", "at most 30 minutes after it was asked".to_owned(), now.to_string()))
            }
            _ if chars > limits.text_chars => {
                Some(("text_chars", format!("{} characters", limits.text_chars), format!("{chars} characters")))
            }
            _ if clean.is_empty() => Some(("some_text", "a text that can be shown".to_owned(), format!("{said:?}"))),
            Some(alliance) => {
                let fact = Fact::Said { alliance, player, text: clean };
                facts.write(CampaignFact { at: now, fact });
                None
            }
        };
        if let Some((rule, limit, value)) = refused {
            facts.write(CampaignFact::refusal(now, format!("say {player}"), rule, &limit, value));
        }
    }
}
