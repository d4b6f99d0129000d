//! Pieces that all panels are made of: sizes that follow the window, cards, chips, bars, pairs of a word and a number, icons.

use crate::theme;
use bevy_egui::egui::{
    self, Align, Color32, CornerRadius, FontFamily, FontId, Frame, Label, Layout, Painter, Pos2, Rect, Response,
    RichText, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui, UiBuilder, pos2, vec2,
};

/// Size of plain text in a window that is 1080 points high.
const BODY: f32 = 13.5;

/// Fits text and spacing to the window: what is readable at 1080 points is as large, of the whole, at 2160.
pub(super) fn fit(ctx: &egui::Context) {
    // In parts of 32 every size is one that egui needs not to round.
    let unit = ((ctx.content_rect().height() / 1080.0).clamp(0.92, 2.4) * 32.0).round() / 32.0;
    let now = ctx.global_style().text_styles.get(&TextStyle::Body).map_or(0.0, |font| font.size);
    if (now - BODY * unit).abs() > 0.01 {
        // Arrows and diamonds are in the monospaced font alone.
        let mut fonts = egui::FontDefinitions::default();
        fonts.families.entry(FontFamily::Proportional).or_default().push("Hack".to_owned());
        ctx.set_fonts(fonts);
    }
    ctx.all_styles_mut(|style| fit_style(style, unit));
}

fn fit_style(style: &mut egui::Style, unit: f32) {
    let sized = |size: f32, family| FontId::new(size * unit, family);
    style.text_styles = [
        (TextStyle::Small, sized(11.5, FontFamily::Proportional)),
        (TextStyle::Body, sized(BODY, FontFamily::Proportional)),
        (TextStyle::Button, sized(BODY, FontFamily::Proportional)),
        (TextStyle::Heading, sized(17.0, FontFamily::Proportional)),
        (TextStyle::Monospace, sized(12.5, FontFamily::Monospace)),
    ]
    .into();
    style.interaction.selectable_labels = false;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 5.0) * unit;
    spacing.button_padding = vec2(8.0, 3.0) * unit;
    spacing.interact_size = vec2(36.0, 22.0) * unit;
    spacing.icon_width = 15.0 * unit;
    spacing.icon_width_inner = 9.0 * unit;
    spacing.tooltip_width = 420.0 * unit;
    let widgets = &mut style.visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(4);
        widget.expansion = 0.0;
    }
}

/// How large a point of a window of 1080 is here.
pub(super) fn unit(ui: &Ui) -> f32 {
    TextStyle::Body.resolve(ui.style()).size / BODY
}

/// The frame of a panel.
pub(super) fn panel_frame(unit: f32) -> Frame {
    Frame::new().fill(theme::PANEL).inner_margin(vec2(12.0, 10.0) * unit)
}

/// Text that matters less.
pub(super) fn faint(text: impl Into<String>) -> RichText {
    RichText::new(text).color(theme::FAINT)
}

/// Small text that matters less.
pub(super) fn note(text: impl Into<String>) -> RichText {
    faint(text).small()
}

/// The name of a part of a panel.
pub(super) fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(4.0 * unit(ui));
    ui.label(RichText::new(text.to_uppercase()).small().color(theme::FAINT).extra_letter_spacing(0.8));
}

/// A word that can be clicked, as high as plain text.
pub(super) fn link(ui: &mut Ui, text: impl Into<RichText>) -> Response {
    let text = text.into().color(theme::ALLIANCES[0]);
    ui.add(Label::new(text).sense(Sense::click())).on_hover_cursor(egui::CursorIcon::PointingHand)
}

/// One line that ends with an ellipsis where there is no more room.
pub(super) fn line(ui: &mut Ui, text: impl Into<egui::WidgetText>) -> Response {
    ui.add(Label::new(text).truncate())
}

/// A word at the left and a value at the right of one line.
pub(super) fn pair(ui: &mut Ui, word: &str, value: impl Into<egui::WidgetText>) {
    both(ui, |ui| _ = line(ui, faint(word)), |ui| _ = ui.label(value));
}

/// Something at the left and something at the right of one line; the left gives way.
pub(super) fn both<R>(ui: &mut Ui, left: impl FnOnce(&mut Ui), right: impl FnOnce(&mut Ui) -> R) -> R {
    let height = ui.text_style_height(&TextStyle::Body);
    egui::Sides::new().height(height).shrink_left().truncate().show(ui, left, right).1
}

/// A small square in the color of an alliance.
pub(super) fn swatch(ui: &mut Ui, color: Color32) {
    let side = 11.0 * unit(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(3), color);
}

/// A word in a frame of its own color. Its size is known before it is placed, so that rows of chips break where they must.
pub(super) fn chip(ui: &mut Ui, text: impl Into<String>, color: Color32) -> Response {
    let unit = unit(ui);
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(text.into(), font, color);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(12.0, 4.0) * unit, Sense::hover());
    let edge = Stroke::new(1.0, color.gamma_multiply(0.55));
    ui.painter().rect(rect, CornerRadius::same(4), color.gamma_multiply(0.14), edge, StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() * 0.5, galley, color);
    response
}

/// A number under its name, as wide as a part of what is there.
pub(super) fn stat(ui: &mut Ui, word: &str, value: String, tip: &str) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        line(ui, note(word));
        line(ui, value).on_hover_text(tip);
    });
}

/// A well that can be clicked as a whole, with a strip of color at its left. What is in it can be clicked for itself.
pub(super) fn card(ui: &mut Ui, selected: bool, color: Color32, content: impl FnOnce(&mut Ui)) -> Response {
    let unit = unit(ui);
    let width = ui.available_width();
    let response = ui
        .scope_builder(UiBuilder::new().sense(Sense::click()), |ui| {
            let hovered = ui.response().hovered();
            let edge = if selected { color } else { theme::EDGE };
            let fill = if selected || hovered { theme::WELL.gamma_multiply(1.35).to_opaque() } else { theme::WELL };
            Frame::new()
                .fill(fill)
                .stroke(Stroke::new(1.0, edge))
                .corner_radius(CornerRadius::same(6))
                .inner_margin(vec2(11.0, 8.0) * unit)
                .show(ui, |ui| {
                    // Margins are whole points, and the edge is one: what is wider than the panel would make it grow in each frame.
                    ui.set_width((width - (22.0 * unit).ceil() - 5.0).max(0.0));
                    ui.spacing_mut().item_spacing.y = 4.0 * unit;
                    content(ui);
                });
        })
        .response;
    let strip = response.rect.with_max_x(response.rect.left() + 4.0 * unit);
    let radius = CornerRadius { nw: 6, sw: 6, ne: 0, se: 0 };
    ui.painter().rect_filled(strip, radius, color);
    response
}

/// Draws a row of a kind whose rows are all equally high, unless it is scrolled out of sight.
pub(super) fn if_seen(ui: &mut Ui, kind: &str, draw: impl FnOnce(&mut Ui)) {
    let key = egui::Id::new(("height of rows", kind));
    let top = ui.cursor().min;
    if let Some(height) = ui.data(|data| data.get_temp::<f32>(key)) {
        let rect = Rect::from_min_size(top, vec2(ui.available_width(), height));
        if !ui.is_rect_visible(rect) {
            ui.allocate_space(rect.size());
            return;
        }
    }
    draw(ui);
    let height = ui.min_rect().bottom() - top.y;
    ui.data_mut(|data| data.insert_temp(key, height));
}

/// A button with a word; lit while it holds.
pub(super) fn toggle(ui: &mut Ui, on: bool, text: impl Into<String>) -> Response {
    let text = RichText::new(text).color(if on { theme::ACCENT } else { theme::TEXT });
    ui.add(egui::Button::selectable(on, text).frame_when_inactive(true))
}

/// Parts of one bar, each as wide as its share of `whole`.
pub(super) fn shares(ui: &mut Ui, height: f32, whole: f32, parts: &[(f32, Color32)]) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height * unit(ui)), Sense::hover());
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(3), theme::GROUND);
    let mut left = rect.left();
    for (part, color) in parts.iter().filter(|(part, _)| *part > 0.0) {
        let right = (left + rect.width() * part / whole.max(f32::EPSILON)).min(rect.right());
        let own = Rect::from_min_max(pos2(left, rect.top()), pos2((right - 1.0).max(left + 1.0), rect.bottom()));
        painter.rect_filled(own, CornerRadius::same(2), *color);
        left = right;
    }
    rect
}

/// How certain something is, 0..=1: a bar that is as pale as it is short.
pub(super) fn certainty(ui: &mut Ui, share: f32) {
    let unit = unit(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(54.0, 7.0) * unit, Sense::hover());
    let share = share.clamp(0.0, 1.0);
    ui.painter().rect_filled(rect, CornerRadius::same(2), theme::GROUND);
    let full = rect.with_max_x(rect.left() + rect.width() * share);
    ui.painter().rect_filled(full, CornerRadius::same(2), theme::TEXT.gamma_multiply(0.25 + 0.75 * share));
}

/// What an icon shows.
#[derive(Clone, Copy)]
pub(super) enum Icon {
    Play,
    Pause,
    Step,
    Next,
    World,
    Place,
    Close,
}

/// A button with an icon.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, on: bool, tip: &str) -> Response {
    let side = ui.spacing().interact_size.y;
    let (rect, response) = ui.allocate_exact_size(vec2((side * 1.4).round(), side), Sense::click());
    let looks = ui.style().interact_selectable(&response, on);
    ui.painter().rect(rect, CornerRadius::same(4), looks.weak_bg_fill, looks.bg_stroke, StrokeKind::Inside);
    let inner = Rect::from_center_size(rect.center(), vec2(side, side) * 0.46);
    paint_icon(ui.painter(), icon, inner, if on { theme::ACCENT } else { theme::TEXT });
    response.on_hover_text(tip)
}

fn paint_icon(painter: &Painter, icon: Icon, rect: Rect, color: Color32) {
    let stroke = Stroke::new(rect.width() * 0.14, color);
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x, rect.top() + rect.height() * y);
    let part = |x0: f32, x1: f32| Rect::from_min_max(at(x0, 0.0), at(x1, 1.0));
    let triangle = |x0: f32, x1: f32| {
        let corners: Vec<Pos2> = vec![at(x0, 0.0), at(x1, 0.5), at(x0, 1.0)];
        Shape::convex_polygon(corners, color, Stroke::NONE)
    };
    match icon {
        Icon::Play => _ = painter.add(triangle(0.1, 1.0)),
        Icon::Pause => {
            painter.rect_filled(part(0.1, 0.38), CornerRadius::ZERO, color);
            painter.rect_filled(part(0.62, 0.9), CornerRadius::ZERO, color);
        }
        Icon::Step => {
            painter.rect_filled(part(0.0, 0.18), CornerRadius::ZERO, color);
            painter.add(triangle(0.32, 1.0));
        }
        Icon::Next => {
            painter.add(triangle(0.0, 0.55));
            painter.add(triangle(0.42, 0.92));
            painter.rect_filled(part(0.9, 1.05), CornerRadius::ZERO, color);
        }
        Icon::World => {
            painter.circle_stroke(rect.center(), rect.width() * 0.5, stroke);
            painter.line_segment([at(0.0, 0.5), at(1.0, 0.5)], stroke);
            painter.line_segment([at(0.5, 0.0), at(0.5, 1.0)], stroke);
        }
        Icon::Place => {
            painter.circle_stroke(rect.center(), rect.width() * 0.34, stroke);
            painter.circle_filled(rect.center(), rect.width() * 0.1, color);
            for (from, to) in [
                ((0.5, -0.1), (0.5, 0.2)),
                ((0.5, 0.8), (0.5, 1.1)),
                ((-0.1, 0.5), (0.2, 0.5)),
                ((0.8, 0.5), (1.1, 0.5)),
            ] {
                painter.line_segment([at(from.0, from.1), at(to.0, to.1)], stroke);
            }
        }
        Icon::Close => {
            painter.line_segment([at(0.05, 0.05), at(0.95, 0.95)], stroke);
            painter.line_segment([at(0.95, 0.05), at(0.05, 0.95)], stroke);
        }
    }
}

/// Lays things out from the right.
pub(super) fn from_right<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui) -> R) -> R {
    ui.with_layout(Layout::right_to_left(Align::Center), content).inner
}
