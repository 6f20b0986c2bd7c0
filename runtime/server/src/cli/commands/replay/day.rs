//! Days as people write them.

use super::super::super::CliError;

const DAY_MS: u64 = 86_400_000;

/// First and last millisecond (exclusive) of `YYYY-MM-DD` in UTC; days since 1970
/// after H. Hinnant's "chrono-Compatible Low-Level Date Algorithms".
pub(super) fn bounds(text: &str) -> Result<(u64, u64), CliError> {
    let wrong = || CliError::Usage(format!("{text:?} is no day; write for example 2026-11-21"));
    let parts: Vec<u64> =
        text.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let &[year, month, day] = parts.as_slice() else { return Err(wrong()) };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || day == 0 {
        return Err(wrong());
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let longest = match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if day > longest {
        return Err(wrong());
    }
    let shifted = year - u64::from(month <= 2);
    let (era, year_of_era) = (shifted / 400, shifted % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let since = (era * 146_097 + day_of_era - 719_468) * DAY_MS;
    Ok((since, since + DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::output::utc;
    use super::*;

    #[test]
    fn a_day_begins_and_ends_at_midnight() {
        for day in ["1970-01-01", "2000-02-29", "2026-11-21", "2100-03-01", "2027-12-31"] {
            let (since, until) = bounds(day).unwrap();
            assert_eq!(utc(since), format!("{day} 00:00:00"));
            assert_eq!(utc(until - 1), format!("{day} 23:59:59"));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["", "today", "2026-11", "2026-13-01", "2026-02-29", "26-01-01", "2026-1-0"] {
            assert!(bounds(text).is_err(), "{text}");
        }
    }
}
