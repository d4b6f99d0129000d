//! The strategy map: watch a war being planned and fought, and lead a member of an alliance if you want.
//!
//! ```sh
//! cargo run --release --features strategy_map --example strategy_map
//! cargo run --release --features strategy_map --example strategy_map -- --hours 60 --select operation
//! cargo run --release --features strategy_map --example strategy_map -- --lead best
//! cargo run --release --features strategy_map --example strategy_map -- \
//!     --offscreen --hours 60 --select operation --screenshot operation.png --size 1920x1080
//! ```
//!
//! `options.rs` is what can be asked for, `begin.rs` starts the campaign, `pace.rs` lets time pass, `watch.rs` holds what is looked at,
//! `map` draws the world, `panels` what stands around it, `play` lets a person decide, `script` presses buttons for a test.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example that talks to a terminal")]

#[path = "../support/numbers.rs"]
mod numbers;
#[path = "../support/worlds.rs"]
mod worlds;

mod begin;
mod check;
mod keys;
mod map;
mod measure;
#[cfg(feature = "llm")]
mod model;
mod options;
mod pace;
mod panels;
mod play;
mod script;
mod shot;
mod theme;
mod watch;

use bevy::app::ScheduleRunnerPlugin;
use bevy::camera::RenderTarget;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::render::RenderPlugin;
use bevy::render::render_resource::TextureFormat;
use bevy::window::{ExitCondition, PresentMode, WindowResolution};
use bevy::winit::{WinitPlugin, WinitSettings};
use bevy_egui::{EguiContexts, EguiGlobalSettings, EguiPlugin, EguiPrimaryContextPass, PrimaryEguiContext};
use clap::Parser;
use map::{LabelSystems, MapPlugin};
use options::Options;
use script::Script;
use std::process::ExitCode;
use std::time::Duration;

/// Frames until a picture is taken: panels know their sizes only after they were drawn.
const SETTLE_FRAMES: u32 = 8;

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(AppExit::Success) => ExitCode::SUCCESS,
        Ok(AppExit::Error(code)) => ExitCode::from(code.get()),
        Err(error) => {
            eprintln!("strategy_map: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<AppExit, String> {
    let script = options.script.as_deref().map(Script::read).transpose().map_err(|e| format!("--script: {e}"))?;
    if let Some(script) = script.as_ref().filter(|_| options.offscreen) {
        script.check_offscreen().map_err(|e| format!("--script: {e}"))?;
    }
    if let Some(path) = &options.screenshot {
        check_picture(path)?;
    }
    let prepared = begin::prepare(options)?;
    if !options.offscreen {
        check::display()?;
    }
    check::gpu()?;
    let mut app = App::new();
    // A display that is not there, or a library of it, is found out when the window system is set up.
    if options.offscreen {
        add_engine(&mut app, options);
    } else {
        check::opening(|| add_engine(&mut app, options))?;
    }
    begin::start(&mut app, options, prepared)?;
    app.init_resource::<panels::FreeArea>()
        .init_resource::<panels::Spots>()
        .init_resource::<measure::Empty>()
        .add_plugins(EguiPlugin::default())
        .add_plugins(MapPlugin)
        .insert_resource(ClearColor(Color::srgb_u8(theme::GROUND.r(), theme::GROUND.g(), theme::GROUND.b())))
        .insert_resource(Shown { size: options.size, scale: options.scale, offscreen: options.offscreen })
        .add_systems(Startup, set_up)
        .add_systems(EguiPrimaryContextPass, draw_panels.after(LabelSystems));
    keys::plug(&mut app);
    shot::plug(&mut app);
    begin::advance(app.world_mut(), options)?;
    if let Some(script) = script {
        app.add_plugins(script::ScriptPlugin(if options.offscreen { script.and_quit() } else { script }));
    }
    if let Some(path) = options.screenshot.clone() {
        app.insert_resource(Picture { path, frame: 0 }).add_systems(Update, take_picture);
    }
    if let Some(frames) = options.measure {
        measure::plug(&mut app, frames);
    }
    Ok(app.run())
}

/// What is wrong with the path of a picture, before hours of a campaign are played for it.
fn check_picture(path: &std::path::Path) -> Result<(), String> {
    let fault = |why: &str| Err(format!("--screenshot {}: {why}", path.display()));
    if path.extension().is_none_or(|kind| !kind.eq_ignore_ascii_case("png")) {
        return fault("a picture is a .png file");
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => fault("there is no such folder"),
        _ => Ok(()),
    }
}

/// What the screen is like.
#[derive(Resource, Clone, Copy, Debug)]
struct Shown {
    size: UVec2,
    scale: Option<f32>,
    offscreen: bool,
}

impl Shown {
    /// How large words and buttons are: as asked for, or in a picture as its height allows.
    fn factor(self) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "pixels of a picture")]
        let by_height = if self.offscreen { self.size.y as f32 / 1_080.0 } else { 1.0 };
        self.scale.unwrap_or(by_height.max(0.9))
    }
}

/// The engine, with a window or without one.
fn add_engine(app: &mut App, options: &Options) {
    let log = LogPlugin { filter: "warn,wgpu=error,naga=error".to_owned(), ..LogPlugin::default() };
    // A picture needs all it is drawn with at once.
    let render = RenderPlugin {
        synchronous_pipeline_compilation: options.offscreen || options.script.is_some(),
        ..RenderPlugin::default()
    };
    let plugins = DefaultPlugins.set(log).set(render);
    if options.offscreen {
        let window =
            WindowPlugin { primary_window: None, exit_condition: ExitCondition::DontExit, ..WindowPlugin::default() };
        app.add_plugins(plugins.set(window).disable::<WinitPlugin>())
            .add_plugins(ScheduleRunnerPlugin::run_loop(Duration::ZERO));
    } else {
        let window = Window {
            title: "bevy_alliance: the strategy map".to_owned(),
            resolution: WindowResolution::new(options.size.x, options.size.y),
            present_mode: PresentMode::AutoVsync,
            ..Window::default()
        };
        app.add_plugins(plugins.set(WindowPlugin { primary_window: Some(window), ..WindowPlugin::default() }))
            .insert_resource(WinitSettings::continuous());
    }
}

/// The camera with the panels' context, on the window or on a picture that stands for it.
fn set_up(
    mut commands: Commands,
    mut images: ResMut<Assets<Image>>,
    mut global: ResMut<EguiGlobalSettings>,
    shown: Res<Shown>,
) {
    global.auto_create_primary_context = false;
    let camera = map::spawn_camera(&mut commands);
    commands.entity(camera).insert(PrimaryEguiContext);
    if shown.offscreen {
        let target = Image::new_target_texture(shown.size.x, shown.size.y, TextureFormat::Rgba8UnormSrgb, None);
        commands.entity(camera).insert(RenderTarget::Image(images.add(target).into()));
    }
}

fn draw_panels(world: &mut World, contexts: &mut bevy::ecs::system::SystemState<EguiContexts>) -> Result {
    let ctx = contexts.get_mut(world)?.ctx_mut()?.clone();
    if world.resource::<measure::Empty>().0 {
        return Ok(());
    }
    theme::apply(&ctx);
    ctx.set_zoom_factor(world.resource::<Shown>().factor());
    panels::show(&ctx, world);
    // A button that has the focus would keep all keys to itself; only words are typed into something.
    if !ctx.text_edit_focused() {
        ctx.memory_mut(|memory| memory.focused().into_iter().for_each(|id| memory.surrender_focus(id)));
    }
    let free = world.resource::<panels::FreeArea>().0;
    map::show_minimap(&ctx, world, free);
    Ok(())
}

/// The picture that is asked for.
#[derive(Resource, Debug)]
struct Picture {
    path: std::path::PathBuf,
    frame: u32,
}

/// Takes the picture when everything has its place, and ends.
fn take_picture(
    mut picture: ResMut<Picture>,
    mut shots: ResMut<shot::Shots>,
    mut watch: ResMut<watch::Watch>,
    mut exit: MessageWriter<AppExit>,
) {
    picture.frame += 1;
    // The camera goes where it is asked to when the panels have taken their room.
    if picture.frame == 3 && watch.operation.is_some() && watch.go_to.is_none() {
        watch.go_to = watch.operation.map(watch::GoTo::Operation);
    }
    if picture.frame == SETTLE_FRAMES {
        shots.request(picture.path.clone());
    } else if picture.frame > SETTLE_FRAMES && !shots.pending() {
        if picture.path.is_file() {
            println!("wrote {}", picture.path.display());
            exit.write(AppExit::Success);
        } else {
            eprintln!("strategy_map: --screenshot {}: it could not be written", picture.path.display());
            exit.write(AppExit::error());
        }
    }
}
