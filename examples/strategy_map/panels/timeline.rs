//! The groups of an operation over time: each waits, leaves, travels, and is there with the others.
//!
//! A lane is a group. A dotted line while it waits, a tick where it leaves, a bar while it travels. Lines through all lanes: where waves
//! arrive, and now. Pins are changes of course.

use super::digest::{Lane, LaneState, OperationCard};
use super::{parts, words};
use crate::theme;
use bevy_alliance::base::clock::{GameSpan, GameTime};
use bevy_egui::egui::{
    self, Align2, Color32, CornerRadius, FontId, Painter, Rect, Sense, Stroke, TextStyle, Ui, pos2, vec2,
};

/// Hours between ticks, of which the closest is taken that leaves room for their labels.
const STEPS: [i64; 9] = [1, 2, 3, 6, 12, 24, 48, 96, 192];

/// Where time runs on the screen.
struct Scale {
    from: GameTime,
    to: GameTime,
    left: f32,
    right: f32,
}

impl Scale {
    fn new(card: &OperationCard, now: GameTime, left: f32, right: f32) -> Self {
        let launches = card.lanes.iter().map(|lane| lane.launch);
        let first = launches.min().unwrap_or(card.started);
        let last = card.lanes.iter().map(|lane| lane.arrival).max().unwrap_or(now);
        // A long wait is cut: what matters is from a while before the first launch on.
        let ways = (last - first).0.max(GameSpan::mins(30).0);
        let from = card.started.max(first - GameSpan(ways / 2)).min(first);
        let pad = (last - from).0 / 14;
        // Where there is no room at all, time still runs to the right.
        Self { from: from - GameSpan(pad / 3), to: last + GameSpan(pad), left, right: right.max(left + 20.0) }
    }

    fn x(&self, at: GameTime) -> f32 {
        let whole = (self.to - self.from).0.max(1) as f64;
        let share = words::narrow(((at - self.from).0 as f64 / whole).clamp(0.0, 1.0));
        self.left + (self.right - self.left) * share
    }

    fn shows(&self, at: GameTime) -> bool {
        at >= self.from && at <= self.to
    }

    /// The instants of ticks, and how far apart they are.
    fn ticks(&self, apart: f32) -> Vec<GameTime> {
        let hours = (self.to - self.from).as_hours().max(0.1);
        let per_hour = f64::from(self.right - self.left) / hours;
        let fits = |step: &i64| *step as f64 * per_hour >= f64::from(apart);
        let step = GameSpan::hours(STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1]));
        let first = self.from.0.div_euclid(step.0) + 1;
        (first..).map(|n| GameTime(n * step.0)).take_while(|at| *at <= self.to).take(60).collect()
    }
}

/// The timeline of an operation.
pub(super) fn show(ui: &mut Ui, card: &OperationCard, now: GameTime) {
    let unit = parts::unit(ui);
    let area = ui.available_rect_before_wrap();
    let names = (area.width() * 0.24).clamp(130.0 * unit, 250.0 * unit).round();
    let scale = Scale::new(card, now, area.left() + names, area.right() - 16.0 * unit);
    let arrivals = arrivals(card);
    let head = Rect::from_min_size(area.min, vec2(area.width(), 46.0 * unit));
    ui.allocate_rect(head, Sense::hover());
    axis(ui, head, &scale, &arrivals, now);
    pins(ui, card, head, &scale);
    let lane_height = 19.0 * unit;
    ui.spacing_mut().item_spacing.y = 0.0;
    egui::ScrollArea::vertical().id_salt(("lanes", card.head.id)).auto_shrink(false).show_rows(
        ui,
        lane_height,
        card.lanes.len(),
        |ui, shown| {
            for i in shown {
                let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), lane_height), Sense::hover());
                let lane = &card.lanes[i];
                grid(ui.painter(), rect, &scale, &arrivals, now);
                let first = i == 0 || card.lanes[i - 1].member != lane.member;
                label(ui, lane, first, rect.with_max_x(scale.left - 10.0 * unit));
                draw(ui, lane, rect, &scale, now);
                response.on_hover_ui_at_pointer(|ui| explain(ui, lane, now));
            }
        },
    );
}

/// The instants at which waves arrive: which, and how many groups.
fn arrivals(card: &OperationCard) -> Vec<(GameTime, u8)> {
    let strikes = |lane: &&Lane| !matches!(lane.state, LaneState::Failed | LaneState::HeldBack);
    let mut arrivals: Vec<(GameTime, u8)> =
        card.lanes.iter().filter(strikes).map(|lane| (lane.arrival, lane.wave)).collect();
    arrivals.sort_unstable();
    arrivals.dedup();
    arrivals
}

/// Labels of arrivals, of hours and days, and of now.
fn axis(ui: &Ui, head: Rect, scale: &Scale, arrivals: &[(GameTime, u8)], now: GameTime) {
    let unit = parts::unit(ui);
    let small = TextStyle::Small.resolve(ui.style());
    let painter = ui.painter();
    let top = head.top() + 8.0 * unit;
    let mut i = 0;
    // Waves that come close to each other share a label.
    while i < arrivals.len() {
        let near = |other: &&(GameTime, u8)| scale.x(other.0) - scale.x(arrivals[i].0) < 150.0 * unit;
        let together = arrivals[i..].iter().take_while(near).count().max(1);
        let (first, last) = (arrivals[i].0, arrivals[i + together - 1].0);
        let day = first.0.div_euclid(GameSpan::days(1).0) + 1;
        let until = if first == last { String::new() } else { format!(" to {}", words::exact(last)) };
        let instants = format!("day {day}, {}{until}", words::exact(first));
        let waves = if together == 1 { String::new() } else { format!("{together} waves, ") };
        let text = format!("{waves}{instants}");
        let x = scale.x(last);
        let left = x > scale.left + (scale.right - scale.left) * 0.3;
        let (anchor, gap) = if left { (Align2::RIGHT_CENTER, -5.0 * unit) } else { (Align2::LEFT_CENTER, 5.0 * unit) };
        painter.text(pos2(x + gap, top), anchor, text, small.clone(), theme::WARN);
        painter.vline(x, top - 6.0 * unit..=head.bottom(), Stroke::new(1.5, theme::WARN));
        i += together;
    }
    let bottom = head.bottom() - 7.0 * unit;
    for at in scale.ticks(58.0 * unit) {
        let x = scale.x(at);
        let midnight = at.0.rem_euclid(GameSpan::days(1).0) == 0;
        let (text, color) = if midnight {
            (format!("day {}", at.0.div_euclid(GameSpan::days(1).0) + 1), theme::TEXT)
        } else {
            (words::time_of_day(at), theme::FAINT)
        };
        painter.text(pos2(x, bottom), Align2::CENTER_CENTER, text, small.clone(), color);
    }
    if scale.shows(now) {
        tag(painter, pos2(scale.x(now), bottom), "now", &small, unit);
    }
}

/// A word on a plate.
fn tag(painter: &Painter, at: egui::Pos2, word: &str, font: &FontId, unit: f32) {
    let galley = painter.layout_no_wrap(word.to_owned(), font.clone(), theme::GROUND);
    let plate = Rect::from_center_size(at, galley.size() + vec2(8.0, 1.0) * unit);
    painter.rect_filled(plate, CornerRadius::same(3), theme::ACCENT);
    painter.galley(plate.center() - galley.size() * 0.5, galley, theme::GROUND);
}

/// Changes of course, as pins that say what and why.
fn pins(ui: &mut Ui, card: &OperationCard, head: Rect, scale: &Scale) {
    let unit = parts::unit(ui);
    let mut last = f32::MIN;
    for (n, (at, change)) in card.changes.iter().enumerate().filter(|(_, (at, _))| scale.shows(*at)) {
        let x = scale.x(*at).max(last + 11.0 * unit);
        last = x;
        let center = pos2(x, head.top() + 23.0 * unit);
        ui.painter().circle(center, 4.5 * unit, theme::PANEL, Stroke::new(1.6, theme::BAD));
        let around = Rect::from_center_size(center, vec2(12.0, 12.0) * unit);
        let pin = ui.interact(around, ui.id().with(("pin", n)), Sense::hover());
        pin.on_hover_text(format!("{}\n{change}", words::clock(*at)));
    }
}

/// What runs through all lanes.
fn grid(painter: &Painter, rect: Rect, scale: &Scale, arrivals: &[(GameTime, u8)], now: GameTime) {
    let unit = rect.height() / 19.0;
    for at in scale.ticks(58.0 * unit) {
        painter.vline(scale.x(at), rect.y_range(), Stroke::new(1.0, theme::EDGE.gamma_multiply(0.6)));
    }
    for (at, _) in arrivals {
        painter.vline(scale.x(*at), rect.y_range(), Stroke::new(1.5, theme::WARN));
    }
    if scale.shows(now) {
        painter.vline(scale.x(now), rect.y_range(), Stroke::new(1.0, theme::ACCENT));
    }
}

/// Whose group it is, and from where it comes.
fn label(ui: &Ui, lane: &Lane, first: bool, rect: Rect) {
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let (body, small) = (TextStyle::Body.resolve(ui.style()), TextStyle::Small.resolve(ui.style()));
    let mut left = rect.left();
    if first {
        let shown = painter.text(rect.left_center(), Align2::LEFT_CENTER, &lane.member, body, theme::TEXT);
        left = shown.right() + 8.0 * parts::unit(ui);
        painter.hline(ui.clip_rect().x_range(), rect.top(), Stroke::new(1.0, theme::EDGE.gamma_multiply(0.7)));
    }
    let village = painter.layout_no_wrap(lane.from.clone(), small, theme::FAINT);
    let at = pos2((rect.right() - village.size().x).max(left), rect.center().y - village.size().y * 0.5);
    painter.galley(at, village, theme::FAINT);
}

/// How a group is drawn: its color, whether its way is drawn in full, and a word for what went wrong.
fn looks(state: LaneState) -> (Color32, bool, Option<&'static str>) {
    match state {
        LaneState::Waits => (theme::TEXT.gamma_multiply(0.55), false, None),
        LaneState::Travels => (theme::ALLIANCES[0], true, None),
        LaneState::Arrived => (theme::GOOD, true, None),
        LaneState::Failed => (theme::BAD, false, Some("did not leave")),
        LaneState::HeldBack => (theme::FAINT, false, Some("held back")),
        LaneState::Recalled => (theme::WARN, false, Some("called back")),
        LaneState::WrittenOff => (theme::BAD, true, Some("flies on, given up")),
    }
}

fn draw(ui: &Ui, lane: &Lane, rect: Rect, scale: &Scale, now: GameTime) {
    let unit = rect.height() / 19.0;
    let painter = ui.painter();
    let y = rect.center().y;
    let (color, solid, word) = looks(lane.state);
    let (launch, arrival) = (scale.x(lane.launch), scale.x(lane.arrival));
    // It waits.
    let dots = Stroke::new(1.2, theme::FAINT.gamma_multiply(0.7));
    painter.extend(egui::Shape::dashed_line(
        &[pos2(scale.left, y), pos2(launch, y)],
        dots,
        (1.5 * unit).ceil(),
        (3.5 * unit).ceil(),
    ));
    // It travels.
    let bar = Rect::from_x_y_ranges(launch..=arrival, y - 3.5 * unit..=y + 3.5 * unit);
    if let (true, Some(part)) = (solid, lane.part) {
        // Outlined, with its part written in it: it is not what strikes.
        painter.rect_filled(
            bar.with_max_x(scale.x(now).clamp(launch, arrival)),
            CornerRadius::same(2),
            color.gamma_multiply(0.3),
        );
        painter.rect_stroke(bar, CornerRadius::same(2), Stroke::new(1.2, color), egui::StrokeKind::Inside);
        let small = TextStyle::Small.resolve(ui.style());
        let galley = painter.layout_no_wrap(part.to_owned(), small, color);
        let plate = Rect::from_min_size(pos2(launch + 8.0 * unit, y - galley.size().y * 0.5), galley.size());
        painter.rect_filled(plate.expand2(vec2(4.0 * unit, 0.0)), CornerRadius::same(2), theme::PANEL);
        painter.galley(plate.min, galley, color);
    } else if solid {
        painter.rect_filled(bar, CornerRadius::same(2), color.gamma_multiply(0.35));
        let done = bar.with_max_x(scale.x(now).clamp(launch, arrival));
        painter.rect_filled(done, CornerRadius::same(2), color);
    } else {
        painter.rect_stroke(bar, CornerRadius::same(2), Stroke::new(1.2, color), egui::StrokeKind::Inside);
    }
    painter.vline(launch, y - 6.0 * unit..=y + 6.0 * unit, Stroke::new(2.0, if solid { color } else { theme::TEXT }));
    if let Some(at) = lane.no_return.filter(|at| scale.shows(*at)) {
        let x = scale.x(at);
        painter.vline(x, y - 5.0 * unit..=y + 5.0 * unit, Stroke::new(2.0, theme::WARN));
    }
    if let Some(word) = word {
        let small = TextStyle::Small.resolve(ui.style());
        let middle = pos2((launch + arrival) * 0.5, y);
        let galley = painter.layout_no_wrap(word.to_owned(), small, color);
        let plate = Rect::from_center_size(middle, galley.size() + vec2(6.0, 0.0) * unit);
        painter.rect_filled(plate, CornerRadius::same(2), theme::PANEL);
        painter.galley(plate.center() - galley.size() * 0.5, galley, color);
    }
}

/// All that is known of a group.
fn explain(ui: &mut Ui, lane: &Lane, now: GameTime) {
    ui.set_max_width(380.0 * parts::unit(ui));
    ui.label(egui::RichText::new(format!("{}: {}", lane.member, lane.task)).strong());
    ui.label(format!("{} \u{2192} {}", lane.from, lane.to));
    ui.label(parts::faint(&lane.units));
    let leaves = if lane.launch > now { "leaves" } else { "left" };
    ui.label(format!("{leaves} {} ({})", words::clock(lane.launch), words::from_now(lane.launch, now)));
    ui.label(format!("travels {}", words::span(lane.travel)));
    ui.label(format!(
        "arrives day {}, {}",
        lane.arrival.0.div_euclid(GameSpan::days(1).0) + 1,
        words::exact(lane.arrival)
    ));
    if lane.arrival > lane.launch + lane.travel {
        ui.label(egui::RichText::new("later than its wave").color(theme::WARN));
    }
    if let Some(at) = lane.no_return {
        ui.label(format!("can turn back until {}", words::exact(at)));
    }
    if let Some(word) = looks(lane.state).2 {
        ui.label(egui::RichText::new(word).color(looks(lane.state).0));
    }
}
