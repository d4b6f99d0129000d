//! Text that people and models write: data, made fit to be shown.

/// A text without what controls a display: control characters become spaces, marks of direction and other invisible format
/// characters go, white space runs become one space, none at the ends.
///
/// ```
/// use bevy_alliance::base::text::shown;
/// assert_eq!(shown("  hold\u{1b}[31m\n\tthe \u{202e}gate\u{200b} "), "hold [31m the gate");
/// assert_eq!(shown("hold\u{2028}on"), "hold on");
/// assert_eq!(shown("\u{0}\u{7}\n"), "");
/// ```
#[must_use]
pub fn shown(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_format(*c)).map(|c| if c.is_control() { ' ' } else { c });
    let mut shown = String::with_capacity(text.len());
    for c in visible {
        if !c.is_whitespace() {
            shown.push(c);
        } else if !shown.is_empty() && !shown.ends_with(' ') {
            shown.push(' ');
        }
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// The first `n` characters of what is [`shown`], with an ellipsis where that is not all.
///
/// ```
/// use bevy_alliance::base::text::shortened;
/// assert_eq!(shortened("attack at dawn", 40), "attack at dawn");
/// assert_eq!(shortened("attack at dawn", 8), "attack…");
/// ```
#[must_use]
pub fn shortened(text: &str, n: usize) -> String {
    let shown = shown(text);
    if shown.chars().count() <= n {
        return shown;
    }
    let cut: String = shown.chars().take(n.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Characters that change how others are shown and are not seen themselves: marks and overrides of direction, joiners, variation
/// selectors, tags, soft hyphens.
#[must_use]
pub fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
