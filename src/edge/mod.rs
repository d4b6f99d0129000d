//! What touches the outside.
