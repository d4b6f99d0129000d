//! Whether there is what drawing needs, asked before anything opens: an engine that finds out by itself panics.
//!
//! What is *not* here: options that contradict themselves. All errors say what is missing and how to get it.

use bevy::render::renderer::initialize_renderer;
use bevy::render::settings::WgpuSettings;
use bevy::tasks::block_on;
use std::any::Any;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// How the drivers are installed; what only a window needs comes after it.
const DRIVERS: &str = "apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers";
/// What a window needs.
const WINDOW_LIBRARIES: &str = "libxkbcommon-x11-0 libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon0";
/// How to do without a window.
const WITHOUT: &str = "use --offscreen --screenshot OUT.png for a picture without a window";

/// Whether there is a display for a window.
///
/// # Errors
/// Says what is not set, and how to do without.
pub(crate) fn display() -> Result<(), String> {
    if !cfg!(unix) || cfg!(target_os = "macos") {
        return Ok(());
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("DISPLAY") {
        return Ok(());
    }
    let found = if is_set("WAYLAND_DISPLAY") {
        "no display: WAYLAND_DISPLAY is set and DISPLAY is not, and the window needs X11: start Xwayland"
    } else {
        "no display: neither DISPLAY nor WAYLAND_DISPLAY is set"
    };
    Err(format!("{found}; {WITHOUT}, or set DISPLAY (a display without a screen: `xvfb-run -a COMMAND`, package xvfb)"))
}

/// Whether anything can draw: a graphics card, or software that stands for one.
///
/// # Errors
/// Says that there is none, and how to get one.
pub(crate) fn gpu() -> Result<(), String> {
    let settings = WgpuSettings::default();
    let Some(backends) = settings.backends else { return Err(no_gpu("no graphics interface is chosen")) };
    // Asked as the engine will ask: the answer is thrown away, for it knows nothing of the window.
    quietly(|| block_on(initialize_renderer(backends, None, &settings))).map(drop).map_err(|found| no_gpu(&found))
}

fn no_gpu(found: &str) -> String {
    let found = found.split_inclusive(['!', '.', '\n']).next().unwrap_or(found).trim();
    format!(
        "nothing to draw with: {found} Install a Vulkan driver. On Debian and Ubuntu, also for software that draws without a \
         graphics card: {DRIVERS} (for a window also {WINDOW_LIBRARIES})"
    )
}

/// Builds what opens a window. Libraries of the window system are loaded only then, and nobody can be asked before whether they are
/// there.
///
/// # Errors
/// Says what went wrong, and what is to be installed if it was a library.
pub(crate) fn opening<T>(build: impl FnOnce() -> T) -> Result<T, String> {
    quietly(build).map_err(|found| {
        let advice = if cfg!(target_os = "linux") {
            format!("If a library is missing, on Debian and Ubuntu: {DRIVERS} {WINDOW_LIBRARIES}. Or {WITHOUT}")
        } else {
            format!("Or {WITHOUT}")
        };
        format!("the window could not be opened: {found}. {advice}")
    })
}

/// Runs something; what it panics with comes back as an error, and nothing is printed.
fn quietly<T>(something: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: AtomicBool = AtomicBool::new(false);
    static ONCE: Once = Once::new();
    // The engine puts its own hook before this one, so this one stays and is silent only here.
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |info: &PanicHookInfo| {
            if !QUIET.load(Ordering::Relaxed) {
                before(info);
            }
        }));
    });
    QUIET.store(true, Ordering::Relaxed);
    let done = catch_unwind(AssertUnwindSafe(something));
    QUIET.store(false, Ordering::Relaxed);
    done.map_err(|panic| words(&*panic))
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    said.unwrap_or("no reason was given").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_comes_back_as_words() {
        assert_eq!(quietly(|| 3), Ok(3));
        assert_eq!(quietly(|| -> u8 { panic!("library {} is missing", "x") }), Err("library x is missing".to_owned()));
    }
}
