//! Pictures of what is on the screen, or on the target that stands for it.

use bevy::camera::RenderTarget;
use bevy::prelude::*;
use bevy::render::view::screenshot::{Screenshot, ScreenshotCaptured, save_to_disk};
use std::collections::VecDeque;
use std::path::PathBuf;

/// Pictures that are wanted: one is taken after another.
#[derive(Resource, Debug, Default)]
pub(crate) struct Shots {
    wanted: VecDeque<PathBuf>,
    under_way: bool,
}

impl Shots {
    /// Asks for a picture of the next frame.
    pub(crate) fn request(&mut self, path: PathBuf) {
        self.wanted.push_back(path);
    }

    /// Whether any is not yet written.
    pub(crate) fn pending(&self) -> bool {
        self.under_way || !self.wanted.is_empty()
    }
}

pub(crate) fn plug(app: &mut App) {
    app.init_resource::<Shots>().add_systems(Last, take);
}

fn take(mut commands: Commands, mut shots: ResMut<Shots>, cameras: Query<&RenderTarget, With<Camera2d>>) {
    if shots.under_way {
        return;
    }
    let Some(path) = shots.wanted.pop_front() else { return };
    shots.under_way = true;
    let shot = match cameras.iter().next() {
        Some(RenderTarget::Image(image)) => Screenshot::image(image.handle.clone()),
        _ => Screenshot::primary_window(),
    };
    commands.spawn(shot).observe(save_to_disk(path)).observe(|_: On<ScreenshotCaptured>, mut shots: ResMut<Shots>| {
        shots.under_way = false;
    });
}
