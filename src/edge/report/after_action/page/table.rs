//! Tables that scroll within themselves, and tables that fall apart into lists or blocks where there is no room.

use core::fmt::Write;

/// A column: its heading, and whether it holds numbers.
pub(super) type Column = (&'static str, bool);

/// What becomes of a table on a narrow screen.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Narrow {
    /// It scrolls, and its first column stays.
    Scrolls,
    /// Each row becomes a list of its cells.
    Falls,
    /// Each row becomes a block of its cells, several beside each other.
    Stacks,
}

/// Opens a table.
pub(super) fn open(out: &mut String, label: &str, narrow: Narrow, columns: &[Column]) -> core::fmt::Result {
    let class = match narrow {
        Narrow::Scrolls => "stick",
        Narrow::Falls => "falls",
        Narrow::Stacks => "stack",
    };
    write!(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}\">")?;
    write!(out, "<table class=\"{class}\"><thead><tr>")?;
    for (heading, is_number) in columns {
        let class = if *is_number { " class=\"num\"" } else { "" };
        write!(out, "<th scope=\"col\"{class}>{heading}</th>")?;
    }
    writeln!(out, "</tr></thead><tbody>")
}

/// Closes it.
pub(super) fn close(out: &mut String) -> core::fmt::Result {
    writeln!(out, "</tbody></table></div>")
}

/// Writes a row of cells that are HTML already.
pub(super) fn row(out: &mut String, class: &str, columns: &[Column], cells: &[String]) -> core::fmt::Result {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    write!(out, "<tr{class}>")?;
    for ((heading, is_number), cell) in columns.iter().zip(cells) {
        let class = if *is_number { " class=\"num\"" } else { "" };
        write!(out, "<td{class} data-h=\"{heading}\"><span>{cell}</span></td>")?;
    }
    writeln!(out, "</tr>")
}
