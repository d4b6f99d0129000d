//! Whole numbers of the command line.

/// Reads a whole number from `min` to `max`; of anything else the message says what it must be.
pub(crate) fn whole<T: TryFrom<u64>>(
    min: u64,
    max: u64,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|n| (min..=max).contains(n)).and_then(|n| T::try_from(n).ok());
        number.ok_or_else(|| format!("must be a whole number from {min} to {max}"))
    }
}
