//! What the marks on the map mean, in its lower left corner. Each part of the map is switched on and off by its name here.

use super::{Desk, parts};
use crate::theme;
use crate::watch::{Layers, Watch};
use bevy_egui::egui::{
    self, Align2, Color32, CornerRadius, Painter, Rect, RichText, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2,
};

/// A part of the map that can be switched off.
type Layer = (&'static str, &'static str, fn(&mut Layers) -> &mut bool);

const LAYERS: [Layer; 7] = [
    ("Territory", "layer_territory", |layers| &mut layers.territory),
    ("Marches", "layer_marches", |layers| &mut layers.marches),
    ("Trails", "layer_trails", |layers| &mut layers.trails),
    ("Operations", "layer_operations", |layers| &mut layers.operations),
    ("Battles", "layer_battles", |layers| &mut layers.battles),
    ("Names", "layer_labels", |layers| &mut layers.labels),
    ("Small map", "layer_minimap", |layers| &mut layers.minimap),
];

/// A mark of the map.
#[derive(Clone, Copy)]
enum Mark {
    Village,
    Known,
    Front,
    Attack,
    Home,
    Scouts,
    Relief,
    Settlers,
    Goods,
    Waits,
    Fake,
    Scar,
}

const MARKS: [(Mark, &str); 12] = [
    (Mark::Village, "village, by inhabitants"),
    (Mark::Known, "how sure its troops are known"),
    (Mark::Front, "front of a war"),
    (Mark::Attack, "attack; sighted: confirmed"),
    (Mark::Home, "on its way home; sighted: suspected"),
    (Mark::Scouts, "scouts; sighted: unknown"),
    (Mark::Relief, "help"),
    (Mark::Settlers, "settlers"),
    (Mark::Goods, "goods"),
    (Mark::Waits, "a group that waits for its launch"),
    (Mark::Fake, "a group that only draws eyes away"),
    (Mark::Scar, "battle of the last two days"),
];

/// Shows the legend where it is wanted and there is room.
pub(super) fn show(ctx: &egui::Context, free: Rect, desk: &mut Desk) {
    if !desk.watch().layers.legend {
        return;
    }
    let area = egui::Area::new(egui::Id::new("legend")).order(egui::Order::Middle).pivot(Align2::LEFT_BOTTOM);
    let shown = area.fixed_pos(free.left_bottom() + vec2(12.0, -12.0)).show(ctx, |ui| {
        let unit = parts::unit(ui);
        if free.width() < 760.0 * unit || free.height() < 430.0 * unit {
            return;
        }
        egui::Frame::new()
            .fill(theme::PANEL.gamma_multiply(0.93))
            .stroke(Stroke::new(1.0, theme::EDGE))
            .corner_radius(CornerRadius::same(6))
            .inner_margin(vec2(12.0, 9.0) * unit)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = vec2(8.0, 3.0) * unit;
                marks(ui);
                ui.add_space(4.0 * unit);
                layers(ui, desk);
            });
    });
    // Words on the map keep away from it.
    desk.spots.note("legend_area", shown.response.rect);
}

/// All marks, in two columns.
fn marks(ui: &mut Ui) {
    let unit = parts::unit(ui);
    let rows = MARKS.len().div_ceil(2);
    egui::Grid::new("marks").num_columns(4).spacing(vec2(8.0, 5.0) * unit).min_row_height(0.0).show(ui, |ui| {
        for row in 0..rows {
            for (mark, words) in MARKS.iter().skip(row).step_by(rows) {
                let (rect, _) = ui.allocate_exact_size(vec2(26.0, 14.0) * unit, Sense::hover());
                paint(ui.painter(), *mark, rect, unit);
                ui.label(RichText::new(*words).small().color(theme::TEXT));
            }
            ui.end_row();
        }
    });
}

fn layers(ui: &mut Ui, desk: &mut Desk) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0) * parts::unit(ui);
        for (word, name, of) in LAYERS {
            let mut now = desk.watch().layers;
            let on = *of(&mut now);
            let text = RichText::new(word).small().color(if on { theme::TEXT } else { theme::FAINT });
            let text = if on { text } else { text.strikethrough() };
            let fill = if on { theme::EDGE } else { theme::WELL };
            let button = ui.add(egui::Button::new(text).fill(fill)).on_hover_text("Shown or not");
            if desk.pressed(name, &button) {
                desk.look(move |watch: &mut Watch| {
                    let layer = of(&mut watch.layers);
                    *layer = !*layer;
                });
            }
        }
    });
}

fn paint(painter: &Painter, mark: Mark, rect: Rect, unit: f32) {
    let (middle, blue) = (rect.center(), theme::ALLIANCES[0]);
    let size = 4.6 * unit;
    let line = Stroke::new(1.4 * unit, blue);
    let trail = |to: f32, stroke: Stroke| painter.line_segment([rect.left_center(), pos2(to, middle.y)], stroke);
    let arrow = |x: f32| {
        vec![pos2(x + size, middle.y), pos2(x - size * 0.7, middle.y - size), pos2(x - size * 0.7, middle.y + size)]
    };
    let head = rect.right() - 7.0 * unit;
    match mark {
        Mark::Village => {
            painter.circle_filled(middle - vec2(7.0 * unit, 0.0), 5.0 * unit, blue);
            painter.circle_filled(middle + vec2(6.0 * unit, 0.0), 3.0 * unit, theme::ALLIANCES[1]);
        }
        Mark::Known => {
            painter.circle_filled(middle, 2.6 * unit, theme::OTHERS);
            painter.circle_stroke(middle, 5.2 * unit, Stroke::new(1.4 * unit, theme::TEXT));
        }
        Mark::Front => {
            painter.hline(rect.x_range(), middle.y, Stroke::new(2.4 * unit, theme::FRONT));
        }
        Mark::Attack => {
            trail(head, Stroke::new(1.6 * unit, blue.gamma_multiply(0.5)));
            painter.add(Shape::convex_polygon(arrow(head), blue, Stroke::NONE));
        }
        Mark::Home => {
            painter.add(Shape::convex_polygon(arrow(head), Color32::TRANSPARENT, line));
        }
        Mark::Scouts => diamond(painter, middle, size, blue),
        Mark::Relief => {
            trail(head - size, Stroke::new(1.6 * unit, blue.gamma_multiply(0.5)));
            painter.circle_stroke(pos2(head, middle.y), size * 0.9, line);
        }
        Mark::Settlers => square(painter, middle, size * 0.85, blue),
        Mark::Goods => square(painter, middle, size * 0.5, theme::GOODS),
        Mark::Waits => {
            painter.extend(Shape::dashed_line(
                &[rect.left_center(), rect.right_center()],
                line,
                4.0 * unit,
                3.0 * unit,
            ));
        }
        Mark::Fake => {
            let dot = 1.6 * unit;
            painter.extend(Shape::dashed_line(&[rect.left_center(), rect.right_center()], line, dot, dot));
        }
        Mark::Scar => {
            let stroke = Stroke::new(1.8 * unit, theme::BAD);
            painter.line_segment([middle + vec2(-size, -size), middle + vec2(size, size)], stroke);
            painter.line_segment([middle + vec2(size, -size), middle + vec2(-size, size)], stroke);
        }
    }
}

fn square(painter: &Painter, middle: egui::Pos2, half: f32, color: Color32) {
    let rect = Rect::from_center_size(middle, vec2(2.0 * half, 2.0 * half));
    painter.rect(rect, CornerRadius::ZERO, color, Stroke::NONE, StrokeKind::Inside);
}

fn diamond(painter: &Painter, middle: egui::Pos2, half: f32, color: Color32) {
    let corner = |x: f32, y: f32| middle + vec2(x, y) * half;
    let corners = vec![corner(0.0, -1.0), corner(1.0, 0.0), corner(0.0, 1.0), corner(-1.0, 0.0)];
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}
