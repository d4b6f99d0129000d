//! The page: from what a report shows to one HTML text. Pure, and equal for equal data.

mod bands;
mod beliefs;
mod charts;
mod head;
mod keys;
mod lines;
mod map;
mod minutes;
mod operations;
mod table;
pub(super) mod text;
mod wars;

use super::data::Data;
use super::judge::Verdict;
use core::fmt::Write;

const STYLE: &str = include_str!("style.css");

/// Opens what is folded before it is printed, where the style cannot, and around what a link leads to.
const SCRIPT: &str = "addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=true));\
    addEventListener('hashchange',()=>{let e=document.getElementById(location.hash.slice(1)),d=e;\
    while(d){if(d.tagName==='DETAILS')d.open=true;d=d.parentElement}if(e)e.scrollIntoView()})";

/// What the browser may load: nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The whole page.
pub(super) fn page(data: &Data) -> String {
    let verdict = Verdict::of(data);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut out, data, &verdict);
    out
}

fn write_page(out: &mut String, data: &Data, verdict: &Verdict) -> core::fmt::Result {
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")?;
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">")?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light\">")?;
    writeln!(out, "<title>After-action report: {}</title>", text::esc(&verdict.headline))?;
    writeln!(out, "<style>{STYLE}</style>\n</head>\n<body>")?;
    head::head(out, data, verdict)?;
    writeln!(out, "<main>")?;
    head::standing(out, data)?;
    keys::keys(out, data, verdict)?;
    charts::net(out, data, verdict)?;
    map::map(out, data, verdict)?;
    wars::wars(out, data)?;
    charts::courses(out, data)?;
    operations::operations(out, data, verdict)?;
    beliefs::beliefs(out, data)?;
    bands::bands(out, data)?;
    minutes::minutes(out, data)?;
    head::numbers(out, data)?;
    writeln!(out, "</main>")?;
    head::foot(out, data)?;
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}
