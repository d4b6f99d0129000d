//! The panels around the map: time above, alliances, votes and messages at the left, the selected operation below, the selected
//! village at the right, legend and keys on top of the map. They draw the [`Digest`](digest::Digest) and what is selected.
//!
//! What is *not* here: the map and its camera, and the buttons of a person who leads a member (`play`), which stand at the top of the
//! panel at the left.

mod alliances;
mod ballots;
mod bar;
mod digest;
mod help;
mod left;
mod legend;
mod messages;
mod operation;
mod operations;
mod parts;
mod rests_on;
mod timeline;
mod village;
mod words;

use crate::theme;
use crate::watch::{GoTo, Watch};
use bevy::prelude::*;
use bevy_alliance::base::clock::{GameClock, GameTime};
use bevy_alliance::base::geometry::Tile;
use bevy_alliance::base::id::ProposalId;
use bevy_alliance::edge::report::{CampaignTally, Directory};
use bevy_egui::egui;
use digest::Digest;
use std::collections::BTreeMap;

/// The part of the window that no panel covers, in egui's points.
#[derive(Resource, Debug)]
pub(crate) struct FreeArea(pub(crate) egui::Rect);

impl Default for FreeArea {
    fn default() -> Self {
        Self(egui::Rect::ZERO)
    }
}

/// Where the buttons of this frame are, by name: scripts press them there.
#[derive(Resource, Debug, Default)]
pub(crate) struct Spots(BTreeMap<String, egui::Rect>);

impl Spots {
    /// Notes where a button is.
    pub(crate) fn note(&mut self, name: impl Into<String>, rect: egui::Rect) {
        self.0.insert(name.into(), rect);
    }

    /// Where a button is, if it is shown.
    pub(crate) fn get(&self, name: &str) -> Option<egui::Rect> {
        self.0.get(name).copied()
    }

    /// The names of all buttons that are shown.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// A change that a button asks for: made when its panel is drawn.
type Deed = Box<dyn FnOnce(&mut World)>;

/// What a panel draws from, and where it leaves what is to be done.
struct Desk<'a> {
    world: &'a World,
    digest: &'a Digest,
    spots: &'a mut Spots,
    deeds: Vec<Deed>,
}

impl<'a> Desk<'a> {
    fn watch(&self) -> &'a Watch {
        self.world.resource::<Watch>()
    }

    fn names(&self) -> &'a Directory {
        &self.world.resource::<CampaignTally>().directory
    }

    fn now(&self) -> GameTime {
        self.world.resource::<GameClock>().now()
    }

    /// Does something to the world once the panel is drawn.
    fn then(&mut self, deed: impl FnOnce(&mut World) + 'static) {
        self.deeds.push(Box::new(deed));
    }

    /// Changes what is watched once the panel is drawn.
    fn look(&mut self, change: impl FnOnce(&mut Watch) + 'static) {
        self.then(|world| change(&mut world.resource_mut::<Watch>()));
    }

    fn show_operation(&mut self, id: ProposalId) {
        self.look(move |watch| watch.show_operation(id));
    }

    fn go_to(&mut self, at: Tile) {
        self.look(move |watch| watch.go_to = Some(GoTo::Place(at, 40.0)));
    }

    /// Notes where a button is, unless it is scrolled out of sight; whether it was clicked.
    fn pressed(&mut self, name: impl Into<String>, response: &egui::Response) -> bool {
        if response.interact_rect.contains(response.rect.center()) {
            self.spots.note(name, response.rect);
        }
        response.clicked()
    }
}

/// Lets a panel draw from the world, and does then what it asks for.
fn at_desk<R>(world: &mut World, draw: impl FnOnce(&mut Desk) -> R) -> R {
    world.resource_scope::<Spots, _>(|world, mut spots| {
        world.resource_scope::<Digest, _>(|world, digest| {
            let mut desk = Desk { world, digest: &digest, spots: &mut spots, deeds: Vec::new() };
            let drawn = draw(&mut desk);
            let deeds = desk.deeds;
            deeds.into_iter().for_each(|deed| deed(world));
            drawn
        })
    })
}

/// Draws all panels and notes which part of the window they leave free.
pub(crate) fn show(ctx: &egui::Context, world: &mut World) {
    world.init_resource::<FreeArea>();
    world.init_resource::<Spots>();
    world.init_resource::<Digest>();
    world.resource_mut::<Spots>().0.clear();
    parts::fit(ctx);
    digest::refresh(world, ctx.input(|input| input.time), f64::from(ctx.input(|input| input.unstable_dt)));
    let free = around(ctx, world);
    world.resource_mut::<FreeArea>().0 = free;
    at_desk(world, |desk| {
        legend::show(ctx, free, desk);
        help::show(ctx, free, desk);
    });
}

/// Draws what stands at the edges; returns what is left of the window. egui does not know of such panels whether the pointer is over
/// one: whoever wants to asks [`FreeArea`].
fn around(ctx: &egui::Context, world: &mut World) -> egui::Rect {
    let layer = egui::UiBuilder::new().layer_id(egui::LayerId::background()).max_rect(ctx.content_rect());
    let root = &mut egui::Ui::new(ctx.clone(), egui::Id::new("panels"), layer);
    let unit = parts::unit(root);
    let frame = parts::panel_frame(unit);
    // Whoever changes the scale gets panels of the usual size for it.
    let sized = |name: &str| egui::Id::new((name, unit.to_bits()));
    let flat = |height: f32| egui::Frame::new().fill(theme::PANEL).inner_margin(egui::vec2(12.0, height) * unit);
    egui::Panel::top("bar").frame(flat(6.0)).show_inside(root, |ui| at_desk(world, |desk| bar::show(ui, desk)));
    egui::Panel::bottom("line").frame(flat(3.0)).show_inside(root, |ui| at_desk(world, |desk| bar::line(ui, desk)));
    egui::Panel::left(sized("left"))
        .frame(frame)
        .resizable(true)
        .default_size(352.0 * unit)
        .size_range(300.0 * unit..=560.0 * unit)
        .show_inside(root, |ui| left::show(ui, world));
    let watch = world.resource::<Watch>();
    let (site, operation) = (watch.site.is_some(), watch.operation.is_some());
    if site {
        egui::Panel::right(sized("village"))
            .frame(frame)
            .resizable(true)
            .default_size(340.0 * unit)
            .size_range(290.0 * unit..=520.0 * unit)
            .show_inside(root, |ui| at_desk(world, |desk| village::show(ui, desk)));
    }
    if operation {
        let height = ctx.content_rect().height();
        egui::Panel::bottom(sized("operation"))
            .frame(frame)
            .resizable(true)
            .default_size(360.0 * unit)
            .size_range(200.0 * unit..=(height * 0.6).max(220.0 * unit))
            .show_inside(root, |ui| at_desk(world, |desk| operation::show(ui, desk)));
    }
    root.available_rect_before_wrap()
}
