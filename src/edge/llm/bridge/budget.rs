//! How many calls and tokens may still be used, per game day and in all.
//!
//! What a call may cost is reserved when it is sent, so that calls under way cannot exceed a limit together; the
//! server's own count corrects it afterwards. A call may use more than was reserved: then the limit is exceeded by that
//! much, once.

use super::failure::BudgetLimit;
use super::settings::BudgetSettings;
use std::collections::BTreeMap;

/// So many game days are remembered; beyond, the one farthest from the present is forgotten.
const DAYS_MAX: usize = 64;

/// Calls and tokens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Calls.
    pub calls: u64,
    /// Tokens, in and out together.
    pub tokens: u64,
}

/// What was set aside for a call that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reserved {
    day: i64,
    tokens: u64,
}

/// What is used, against the limits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Budget {
    limits: BudgetSettings,
    total: Used,
    days: BTreeMap<i64, Used>,
}

impl Budget {
    /// Nothing is used.
    #[must_use]
    pub fn new(limits: BudgetSettings) -> Self {
        Self { limits, total: Used::default(), days: BTreeMap::new() }
    }

    /// Sets one call and so many tokens aside.
    ///
    /// # Errors
    /// The first limit that this would exceed; nothing is set aside then.
    pub fn reserve(&mut self, day: i64, tokens: u64) -> Result<Reserved, BudgetLimit> {
        let today = self.days.get(&day).copied().unwrap_or_default();
        let after =
            |used: Used| Used { calls: used.calls.saturating_add(1), tokens: used.tokens.saturating_add(tokens) };
        let (today, total) = (after(today), after(self.total));
        let limits = [
            (self.limits.calls, total.calls, BudgetLimit::Calls),
            (self.limits.tokens, total.tokens, BudgetLimit::Tokens),
            (self.limits.calls_per_day, today.calls, BudgetLimit::CallsPerDay),
            (self.limits.tokens_per_day, today.tokens, BudgetLimit::TokensPerDay),
        ];
        for (limit, used, name) in limits {
            if limit.is_some_and(|limit| used > limit) {
                return Err(name);
            }
        }
        self.total = total;
        self.days.insert(day, today);
        self.forget_far_days(day);
        Ok(Reserved { day, tokens })
    }

    /// A call ended that used so many tokens; `None` where it is not known, and what was reserved counts.
    pub fn settle(&mut self, reserved: Reserved, tokens: Option<u64>) {
        let used = tokens.unwrap_or(reserved.tokens);
        self.change(reserved.day, |u| u.tokens = u.tokens.saturating_sub(reserved.tokens).saturating_add(used));
    }

    /// A call was never sent.
    pub fn give_back(&mut self, reserved: Reserved) {
        self.change(reserved.day, |u| {
            u.tokens = u.tokens.saturating_sub(reserved.tokens);
            u.calls = u.calls.saturating_sub(1);
        });
    }

    /// What was used in all, with what is reserved.
    #[must_use]
    pub fn total(&self) -> Used {
        self.total
    }

    /// The same of one game day.
    #[must_use]
    pub fn of_day(&self, day: i64) -> Used {
        self.days.get(&day).copied().unwrap_or_default()
    }

    fn change(&mut self, day: i64, change: impl Fn(&mut Used)) {
        change(&mut self.total);
        if let Some(used) = self.days.get_mut(&day) {
            change(used);
        }
    }

    /// Days pass, and after a load they may go back: the present one is always kept.
    fn forget_far_days(&mut self, today: i64) {
        while self.days.len() > DAYS_MAX {
            let ends = [self.days.keys().next().copied(), self.days.keys().next_back().copied()];
            let Some(far) = ends.into_iter().flatten().max_by_key(|day| day.abs_diff(today)) else { return };
            self.days.remove(&far);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(change: impl FnOnce(&mut BudgetSettings)) -> Budget {
        let mut limits = BudgetSettings::default();
        change(&mut limits);
        Budget::new(limits)
    }

    #[test]
    fn without_limits_all_is_allowed() {
        let mut budget = Budget::new(BudgetSettings::default());
        for _ in 0..3 {
            budget.reserve(0, u64::MAX).expect("no limit");
        }
        assert_eq!(budget.total(), Used { calls: 3, tokens: u64::MAX });
    }

    #[test]
    fn each_limit_is_kept_and_named() {
        let mut calls = budget(|b| b.calls = Some(2));
        assert!(calls.reserve(0, 1).is_ok() && calls.reserve(1, 1).is_ok());
        assert_eq!(calls.reserve(2, 1), Err(BudgetLimit::Calls));

        let mut tokens = budget(|b| b.tokens = Some(100));
        assert!(tokens.reserve(0, 100).is_ok());
        assert_eq!(tokens.reserve(1, 1), Err(BudgetLimit::Tokens));
        assert_eq!(tokens.total().calls, 1, "a refusal sets nothing aside");

        let mut per_day = budget(|b| b.calls_per_day = Some(1));
        assert!(per_day.reserve(5, 1).is_ok());
        assert_eq!(per_day.reserve(5, 1), Err(BudgetLimit::CallsPerDay));
        assert!(per_day.reserve(6, 1).is_ok());
        assert_eq!(per_day.reserve(5, 1), Err(BudgetLimit::CallsPerDay), "going back does not refill a day");

        let mut per_day = budget(|b| b.tokens_per_day = Some(10));
        assert!(per_day.reserve(-3, 6).is_ok());
        assert_eq!(per_day.reserve(-3, 6), Err(BudgetLimit::TokensPerDay));
        assert!(per_day.reserve(-2, 6).is_ok());
    }

    #[test]
    fn the_server_corrects_what_was_reserved() {
        let mut budget = budget(|b| b.tokens = Some(100));
        let less = budget.reserve(0, 90).expect("free");
        budget.settle(less, Some(10));
        assert_eq!((budget.total().tokens, budget.of_day(0).tokens), (10, 10));
        let unknown = budget.reserve(0, 50).expect("free");
        budget.settle(unknown, None);
        assert_eq!(budget.total().tokens, 60);
        let more = budget.reserve(0, 40).expect("free");
        budget.settle(more, Some(500));
        assert_eq!(budget.total(), Used { calls: 3, tokens: 560 });
        assert_eq!(budget.reserve(9, 0), Err(BudgetLimit::Tokens));
    }

    #[test]
    fn what_was_never_sent_is_given_back() {
        let mut budget = budget(|b| (b.calls, b.tokens) = (Some(1), Some(10)));
        for _ in 0..5 {
            let reserved = budget.reserve(0, 10).expect("free");
            budget.give_back(reserved);
        }
        assert_eq!(budget.total(), Used::default());
    }

    #[test]
    fn days_are_forgotten_the_farthest_first() {
        let mut budget = budget(|b| b.calls_per_day = Some(1));
        for day in 0..1_000 {
            assert!(budget.reserve(day, 1).is_ok());
        }
        assert!(budget.days.len() <= DAYS_MAX);
        assert!(budget.reserve(0, 1).is_ok(), "so old a day is forgotten");
        assert_eq!(budget.reserve(0, 1), Err(BudgetLimit::CallsPerDay), "but not while it is the present");
    }
}
